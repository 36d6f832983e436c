package world

// rulesOf are the agreements that decided about an order, and its warehouse's own clock and working time, in the order of the columns of fct_orders.
func (w *witness) rulesOf(k *knownOrder) []string {
	var onTimeThere, despatched, handed string
	if k.total.live() > 0 {
		onTimeThere, despatched, handed = k.shippedBy(k.wmsShipBy), k.despatchedBy(k.shipBy), k.handedBy(k.shipBy)
	}
	begin, end, inside := w.window(k)
	age := ""
	if k.promisesSomething() && k.state != "delivered" {
		age = k.site.workingHours(k.released, w.at)
	}
	return []string{
		k.promiseRule, k.cutOffRule, k.wmsShipBy.text(), onTimeThere, despatched, handed, k.handedWhole.text(), begin.text(), end.text(), inside, k.site.workingHours(k.released, k.status["received"]),
		k.site.workingHours(k.status["received"], k.status["picked"]), k.site.workingHours(k.status["picked"], k.firstLeft), age,
	}
}

// lacking is what nothing is agreed for: orders, or parcels, of one kind.
type lacking struct{ kind, name, service, site, country, currency string }

// rulesMissing counts the orders that were promised nothing and the parcels of lanes that no carrier agreed to. Every site has cut-offs.
func (w *witness) rulesMissing() TruthTable {
	t := table("marts.rules_missing", "rule_kind name service site destination currency", "documents_count since_at last_at example at_stake_amount why next_step")
	type group struct {
		n       int
		when    moments
		example string
		worth   int64
	}
	all := map[lacking]*group{}
	add := func(l lacking, id string, at instant, worth int64) {
		g := all[l]
		if g == nil {
			g = &group{example: id}
			all[l] = g
		}
		g.n++
		g.when.add(at)
		g.example = min(g.example, id)
		g.worth += worth
	}
	for _, k := range w.orders {
		if !k.real() {
			continue
		}
		o := k.o
		if k.released != 0 && k.total.live() > 0 && k.promiseRule == "" {
			add(lacking{"promise", o.brand.Name, o.chosen(), k.site.Code, o.to.country, o.brand.Currency}, o.orderID(), o.placed, o.inShop(o.total()))
		}
		for _, p := range k.parcels {
			if p.accepted == 0 || p.lane != "" {
				continue
			}
			currency, worth := "none", int64(0)
			if o.brand.Can.Costs {
				currency = o.brand.Currency
				for _, q := range p.lines {
					worth += o.lines[q.line].item.cost * int64(q.qty)
				}
			}
			add(lacking{"lane", o.carrier.Source, o.service, p.from.Code, o.to.country, currency}, p.key(), p.accepted, worth)
		}
	}
	for l, g := range all {
		why, next := "no row of promise_rules fits", "write what the brand promises there into sql/seeds/promise_rules.csv, from the day of since_at on"
		switch {
		case l.kind == "lane":
			why, next = "no row of lane_rules fits", "write the days of the lane into sql/seeds/lane_rules.csv, from the day of since_at on"
		case l.service == "unknown":
			why, next = "nobody mapped the service", "map the word: marts.unmapped_codes has it"
		}
		worth := amount(g.worth)
		if l.currency == "none" {
			worth = ""
		}
		t.add(l.kind, l.name, l.service, l.site, l.country, l.currency, itoa(g.n), g.when.first.text(), g.when.last.text(), g.example, worth, why, next)
	}
	return t
}

// oddDeliveries are the deliveries that only a shop knows, with what their orders come to.
func (w *witness) oddDeliveries(t *TruthTable) {
	type group struct {
		n     int
		when  moments
		worth int64
	}
	all := map[*brand]*group{}
	for _, k := range w.orders {
		if !k.real() || !k.o.oddDelivery {
			continue
		}
		g := all[k.o.brand]
		if g == nil {
			g = &group{}
			all[k.o.brand] = g
		}
		g.n++
		g.when.add(k.o.placed)
		g.worth += k.o.inShop(k.o.total())
	}
	for b, g := range all {
		t.add(b.Shop, "orders.service", "evening", b.Currency, "", "services", itoa(g.n), g.when.first.text(), g.when.last.text(), amount(g.worth), w.at.text())
	}
}

// window is between when an order was to arrive on its day, and whether all of it did.
func (w *witness) window(k *knownOrder) (begin, end instant, inside string) {
	p := w.promised(k.o, k.site, k.o.placed)
	if p == nil || k.deliverBy == 0 || p.Between == [2]int{} {
		return 0, 0, ""
	}
	there := w.zoneOf(k.o.to.country)
	if p.Between[0] != 0 {
		begin = k.deliverBy.at(there, p.Between[0])
	}
	if p.Between[1] != 0 {
		end = k.deliverBy.at(there, p.Between[1])
	}
	switch {
	case k.total.live() == 0:
	case k.arrivedWhole != 0:
		inside = flag(k.arrivedWhole >= begin && (end == 0 || k.arrivedWhole <= end))
	case end != 0 && w.at > end:
		inside = "false"
	}
	return begin, end, inside
}
