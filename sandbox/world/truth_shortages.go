package world

import "slices"

// lineWaiting is an open line, and what there is for it.
type lineWaiting struct {
	k               *knownOrder
	i               int
	since           instant
	shipBy          date
	ahead, pickable int
	apart, covered  int
	counted         instant
	next            *purchaseLine
}

func (x *lineWaiting) open() int { return x.k.units[x.i].open() }

func (x *lineWaiting) missing() int { return x.open() - x.covered }

// readWaiting gives stock to the lines that wait for it: first to what is due first, then to what was ordered first.
func (w *witness) readWaiting() {
	queues := map[*site]map[*item][]*lineWaiting{}
	for _, k := range w.orders {
		d := w.depotOf(k.site)
		if !k.real() || k.released == 0 || len(w.counts[d]) == 0 {
			continue
		}
		for i := range k.units {
			l := &k.o.lines[i]
			if !k.counts(i) || k.units[i].open() == 0 {
				continue
			}
			x := &lineWaiting{k: k, i: i, since: k.o.placed}
			if l.added != 0 {
				x.since = l.added
			}
			x.shipBy, _ = w.promisedLine(k, l)
			if queues[k.site] == nil {
				queues[k.site] = map[*item][]*lineWaiting{}
			}
			queues[k.site][l.item] = append(queues[k.site][l.item], x)
		}
	}
	for st, byItem := range queues {
		for it, queue := range byItem {
			w.fill(w.depotOf(st), it, queue)
		}
	}
	slices.SortFunc(w.waiting, func(a, b *lineWaiting) int { return compareLines(a, b) })
}

func compareLines(a, b *lineWaiting) int {
	switch {
	case a.shipBy != b.shipBy:
		return int(a.shipBy - b.shipBy)
	case a.since != b.since:
		return int(a.since - b.since)
	case a.k.o.lineID(a.i) < b.k.o.lineID(b.i):
		return -1
	}
	return 1
}

func (w *witness) fill(d *depot, it *item, queue []*lineWaiting) {
	slices.SortFunc(queue, compareLines)
	n, apart, counted := w.pickable(d, it)
	ahead := 0
	for _, x := range queue {
		x.ahead, x.pickable, x.apart, x.counted, x.next = ahead, n, apart, counted, w.nextTo(d, it)
		x.covered = min(x.open(), max(0, n-ahead))
		ahead += x.open()
	}
	w.waiting = append(w.waiting, queue...)
}

func (x *lineWaiting) why() string {
	switch {
	case x.missing() == 0:
		return ""
	case x.pickable > 0:
		return "too_few"
	case x.apart > 0:
		return "kept_apart"
	}
	return "none_there"
}

func (x *lineWaiting) advice() string {
	switch {
	case x.missing() == 0:
		return ""
	case x.why() == "kept_apart":
		return "have what is kept apart looked at and released"
	case x.next == nil:
		return "buy more, or cancel the missing units and refund them"
	case x.next.state == "overdue":
		return "ask the supplier where the overdue purchase order is, and tell the customer"
	}
	return "tell the customer when more is expected"
}

// comes are the number, the day and the units of the next purchase order.
func (x *lineWaiting) comes() []string {
	if x.next == nil {
		return []string{"", "", ""}
	}
	return []string{x.next.p.no, x.next.on.text(), itoa(x.next.expected - x.next.got)}
}

func (w *witness) openLineStock() TruthTable {
	t := table("marts.open_line_stock", "line_id", `order_id order_name brand site sku ship_by_on since_at units_open units_wanted_before units_pickable units_covered
		units_missing why counted_at next_po_number next_expected_on next_units next_step at_stake_amount currency _built_at`)
	for _, x := range w.waiting {
		o := x.k.o
		l := &o.lines[x.i]
		row := []string{
			o.lineID(x.i), o.orderID(), o.name, o.brand.Name, x.k.site.Code, l.item.sku, x.shipBy.text(), x.since.text(), itoa(x.open()), itoa(x.ahead),
			itoa(x.pickable), itoa(x.covered), itoa(x.missing()), x.why(), x.counted.text(),
		}
		row = append(row, x.comes()...)
		t.add(append(row, x.advice(), amount(o.inShop(l.price)*int64(x.missing())), o.brand.Currency, w.at.text())...)
	}
	return t
}

// shortages are the SKUs of which a site's open lines want more than there is.
func (w *witness) shortages() TruthTable {
	t := table("marts.stock_shortages", "site sku", `why since_at oldest_order_name first_ship_by_on units_wanted units_pickable units_missing orders_count lines_count
		at_stake_amount currency counted_at next_po_number next_expected_on next_units next_step _built_at`)
	type place struct {
		st *site
		it *item
	}
	wanted, lacking := map[place]int{}, map[place][]*lineWaiting{}
	for _, x := range w.waiting {
		p := place{x.k.site, x.k.o.lines[x.i].item}
		wanted[p] += x.open()
		if x.missing() > 0 {
			lacking[p] = append(lacking[p], x)
		}
	}
	for p, lines := range lacking {
		oldest, first, missing, worth := lines[0], lines[0].shipBy, 0, int64(0)
		orders := map[*order]bool{}
		for _, x := range lines {
			o := x.k.o
			if x.since < oldest.since || (x.since == oldest.since && o.lineID(x.i) < oldest.k.o.lineID(oldest.i)) {
				oldest = x
			}
			first = min(first, x.shipBy)
			missing += x.missing()
			worth += o.inShop(o.lines[x.i].price) * int64(x.missing())
			orders[o] = true
		}
		row := []string{
			p.st.Code, p.it.sku, oldest.why(), oldest.since.text(), oldest.k.o.name, first.text(), itoa(wanted[p]), itoa(oldest.pickable), itoa(missing),
			itoa(len(orders)), itoa(len(lines)), amount(worth), oldest.k.o.brand.Currency, oldest.counted.text(),
		}
		t.add(append(append(row, oldest.comes()...), oldest.advice(), w.at.text())...)
	}
	return t
}
