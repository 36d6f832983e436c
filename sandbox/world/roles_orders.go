package world

import (
	"fmt"
	"strings"
)

func orderRoles() []role {
	cancels := ShopSkills{Cancels: true, Restocks: true}
	evening := wish{window: [2]int{16 * 60, 18*60 + 30}, shop: cancels}
	picked := wish{window: morning(), workday: true, shop: cancels}
	early := wish{window: morning(), workday: true}
	takes := wish{window: morning(), workday: true, shop: ShopSkills{Takes: true}}
	return []role{
		{"test_order", "in no mart", .004, 0, false, wish{shop: ShopSkills{Tests: true}}, (*sim).testOrder},
		{"order_unpaid", "marts.fct_orders money_status unpaid", .004, 1, false, wish{}, (*sim).unpaid},
		{"order_cancelled_before_picking", "marts.fct_orders goods_status cancelled", .01, 1, false, evening, (*sim).cancelEarly},
		{"order_cancelled_after_picking", "marts.fct_orders goods_status cancelled, picked_at", .004, 1, false, picked, (*sim).cancelPicked},
		{"despatched_after_cancel", "marts.fct_breaks R09", .002, 5, false, picked, (*sim).cancelTooLate},
		{"order_not_in_wms", "marts.fct_breaks R01, orders_at_risk not_in_wms", .003, 1, false, wish{}, (*sim).stuck},
		{"order_held", "marts.orders_at_risk held", .004, 1, false, wish{}, (*sim).hold},
		{"order_shortage", "marts.orders_at_risk short", .002, 1, false, wish{}, (*sim).shortage},
		{"order_despatched_late", "marts.fct_orders is_shipped_on_time", .01, 5, false, early, (*sim).leaveLate},
		{"order_cancelled_for_stock", "marts.fct_orders is_in_full", .004, 3, false, picked, (*sim).cancelForStock},
		{"order_paid_when_sent", "marts.fct_orders authorised_at", .006, 5, false, takes, (*sim).paidWhenSent},
		{"order_authorised_and_stuck", "marts.orders_at_risk money_status authorised", .003, 3, false, takes, (*sim).authorisedAndStuck},
		{"order_on_terms", "marts.fct_orders money_status on_terms", .005, 9, false, early, (*sim).onTerms},
		{"order_on_terms_and_stuck", "marts.orders_at_risk money_status on_terms", .003, 3, false, early, (*sim).onTermsAndStuck},
		{"order_held_by_shop", "marts.fct_orders releasable_at", .004, 9, false, wish{window: [2]int{17 * 60, 20 * 60}, eve: true}, (*sim).holdInShop},
		{"reship_stuck", "marts.orders_at_risk money_status free", .003, 3, false, early, (*sim).reshipStuck},
		{"order_received_late", "marts.fct_orders is_shipped_on_time false, is_shipped_on_time_by_wms", .006, 5, false, early, (*sim).receiveLate},
		{"delivery_unheard_of", "marts.rules_missing, unmapped_codes", .004, 4, false, early, (*sim).oddlyDelivered},
		{"no_web_order", "marts.fct_breaks R03", .002, 2, false, early, (*sim).nobodySold},
	}
}

// testOrder is the shop's own try: no payment, no warehouse.
func (s *sim) testOrder(_ stream, o *order) { o.test = true }

func (s *sim) unpaid(_ stream, o *order) { o.payNever() }

func (s *sim) cancel(rng stream, o *order, at instant, reason string) {
	o.cancelled, o.cancelReason = at, reason
	s.everything(rng, o, at+instant(rng.between(1, 20)), neverLeft, "Order cancelled")
}

func (s *sim) cancelEarly(rng stream, o *order) {
	s.receive(rng, o)
	at := o.released + rng.minutes(30, 90)
	s.cancel(rng, o, at, pick(rng, []string{"customer", "customer", "fraud", "other"}))
	s.tell(o, at+rng.minutes(2, 9), "cancelled")
}

