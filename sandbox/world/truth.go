package world

import (
	"slices"
	"strings"
)

// truth computes every table from the histories, by docs/meanings.md.
func (s *sim) truth(at instant) []TruthTable {
	w := &witness{sim: s, at: at, orders: s.knowAll(at), counts: map[*depot][]*countedDay{}, moved: map[*depot][]*move{}}
	w.readLedger()
	w.readRefunds()
	w.readReturns()
	w.readStock()
	w.readPurchases()
	w.readWaiting()
	tables := []TruthTable{
		w.factOrders(), w.factLines(), w.factCancellations(), w.factShipments(), w.factEvents(), w.atRisk(), w.factReturns(), w.factRefunds(), w.factExchanges(), w.factClaims(),
		w.factLedger(), w.factSettlements(), w.factBreaks(), w.opsFiles(), w.feedGaps(), w.health(), w.fulfilmentDaily(), w.backlogDaily(), w.returnsDaily(),
		w.returnsOpen(), w.returnLines(), w.warehouseEvents(), w.disputesTold(), w.orderKeys(), w.tieouts(), w.unmappedCodes(), w.rulesMissing(), w.setAside(), w.unanswered(),
		w.disputeRatios(),
		w.stockDaily(), w.factGoodsIn(), w.openLineStock(), w.shortages(),
	}
	tables = append(tables, w.dimensions()...)
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
	// bySettlement are the settlements by their key
	bySettlement map[string]*settlement
	// counts and moved are what files have told of each site's stock, stock what follows for each item and day
	counts    map[*depot][]*countedDay
	moved     map[*depot][]*move
	stock     []*stockDay
	purchased []*purchaseLine
	waiting   []*lineWaiting
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
// not to be said yet; nothing is, where there is no such day.
func onTime(doneOn, due, today date) string {
	switch {
	case due == 0:
		return ""
	case doneOn != 0:
		return flag(doneOn <= due)
	case today > due:
		return flag(false)
	}
	return ""
}

// promisesSomething says whether an order has units to which somebody is held.
func (k *knownOrder) promisesSomething() bool {
	return k.state != "cancelled" && k.state != "nothing_to_ship"
}

// verdict says how an order's promises were kept, empty where that cannot be said, or not yet.
type verdict struct{ shipped, delivered, inFull, otif, perfect string }

func (w *witness) promises(k *knownOrder) (out verdict) {
	if k.released == 0 {
		if k.total.extra > 0 {
			out.perfect = "false"
		}
		return out
	}
	t := k.total
	if t.live() > 0 {
		out.shipped, out.delivered = k.shippedBy(k.shipBy), onTime(k.arrivedWholeOn, k.deliverBy, k.destDay)
	}
	switch {
	case t.failed > 0:
		out.inFull = "false"
	case t.live() == 0:
	case t.inTime == t.live():
		out.inFull = "true"
	case k.deliverBy != 0 && k.destDay > k.deliverBy:
		out.inFull = "false"
	}
	switch {
	case out.delivered == "false" || out.inFull == "false":
		out.otif = "false"
	case out.delivered == "true" && out.inFull == "true":
		out.otif = "true"
	}
	out.perfect = out.otif
	for _, p := range k.parcels {
		if out.perfect == "true" && !p.isAdded() && (p.lost || p.damaged) {
			out.perfect = "false"
		}
	}
	if t.extra > 0 {
		out.perfect = "false"
	}
	return out
}

// shippedBy says whether an order was shipped by a day, in the sense of its site's contract.
func (k *knownOrder) shippedBy(due date) string {
	if k.site.ByScan {
		return k.handedBy(due)
	}
	return k.despatchedBy(due)
}

// despatchedBy says whether all that is wanted left by a day, as the warehouse tells it.
func (k *knownOrder) despatchedBy(due date) string {
	left := date(0)
	if k.leftWhole != 0 {
		left = dateOf(k.leftWhole, k.site.zone)
	}
	return onTime(left, due, k.siteDay)
}

// handedBy says whether carriers had got all of it by a day. Of units without a number nobody can say it.
func (k *knownOrder) handedBy(due date) string {
	if k.handedWhole == 0 && k.total.handed+k.total.unnumbered >= k.total.live() {
		return ""
	}
	return onTime(k.handedWhole, due, k.siteDay)
}

func (w *witness) factOrders() TruthTable {
	t := table("marts.fct_orders", "order_id", `brand order_name placed_at authorised_at paid_at releasable_at cancelled_at deleted_at in_wms_at released_at picked_at packed_at
		first_despatched_at last_despatched_at first_accepted_at first_delivered_at last_delivered_at ship_by_on deliver_by_on
		is_shipped_on_time is_delivered_on_time is_in_full is_otif left_whole_at arrived_whole_at units_ordered units_cancelled units_failed units_short units_despatched units_delivered
		units_left units_arrived units_extra split_count goods_status money_status total_amount currency shop site service ship_country destination_calendar wms_status wms_status_at is_perfect
		lines_count releasable_to_wms_hours wms_to_picked_hours picked_to_despatched_hours despatched_to_accepted_hours
		accepted_to_delivered_hours click_to_ship_hours click_to_door_hours age_hours current_total_amount discount_amount
		shipping_amount tax_amount _built_at financial_status cancel_reason cancel_cause
		units_added units_added_despatched units_added_delivered added_ship_by_on added_deliver_by_on is_incomplete
		promise_rule_id cut_off_rule_id wms_ship_by_on is_shipped_on_time_by_wms is_despatched_on_time is_handed_over_on_time handed_whole_on
		deliver_from_at deliver_to_at is_delivered_in_window
		releasable_to_wms_working_hours wms_to_picked_working_hours picked_to_despatched_working_hours age_working_hours`)
	for _, k := range w.orders {
		if !k.real() {
			continue
		}
		o, u := k.o, k.total
		held, authorised := w.promises(k), instant(0)
		if o.authorised <= w.at {
			authorised = o.authorised
		}
		row := []string{
			o.orderID(), o.brand.Name, o.name, o.placed.text(), authorised.text(), k.paid.text(), k.released.text(), k.cancelled.text(), k.deleted.text(), k.status["received"].text(),
			k.status["allocated"].text(), k.status["picked"].text(), k.status["packed"].text(), k.firstLeft.text(), k.lastLeft.text(),
			k.firstAccepted.text(), k.firstDelivered.text(), k.lastDelivered.text(), k.shipBy.text(), k.deliverBy.text(),
			held.shipped, held.delivered, held.inFull, held.otif, k.leftWhole.text(), k.arrivedWhole.text(), itoa(u.ordered), itoa(u.cancelled), itoa(u.failed), itoa(u.short), itoa(u.despatched),
			itoa(u.delivered), itoa(u.left), itoa(u.arrived), itoa(u.extra), itoa(len(k.parcels)), k.state, k.money, amount(o.inShop(o.total())), o.brand.Currency,
		}
		t.add(slices.Concat(row, w.restOfOrder(k, held.perfect), k.restOfAdded(), w.rulesOf(k))...)
	}
	return t
}

func (w *witness) factLines() TruthTable {
	t := table("marts.fct_order_lines", "line_id", `order_id sku units_ordered units_cancelled units_short units_despatched units_delivered units_open
		brand title first_despatched_at last_despatched_at unit_price_amount discounted_total_amount currency unit_cost_amount unit_cost_currency _built_at
		is_added added_by added_at ship_by_on deliver_by_on units_left units_arrived units_extra left_whole_at arrived_whole_at`)
	for _, k := range w.orders {
		if !k.real() {
			continue
		}
		for i, u := range k.units {
			if !k.counts(i) {
				continue
			}
			l := &k.o.lines[i]
			cost, of := "", ""
			if k.o.brand.Can.Costs {
				cost, of = amount(l.item.cost), k.o.brand.Currency
			}
			ship, arrive := w.promisedLine(k, l)
			t.add(k.o.lineID(i), k.o.orderID(), l.item.sku, itoa(u.ordered), itoa(u.cancelled), itoa(u.short), itoa(u.despatched),
				itoa(u.delivered), itoa(u.open()), k.o.brand.Name, l.item.name, k.lineLeft[i].first.text(), k.lineLeft[i].last.text(), amount(k.o.inShop(l.price)),
				amount(k.o.netInShop(l)), k.o.brand.Currency, cost, of, w.at.text(), flag(l.added != 0), string(l.by), l.added.text(), ship.text(), arrive.text(),
				itoa(u.left), itoa(u.arrived), itoa(u.extra), u.leftWhole.text(), u.arrivedWhole.text())
		}
	}
	return t
}

func (w *witness) factShipments() TruthTable {
	t := table("marts.fct_shipments", "shipment_id", `order_id site service destination_country despatched_at accepted_at first_attempt_at
		delivered_at attempts_count status is_lost lost_how lost_on is_damaged commitment_on promised_on promise_gap_days late_cause is_delivered_on_time is_attempted_on_time
		brand carrier tracking_no destination_calendar latest_raw_code latest_event_at labelled_at is_first_attempt_delivered damaged_on
		commitment_gap_days transit_hours units_despatched events_count unmapped_codes cost_amount cost_currency despatch_ref status_reason _built_at
		status_how lane_rule_id destination_region is_returned_after
		manifest_ref manifested_at collected_at handed_over_on`)
	for _, k := range w.orders {
		if !k.real() {
			continue
		}
		o := k.o
		for _, p := range k.parcels {
			gap := ""
			_, deliverBy := w.promisedParcel(k, p)
			delivered, attempted, cause := w.onTimes(k, p)
			if p.delivered != 0 && deliverBy != 0 {
				days := int(dateOf(p.delivered, w.zoneOf(o.to.country)) - deliverBy)
				gap = itoa(days)
			}
			row := []string{
				p.key(), o.orderID(), p.from.Code, o.service, o.to.country, p.left.text(), p.accepted.text(), p.attempted.text(),
				p.delivered.text(), itoa(p.attempts), p.status, flag(p.lost), p.lostHow, p.lostOn.text(), flag(p.damaged), p.commitment.text(),
				deliverBy.text(), gap, cause, delivered, attempted,
			}
			t.add(append(row, w.restOfParcel(k, p)...)...)
		}
	}
	return t
}
