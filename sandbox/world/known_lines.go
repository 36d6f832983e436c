package world

import (
	"cmp"
	"slices"
)

// endedAt is when the order was cancelled or thrown away, forever if it was not.
func (k *knownOrder) endedAt() instant {
	if at := cmp.Or(k.cancelled, k.deleted); at != 0 {
		return at
	}
	return forever
}

// gone is how many units of a line had left when the order ended.
func (k *knownOrder) gone(i int) int {
	n := 0
	for _, x := range k.sent[i] {
		if x.at <= k.endedAt() {
			n += x.n
		}
	}
	return n
}

// fill lets what was sent of a line fill what is wanted of it, each unit when it left, when a carrier got it and when it was delivered. What nobody wanted fills nothing.
func (k *knownOrder) fill(s *sim, i int) {
	u := &k.units[i]
	_, arrive := s.promisedLine(k, &k.o.lines[i])
	var left, arrived []instant
	var handed []date
	for _, x := range k.sent[i] {
		for range x.n {
			if x.at > k.endedAt() {
				continue
			}
			left = append(left, x.at)
			switch {
			case x.in == nil:
				u.unnumbered++
			case x.in.handed != 0:
				handed = append(handed, x.in.handed)
			}
			if x.in != nil && x.in.delivered != 0 {
				arrived = append(arrived, x.in.delivered)
			}
		}
	}
	slices.Sort(left)
	slices.Sort(arrived)
	slices.Sort(handed)
	live := u.live()
	u.left, u.arrived, u.handed = min(live, len(left)), min(live, len(arrived)), min(live, len(handed))
	u.unnumbered = min(u.unnumbered, live-u.handed)
	u.extra = u.despatched - u.left
	for _, at := range arrived[:u.arrived] {
		if arrive != 0 && dateOf(at, s.zoneOf(k.o.to.country)) <= arrive {
			u.inTime++
		}
	}
	if live > 0 && u.left == live {
		u.leftWhole = left[live-1]
	}
	if live > 0 && u.handed == live {
		u.handedWhole = handed[live-1]
	}
	if live > 0 && u.arrived == live {
		u.arrivedWhole = arrived[live-1]
	}
	for _, c := range k.causes(i) {
		if !c.excused() {
			u.failed += c.n
		}
	}
}

// whole finds when all that was ordered at first and is wanted had left, and had arrived.
func (k *knownOrder) whole(s *sim) {
	if k.total.live() == 0 {
		return
	}
	for i, u := range k.units {
		if k.o.lines[i].added != 0 || !k.counts(i) {
			continue
		}
		k.leftWhole, k.arrivedWhole, k.handedWhole = max(k.leftWhole, u.leftWhole), max(k.arrivedWhole, u.arrivedWhole), max(k.handedWhole, u.handedWhole)
	}
	if k.total.left < k.total.live() {
		k.leftWhole = 0
	}
	if k.total.handed < k.total.live() {
		k.handedWhole = 0
	}
	if k.total.arrived < k.total.live() {
		k.arrivedWhole = 0
	}
	if k.arrivedWhole != 0 {
		k.arrivedWholeOn = dateOf(k.arrivedWhole, s.zoneOf(k.o.to.country))
	}
}

// cause is why units of a line are not sent.
type cause struct {
	why string
	n   int
}

// excused says whether it is not held against the shop: the customer, fraud, an edit.
func (c cause) excused() bool { return c.why == "customer" || c.why == "fraud" || c.why == "edited" }

// causes are why units of a line are not sent, as far as anybody was told.
func (k *knownOrder) causes(i int) []cause {
	n := k.units[i].cancelled
	if n == 0 {
		return nil
	}
	if k.ended() {
		why := "unknown" // nobody says why an order was thrown away
		if k.cancelled != 0 {
			why = map[string]string{"inventory": "stock"}[k.o.cancelReason]
			why = cmp.Or(why, k.o.cancelReason)
		}
		return []cause{{why, n}}
	}
	stock := 0
	for j := range k.o.refunds {
		if r := &k.o.refunds[j]; r.forStock && r.at <= k.at {
			for _, l := range r.lines {
				if l.line == i {
					stock += l.qty
				}
			}
		}
	}
	edited := k.o.lines[i].edited(k.at)
	var out []cause
	for _, c := range []cause{{"stock", stock}, {"edited", edited}, {"unsent", n - stock - edited}} {
		if c.n > 0 {
			out = append(out, c)
		}
	}
	return out
}

// factCancellations are the units that are not sent, by cause.
func (w *witness) factCancellations() TruthTable {
	t := table("marts.fct_cancellations", "line_id cause", "order_id brand sku is_added is_excused units price_amount currency _built_at")
	for _, k := range w.orders {
		if !k.real() {
			continue
		}
		for i := range k.units {
			l := &k.o.lines[i]
			if !k.counts(i) {
				continue
			}
			for _, c := range k.causes(i) {
				worth := k.o.netInShop(l) * int64(c.n)
				t.add(k.o.lineID(i), c.why, k.o.orderID(), k.o.brand.Name, l.item.sku, flag(l.added != 0), flag(c.excused()), itoa(c.n),
					amount((2*worth+int64(l.qty))/(2*int64(l.qty))), k.o.brand.Currency, w.at.text())
			}
		}
	}
	return t
}
