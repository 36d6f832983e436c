package world

// roles is everything that is planted on orders.
func (s *sim) roles() []role {
	if s.o.Defects <= 0 {
		return nil
	}
	all := [][]role{
		parcelRoles(), scanRoles(), oddRoles(), orderRoles(), warehouseRoles(), s.returnRoles(), s.resolutionRoles(), refundRoles(), s.shopRoles(), stockRoles(),
	}
	var out []role
	for _, rs := range all {
		out = append(out, rs...)
	}
	return out
}

// morning is a time of ordering that lets the order leave the same day.
func morning() [2]int { return [2]int{8 * 60, 11*60 + 30} }

func parcelRoles() []role {
	early := wish{window: morning(), workday: true, mainland: true}
	tells := func(events ...Event) wish {
		return wish{window: morning(), workday: true, mainland: true, carrier: knows(events...)}
	}
	silent := wish{window: morning(), workday: true, mainland: true, carrier: lacks(Missing)}
	home := wish{window: morning(), workday: true, mainland: true, from: "GB", country: "GB", service: "express"}
	return []role{
		{"parcel_lost_by_rule", "marts.fct_shipments lost_how rule, fct_claimable_parcels", .004, 7, false, early, (*sim).loseByRule},
		{"parcel_lost_by_rule", "marts.fct_shipments lost_how rule, of a carrier that never says so", .002, 7, false, silent, (*sim).loseByRule},
		{"parcel_lost_by_carrier", "marts.fct_shipments lost_how carrier, fct_claimable_parcels", .003, 4, false, tells(Missing), (*sim).loseByCarrier},
		{"parcel_damaged", "marts.fct_shipments is_damaged, fct_claimable_parcels", .003, 5, false, tells(Damaged), (*sim).damage},
		{"parcel_damaged_delivered", "marts.fct_shipments is_damaged, delivered_at", .003, 5, false, tells(Damaged), (*sim).damageAndDeliver},
		{"parcel_late_carrier", "marts.fct_shipments late_cause carrier", .012, 8, false, early, (*sim).lateByCarrier},
		{"parcel_late_handover", "marts.fct_shipments late_cause handover", .008, 6, false, home, (*sim).lateHandover},
		{"parcel_sent_back", "marts.fct_shipments status returned", .004, 8, false, early, (*sim).refuse},
		{"parcel_never_scanned", "marts.fct_breaks R05 never_scanned", .002, 3, false, wish{}, (*sim).neverScanned},
	}
}

// begin is the ordinary way until the parcel is with the carrier.
func (s *sim) begin(rng stream, o *order) journey {
	s.receive(rng, o)
	p, v := s.ship(rng, o, s.shipBy(o))
	return s.hand(rng, p, v.packed, dateOf(v.left, o.site.zone))
}

func (s *sim) loseByRule(rng stream, o *order) { s.begin(rng, o) }

func (s *sim) loseByCarrier(rng stream, o *order) {
	j := s.begin(rng, o)
	d := o.cal.add(j.day, 1)
	j.p.scanned(s.there(j, d, 13*60, 17*60), Missing, o.to.country, hub(o.to.country))
	at := s.there(j, o.cal.add(d, 1), 10*60, 15*60)
	s.everything(rng, o, at, kept, "Parcel lost by the carrier")
}

func (s *sim) damage(rng stream, o *order) {
	j := s.begin(rng, o)
	d := o.cal.add(j.day, 1)
	j.p.scanned(s.there(j, d, 4*60+30, 5*60), AtDepot, o.to.country, o.to.city+" Depot")
	j.p.scanned(s.there(j, d, 6*60, 8*60), Damaged, o.to.country, o.to.city+" Depot")
	s.everything(rng, o, s.there(j, o.cal.add(d, 1), 10*60, 15*60), kept, "Damaged in transit")
}

func (s *sim) damageAndDeliver(rng stream, o *order) {
	j := s.begin(rng, o)
	d := o.cal.add(j.day, 1)
	j.p.scanned(s.there(j, d, 4*60, 5*60-1), Damaged, o.to.country, o.to.city+" Depot")
	s.outForDelivery(j, d)
	s.deliver(j, d)
}

func (s *sim) lateByCarrier(rng stream, o *order) {
	j := s.begin(rng, o)
	d := o.cal.add(s.deliverBy(o), 1)
	if two := o.cal.add(d, 1); two <= s.end && rng.chance(0.5) {
		d = two
	}
	s.moves(j, j.day, d, pick(rng, o.carrier.slow()))
	s.outForDelivery(j, d)
	s.deliver(j, d)
}

