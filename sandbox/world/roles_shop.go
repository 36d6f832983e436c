package world

// shopRoles are what shops do that looks odd from outside: orders that change, that cost nothing, that are paid in other ways.
func (s *sim) shopRoles() []role {
	early := wish{window: morning(), workday: true, mainland: true}
	edits := ShopSkills{Edits: true}
	two := wish{window: morning(), workday: true, minQty: 2, shop: edits}
	lines := wish{window: morning(), workday: true, minLines: 2, shop: edits}
	unsent := wish{window: morning(), workday: true, minQty: 2, shop: ShopSkills{Restocks: true}}
	added := wish{window: morning(), workday: true, mainland: true, shop: edits}
	back := wish{window: morning(), workday: true, mainland: true, service: "express", shop: ShopSkills{Edits: true, Returns: true, Restocks: true}}
	gifts := wish{window: morning(), workday: true, shop: ShopSkills{Gifts: true}}
	return []role{
		{"order_edited", "marts.fct_orders units_cancelled", .004, 2, false, two, (*sim).editQuantity},
		{"refund_unsent", "marts.fct_cancellations unsent", .003, 3, false, unsent, (*sim).refundUnsent},
		{"line_removed", "marts.fct_order_lines units_cancelled", .003, 2, false, lines, (*sim).removeLine},
		{"line_added", "marts.fct_order_lines is_added", .003, 4, false, added, (*sim).addLine},
		{"exchange_sent", "marts.fct_orders units_added_despatched", .003, 8, false, back, (*sim).exchange},
		{"exchange_waiting", "marts.orders_at_risk added_not_despatched", .002, 7, false, back, (*sim).exchangeLater},
		{"order_free", "marts.fct_orders total_amount 0", .003, 2, false, early, (*sim).giveAway},
		{"paid_elsewhere", "marts.fct_refunds not_in_scope", .003, 4, false, early, (*sim).payElsewhere},
		{"paid_with_gift_card", "marts.fct_refunds psp_due_amount", .003, 4, false, gifts, (*sim).payWithGift},
		{"refund_to_gift_card", "marts.fct_refunds not_in_scope", .002, 6, false, gifts, (*sim).refundToGift},
		{"refund_of_carriage", "marts.fct_refunds kind shipping", .003, 4, false, wish{window: morning(), workday: true, service: "express"}, (*sim).refundCarriage},
		{"refund_of_duties", "marts.fct_refunds kind shipping", .002, 4, false, wish{window: morning(), workday: true, shop: ShopSkills{Duties: true}}, (*sim).refundDuties},
		{"order_of_gift_card", "marts.fct_orders goods_status nothing_to_ship", .003, 2, false, gifts, (*sim).sellGiftCard},
		{"gift_card_beside", "marts.fct_orders lines_count", .002, 2, false, gifts, (*sim).sellGiftCardToo},
		{"one_sku_on_two_lines", "marts.fct_order_lines units_despatched", .003, 2, false, early, (*sim).splitLine},
		{"sku_in_lower_case", "marts.fct_order_lines units_despatched", .003, 2, false, early, (*sim).lowerCase},
		{"draft_order", "in no mart", .003, 0, false, wish{shop: ShopSkills{Drafts: true}}, (*sim).draft},
		{"order_thrown_away", "marts.fct_orders deleted_at", .003, 1, false, wish{shop: ShopSkills{Bins: true}}, (*sim).throwAway},
	}
}

// throwAway is deleted in the shop when the warehouse has it already, without a word about the money.
func (s *sim) throwAway(rng stream, o *order) {
	s.receive(rng, o)
	o.deleted = o.released + rng.minutes(30, 90)
	s.tell(o, o.deleted+rng.minutes(2, 9), "cancelled")
}

// edit takes units off a line before the warehouse begins with the order, and gives their money back in one sum.
func (s *sim) edit(rng stream, o *order, line, n int) {
	at := o.released + rng.minutes(4, 12)
	o.lines[line].edits = append(o.lines[line].edits, quantityEdit{at, n})
	s.quietly(rng, o)
	s.refund(rng, o, at+rng.minutes(2, 30), nil, o.lines[line].share(n)).note = "Order edited"
}

func (s *sim) editQuantity(rng stream, o *order) { s.edit(rng, o, 0, 1) }

func (s *sim) removeLine(rng stream, o *order) { s.edit(rng, o, 1, o.lines[1].qty) }

// add puts a line into the order that costs the customer nothing more. Now and then it is of an article that the order has already.
func (s *sim) add(rng stream, o *order, at instant, by addition) int {
	it := pick(rng, o.brand.items)
	if rng.chance(0.4) {
		it = o.lines[0].item
	}
	o.lines = append(o.lines, line{
		id: 14_000_000_000_000 + o.id*10 + int64(len(o.lines)), item: it, qty: 1, price: it.price, discount: it.price, added: at, by: by,
	})
	return len(o.lines) - 1
}

// sendAdded despatches an added line in a parcel of its own.
func (s *sim) sendAdded(rng stream, o *order, line int, d date) {
	v := s.process(rng, o, d)
	what := []quantity{{line, o.lines[line].qty}}
	p := s.send(o, v.left, what)
	s.fulfil(o, v.left+rng.minutes(3, 25), p.tracking, what)
	s.carry(rng, p, v)
}

