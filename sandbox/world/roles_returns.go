package world

// resolutionRoles are what may become of a return beside money in time, and of refunds that nobody announced goods for.
func (s *sim) resolutionRoles() []role {
	announced := ShopSkills{Returns: true, Restocks: true}
	soon := wish{window: morning(), workday: true, mainland: true, service: "express", shop: announced}
	pair, credit, failing := soon, soon, soon
	pair.minQty = 2
	credit.shop.Gifts = true
	failing.psp = func(p *PSP) bool { return p.Words[kindFailed] != "" }
	slip := wish{window: morning(), workday: true, mainland: true, service: "express"}
	slips := slip
	slips.minQty = 2
	out := []role{
		{"return_part_refunded", "marts.fct_returns stage part_refunded", .003, 7, false, pair, (*sim).returnPartRefunded},
		{"return_refund_failed", "marts.fct_returns refund_failed_at", .003, 9, false, failing, (*sim).returnRefundFailed},
		{"return_credited", "marts.fct_returns outcomes credit", .003, 7, false, credit, (*sim).returnCredited},
		{"return_refused", "marts.fct_returns outcomes reject", .003, 7, false, soon, (*sim).returnRefused},
		{"return_refunded_early", "marts.fct_returns value_resolved_at before received_at", .003, 8, false, soon, (*sim).returnEarly},
		{"return_kept", "marts.fct_returns outcomes keep,refund", .003, 5, false, soon, (*sim).returnKept},
		{"return_abandoned", "marts.fct_returns outcomes keep", .002, 7, false, soon, (*sim).returnAbandoned},
		{"return_not_booked", "marts.fct_returns hub_delivered_at, no received_at", .003, 8, false, soon, (*sim).returnNotBooked},
		{"return_slip_refunded", "marts.fct_returns is_announced false, resolved", .004, 8, false, slip, (*sim).slipRefunded},
		{"return_slip_in_two", "marts.fct_returns is_announced false, one resolved and one not", .003, 8, false, slips, (*sim).slipInTwo},
	}
	taken := slip // what was never taken is not given back
	taken.shop, taken.prepaid = ShopSkills{Cancels: true, Restocks: true}, true
	out = append(out, role{"return_of_cancelled", "marts.fct_returns law_basis undelivered", .003, 8, false, taken, (*sim).returnOfCancelled})
	if s.o.Days >= 22 {
		out = append(out, role{"return_booked_late", "marts.fct_returns is_booked_on_time true, is_refunded_on_time false", .003, 20, false, soon, (*sim).returnBookedLate})
	}
	return out
}

// lastRefund is the refund given last.
func (o *order) lastRefund() *refund { return &o.refunds[len(o.refunds)-1] }

// returnPartRefunded has two units back, and the money for one.
func (s *sim) returnPartRefunded(rng stream, o *order) {
	r, d := s.bringBack(rng, o, 2)
	s.arrive(rng, o, r, d, 1)
	for i := range o.receipts {
		o.receipts[i].grade = "A"
	}
	s.refundReturn(rng, o, r, 1)
	f := o.lastRefund()
	f.amount = o.lines[0].share(1)
	f.lines[0].qty, f.lines[0].amount = 1, f.amount
}

// returnRefundFailed is paid back to an account that is closed.
func (s *sim) returnRefundFailed(rng stream, o *order) {
	r, d := s.bringBack(rng, o, 1)
	s.arrive(rng, o, r, d, 7)
	s.refundReturn(rng, o, r, 1)
	f := o.lastRefund()
	o.psp = append(o.psp, o.movement(f.at+rng.minutes(18*60, 22*60), kindFailed, f.authCode, f.amount))
}

func (s *sim) returnCredited(rng stream, o *order) {
	r, d := s.bringBack(rng, o, 1)
	s.arrive(rng, o, r, d, 1)
	s.refundReturn(rng, o, r, 1)
	f := o.lastRefund()
	f.gift, f.credit = f.amount, true
}

// returnRefused was worn to a wedding: the warehouse sends it back, and the shop closes the return.
func (s *sim) returnRefused(rng stream, o *order) {
	r, d := s.bringBack(rng, o, 1)
	s.arrive(rng, o, r, d, 1)
	rc := &o.receipts[len(o.receipts)-1]
	rc.grade = "R"
	r.closed = rc.processed + rng.minutes(20, 90)
}

// giveFor refunds a unit of the first line for an announced return.
func (s *sim) giveFor(rng stream, o *order, at instant, what restock) *refund {
	f := s.refund(rng, o, at, []refundLine{{0, 1, what, o.lines[0].share(1)}}, 0)
	f.ret = len(o.returns)
	return f
}

