package world

import (
	"slices"
	"strings"
)

// truth computes every table from the histories, by docs/meanings.md.
func (s *sim) truth(at instant) []TruthTable {
	w := &witness{sim: s, at: at, orders: s.knowAll(at)}
	w.readLedger()
	w.readReturns()
	w.readRefunds()
	tables := []TruthTable{
		w.factOrders(), w.factLines(), w.factShipments(), w.factEvents(), w.atRisk(), w.factReturns(), w.factRefunds(), w.factClaims(),
		w.factLedger(), w.factSettlements(), w.factBreaks(), w.opsFiles(), w.feedGaps(),
	}
	for i := range tables {
		sortRows(&tables[i])
	}
	return tables
}

// witness is the world as known at one moment.
type witness struct {
	*sim
	at      instant
	orders  []*knownOrder // phantoms and test orders among them
	ledger  []ledgerRow
	returns []knownReturn
	refunds []knownRefund
	// disputes is how many chargebacks of an order stand, reversed ones taken off
	disputes map[*order]int
}

// real leaves out what is in no mart.
func (k *knownOrder) real() bool { return !k.o.phantom && !k.o.test && !k.o.draft }

func table(mart, key, others string) TruthTable {
	t := TruthTable{Mart: mart, Key: strings.Split(key, " ")}
	t.Columns = append(slices.Clone(t.Key), strings.Fields(others)...)
	return t
}

func (t *TruthTable) add(values ...string) { t.Rows = append(t.Rows, values) }

// sortRows orders by key; the key columns come first.
func sortRows(t *TruthTable) {
	n := len(t.Key)
	slices.SortFunc(t.Rows, func(a, b []string) int { return slices.Compare(a[:n], b[:n]) })
}

func (o *order) lineID(i int) string { return o.brand.Shop + ":" + itoa(o.lines[i].id) }

// onTime is the judgement that both promises share: done by the day or after it, or (doneOn 0) not done and too late, or
// not to be said yet.
func onTime(doneOn, due, today date) string {
	switch {
	case doneOn != 0:
		return flag(doneOn <= due)
	case today > due:
		return flag(false)
	}
	return ""
}

func (w *witness) promises(k *knownOrder) (shipped, delivered, otif string) {
	if k.state == "cancelled" || k.state == "unpaid" || k.state == "nothing_to_ship" {
		return "", "", ""
	}
	var left, arrived date
	if k.total.despatched >= k.total.live() && k.lastLeft != 0 {
		left = dateOf(k.lastLeft, k.site.zone)
	}
	if k.total.delivered >= k.total.live() && k.lastDelivered != 0 {
		arrived = dateOf(k.lastDelivered, w.zoneOf(k.o.to.country))
	}
	shipped, delivered = onTime(left, k.shipBy, k.siteDay), onTime(arrived, k.deliverBy, k.destDay)
	if delivered != "" {
		otif = flag(delivered == "true" && k.total.short == 0)
	}
	return shipped, delivered, otif
}

func (w *witness) factOrders() TruthTable {
	t := table("marts.fct_orders", "order_id", `brand order_name placed_at paid_at cancelled_at deleted_at in_wms_at released_at picked_at packed_at
		first_despatched_at last_despatched_at first_accepted_at first_delivered_at last_delivered_at ship_by_on deliver_by_on
		is_shipped_on_time is_delivered_on_time is_otif units_ordered units_cancelled units_short units_despatched units_delivered
		units_added units_added_despatched units_added_delivered added_ship_by_on added_deliver_by_on is_incomplete lines_count
		split_count status total_amount currency`)
	for _, k := range w.orders {
		if !k.real() {
			continue
		}
		o, u := k.o, k.total
		shipped, delivered, otif := w.promises(k)
		t.add(o.orderID(), o.brand.Name, o.name, o.placed.text(), k.paid.text(), k.cancelled.text(), k.deleted.text(), k.status["received"].text(),
			k.status["allocated"].text(), k.status["picked"].text(), k.status["packed"].text(), k.firstLeft.text(), k.lastLeft.text(),
			k.firstAccepted.text(), k.firstDelivered.text(), k.lastDelivered.text(), k.shipBy.text(), k.deliverBy.text(),
			shipped, delivered, otif, itoa(u.ordered), itoa(u.cancelled), itoa(u.short), itoa(u.despatched), itoa(u.delivered),
			itoa(max(0, k.added.live())), itoa(k.added.despatched), itoa(k.added.delivered), k.addedShipBy.text(), k.addedDeliverBy.text(), flag(false),
			itoa(k.firstLines()), itoa(len(k.parcels)), k.state, amount(o.inShop(o.total())), o.brand.Currency)
	}
	return t
}

