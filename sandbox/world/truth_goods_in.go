package world

import "cmp"

// purchaseLine is a line of a purchase order as files have told it, with what came of it.
type purchaseLine struct {
	d         *depot
	p         *purchase // nil for a delivery that none explains
	expected  int
	on        date
	cancelled bool
	came      []*delivery
	got       int
	booked    int
	first     instant
	shut      instant
	state     string
}

// readPurchases puts what was to come beside what came.
func (w *witness) readPurchases() {
	for _, d := range w.depots {
		if !d.st.Inbound {
			continue
		}
		lines := map[*purchase]*purchaseLine{}
		for _, p := range d.purchases {
			for _, st := range p.states {
				if st.ff == nil || !st.ff.tells(w.at) {
					continue
				}
				if lines[p] == nil {
					lines[p] = &purchaseLine{d: d, p: p}
					w.purchased = append(w.purchased, lines[p])
				}
				lines[p].expected, lines[p].on, lines[p].cancelled = st.units, st.on, st.status == "cancelled"
			}
		}
		for _, x := range d.deliveries {
			if w.toldRun(x) == 0 {
				continue
			}
			l := lines[x.of]
			if l == nil {
				l = &purchaseLine{d: d}
				w.purchased = append(w.purchased, l)
			}
			l.add(x, x.asOf(w.toldRun(x)))
		}
	}
	for _, l := range w.purchased {
		l.judge(dateOf(w.at, l.d.st.zone))
	}
}

// toldRun is the run of the newest file that has told of a delivery, 0 for none.
func (w *witness) toldRun(x *delivery) instant {
	run := instant(0)
	for _, ff := range x.files {
		if ff.tells(w.at) {
			run = max(run, ff.run)
		}
	}
	return run
}

func (l *purchaseLine) add(x *delivery, st deliveryState) {
	l.came = append(l.came, x)
	l.got += x.units
	l.booked += st.booked
	l.first = earliest(l.first, x.arrived)
	l.shut = earliest(l.shut, st.shut)
}

func (l *purchaseLine) judge(today date) {
	want := l.expected
	if l.cancelled {
		want = 0
	}
	switch {
	case l.p == nil:
		l.state = "unexpected"
	case l.got > want:
		l.state = "over"
	case l.got == want && want > 0:
		l.state = "complete"
	case l.cancelled:
		l.state = "cancelled"
	case l.shut != 0:
		l.state = "short"
	case l.first != 0:
		l.state = "part"
	case today > l.on:
		l.state = "overdue"
	default:
		l.state = "awaited"
	}
	l.expected = want
}

// nextTo is the purchase order that brings more of an item to a site soonest, nil for none.
func (w *witness) nextTo(d *depot, it *item) *purchaseLine {
	var out *purchaseLine
	for _, l := range w.purchased {
		if l.d != d || l.p == nil || l.p.item != it || (l.state != "awaited" && l.state != "overdue" && l.state != "part") {
			continue
		}
		if out == nil || l.on < out.on || (l.on == out.on && l.p.no < out.p.no) {
			out = l
		}
	}
	return out
}

// lateness says whether the first delivery came after its day, and by how many days; nothing where it cannot be said yet.
func (l *purchaseLine) lateness(today date) (late, days string) {
	if l.p == nil || l.state == "cancelled" {
		return "", ""
	}
	on := today
	if l.first != 0 {
		on = dateOf(l.first, l.d.st.zone)
	} else if today <= l.on {
		return "", ""
	}
	return flag(on > l.on), itoa(max(0, int(on-l.on)))
}

func (w *witness) factGoodsIn() TruthTable {
	t := table("marts.fct_goods_in", "goods_in_id", `source site supplier po_number sku receipt_ref expected_on units_expected units_received units_booked
		line_units_received line_units_booked arrived_at received_at booked_at closed_at line_closed_at dock_to_stock_hours state is_late days_late _built_at`)
	for _, l := range w.purchased {
		today := dateOf(w.at, l.d.st.zone)
		late, days := l.lateness(today)
		no, on, want := "", "", ""
		if l.p != nil {
			no, on, want = l.p.no, l.on.text(), itoa(l.expected)
		}
		put := func(supplier string, it *item, ref string, told []string) {
			id := l.d.st.Source + ":" + cmp.Or(no, "none") + ":" + it.sku + ":" + cmp.Or(ref, "none")
			row := []string{id, l.d.st.Source, l.d.st.Code, supplier, no, it.sku, ref, on, want, told[0], told[1], itoa(l.got), itoa(l.booked)}
			t.add(append(append(row, told[2:6]...), l.shut.text(), told[6], l.state, late, days, w.at.text())...)
		}
		if len(l.came) == 0 {
			put(l.p.supplier, l.p.item, "", make([]string, 7))
		}
		for _, x := range l.came {
			st := x.asOf(w.toldRun(x))
			booked := ""
			if st.bookedAt != 0 {
				booked = itoa(st.booked)
			}
			put(x.supplier, x.item, x.ref, []string{
				itoa(x.units), booked, x.arrived.text(), st.counted.text(), st.bookedAt.text(), st.shut.text(), hours(x.arrived, st.bookedAt),
			})
		}
	}
	return t
}

// inboundBreaks are lines of purchase orders of which not came what was bought, and deliveries that nobody bought or put into stock.
func (w *witness) inboundBreaks(b *breaks) {
	put := func(kind, document string, since instant, detail string) {
		if since+48*hour <= w.at {
			b.add(finding{check: "R21", kind: kind, document: document, since: since + 48*hour, detail: detail})
		}
	}
	for _, l := range w.purchased {
		for _, x := range l.came {
			st := x.asOf(w.toldRun(x))
			document := l.d.st.Source + ":none:" + x.item.sku + ":" + x.ref
			if l.p != nil {
				document = l.d.document(l.p) + ":" + x.ref
			} else {
				put("not_ordered", document, x.arrived, itoa(x.units)+" received, and no purchase order tells of them")
			}
			if st.booked < x.units {
				put("not_booked", document, x.arrived, itoa(x.units-st.booked)+" of "+itoa(x.units)+" received and not put into stock")
			}
		}
		if l.p == nil {
			continue
		}
		detail := itoa(l.got) + " received of " + itoa(l.expected) + " expected"
		switch l.state {
		case "over":
			put("received_over", l.d.document(l.p), l.closing(), detail)
		case "short":
			put("received_short", l.d.document(l.p), l.closing(), detail)
		case "overdue":
			put("not_received", l.d.document(l.p), (l.on+1).at(l.d.st.zone, 0), itoa(l.expected)+" expected by "+l.on.text()+", none came")
		}
	}
}

// closing is when the warehouse expected no more of a line, or the last of it was counted.
func (l *purchaseLine) closing() instant {
	if l.shut != 0 {
		return l.shut
	}
	last := instant(0)
	for _, x := range l.came {
		last = max(last, x.counted)
	}
	return last
}