func (s *sim) cancelPicked(rng stream, o *order) {
	s.receive(rng, o)
	v := s.process(rng, o, s.shipBy(o))
	s.pickAndPack(rng, o, v)
	s.cancel(rng, o, v.packed+rng.minutes(1, 4), "customer")
	s.tell(o, v.packed+rng.minutes(6, 12), "cancelled")
}

// cancelTooLate is cancelled once picked, and leaves all the same. The shop takes no fulfilment for it any more.
func (s *sim) cancelTooLate(rng stream, o *order) {
	s.receive(rng, o)
	v := s.process(rng, o, s.shipBy(o))
	s.pickAndPack(rng, o, v)
	s.cancel(rng, o, v.picked+rng.minutes(1, 4), "customer")
	s.tell(o, v.left, "despatched")
	s.carry(rng, s.send(o, v.left, o.all()), v)
}

// stuck never reaches the warehouse.
func (s *sim) stuck(stream, *order) {}

func (s *sim) hold(rng stream, o *order) {
	s.receive(rng, o)
	o.statuses = append(o.statuses, status{at: o.released + rng.minutes(20, 40), what: "on_hold", code: "ADDR", reason: "Address query"})
}

func (s *sim) shortage(rng stream, o *order) {
	s.receive(rng, o)
	v := s.process(rng, o, s.shipBy(o))
	o.statuses = append(o.statuses, status{at: v.allocated, what: "shortage", code: "OOS", reason: "OUT OF STOCK"})
}

func (s *sim) leaveLate(rng stream, o *order) {
	s.receive(rng, o)
	p, v := s.ship(rng, o, o.site.cal.add(s.shipBy(o), 1))
	s.carry(rng, p, v)
}

// cancelForStock is cancelled by us: the warehouse has none of it.
func (s *sim) cancelForStock(rng stream, o *order) {
	s.shortage(rng, o)
	at := o.statuses[len(o.statuses)-1].at + rng.minutes(30, 120)
	s.cancel(rng, o, at, "inventory")
	s.tell(o, at+rng.minutes(2, 9), "cancelled")
}

// paidWhenSent is paid by a way that may take the money only for what is sent, and leaves a day late.
func (s *sim) paidWhenSent(rng stream, o *order) {
	o.payWhenSent()
	s.leaveLate(rng, o)
}

func (s *sim) authorisedAndStuck(rng stream, o *order) {
	o.payWhenSent()
	s.receive(rng, o)
}

func (s *sim) onTerms(rng stream, o *order) {
	o.payLater()
	s.quietly(rng, o)
}

func (s *sim) onTermsAndStuck(rng stream, o *order) {
	o.payLater()
	s.receive(rng, o)
}

// holdInShop is looked at for fraud in the shop until the next morning on which somebody works, and only then reaches the warehouse.
func (s *sim) holdInShop(rng stream, o *order) {
	o.held = hold{o.released + rng.minutes(3, 10), o.site.cal.add(dateOf(o.placed, o.site.zone), 1).at(o.site.zone, rng.between(9*60+30, 10*60+30))}
	o.released = o.held.to
	s.quietly(rng, o)
}

// reshipStuck replaces something at no cost, and nobody picks it.
func (s *sim) reshipStuck(rng stream, o *order) {
	s.free(o)
	s.receive(rng, o)
}

// receiveLate reaches the warehouse only when it has closed for the day, through no fault of its own.
func (s *sim) receiveLate(rng stream, o *order) {
	d := dateOf(o.released, o.site.zone)
	closed := d.at(o.site.zone, o.site.closes(o.site.cutOff(o.service, d), d))
	s.tell(o, closed+rng.minutes(5, 60), "received")
	due, _ := o.site.dueFrom(o.service, closed)
	p, v := s.ship(rng, o, due)
	s.carry(rng, p, v)
}