// addLine is a gift that the shop remembers when the order has left.
func (s *sim) addLine(rng stream, o *order) {
	s.quietly(rng, o)
	at := o.despatches[0].at + rng.minutes(40, 90)
	s.sendAdded(rng, o, s.add(rng, o, at, byEdit), o.site.cal.add(dateOf(at, o.site.zone), 1))
}

// swap takes a unit back and gives another for it, without money.
func (s *sim) swap(rng stream, o *order) int {
	r, d := s.bringBack(rng, o, 1)
	at := r.approved
	s.arrive(rng, o, r, d, 1)
	s.refundReturn(rng, o, r, 1)
	f := &o.refunds[len(o.refunds)-1]
	f.amount = 0
	for i := range f.lines {
		f.lines[i].amount = 0
	}
	i := s.add(rng, o, at, byExchange)
	o.lines[i].price = o.lines[0].share(1) // the one costs what the other did
	o.lines[i].discount = o.lines[i].price
	return i
}

func (s *sim) exchange(rng stream, o *order) {
	i := s.swap(rng, o)
	s.sendAdded(rng, o, i, o.site.cal.add(dateOf(o.lines[i].added, o.site.zone), 1))
}

func (s *sim) exchangeLater(rng stream, o *order) { s.swap(rng, o) }

// refundUnsent gives money back for a unit that has not left yet and says neither that it was cancelled nor that it came back; the warehouse leaves it out.
func (s *sim) refundUnsent(rng stream, o *order) {
	at := o.released + rng.minutes(4, 12)
	s.refund(rng, o, at, []refundLine{{0, 1, kept, o.lines[0].share(1)}}, 0).note = "One less, please"
	s.receive(rng, o)
	v := s.process(rng, o, s.shipBy(o))
	s.pickAndPack(rng, o, v)
	s.tell(o, v.left, "despatched")
	what := o.all()
	what[0].qty--
	p := s.send(o, v.left, what)
	s.fulfil(o, v.left+rng.minutes(3, 25), p.tracking, what)
	s.carry(rng, p, v)
}

// free costs nothing: a replacement, or a code for all of it.
func (s *sim) free(o *order) {
	o.payNever()
	o.tender, o.paid, o.released, o.shipping = free, o.placed, o.placed, 0
	for i := range o.lines {
		o.lines[i].discount = o.lines[i].price * int64(o.lines[i].qty)
	}
}

func (s *sim) giveAway(rng stream, o *order) {
	s.free(o)
	s.quietly(rng, o)
}

func (s *sim) payElsewhere(rng stream, o *order) {
	o.tender = elsewhere
	s.sorry(rng, o, 1)
}

// payWithGift pays half by gift card, and gets a refund half onto it.
func (s *sim) payWithGift(rng stream, o *order) {
	o.gift = o.total() / 2
	r := s.sorry(rng, o, 1)
	r.gift = r.amount / 2
}

func (s *sim) refundToGift(rng stream, o *order) {
	r := s.sorry(rng, o, 1)
	r.gift = r.amount
}

func (s *sim) refundCarriage(rng stream, o *order) {
	s.quietly(rng, o)
	r := s.refund(rng, o, s.office(rng, o, 1), nil, o.shipping)
	r.shipping, r.note = o.shipping, "Arrived late"
}

// refundDuties gives back what customs would have taken.
func (s *sim) refundDuties(rng stream, o *order) {
	o.duties = int64(rng.between(400, 1900))
	s.quietly(rng, o)
	r := s.refund(rng, o, s.office(rng, o, 1), nil, o.duties)
	r.duties, r.note = o.duties, "Duties were not due"
}

// giftCardLine is an article that goes by mail of the other kind.
func (o *order) giftCardLine() line {
	it := &item{sku: o.brand.Prefix + "-GIFT", name: "Gift card", price: 2500, variant: 40_999_999_000_000 + int64(o.brand.no)}
	return line{id: 14_000_000_000_000 + o.id*10 + int64(len(o.lines)), item: it, qty: 1, price: it.price, digital: true}
}

func (s *sim) sellGiftCard(rng stream, o *order) {
	o.lines, o.shipping = nil, 0
	o.lines = append(o.lines, o.giftCardLine())
	s.fulfil(o, o.released+rng.minutes(1, 3), "", []quantity{{0, 1}})
}

func (s *sim) sellGiftCardToo(rng stream, o *order) {
	o.lines = append(o.lines, o.giftCardLine())
	s.fulfil(o, o.released+rng.minutes(1, 3), "", []quantity{{len(o.lines) - 1, 1}})
	s.quietly(rng, o)
}

// splitLine has its first article on two lines, one unit and two.
func (s *sim) splitLine(rng stream, o *order) {
	l := &o.lines[0]
	l.qty, l.discount = 1, 0
	o.lines = append(o.lines, line{
		id: 14_000_000_000_000 + o.id*10 + int64(len(o.lines)), item: l.item, qty: 2, price: l.price,
	})
	s.quietly(rng, o)
}

func (s *sim) lowerCase(rng stream, o *order) {
	o.lowerCase = true
	s.quietly(rng, o)
}

// draft is a basket that the shop keeps among its orders.
func (s *sim) draft(_ stream, o *order) {
	o.draft = true
	o.payNever()
}
