package world

import "slices"

// restOfParcel is the remaining columns of fct_shipments.
func (w *witness) restOfParcel(k *knownOrder, p *knownParcel) []string {
	o, zone := k.o, w.zoneOf(k.o.to.country)
	first, gap, damagedOn, cost, of := "", "", date(0), "", ""
	if p.attempted != 0 {
		first = flag(p.delivered == p.attempted)
	}
	if p.delivered != 0 && p.commitment != 0 {
		gap = itoa(int(dateOf(p.delivered, zone) - p.commitment))
	}
	if p.firstHurt != 0 {
		damagedOn = dateOf(p.firstHurt, zone)
	}
	units, worth := 0, int64(0)
	for _, q := range p.lines {
		units += q.qty
		worth += o.lines[q.line].item.cost * int64(q.qty)
	}
	if o.brand.Can.Costs {
		cost, of = amount(worth), o.brand.Currency
	}
	return []string{
		o.brand.Name, o.carrier.Source, p.tracking, w.cals.nameOf(o.cal), p.latest.code, p.latest.at.text(), p.labelled.text(), first, damagedOn.text(),
		gap, hours(p.accepted, p.delivered), itoa(units), itoa(len(p.events)), itoa(p.unmapped), cost, of, p.ref, o.carrier.reason(p.latest.what), w.at.text(),
		p.statusHow(), p.lane, o.to.region,
	}
}

// statusHow is how a parcel's status is known. The carriers of this world tell no status that no scan tells.
func (st *parcelState) statusHow() string {
	switch {
	case st.lostHow == "rule":
		return "rule"
	case len(st.events) > 0:
		return "scan"
	}
	return ""
}

func (w *witness) factEvents() TruthTable {
	t := table("marts.fct_tracking_events", "shipment_id occurred_at raw_code", `status direction order_id carrier tracking_no occurred_local_at tz_source
		status_rank is_physical reason is_unmapped raw_type raw_text locality country _built_at`)
	put := func(o *order, p *parcel, st *parcelState) {
		direction := map[bool]string{false: "outbound", true: "return"}[p.back]
		for _, e := range slices.Concat(st.events, st.timeless) {
			zone, source := w.zoneOf(e.country), "offset"
			if e.form == NaiveTime || e.at == 0 {
				source = "country"
			}
			t.add(p.key(), e.at.text(), e.code, e.status, direction, o.orderID(), p.carrier.Source, p.tracking, e.at.wallText(zone),
				source, itoa(e.rank), flag(e.rank >= 20), p.carrier.reason(e.what), flag(e.isUnmapped()), p.carrier.Types[e.what], p.carrier.Texts[e.what], e.locality,
				p.carrier.country(e.country), w.at.text())
		}
	}
	for _, k := range w.orders {
		if k.real() {
			for _, p := range k.parcels {
				if known := w.parcels[p.key()]; known != nil {
					put(k.o, known, p.parcelState)
				}
			}
		}
	}
	for i := range w.returns {
		if r := &w.returns[i]; r.state != nil {
			put(r.o, r.parcel, r.state)
		}
	}
	return t
}

func (w *witness) factClaims() TruthTable {
	t := table("marts.fct_claimable_parcels", "shipment_id claim_type", `eligible_on deadline_on claimable_amount currency state
		order_id brand carrier tracking_no service detected_how accepted_at days_left has_cost_evidence _built_at`)
	today := dateOf(w.at, w.london)
	for _, k := range w.orders {
		if !k.real() {
			continue
		}
		for _, p := range k.parcels {
			cost := int64(0)
			for _, q := range p.lines {
				cost += k.o.lines[q.line].item.cost * int64(q.qty)
			}
			worth := ""
			if k.o.brand.Can.Costs {
				worth = amount(cost)
			}
			put := func(claim, how string, eligible, deadline date) {
				state := "open"
				if today > deadline {
					state = "expired"
				}
				t.add(p.key(), claim, eligible.text(), deadline.text(), worth, k.o.brand.Currency, state, k.o.orderID(), k.o.brand.Name,
					k.o.carrier.Source, p.tracking, k.o.service, how, p.accepted.text(), itoa(int(deadline-today)), flag(k.o.brand.Can.Costs), w.at.text())
			}
			accepted := dateOf(p.accepted, w.london)
			if p.lost {
				put("lost", p.lostHow, p.lostOn, accepted+date(k.o.carrier.ClaimLost))
			}
			if p.damaged {
				put("damaged", "carrier", dateOf(p.firstHurt, w.zoneOf(k.o.to.country)), accepted+date(k.o.carrier.ClaimDamaged))
			}
		}
	}
	return t
}
