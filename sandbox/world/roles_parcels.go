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
	across := wish{window: morning(), workday: true, from: "NL", country: "GB", service: "standard", carrier: knows(InCustoms)}
	signed := wish{window: morning(), workday: true, mainland: true, manifests: true}
	home := wish{window: morning(), workday: true, mainland: true, from: "GB", country: "GB", service: "express"}
	return []role{
		{"parcel_lost_by_rule", "marts.fct_shipments lost_how rule, fct_claimable_parcels", .004, 7, false, early, (*sim).loseByRule},
		{"parcel_lost_by_rule", "marts.fct_shipments lost_how rule, of a carrier that never says so", .002, 7, false, silent, (*sim).loseByRule},
		{"parcel_lost_by_carrier", "marts.fct_shipments lost_how carrier, fct_claimable_parcels", .003, 4, false, tells(Missing), (*sim).loseByCarrier},
		{"parcel_damaged", "marts.fct_shipments is_damaged, fct_claimable_parcels", .003, 5, false, tells(Damaged), (*sim).damage},
		{"parcel_damaged_delivered", "marts.fct_shipments is_damaged, delivered_at", .003, 5, false, tells(Damaged), (*sim).damageAndDeliver},
		{"parcel_destroyed", "marts.fct_shipments is_damaged, fct_claimable_parcels", .003, 5, false, tells(Damaged, Destroyed), (*sim).destroy},
		{"parcel_signed_for_never_scanned", "marts.fct_shipments lost_how manifest, fct_claimable_parcels", .003, 7, false, signed, (*sim).signedNeverScanned},
		{"parcel_lost_posted_late", "marts.fct_claimable_parcels window_from manifested", .003, 8, false, signed, (*sim).losePostedLate},
		{"parcel_late_carrier", "marts.fct_shipments late_cause carrier", .012, 8, false, early, (*sim).lateByCarrier},
		{"parcel_late_handover", "marts.fct_shipments late_cause collection", .008, 6, false, home, (*sim).lateHandover},
		{"parcel_nobody_in", "marts.fct_shipments late_cause customer", .006, 9, false, tells(Attempted), (*sim).nobodyIn},
		{"parcel_wrong_address", "marts.fct_shipments late_cause customer", .003, 9, false, tells(AddressQuery), (*sim).wrongAddress},
		{"parcel_held_in_customs", "marts.fct_shipments late_cause customs", .003, 13, false, across, (*sim).holdInCustoms},
		{"parcel_held_by_weather", "marts.fct_shipments late_cause weather", .003, 9, false, tells(Weather), (*sim).holdByWeather},
		{"parcel_late_stock", "marts.fct_shipments late_cause stock", .003, 11, false, early, (*sim).lateByStock},
		{"parcel_sent_back", "marts.fct_shipments status returned", .004, 8, false, early, (*sim).refuse},
		{"parcel_delivered_and_sent_back", "marts.fct_shipments delivered_at kept, is_returned_after", .003, 9, false, early, (*sim).deliverAndTakeBack},
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

// destroy has the carrier dispose of what was left of a damaged parcel.
func (s *sim) destroy(rng stream, o *order) {
	j := s.begin(rng, o)
	d := o.cal.add(j.day, 1)
	j.p.scanned(s.there(j, d, 6*60, 8*60), Damaged, o.to.country, o.to.city+" Depot")
	d = o.cal.add(d, 1)
	j.p.scanned(s.there(j, d, 9*60, 11*60), Destroyed, o.to.country, o.to.city+" Depot")
	s.everything(rng, o, s.there(j, d, 13*60, 15*60), kept, "Destroyed in transit")
}

// signedNeverScanned packs so late that the report of the evening tells of the driver's signature; then nobody sees the parcel again.
func (s *sim) signedNeverScanned(rng stream, o *order) {
	s.receive(rng, o)
	d := s.shipBy(o)
	p, v := s.ship(rng, o, d)
	p.scanned(v.packed+rng.minutes(1, 4), LabelCreated, o.site.Country, "")
	s.postAt(o, d.at(o.site.zone, 16*60)+rng.minutes(0, 30))
	p.collected(d.at(o.site.zone, 18*60+10) + rng.minutes(0, 80))
}

// losePostedLate is collected and signed for, and posted by the warehouse the working day after. The carrier scans it that evening, and loses it.
func (s *sim) losePostedLate(rng stream, o *order) {
	s.receive(rng, o)
	st, d := o.site, s.shipBy(o)
	p, v := s.ship(rng, o, d)
	p.scanned(v.packed+rng.minutes(1, 4), LabelCreated, st.Country, "")
	next := st.cal.add(d, 1)
	s.postAt(o, next.at(st.zone, 7*60)+rng.minutes(0, 30))
	p.collected(d.at(st.zone, 18*60+10) + rng.minutes(0, 80))
	p.scanned(next.at(st.zone, 18*60+10)+rng.minutes(0, 80), AtHub, st.Country, hub(st.Country))
}

// postAt has the warehouse say another time for all that it despatched of an order.
func (s *sim) postAt(o *order, at instant) {
	for i := range o.despatches {
		o.despatches[i].at = at
	}
	for i := range o.statuses {
		if o.statuses[i].what == "despatched" {
			o.statuses[i].at = at
		}
	}
	for i := range o.fulfilments {
		o.fulfilments[i].at = at + 5*minute
	}
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

// nobodyIn tries on the promised day, leaves a card, and delivers the working day after.
func (s *sim) nobodyIn(rng stream, o *order) {
	j := s.begin(rng, o)
	d := s.deliverBy(o)
	s.moves(j, j.day, d, AtHub)
	s.outForDelivery(j, d)
	j.p.scanned(s.there(j, d, 10*60, 16*60), Attempted, o.to.country, o.to.city)
	d = o.cal.add(d, 1)
	s.outForDelivery(j, d)
	s.deliver(j, d)
}

// wrongAddress stops a parcel the day before it was promised, until somebody has asked for the rest of the address.
func (s *sim) wrongAddress(rng stream, o *order) {
	s.heldUp(rng, o, AddressQuery)
}

func (s *sim) holdByWeather(rng stream, o *order) { s.heldUp(rng, o, Weather) }

func (s *sim) holdInCustoms(rng stream, o *order) { s.heldUp(rng, o, InCustoms) }

// heldUp has something happen to a parcel on the first working day underway, and brings it the working day after it was promised.
func (s *sim) heldUp(rng stream, o *order, by Event) {
	j := s.begin(rng, o)
	d := o.cal.add(j.day, 1)
	j.p.scanned(s.there(j, d, 4*60, 5*60), by, o.to.country, hub(o.to.country))
	d = o.cal.add(s.deliverBy(o), 1)
	s.outForDelivery(j, d)
	s.deliver(j, d)
}

// lateByStock waits three working days for an article that the warehouse had not.
func (s *sim) lateByStock(rng stream, o *order) {
	s.receive(rng, o)
	due := s.shipBy(o)
	s.tell(o, due.at(o.site.zone, 12*60)+rng.minutes(0, 60), "shortage")
	p, v := s.ship(rng, o, o.site.cal.add(due, 3))
	j := s.hand(rng, p, v.packed, dateOf(v.left, o.site.zone))
	d := o.cal.add(j.day, s.usual(o))
	s.moves(j, j.day, d, AtHub)
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

// deliverAndTakeBack delivers in time; days later the customer gives the unopened parcel back to the carrier, which brings it home under its own number.
func (s *sim) deliverAndTakeBack(rng stream, o *order) {
	s.receive(rng, o)
	p, v := s.ship(rng, o, s.shipBy(o))
	j := journey{p, rng, 0, dateOf(s.carry(rng, p, v), s.zoneOf(o.to.country))}
	d := o.cal.add(j.day, 1)
	p.scanned(s.there(j, d, 10*60, 16*60), GoingBack, o.to.country, o.to.city)
	st := o.site
	home := st.cal.add(d, 2)
	p.scanned(home.at(st.zone, rng.between(9*60, 12*60)), Returned, st.Country, hub(st.Country))
	s.everything(rng, o, home.at(st.zone, rng.between(14*60, 17*60)), cameBack, "Sent back unopened")
}

func (s *sim) neverScanned(rng stream, o *order) {
	s.receive(rng, o)
	p, v := s.ship(rng, o, s.shipBy(o))
	p.scanned(v.packed+rng.minutes(1, 4), LabelCreated, o.site.Country, "")
}

func scanRoles() []role {
	early := wish{window: morning(), workday: true}
	unsigned := wish{window: morning(), workday: true, mainland: true, unsigned: true}
	strange := wish{window: morning(), workday: true, carrier: knows(Unmapped, UnmappedAfterAll)}
	return []role{
		{"scan_after_midnight", "marts.fct_shipments handed_over_on the evening before", .006, 7, false, unsigned, (*sim).scanAfterMidnight},
		{"scan_late", "marts.fct_tracking_events a day after it happened", .01, 9, false, early, (*sim).scanLate},
		{"scan_twice", "marts.fct_tracking_events once, attempts_count once", .02, 9, false, early, (*sim).scanTwice},
		{"scan_out_of_order", "marts.fct_shipments status", .02, 9, false, early, (*sim).scanMuddled},
		{"scan_unmapped", "marts.fct_tracking_events status unknown", .006, 9, false, strange, (*sim).scanUnmapped},
	}
}

func (s *sim) quietly(rng stream, o *order) *parcel {
	s.receive(rng, o)
	p, v := s.ship(rng, o, s.shipBy(o))
	s.carry(rng, p, v)
	return p
}

// scanAfterMidnight takes a parcel in the evening that nobody scans before the hub of the night.
func (s *sim) scanAfterMidnight(rng stream, o *order) {
	s.receive(rng, o)
	d := s.shipBy(o)
	p, v := s.ship(rng, o, d)
	p.scanned(v.packed+rng.minutes(1, 4), LabelCreated, o.site.Country, "")
	night := (d+1).at(o.site.zone, 10) + rng.minutes(0, 140)
	p.scanned(night, AtHub, o.site.Country, hub(o.site.Country))
	j := journey{p, rng, night, d}
	on := o.cal.add(d, s.usual(o))
	s.moves(j, o.cal.add(d, 1), on, AtHub)
	s.outForDelivery(j, on)
	s.deliver(j, on)
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
