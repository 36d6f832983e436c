package world

// returnRoles need many days until they show; in a short world they happen to the first orders, and in a hurry.
func (s *sim) returnRoles() []role {
	announced := ShopSkills{Returns: true, Restocks: true}
	long := wish{window: morning(), workday: true, mainland: true, minQty: 1, shop: announced}
	hurry := wish{window: [2]int{7*60 + 45, 9 * 60}, workday: true, service: "express", from: "NL", country: "NL", shop: announced}
	slow := role{want: long, need: 15}
	if s.o.Days < 18 {
		slow = role{want: hurry, need: 8, first: true}
	}
	pair := wish{window: morning(), workday: true, mainland: true, service: "express", minQty: 2, shop: announced}
	late := wish{window: morning(), workday: true, mainland: true, service: "express"}
	with := func(kind, shows string, rate float64, play func(*sim, stream, *order)) role {
		return role{kind, shows, rate, slow.need, slow.first, slow.want, play}
	}
	return []role{
		with("return_lost", "marts.fct_returns is_lost", .003, (*sim).returnLost),
		with("return_not_refunded", "marts.fct_breaks R12", .003, (*sim).returnNotRefunded),
		with("return_refunded_late", "marts.fct_returns is_refunded_on_time false", .004, (*sim).returnRefundedLate),
		{"return_short", "marts.fct_returns is_short", .004, 7, false, pair, (*sim).returnShort},
		{"return_unannounced", "marts.fct_returns is_announced false", .003, 6, false, late, (*sim).returnUnannounced},
		{"return_unannounced_unknown", "marts.fct_returns is_announced false, no order", .002, 6, false, late, (*sim).returnUnknown},
	}
}

// bringBack delivers the order in the morning and announces a return of its first line at once.
func (s *sim) bringBack(rng stream, o *order, units int) (*shopReturn, date) {
	j := s.begin(rng, o)
	d := o.cal.add(j.day, s.usual(o))
	s.moves(j, j.day, d, AtHub)
	s.outForDelivery(j, d)
	z := s.zoneOf(o.to.country)
	j.p.scanned(d.at(z, rng.between(9*60, 10*60)), Delivered, o.to.country, o.to.city)
	r := s.announce(rng, o, d.at(z, rng.between(10*60+30, 11*60+30)), []quantity{{0, units}})
	return r, d
}

func (s *sim) returnLost(rng stream, o *order) {
	r, d := s.bringBack(rng, o, 1)
	r.parcel = s.parcelBack(o)
	z, c := s.zoneOf(o.to.country), o.to
	r.parcel.scanned(r.approved+rng.minutes(1, 3), LabelCreated, c.country, "")
	r.parcel.scanned(d.at(z, rng.between(14*60, 17*60)), Accepted, c.country, c.city+" ParcelShop")
	r.parcel.scanned(d.at(z, rng.between(19*60, 22*60)), AtHub, c.country, hub(c.country))
}

// arrive books a return in: by post, or, where the world ends within so many working days after that, over the
// counter of the warehouse on the same day.
func (s *sim) arrive(rng stream, o *order, r *shopReturn, d date, after int) {
	st := o.site
	byPost := st.cal.add(o.cal.add(d+1, 0), 3)
	if st.cal.add(byPost, after) > s.end {
		s.book(rng, o, r, st.cal.add(d, 0).at(st.zone, rng.between(13*60, 16*60)))
		return
	}
	r.parcel = s.parcelBack(o)
	s.unpack(rng, o, r, s.post(rng, o, r, d+1))
}

func (s *sim) returnNotRefunded(rng stream, o *order) {
	r, d := s.bringBack(rng, o, 1)
	s.arrive(rng, o, r, d, 6)
}

// returnRefundedLate is paid back on the sixth working day; where the world ends before that it stays unpaid.
func (s *sim) returnRefundedLate(rng stream, o *order) {
	r, d := s.bringBack(rng, o, 1)
	s.arrive(rng, o, r, d, 6)
	s.refundReturn(rng, o, r, 6)
	if o.refunds[0].at > s.asOf {
		o.refunds, r.closed, o.kind = nil, 0, "return_not_refunded"
	}
}

