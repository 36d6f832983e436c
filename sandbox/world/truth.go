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
		w.factLedger(), w.factSettlements(), w.factBreaks(), w.opsFiles(), w.feedGaps(), w.unanswered(),
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
func (k *knownOrder) real() bool { return !k.o.phantom && !k.o.test }

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
	if k.state == "cancelled" || k.state == "unpaid" {
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
	t := table("marts.fct_orders", "order_id", `brand order_name placed_at paid_at cancelled_at in_wms_at released_at picked_at packed_at
		first_despatched_at last_despatched_at first_accepted_at first_delivered_at last_delivered_at ship_by_on deliver_by_on
		is_shipped_on_time is_delivered_on_time is_otif units_ordered units_cancelled units_short units_despatched units_delivered
		split_count status total_amount currency`)
	for _, k := range w.orders {
		if !k.real() {
			continue
		}
		o, u := k.o, k.total
		shipped, delivered, otif := w.promises(k)
		t.add(o.orderID(), o.brand.Name, o.name, o.placed.text(), k.paid.text(), k.cancelled.text(), k.status["received"].text(),
			k.status["allocated"].text(), k.status["picked"].text(), k.status["packed"].text(), k.firstLeft.text(), k.lastLeft.text(),
			k.firstAccepted.text(), k.firstDelivered.text(), k.lastDelivered.text(), k.shipBy.text(), k.deliverBy.text(),
			shipped, delivered, otif, itoa(u.ordered), itoa(u.cancelled), itoa(u.short), itoa(u.despatched), itoa(u.delivered),
			itoa(len(k.parcels)), k.state, amount(o.total()), o.currency)
	}
	return t
}

func (w *witness) factLines() TruthTable {
	t := table("marts.fct_order_lines", "line_id", "order_id sku units_ordered units_cancelled units_short units_despatched units_delivered units_open")
	for _, k := range w.orders {
		if !k.real() {
			continue
		}
		for i, u := range k.units {
			t.add(k.o.lineID(i), k.o.orderID(), k.o.lines[i].item.sku, itoa(u.ordered), itoa(u.cancelled), itoa(u.short), itoa(u.despatched),
				itoa(u.delivered), itoa(u.open()))
		}
	}
	return t
}

func (w *witness) factShipments() TruthTable {
	t := table("marts.fct_shipments", "shipment_id", `order_id site service destination_country despatched_at accepted_at first_attempt_at
		delivered_at attempts_count status is_lost lost_how lost_on is_damaged commitment_on promised_on promise_gap_days late_cause status_how`)
	for _, k := range w.orders {
		if !k.real() {
			continue
		}
		o := k.o
		for _, p := range k.parcels {
			gap, cause, how := "", "", "scan"
			switch {
			case p.status == "no_scan":
				how = ""
			case p.lostHow == "rule":
				how = "rule"
			}
			if p.delivered != 0 {
				days := int(dateOf(p.delivered, w.zoneOf(o.to.country)) - k.deliverBy)
				gap = itoa(days)
				switch {
				case days > 0 && dateOf(p.accepted, k.site.zone) > k.shipBy:
					cause = "handover"
				case days > 0:
					cause = "carrier"
				}
			}
			t.add(p.key(), o.orderID(), o.site.Code, o.service, o.to.country, p.left.text(), p.accepted.text(), p.attempted.text(),
				p.delivered.text(), itoa(p.attempts), p.status, flag(p.lost), p.lostHow, p.lostOn.text(), flag(p.damaged), p.commitment.text(),
				k.deliverBy.text(), gap, cause, how)
		}
	}
	return t
}

func (w *witness) factEvents() TruthTable {
	t := table("marts.fct_tracking_events", "shipment_id occurred_at raw_code", "status")
	put := func(key string, st *parcelState) {
		for _, e := range append(slices.Clone(st.events), st.timeless...) {
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

// atRisk lists the orders that a customer is waiting for.
func (w *witness) atRisk() TruthTable {
	t := table("marts.orders_at_risk", "order_id", "stuck_stage risk_state")
	for _, k := range w.orders {
		if k.real() && k.paid != 0 && k.cancelled == 0 && k.state != "delivered" && k.total.live() > 0 {
			t.add(k.o.orderID(), k.stage(), w.risk(k))
		}
	}
	return t
}

func (k *knownOrder) stage() string {
	switch {
	case k.status["received"] == 0:
		return "not_in_wms"
	case k.latest == "on_hold":
		return "held"
	case k.latest == "shortage":
		return "short"
	case k.total.despatched < k.total.live() && k.status["picked"] == 0:
		return "not_picked"
	case k.total.despatched < k.total.live():
		return "not_despatched"
	}
	for _, p := range k.parcels {
		if p.accepted == 0 {
			return "no_scan"
		}
	}
	return "in_transit"
}

func (w *witness) risk(k *knownOrder) string {
	if k.total.despatched < k.total.live() {
		switch {
		case k.siteDay > k.shipBy:
			return "breached"
		case k.siteDay == k.shipBy && minuteOfDay(w.at, k.site.zone) > 12*60:
			return "at_risk"
		}
		return "ok"
	}
	if k.destDay > k.deliverBy {
		return "breached"
	}
	for _, p := range k.parcels {
		if p.lost || (p.commitment != 0 && (p.commitment > k.deliverBy || p.commitment < k.destDay)) {
			return "at_risk"
		}
	}
	return "ok"
}
