package world

import "slices"

// limits are the last days for a return's money.
type limits struct {
	brand, booked, law, due date
	lawBasis, basis, rule   string
}

// The rules of the built-in seed, which are those of the United Kingdom.
const (
	promiseDays = 5  // working days that a brand promises
	lawDays     = 14 // calendar days after the day that starts the law's clock
)

// limitsOf reckons a return's days: the brand's from the door, or from the receipt where nobody saw it at the door, and the law's from the first of its events.
func (w *witness) limitsOf(r *knownReturn) limits {
	out := limits{lawBasis: "none", basis: "none"}
	scanned, home := r.onTheWay()
	door, st := earliest(home, r.received), r.o.site
	if len(r.rows) == 0 {
		st = w.siteFor(r)
	}
	if door != 0 {
		out.brand = st.cal.add(dateOf(door, st.zone), promiseDays)
	}
	if r.received != 0 {
		out.booked = st.cal.add(dateOf(r.received, st.zone), promiseDays)
	}
	rules := map[string]string{"faulty": "cra_20_15", "received": "ccr_34_5_a", "sent": "ccr_34_5_b", "undelivered": "ccr_34_6_undelivered"}
	shorten := func(basis string, from instant, days date) {
		if from == 0 {
			return
		}
		if on := dateOf(from, w.london) + days; out.law == 0 || on < out.law {
			out.law, out.lawBasis = on, basis
		}
	}
	if r.isFaulty() && (scanned != 0 || door != 0) && r.shop.approved <= w.at {
		shorten("faulty", r.shop.approved, lawDays-1)
	}
	shorten("received", door, lawDays)
	shorten("sent", scanned, lawDays)
	if r.received != 0 && !r.noOrder {
		shorten("undelivered", w.endedUnseen(r.o), lawDays)
	}
	out.due, out.basis, out.rule = out.law, out.lawBasis, rules[out.lawBasis]
	if out.brand != 0 && (out.law == 0 || out.brand <= out.law) {
		out.due, out.basis, out.rule = out.brand, "brand", "brand_5_days"
	}
	return out
}

// isFaulty says whether all of a return comes back because it was not what was sold.
func (r *knownReturn) isFaulty() bool {
	return r.shop != nil && !slices.ContainsFunc(r.shop.lines, func(l returnLine) bool {
		return !slices.Contains([]string{"defective", "not_as_described", "wrong_item"}, l.reason)
	})
}

// known is what had been told of an order.
func (w *witness) known(o *order) *knownOrder {
	for _, k := range w.orders {
		if k.o == o {
			return k
		}
	}
	return nil
}

// siteFor is the warehouse that a return goes to.
func (w *witness) siteFor(r *knownReturn) *site { return w.known(r.o).site }

// endedUnseen is when an order was given up of which the customer never got anything.
func (w *witness) endedUnseen(o *order) instant {
	k := w.known(o)
	for _, p := range k.parcels {
		if p.delivered != 0 {
			return 0
		}
	}
	if k.cancelled != 0 {
		return k.cancelled
	}
	return k.deleted
}

// inTime says whether nothing was owed by a day; empty while that is open. What was given before a clock ran is in time.
func (w *witness) inTime(r *knownReturn, by date) string {
	today := dateOf(w.at, w.london)
	switch {
	case r.done != 0:
		return flag(by == 0 || dateOf(r.done, w.london) <= by)
	case by != 0 && today > by && !r.isKept():
		return flag(false)
	}
	return ""
}

func (w *witness) restOfLimits(r *knownReturn) []string {
	l := &r.limits
	booked := ""
	if l.booked != 0 {
		booked = w.inTime(r, l.booked)
	}
	return []string{
		l.brand.text(), l.booked.text(), l.law.text(), l.lawBasis, l.due.text(), l.basis, l.rule, w.inTime(r, l.due), booked, w.inTime(r, l.law),
	}
}

// returnsOpen lists the returns of which something is owed or to come: why, since when, and what to do.
func (w *witness) returnsOpen() TruthTable {
	t := table("marts.returns_open", "return_id", `order_id brand return_name provider site stage why since_at at_stake_amount currency next_step refund_due_on limit_basis
		days_left days_over law_due_on requested_at received_at age_hours units_requested units_received`)
	today := dateOf(w.at, w.london)
	for i := range w.returns {
		r := &w.returns[i]
		if r.resolved != 0 {
			continue
		}
		order, brand, currency, units := r.o.orderID(), r.o.brand.Name, r.o.brand.Currency, ""
		if r.noOrder {
			order, brand, currency = "", "", ""
		}
		if r.announced {
			units = itoa(r.unitsRequested)
		}
		shop, left := w.shopSide(r), ""
		if r.limits.due != 0 {
			left = itoa(int(r.limits.due - today))
		}
		x := w.reason(r, today)
		t.add(r.id, order, brand, shop.name, shop.provider, w.siteOf(r), r.stage(), x.why, x.since.text(), x.stake, currency, r.advice(x.why), r.limits.due.text(),
			r.limits.basis, left, x.over, r.limits.law.text(), r.requested.text(), r.received.text(), hours(r.since(), w.at), units, itoa(r.unitsGot))
	}
	return t
}