// returnShort announces two units and brings one; half of the warehouses' people write the other down as missing.
func (s *sim) returnShort(rng stream, o *order) {
	r, d := s.bringBack(rng, o, 2)
	s.arrive(rng, o, r, d, 1)
	rc := &o.receipts[len(o.receipts)-1]
	rc.qty, rc.grade = 1, "A"
	if rng.chance(0.5) {
		missing := *rc
		missing.grade, missing.note = "M", "1 unit not in parcel"
		o.receipts = append(o.receipts, missing)
	}
	s.refundReturn(rng, o, r, 1)
}

// returnUnannounced comes back without a word to the shop, so near to the end that nobody is late with it yet.
func (s *sim) returnUnannounced(rng stream, o *order) {
	s.quietly(rng, o)
	st := o.site
	d := s.end
	for !st.cal.working(d) {
		d--
	}
	quiet := &shopReturn{lines: []returnLine{{line: 0, qty: 1, reason: pick(rng, returnReasons()), note: "No paperwork in the parcel"}}}
	s.book(rng, o, quiet, d.at(st.zone, rng.between(9*60, 15*60)))
}

// returnUnknown has not even an order number with it.
func (s *sim) returnUnknown(rng stream, o *order) {
	s.returnUnannounced(rng, o)
	o.receipts[len(o.receipts)-1].noOrder = true
}

func refundRoles() []role {
	early := wish{window: morning(), workday: true}
	restocks := wish{window: morning(), workday: true, shop: ShopSkills{Restocks: true}}
	overpays := wish{window: morning(), workday: true, shop: ShopSkills{Overpays: true}}
	residual := wish{window: morning(), workday: true, psp: func(p *PSP) bool { return p.Residual }}
	itemised := wish{window: morning(), workday: true, psp: func(p *PSP) bool { return p.Itemises }}
	return []role{
		{"refund_missing_in_psp", "marts.fct_breaks R13 missing_in_psp", .003, 7, false, early, (*sim).refundMissing},
		{"refund_missing_in_web", "marts.fct_breaks R13 missing_in_web", .002, 6, false, early, (*sim).refundOnlyPSP},
		{"refund_amount_differs", "marts.fct_breaks R13 amount_differs", .002, 6, false, early, (*sim).refundDiffers},
		{"refund_twice", "marts.fct_breaks R11 same_refund_twice", .003, 5, false, early, (*sim).refundTwice},
		{"refund_over_captured", "marts.fct_breaks R11 over_refunded", .002, 5, false, overpays, (*sim).refundTooMuch},
		{"refund_without_return", "marts.fct_breaks R10", .003, 7, false, restocks, (*sim).refundNoReturn},
		{"refund_and_chargeback", "marts.fct_breaks R11 refund_and_chargeback", .002, 7, false, early, (*sim).refundAndChargeback},
		{"refund_price", "marts.fct_refunds kind price", .003, 3, false, wish{}, (*sim).matchPrice},
		{"refund_goodwill", "marts.fct_refunds kind goodwill", .01, 3, false, wish{}, (*sim).goodwill},
		{"chargeback_residual", "marts.fct_ledger_entries fee_residual_amount", .003, 7, false, residual, (*sim).chargeback},
		{"chargeback_reversed", "marts.fct_ledger_entries chargeback_reversal", .002, 8, false, residual, (*sim).chargebackReversed},
		{"refund_missing_in_psp", "marts.fct_breaks R13 missing_in_psp", .001, 7, false, itemised, (*sim).refundMissing},
		{"refund_missing_in_web", "marts.fct_breaks R13 missing_in_web", .001, 6, false, itemised, (*sim).refundOnlyPSP},
		{"dispute_with_fee", "marts.fct_ledger_entries chargeback, fee_amount", .002, 6, false, itemised, (*sim).chargeback},
		{
			"order_paid_in_pounds", "marts.fct_settlements two currencies in a batch", .001, 4, false,
			wish{foreign: true, country: "GB"},
			(*sim).plainly,
		},
	}
}

