package world

import "slices"

// stockRoles are orders for which there is no stock, and what goes wrong with stock and with what suppliers bring.
func stockRoles() []role {
	early := wish{window: morning(), workday: true, mainland: true, rare: true}
	back := wish{window: morning(), workday: true, mainland: true, service: "express", shop: ShopSkills{Returns: true, Restocks: true}}
	return []role{
		{"stock_out", "marts.stock_shortages, orders_at_risk not_picked", .003, 1, false, early, (*sim).waitForStock},
		{"stock_out_told", "marts.stock_shortages, orders_at_risk short", .002, 1, false, early, (*sim).waitAndSaySo},
		{"stock_out_ended", "marts.fct_orders is_shipped_on_time false", .002, 6, false, early, (*sim).waitAndShip},
		{"restocked_in_shop_only", "marts.fct_breaks R17 restocked_in_shop_only", .003, 8, false, back, (*sim).shelveInShop},
		{"restocked_in_warehouse_only", "marts.fct_breaks R17 restocked_in_warehouse_only", .002, 8, false, back, (*sim).shelveInWarehouse},
	}
}

// wantRare makes the order's first line one of an article that is sold out, at the price that the customer paid.
func (s *sim) wantRare(rng stream, o *order) {
	o.lines[0].item = pick(rng, o.brand.rare)
}

func (s *sim) waitForStock(rng stream, o *order) {
	s.wantRare(rng, o)
	s.receive(rng, o)
}

func (s *sim) waitAndSaySo(rng stream, o *order) {
	s.wantRare(rng, o)
	s.shortage(rng, o)
}

// waitAndShip leaves two working days late, when a supplier has brought what it waited for.
func (s *sim) waitAndShip(rng stream, o *order) {
	s.wantRare(rng, o)
	s.receive(rng, o)
	p, v := s.ship(rng, o, o.site.cal.add(s.shipBy(o), 2))
	s.carry(rng, p, v)
}

// inboundDays are working days of the site with enough days after them; before the first no move has been told that could explain a count.
func (d *depot) inboundDays() []date {
	var out []date
	for day := d.st.cal.add(d.start, 0) + 1; day <= d.end-4; day++ {
		if d.st.cal.working(day) {
			out = append(out, day)
		}
	}
	return out
}

// plantInbound plants what goes wrong with a site's stock and deliveries.
func (d *depot) plantInbound() {
	days := d.inboundDays()
	if len(days) == 0 {
		return
	}
	cut := pick(d.rng, days)
	d.cut = int(cut - d.start)
	told := slices.DeleteFunc(slices.Clone(days), func(day date) bool { return day == cut })
	for range max(1, d.rng.times(d.o.Defects*float64(d.o.Days)/30)) {
		d.plantDeliveries(days)
		if len(told) > 0 {
			d.plantMoves(told)
		}
	}
	d.plant("snapshot_truncated", d.st.Source+":"+d.st.Code+":"+(d.start+date(d.cut)).text(), "marts.fct_breaks R18 snapshot_truncated, stock_daily not_told")
}

// plantDeliveries plants one of each: fewer and more than were bought, too late, never, of no purchase order, and not put into stock.
func (d *depot) plantDeliveries(days []date) {
	buy := func() (*purchase, date, int) {
		day, n := pick(d.rng, days), d.rng.between(4, 9)*10
		return d.order(d.common(), n, day, max(d.start, day-2)), day, n
	}
	p, day, n := buy()
	d.deliver(p, day, n-d.rng.between(3, 9))
	d.plant("receipt_short", d.document(p), "marts.fct_breaks R21 received_short")
	p, day, n = buy()
	d.deliver(p, day, n+d.rng.between(2, 6))
	d.plant("receipt_over", d.document(p), "marts.fct_breaks R21 received_over")
	p, day, n = buy()
	d.deliver(p, d.st.cal.add(day, 2), n)
	d.plant("receipt_late", d.document(p), "marts.fct_goods_in is_late")
	p, _, _ = buy()
	d.plant("receipt_missing", d.document(p), "marts.fct_breaks R21 not_received")
	p, day, n = buy()
	x := d.deliver(p, day, n)
	d.purchases, x.of = d.purchases[:len(d.purchases)-1], nil // nobody had written it down
	d.plant("receipt_not_ordered", d.st.Source+":none:"+x.item.sku+":"+x.ref, "marts.fct_breaks R21 not_ordered")
	p, day, n = buy()
	x = d.deliver(p, day, n)
	x.bookedAt, x.booked, x.shut = 0, 0, 0
	d.moves = d.moves[:len(d.moves)-1]
	d.plant("receipt_not_booked", d.st.Source+":"+p.no+":"+x.item.sku+":"+x.ref, "marts.fct_breaks R21 not_booked")
}

// plantMoves plants a correction that no file tells, and one of a kind of which nobody has heard.
func (d *depot) plantMoves(days []date) {
	at := func(day date) instant { return day.at(d.st.zone, d.rng.between(9*60, 12*60)) + instant(d.rng.IntN(60)) }
	day, it := pick(d.rng, days), d.common()
	d.move(move{at: at(day), item: it, what: "adjustment", units: -d.rng.between(2, 4), reason: "Not found", untold: true})
	d.plant("movement_missing", d.st.Code+":"+it.sku+":"+day.text(), "marts.fct_breaks R18 unexplained")
	day, it = pick(d.rng, days), d.common()
	d.move(move{at: at(day), item: it, what: unheardOf, units: -1, reason: "?"})
	d.plant("movement_unmapped", d.st.Code+":"+it.sku+":"+day.text(), "marts.unmapped_codes, stock_daily units_unmapped")
}

// unheardOf is a kind of movement that no list has.
const unheardOf = "kit_break"

// returnTo brings the first line back in a condition, and lets the shop do the opposite of the warehouse with it.
func (s *sim) returnTo(rng stream, o *order, grade string) {
	r, d := s.bringBack(rng, o, 1)
	s.arrive(rng, o, r, d, 4)
	o.receipts[len(o.receipts)-1].grade = grade
	s.refundReturn(rng, o, r, 1)
	o.refunds[len(o.refunds)-1].drift = true
}

func (s *sim) shelveInShop(rng stream, o *order) { s.returnTo(rng, o, "C") }

func (s *sim) shelveInWarehouse(rng stream, o *order) { s.returnTo(rng, o, "A") }