// openFor is why a return is open.
type openFor struct {
	why         string
	since       instant
	stake, over string
}

// reason is the first that fits: what is wrong, and if nothing is, the step that it waits for.
func (w *witness) reason(r *knownReturn, today date) openFor {
	out := w.wrong(r, today)
	if out.why == "" {
		out.why, out.since = r.waitsFor()
	}
	switch {
	case out.why == "refunded_early":
		var all int64
		for _, g := range r.given {
			all += g.money
		}
		out.stake = amount(all)
	case r.waiting >= 0:
		out.stake = amount(r.waiting)
	}
	return out
}

// wrong is what is late, short or missing of an open return; without a why if nothing is.
func (w *witness) wrong(r *knownReturn, today date) openFor {
	scanned, home := r.onTheWay()
	two, owes, l := w.at-48*hour, r.waiting != 0, &r.limits
	past := func(why string, by date) openFor {
		return openFor{why: why, since: (by + 1).at(w.london, 0), over: itoa(int(today - by))}
	}
	switch {
	case r.noOrder:
		return openFor{why: "order_unknown", since: r.received}
	case owes && r.failed != 0:
		return openFor{why: "refund_failed", since: r.failed}
	case owes && l.law != 0 && today > l.law:
		return past("past_law", l.law)
	case owes && l.brand != 0 && today > l.brand:
		return past("past_promise", l.brand)
	case r.stage() == "part_refunded":
		return openFor{why: "part_refunded", since: max(r.refunded(), r.received)}
	case r.lost:
		return openFor{why: "lost", since: r.lostOn.at(w.london, 0)}
	case r.received != 0 && r.graded == 0 && r.received <= two:
		return openFor{why: "not_graded", since: r.received + 48*hour}
	case r.received == 0 && home != 0 && home <= two:
		return openFor{why: "not_booked", since: home + 48*hour}
	case r.received == 0 && scanned == 0 && home == 0 && r.requested <= w.at-14*24*hour:
		return openFor{why: "not_sent", since: r.requested + 14*24*hour}
	}
	return openFor{}
}

// waitsFor is the next step of a return with which nothing is wrong, and since when it waits.
func (r *knownReturn) waitsFor() (string, instant) {
	scanned, home := r.onTheWay()
	switch {
	case r.received == 0 && r.done != 0:
		return "refunded_early", r.done
	case r.graded != 0:
		return "to_refund", r.graded
	case r.received != 0:
		return "to_grade", r.received
	case home != 0:
		return "to_book", home
	case scanned != 0:
		return "on_its_way", scanned
	}
	return "announced", r.requested
}

// advice is what to do about an open return.
func (r *knownReturn) advice(why string) string {
	stage, past := r.stage(), why == "past_law" || why == "past_promise"
	switch {
	case why == "order_unknown":
		return "find the order that it belongs to"
	case why == "refund_failed":
		return "ask the customer for another account and refund it again"
	case why == "not_graded":
		return "have the warehouse grade it"
	case why == "not_booked":
		return "have the warehouse book and grade it"
	case why == "refunded_early":
		return "see that the goods arrive"
	case past && stage == "requested":
		return "refund it in the shop and ask where the goods are"
	case past && stage == "hub_delivered":
		return "refund it in the shop and have the warehouse book it"
	case past && r.received == 0:
		return "refund it in the shop and have the parcel found"
	case why == "lost":
		return "claim it from the carrier and decide on the refund"
	case stage == "part_refunded":
		return "refund the rest in the shop"
	case r.received != 0 && r.waiting == 0:
		return "have the warehouse grade it"
	case r.received != 0 && !r.announced:
		return "refund it in the shop, nobody announced it"
	case r.received != 0:
		return "refund it in the shop"
	case stage == "hub_delivered":
		return "have the warehouse book and grade it"
	case why == "not_sent":
		return "ask whether the goods are coming, or close it"
	}
	return "wait for the parcel"
}
