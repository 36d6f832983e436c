package world

// atRisk lists the orders that a customer is waiting for: for what was ordered at first, or for what was added later.
func (w *witness) atRisk() TruthTable {
	t := table("marts.orders_at_risk", "order_id", "stuck_stage risk_state units_waiting")
	for _, k := range w.orders {
		if k.real() && k.paid != 0 && !k.ended() && (k.waitsForFirst() || k.added.delivered < k.added.live()) {
			waiting := max(0, k.total.live()-k.total.delivered) + max(0, k.added.live()-k.added.delivered)
			t.add(k.o.orderID(), k.stage(), w.risk(k), itoa(waiting))
		}
	}
	return t
}

// waitsForFirst says whether something of what was ordered at first has not arrived.
func (k *knownOrder) waitsForFirst() bool { return k.state != "delivered" && k.total.live() > 0 }

// firstLeftWhole says whether all of what was ordered at first has left.
func (k *knownOrder) firstLeftWhole() bool { return k.total.despatched >= k.total.live() }

// addedIsOpen says whether all but lines that were added later has left.
func (k *knownOrder) addedIsOpen() bool {
	if !k.firstLeftWhole() {
		return false
	}
	for i, u := range k.units {
		if k.o.lines[i].added != 0 && k.counts(i) && u.open() > 0 {
			return true
		}
	}
	return false
}

func (k *knownOrder) stage() string {
	switch {
	case k.addedIsOpen():
		return "added_not_despatched"
	case k.status["received"] == 0:
		return "not_in_wms"
	case k.latest == "on_hold":
		return "held"
	case k.latest == "shortage":
		return "short"
	case !k.firstLeftWhole() && k.status["picked"] == 0:
		return "not_picked"
	case !k.firstLeftWhole():
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
	shipBy, deliverBy := k.shipBy, k.deliverBy
	if k.addedIsOpen() || !k.waitsForFirst() {
		shipBy, deliverBy = k.addedShipBy, k.addedDeliverBy
	}
	if !k.firstLeftWhole() || k.addedIsOpen() {
		switch {
		case k.siteDay > shipBy:
			return "breached"
		case k.siteDay == shipBy && minuteOfDay(w.at, k.site.zone) > 12*60:
			return "at_risk"
		}
		return "ok"
	}
	if k.destDay > deliverBy {
		return "breached"
	}
	for _, p := range k.parcels {
		if p.lost || (p.commitment != 0 && p.delivered == 0 && (p.commitment > deliverBy || p.commitment < k.destDay)) {
			return "at_risk"
		}
	}
	return "ok"
}