// oddlyDelivered is sold with a delivery that nobody but the shop knows; the warehouse takes it for an ordinary one.
func (s *sim) oddlyDelivered(rng stream, o *order) {
	o.oddDelivery = true
	s.quietly(rng, o)
}

// nobodySold is an order that the warehouse has from nowhere.
func (s *sim) nobodySold(rng stream, o *order) {
	o.phantom = true
	o.id += 90_000_000
	o.name = o.brand.Prefix + "9" + strings.TrimPrefix(o.name, o.brand.Prefix)
	s.receive(rng, o)
	s.tell(o, o.released+rng.minutes(30, 60), "allocated")
	s.tell(o, o.released+rng.minutes(70, 90), "query")
}

func warehouseRoles() []role {
	early := wish{window: morning(), workday: true}
	two := wish{window: morning(), workday: true, minLines: 2}
	apart := wish{window: morning(), workday: true, minLines: 2, sites: 2}
	short := wish{window: morning(), workday: true, minLines: 2, shorts: true}
	twice := wish{window: morning(), workday: true, minQty: 2, shorts: true, shop: ShopSkills{Restocks: true}}
	return []role{
		{"order_from_two_sites", "marts.fct_shipments site", .003, 3, false, apart, (*sim).fromTwoSites},
		{"order_split", "marts.fct_orders split_count 2", .03, 3, false, two, (*sim).split},
		{"short_resolved", "marts.fct_orders units_short, units_cancelled", .008, 2, false, twice, (*sim).shortResolved},
		{"short_unresolved", "marts.fct_breaks R06 short_unresolved", .003, 2, false, short, (*sim).shortUnresolved},
		{"despatched_without_parcel", "marts.fct_breaks R05 no_parcel", .002, 2, false, early, (*sim).noParcel},
		{"not_fulfilled_in_web", "marts.fct_breaks R04", .003, 2, false, early, (*sim).notFulfilled},
		{"fulfilled_not_despatched", "marts.fct_breaks R05 fulfilled_not_despatched", .002, 3, false, early, (*sim).notDespatched},
		{"double_despatch", "marts.fct_breaks R06 over_despatched", .002, 5, false, early, (*sim).doubleDespatch},
		{"article_swapped", "marts.fct_orders units_extra", .003, 5, false, two, (*sim).swapArticle},
		{"status_misdated", "marts.rows_set_aside", .003, 2, false, early, (*sim).misdate},
	}
}

// split sends the first line ahead and the rest half an hour later; both travel alike.
func (s *sim) split(rng stream, o *order) { s.sendApart(rng, o, o.site) }

// misdate tells a step of the order once more, as if it had been years ago.
func (s *sim) misdate(rng stream, o *order) {
	s.quietly(rng, o)
	last := o.statuses[len(o.statuses)-1]
	o.statuses = append(o.statuses, status{at: last.at + minute, what: last.what, written: last.at - instant(rng.between(4500, 7000))*24*hour})
}

// fromTwoSites sends the first line from the order's own site and the rest from another of the brand's.
func (s *sim) fromTwoSites(rng stream, o *order) {
	for _, st := range o.brand.sites {
		if st != o.site {
			s.sendApart(rng, o, st)
			return
		}
	}
}

// sendApart sends the first line ahead, and the rest half an hour later from a site.
func (s *sim) sendApart(rng stream, o *order, from *site) {
	s.receive(rng, o)
	v := s.process(rng, o, s.shipBy(o))
	s.pickAndPack(rng, o, v)
	s.tell(o, v.left, "part_despatched")
	later := v.left + rng.minutes(20, 40)
	s.tell(o, later, "despatched")
	d := dateOf(v.left, o.site.zone)
	for i, part := range [][]quantity{o.all()[:1], o.all()[1:]} {
		at := []instant{v.left, later}[i]
		p := s.send(o, at, part)
		if i == 1 && from != o.site {
			o.leaveFrom(from, p.tracking, fmt.Sprintf(from.Despatches, s.despatchNo))
		}
		s.fulfil(o, at+rng.minutes(3, 25), p.tracking, part)
		j := s.hand(rng, p, v.packed, d)
		to := o.cal.add(j.day, s.usual(o))
		s.moves(j, j.day, to, AtHub)
		s.outForDelivery(j, to)
		s.deliver(j, to)
	}
}