func (w *witness) factLines() TruthTable {
	t := table("marts.fct_order_lines", "line_id", "order_id sku is_added added_by added_at ship_by_on deliver_by_on units_ordered units_cancelled units_short units_despatched units_delivered units_open")
	for _, k := range w.orders {
		if !k.real() {
			continue
		}
		for i, u := range k.units {
			if !k.counts(i) {
				continue
			}
			l := &k.o.lines[i]
			ship, arrive := k.shipBy, k.deliverBy
			if l.added != 0 && k.paid != 0 {
				ship, arrive = k.site.dueFrom(l.added), k.o.arriveBy(k.site, l.added)
			}
			t.add(k.o.lineID(i), k.o.orderID(), l.item.sku, flag(l.added != 0), string(l.by), l.added.text(), ship.text(), arrive.text(), itoa(u.ordered), itoa(u.cancelled), itoa(u.short), itoa(u.despatched),
				itoa(u.delivered), itoa(u.open()))
		}
	}
	return t
}

func (w *witness) factShipments() TruthTable {
	t := table("marts.fct_shipments", "shipment_id", `order_id site service destination_country despatched_at accepted_at first_attempt_at
		delivered_at attempts_count status is_lost lost_how lost_on is_damaged commitment_on promised_on promise_gap_days late_cause`)
	for _, k := range w.orders {
		if !k.real() {
			continue
		}
		o := k.o
		for _, p := range k.parcels {
			gap, cause := "", ""
			shipBy, deliverBy := k.promised(p)
			if p.delivered != 0 {
				days := int(dateOf(p.delivered, w.zoneOf(o.to.country)) - deliverBy)
				gap = itoa(days)
				switch {
				case days > 0 && dateOf(p.accepted, k.site.zone) > shipBy:
					cause = "handover"
				case days > 0:
					cause = "carrier"
				}
			}
			t.add(p.key(), o.orderID(), p.from.Code, o.service, o.to.country, p.left.text(), p.accepted.text(), p.attempted.text(),
				p.delivered.text(), itoa(p.attempts), p.status, flag(p.lost), p.lostHow, p.lostOn.text(), flag(p.damaged), p.commitment.text(),
				deliverBy.text(), gap, cause)
		}
	}
	return t
}

func (w *witness) factEvents() TruthTable {
	t := table("marts.fct_tracking_events", "shipment_id occurred_at raw_code", "status")
	put := func(key string, st *parcelState) {
		for _, e := range st.events {
			t.add(key, e.at.text(), e.code, e.status)
		}
	}
	for _, k := range w.orders {
		if k.real() {
			for _, p := range k.parcels {
				put(p.key(), p.parcelState)
			}
		}
	}
	for i := range w.returns {
		if r := &w.returns[i]; r.state != nil {
			put(r.key, r.state)
		}
	}
	return t
}

func (w *witness) factClaims() TruthTable {
	t := table("marts.fct_claimable_parcels", "shipment_id claim_type", "eligible_on deadline_on claimable_amount currency state")
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
			put := func(claim string, eligible, deadline date) {
				state := "open"
				if today > deadline {
					state = "expired"
				}
				t.add(p.key(), claim, eligible.text(), deadline.text(), worth, k.o.brand.Currency, state)
			}
			accepted := dateOf(p.accepted, w.london)
			if p.lost {
				put("lost", p.lostOn, accepted+date(k.o.carrier.ClaimLost))
			}
			if p.damaged {
				put("damaged", dateOf(p.firstHurt, w.zoneOf(k.o.to.country)), accepted+date(k.o.carrier.ClaimDamaged))
			}
		}
	}
	return t
}

// promised are the days of what is in a parcel: of the order, unless all of it was added later.
func (k *knownOrder) promised(p *knownParcel) (ship, arrive date) {
	if !p.isAdded() || k.paid == 0 {
		return k.shipBy, k.deliverBy
	}
	for _, q := range p.lines {
		at := k.o.lines[q.line].added
		if d := k.site.dueFrom(at); ship == 0 || d < ship {
			ship = d
		}
		if d := k.o.arriveBy(k.site, at); arrive == 0 || d < arrive {
			arrive = d
		}
	}
	return ship, arrive
}

// firstLines is how many lines that have to be sent were ordered at first.
func (k *knownOrder) firstLines() int {
	n := 0
	for i := range k.o.lines {
		if k.counts(i) && k.o.lines[i].added == 0 {
			n++
		}
	}
	return n
}
