package world

// atRisk lists the orders that a customer is waiting for: for what was ordered at first, or for what was added later.
func (w *witness) atRisk() TruthTable {
	t := table("marts.orders_at_risk", "order_id", `stuck_stage risk_state brand order_name site service goods_status money_status due_on days_left releasable_at ship_by_on
		deliver_by_on age_hours units_waiting total_amount currency next_step`)
	for _, k := range w.orders {
		if k.real() && k.released != 0 && !k.ended() && (k.waitsForFirst() || k.added.delivered < k.added.live()) {
			waiting := k.total.live() - k.total.arrived + max(0, k.added.live()-k.added.delivered)
			due, today := k.due()
			age, left := "", ""
			if due != 0 {
				left = itoa(int(due - today))
			}
			if k.waitsForFirst() {
				age = hours(k.released, w.at)
			}
			t.add(k.o.orderID(), k.stage(), w.risk(k), k.o.brand.Name, k.o.name, k.site.Code, k.o.chosen(), k.state, k.money, due.text(), left, k.released.text(),
				k.shipBy.text(), k.deliverBy.text(), age, itoa(waiting), amount(k.o.inShop(k.o.total())), k.o.brand.Currency, k.advice())
		}
	}
	return t
}

// waitsForFirst says whether something of what was ordered at first has not arrived.
func (k *knownOrder) waitsForFirst() bool { return k.state != "delivered" && k.total.live() > 0 }

// firstLeftWhole says whether all of what was ordered at first has left.
func (k *knownOrder) firstLeftWhole() bool { return k.total.left >= k.total.live() }

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

// awaited are the days of what somebody waits for.
func (k *knownOrder) awaited() (ship, arrive date) {
	if k.addedIsOpen() || !k.waitsForFirst() {
		return k.addedShipBy, k.addedDeliverBy
	}
	return k.shipBy, k.deliverBy
}

// due is the day that an order is judged against, and today where that day is told.
func (k *knownOrder) due() (due, today date) {
	ship, arrive := k.awaited()
	if !k.firstLeftWhole() || k.addedIsOpen() {
		return ship, k.siteDay
	}
	return arrive, k.destDay
}

func (w *witness) risk(k *knownOrder) string {
	due, today := k.due()
	if !k.firstLeftWhole() || k.addedIsOpen() {
		switch {
		case due != 0 && today > due:
			return "breached"
		case today == due && minuteOfDay(w.at, k.site.zone) > 12*60:
			return "at_risk"
		}
		return "ok"
	}
	if due != 0 && today > due {
		return "breached"
	}
	for _, p := range k.parcels {
		if p.lost || (p.commitment != 0 && p.delivered == 0 && ((due != 0 && p.commitment > due) || p.commitment < today)) {
			return "at_risk"
		}
	}
	return "ok"
}