// returnEarly is paid back once the carrier has it.
func (s *sim) returnEarly(rng stream, o *order) {
	r, d := s.bringBack(rng, o, 1)
	r.parcel = s.parcelBack(o)
	home := s.post(rng, o, r, d+1)
	s.unpack(rng, o, r, home)
	sent := o.cal.add(d+1, 0).at(s.zoneOf(o.to.country), 17*60+30)
	r.closed = s.giveFor(rng, o, sent+rng.minutes(5, 90), cameBack).at + minute
}

// returnKept is worth less than its way: the customer has the money and the goods.
func (s *sim) returnKept(rng stream, o *order) {
	r, _ := s.bringBack(rng, o, 1)
	f := s.giveFor(rng, o, r.approved+rng.minutes(60, 240), kept)
	f.note = "Keep it, please"
	r.closed = f.at + minute
}

// returnAbandoned is closed by the shop, since nobody sent anything.
func (s *sim) returnAbandoned(rng stream, o *order) {
	r, _ := s.bringBack(rng, o, 1)
	r.closed = r.approved + 3*24*hour + rng.minutes(0, 90)
}

// returnNotBooked lies in the warehouse, and nobody opens it.
func (s *sim) returnNotBooked(rng stream, o *order) {
	r, d := s.bringBack(rng, o, 1)
	r.parcel = s.parcelBack(o)
	s.post(rng, o, r, d+1)
}

// returnBookedLate waits four working days for somebody to open it; from then on it is paid back in time.
func (s *sim) returnBookedLate(rng stream, o *order) {
	r, d := s.bringBack(rng, o, 1)
	r.parcel = s.parcelBack(o)
	home := s.post(rng, o, r, d+1)
	s.book(rng, o, r, o.site.cal.add(home, 4).at(o.site.zone, rng.between(8*60+30, 11*60+30)))
	s.refundReturn(rng, o, r, 2)
}

// slip books so many units of the first line in that came with a slip in the box and no word to the shop, working days after delivery.
func (s *sim) slip(rng stream, o *order, delivered instant, days, units int) date {
	st := o.site
	d := st.cal.add(dateOf(delivered, st.zone), days)
	quiet := &shopReturn{lines: []returnLine{{line: 0, qty: units, reason: pick(rng, returnReasons()), note: "Slip in the box"}}}
	s.book(rng, o, quiet, d.at(st.zone, rng.between(9*60, 15*60)))
	return d
}

// arriving lets the order reach the customer, and says when.
func (s *sim) arriving(rng stream, o *order) instant {
	s.receive(rng, o)
	p, v := s.ship(rng, o, s.shipBy(o))
	return s.carry(rng, p, v)
}

func (s *sim) slipRefunded(rng stream, o *order) {
	d := s.slip(rng, o, s.arriving(rng, o), 1, 1)
	st := o.site
	s.refund(rng, o, st.cal.add(d, 1).at(st.zone, rng.between(9*60+30, 16*60+30)), []refundLine{{0, 1, cameBack, o.lines[0].share(1)}}, 0)
}

// slipInTwo comes back in two parcels, of which the first is paid back.
func (s *sim) slipInTwo(rng stream, o *order) {
	delivered, st := s.arriving(rng, o), o.site
	s.slip(rng, o, delivered, 1, 1)
	d := s.slip(rng, o, delivered, 2, 1)
	s.refund(rng, o, d.at(st.zone, 16*60)+rng.minutes(5, 60), []refundLine{{0, 1, cameBack, o.lines[0].share(1)}}, 0)
}

// returnOfCancelled left after it was cancelled, is refused at the door, and comes back to the warehouse without a word to the shop.
func (s *sim) returnOfCancelled(rng stream, o *order) {
	s.receive(rng, o)
	v := s.process(rng, o, s.shipBy(o))
	s.pickAndPack(rng, o, v)
	s.cancel(rng, o, v.picked+rng.minutes(1, 4), "customer")
	s.tell(o, v.left, "despatched")
	j := s.hand(rng, s.send(o, v.left, o.all()), v.packed, dateOf(v.left, o.site.zone))
	d, st := o.cal.add(j.day, 1), o.site
	s.outForDelivery(j, d)
	j.p.scanned(s.there(j, d, 10*60, 16*60), Refused, o.to.country, o.to.city)
	j.p.scanned(s.there(j, d, 17*60, 20*60), GoingBack, o.to.country, o.to.city+" Depot")
	home := st.cal.add(d, 1)
	j.p.scanned(home.at(st.zone, rng.between(9*60, 12*60)), Returned, st.Country, hub(st.Country))
	quiet := &shopReturn{}
	for _, q := range o.all() {
		quiet.lines = append(quiet.lines, returnLine{line: q.line, qty: q.qty, reason: "unwanted", note: "Back to sender"})
	}
	s.book(rng, o, quiet, st.cal.add(home, 1).at(st.zone, rng.between(9*60, 15*60)))
}
