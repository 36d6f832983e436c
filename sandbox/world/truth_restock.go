package world

// restockBreaks are articles of an order of which the shop put back other units than the warehouse, once both have said of all units what became of them.
func (w *witness) restockBreaks(b *breaks, k *knownOrder) {
	type sums struct {
		told, shelved, received, good int
		last                          instant
		line                          int
	}
	o, by := k.o, map[*item]*sums{}
	of := func(line int) *sums {
		it := o.lines[line].item
		if by[it] == nil {
			by[it] = &sums{line: line}
		}
		return by[it]
	}
	for i := range o.refunds {
		r := &o.refunds[i]
		for _, l := range r.lines {
			if r.at > w.at || l.restock != cameBack || !o.brand.Can.Restocks {
				continue
			}
			x := of(l.line)
			x.told += l.qty
			if o.shelved(r, l) {
				x.shelved += l.qty
			}
			x.last = max(x.last, r.at)
		}
	}
	for i := range o.receipts {
		rc := &o.receipts[i]
		if !rc.seen(w.at) || rc.noOrder || rc.grade == "X" || rc.grade == "M" {
			continue
		}
		x := of(rc.line)
		x.received += rc.qty
		if rc.grade == "A" || rc.grade == "B" {
			x.good += rc.qty
		}
		x.last = max(x.last, rc.processed)
	}
	for it, x := range by {
		if x.told == 0 || x.told != x.received || x.shelved == x.good || x.last+24*hour > w.at {
			continue
		}
		kind := "restocked_in_shop_only"
		if x.shelved < x.good {
			kind = "restocked_in_warehouse_only"
		}
		worth, currency := o.cost([]quantity{{x.line, max(x.shelved-x.good, x.good-x.shelved)}})
		b.add(finding{
			check: "R17", kind: kind, document: o.orderID() + ":" + it.sku, o: o, since: x.last + 24*hour, amount: worth, currency: currency,
			detail: itoa(x.shelved) + " put back in the shop, " + itoa(x.good) + " in the warehouse",
		})
	}
}