// office is a moment in office hours, some days after the order should have left.
func (s *sim) office(rng stream, o *order, days int) instant {
	return (s.shipBy(o)+date(days)).at(s.london, rng.between(9*60+30, 16*60+30)) + instant(rng.IntN(60))
}

func (s *sim) plainly(rng stream, o *order) { s.quietly(rng, o) }

// sorry gives 5.00 to 12.50 back for nothing in particular.
func (s *sim) sorry(rng stream, o *order, days int) *refund {
	s.quietly(rng, o)
	r := s.refund(rng, o, s.office(rng, o, days), nil, min(500+50*int64(rng.IntN(16)), o.total()/4))
	r.note = "Sorry for the trouble"
	return r
}

func (s *sim) goodwill(rng stream, o *order) { s.sorry(rng, o, 2) }

func (s *sim) matchPrice(rng stream, o *order) { s.sorry(rng, o, 2).note = "Price match" }

func (s *sim) refundMissing(rng stream, o *order) { s.sorry(rng, o, 1).missingInPSP = true }

func (s *sim) refundDiffers(rng stream, o *order) {
	r := s.sorry(rng, o, 1)
	r.pspAmount = r.amount + 100
}

// refundOnlyPSP was given in the PSP's back office, past the shop.
func (s *sim) refundOnlyPSP(rng stream, o *order) {
	s.quietly(rng, o)
	o.psp = append(o.psp, o.movement(s.office(rng, o, 1), kindRefund, o.brand.psp.Ref("refund", rng.Rand), -750))
}

func (s *sim) refundTwice(rng stream, o *order) {
	r := s.sorry(rng, o, 2)
	at, sum := r.at, r.amount
	s.refund(rng, o, at+rng.minutes(60, 150), nil, sum).note = "Sorry for the trouble"
}

// refundTooMuch gives the whole order back for a late complaint, and then something more.
func (s *sim) refundTooMuch(rng stream, o *order) {
	s.quietly(rng, o)
	s.everything(rng, o, s.office(rng, o, 1), kept, "Keep it, please")
	s.refund(rng, o, s.office(rng, o, 2), nil, 1000).note = "Postage"
}

// refundNoReturn pays a return back that nobody has seen.
func (s *sim) refundNoReturn(rng stream, o *order) {
	s.quietly(rng, o)
	s.refund(rng, o, s.office(rng, o, 2), []refundLine{{0, 1, cameBack, o.lines[0].share(1)}}, 0)
}

// disputed is a movement of a dispute. Where the PSP explains its fees, this one is among them.
func (o *order) disputed(rng stream, at instant, kind string, gross, fee int64) {
	var fees Fees
	if psp := o.brand.psp; !psp.Residual && kind == kindChargeback {
		fee, fees = psp.Dispute, Fees{Commission: psp.Dispute}
	}
	m := movement{at: at, kind: kind, ref: o.brand.psp.Ref("dispute", rng.Rand), currency: o.currency, gross: gross, net: gross - fee, hasGross: true, Fees: fees, o: o}
	o.psp = append(o.psp, m)
}

func (s *sim) chargeback(rng stream, o *order) {
	s.quietly(rng, o)
	o.disputed(rng, s.office(rng, o, 3), kindChargeback, -o.total(), o.brand.psp.Dispute)
}

func (s *sim) chargebackReversed(rng stream, o *order) {
	s.quietly(rng, o)
	o.disputed(rng, s.office(rng, o, 2), kindChargeback, -o.total(), o.brand.psp.Dispute)
	o.disputed(rng, s.office(rng, o, 4), kindReversal, o.total(), 0)
}

func (s *sim) refundAndChargeback(rng stream, o *order) {
	s.sorry(rng, o, 2)
	o.disputed(rng, s.office(rng, o, 3), kindChargeback, -o.total(), 0)
}