// leaveFrom lets a parcel leave another site than the order's, under a reference of that site.
func (o *order) leaveFrom(st *site, tracking, ref string) {
	for i := range o.despatches {
		if d := &o.despatches[i]; d.tracking == tracking {
			d.from, d.ref, d.parcelRef = st, ref, "P"+ref
		}
	}
}

// short sends all but some units of a line, with the warehouse's reason.
func (s *sim) short(rng stream, o *order, at, missing int) visit {
	s.receive(rng, o)
	v := s.process(rng, o, s.shipBy(o))
	s.pickAndPack(rng, o, v)
	s.tell(o, v.left, "despatched")
	what := o.all()
	p := s.send(o, v.left, what)
	for i := range o.despatches {
		if d := &o.despatches[i]; d.line == at {
			d.qty -= missing
			d.short = pick(rng, []string{"OUT OF STOCK", "DAMAGED IN PICK"})
			what[at].qty = d.qty
		}
	}
	s.fulfil(o, v.left+rng.minutes(3, 25), p.tracking, what)
	s.carry(rng, p, v)
	return v
}

func (s *sim) shortResolved(rng stream, o *order) {
	v := s.short(rng, o, 0, 1)
	r := s.refund(rng, o, v.left+rng.minutes(40, 120), []refundLine{{0, 1, neverLeft, o.lines[0].share(1)}}, 0)
	r.note, r.forStock = "Out of stock", true
}

func (s *sim) shortUnresolved(rng stream, o *order) {
	s.short(rng, o, 1, o.lines[1].qty)
}

func (s *sim) noParcel(rng stream, o *order) {
	s.receive(rng, o)
	v := s.process(rng, o, s.shipBy(o))
	s.pickAndPack(rng, o, v)
	s.tell(o, v.left, "despatched")
	s.despatchRows(o, v.left, o.all(), "")
	s.fulfil(o, v.left+rng.minutes(3, 25), "", o.all())
}

func (s *sim) notFulfilled(rng stream, o *order) {
	s.quietly(rng, o)
	o.fulfilments = nil
}

// notDespatched is told to the customer, with a number that the carrier never heard of, but stays in the warehouse.
func (s *sim) notDespatched(rng stream, o *order) {
	s.receive(rng, o)
	v := s.process(rng, o, s.shipBy(o))
	s.tell(o, v.allocated, "allocated")
	s.fulfil(o, v.left, s.number(o.carrier, NumberNowhere), o.all())
}

// doubleDespatch sends the whole order again on the next working day.
func (s *sim) doubleDespatch(rng stream, o *order) {
	s.quietly(rng, o)
	again := s.process(rng, o, o.site.cal.add(s.shipBy(o), 1))
	s.carry(rng, s.send(o, again.left, o.all()), again)
}

// swapArticle sends a unit more of the first article in place of one of the second, and nobody says so.
func (s *sim) swapArticle(rng stream, o *order) {
	s.receive(rng, o)
	v := s.process(rng, o, s.shipBy(o))
	s.pickAndPack(rng, o, v)
	s.tell(o, v.left, "despatched")
	var what []quantity
	for _, q := range o.all() {
		if q.line == 1 {
			q.qty--
		}
		if q.qty > 0 {
			what = append(what, q)
		}
	}
	p := s.send(o, v.left, append(what, quantity{0, 1}))
	s.fulfil(o, v.left+rng.minutes(3, 25), p.tracking, o.all())
	s.carry(rng, p, v)
}