// lateHandover packs in time but misses the carrier's van: it takes the parcel a working day later.
func (s *sim) lateHandover(rng stream, o *order) {
	s.receive(rng, o)
	p, v := s.ship(rng, o, s.shipBy(o))
	j := s.hand(rng, p, v.packed, o.site.cal.add(dateOf(v.left, o.site.zone), 1))
	d := o.cal.add(j.day, s.usual(o))
	s.moves(j, j.day, d, AtHub)
	s.outForDelivery(j, d)
	s.deliver(j, d)
}

// refuse lets the customer send the parcel away: attempted, refused, returned to the sender, refunded.
func (s *sim) refuse(rng stream, o *order) {
	j := s.begin(rng, o)
	c := o.to
	d := o.cal.add(j.day, 1)
	if rng.chance(0.5) {
		s.outForDelivery(j, d)
		j.p.scanned(s.there(j, d, 10*60, 16*60), Attempted, c.country, c.city)
		d = o.cal.add(d, 1)
	}
	s.outForDelivery(j, d)
	j.p.scanned(s.there(j, d, 10*60, 16*60), Refused, c.country, c.city)
	j.p.scanned(s.there(j, d, 17*60, 20*60), GoingBack, c.country, c.city+" Depot")
	d = o.cal.add(d, 1)
	j.p.scanned(s.there(j, d, 10*60, 20*60), AtHub, c.country, hub(c.country))
	st := o.site
	home := st.cal.add(d, 1)
	j.p.scanned(home.at(st.zone, rng.between(9*60, 12*60)), Returned, st.Country, hub(st.Country))
	s.everything(rng, o, home.at(st.zone, rng.between(14*60, 17*60)), cameBack, "Refused at the door")
}

func (s *sim) neverScanned(rng stream, o *order) {
	s.receive(rng, o)
	p, v := s.ship(rng, o, s.shipBy(o))
	p.scanned(v.packed+rng.minutes(1, 4), LabelCreated, o.site.Country, "")
}

func scanRoles() []role {
	early := wish{window: morning(), workday: true}
	strange := wish{window: morning(), workday: true, carrier: knows(Unmapped, UnmappedAfterAll)}
	return []role{
		{"scan_late", "marts.fct_tracking_events a day after it happened", .01, 8, false, early, (*sim).scanLate},
		{"scan_twice", "marts.fct_tracking_events once, attempts_count once", .02, 7, false, early, (*sim).scanTwice},
		{"scan_out_of_order", "marts.fct_shipments status", .02, 5, false, early, (*sim).scanMuddled},
		{"scan_unmapped", "marts.fct_tracking_events status unknown", .006, 7, false, strange, (*sim).scanUnmapped},
	}
}

func (s *sim) quietly(rng stream, o *order) *parcel {
	s.receive(rng, o)
	p, v := s.ship(rng, o, s.shipBy(o))
	s.carry(rng, p, v)
	return p
}

// scanLate shows the delivery a day after it happened.
func (s *sim) scanLate(rng stream, o *order) {
	p := s.quietly(rng, o)
	p.events[len(p.events)-1].shown += 24 * hour
}

// scanTwice repeats scans exactly, an attempt among them where there is one.
func (s *sim) scanTwice(rng stream, o *order) {
	p := s.quietly(rng, o)
	for i := range p.events {
		p.events[i].twice = p.events[i].what == Attempted || p.events[i].what == OutForDelivery || rng.chance(0.3)
	}
}

// scanMuddled lists events in no order, and has the announcement come after the collection.
func (s *sim) scanMuddled(rng stream, o *order) {
	p := s.quietly(rng, o)
	p.muddled = true
	p.events[0].at = p.events[1].at + rng.minutes(2, 20)
	p.events[0].shown = p.events[0].at
}

// scanUnmapped adds codes that no map knows, one of them as the newest event.
func (s *sim) scanUnmapped(rng stream, o *order) {
	p := s.quietly(rng, o)
	last := p.events[len(p.events)-1]
	p.scanned(p.events[2].at+3*minute, Unmapped, p.events[2].country, p.events[2].locality)
	p.scanned(last.at+rng.minutes(20, 90), UnmappedAfterAll, last.country, last.locality)
}
