package world

import (
	"cmp"
	"slices"
)

// payNow pays at the checkout, in one step or with an authorisation moments before.
func (o *order) payNow(rng stream) {
	o.paid = o.placed + instant(rng.between(4, 40))
	o.released = o.paid
	if o.twoStep {
		o.authorised, o.released = o.placed, o.placed
		o.paid += instant(rng.between(30, 150))
	}
}

// payWhenSent leaves it at the authorisation until all is sent.
func (o *order) payWhenSent() {
	o.authorised = cmp.Or(o.authorised, o.paid)
	o.released, o.paid, o.late, o.twoStep = o.authorised, 0, true, false
}

// payLater lets the goods go first: on an invoice, or for cash at the door.
func (o *order) payLater() {
	o.tender = invoice
	if o.brand.Can.Doors {
		o.tender = door
	}
	o.agreed, o.released = o.placed, o.placed
	o.paid, o.authorised, o.late, o.twoStep = 0, 0, false, false
}

// payNever leaves the order at the checkout.
func (o *order) payNever() { o.paid, o.authorised, o.released, o.late = 0, 0, 0, false }

// settle takes the money of an order that is paid when all of it is sent. What was given back before was never taken.
func (o *order) settle() {
	sent := o.sentWhole()
	switch {
	case o.tender == door:
		o.paid = sent // the shop takes it for paid when it is complete
		return
	case !o.late:
		return
	case sent != 0:
		o.paid = sent + 2*minute
	case o.cancelled != 0:
		o.voided = o.cancelled + minute
	}
	kept := o.refunds[:0]
	for _, r := range o.refunds {
		if o.paid == 0 || r.at <= o.paid {
			o.givenUp = append(o.givenUp, givenUp{r.at, r.amount})
			r.amount, r.shipping, r.duties, r.gift = 0, 0, 0, 0
			for i := range r.lines {
				r.lines[i].amount = 0
			}
			if len(r.lines) == 0 {
				continue
			}
		}
		kept = append(kept, r)
	}
	o.refunds = kept
}

// sentWhole is when the shop had heard of a despatch of all that was still wanted of the order; 0 for never.
func (o *order) sentWhole() instant {
	var when []instant
	for i := range o.fulfilments {
		when = append(when, o.fulfilments[i].at)
	}
	for i := range o.refunds {
		when = append(when, o.refunds[i].at)
	}
	for i := range o.lines {
		for _, e := range o.lines[i].edits {
			when = append(when, e.at)
		}
	}
	slices.Sort(when)
	for _, at := range when {
		if n := o.heardOf(at); n > 0 && n >= o.units(at)-o.takenBack(at) {
			return at
		}
	}
	return 0
}

// heardOf is how many units the shop had been told of by a moment.
func (o *order) heardOf(at instant) int {
	n := 0
	for i := range o.fulfilments {
		if o.fulfilments[i].at > at {
			continue
		}
		for _, q := range o.fulfilments[i].lines {
			n += q.qty
		}
	}
	return n
}

// takenBack is how many units had been refunded unsent by a moment.
func (o *order) takenBack(at instant) int {
	n := 0
	for i := range o.refunds {
		if o.refunds[i].at > at {
			continue
		}
		for _, l := range o.refunds[i].lines {
			if l.restock == neverLeft {
				n += l.qty
			}
		}
	}
	return n
}

// wanted is what the order still costs at a moment: nothing is captured of what was given up before.
func (o *order) wanted(at instant) int64 {
	sum := o.total()
	for _, g := range o.givenUp {
		if g.at <= at {
			sum -= g.amount
		}
	}
	return max(0, sum)
}

// captured is what was captured of it in the end, gift cards aside.
func (o *order) captured() int64 { return max(0, o.wanted(forever)-o.gift) }

// couldGo is when the warehouse could begin with an order as far as the shop told it when it was pulled, and whether the shop still holds it back. A hold is
// seen if it is on when the shop is pulled; it ended with the newest change of the first pull after it, or when something left.
func (s *sim) couldGo(k *knownOrder) (at instant, isHeld bool) {
	o, left := k.o, k.firstLeft
	for _, t := range []instant{o.authorised, o.paid, o.agreed} {
		if t <= k.at {
			at = earliest(at, t)
		}
	}
	seen := false
	for _, c := range s.checkpoints {
		seen = seen || c <= k.at && o.held.on(c)
	}
	if !seen || at == 0 {
		return at, false
	}
	for _, c := range s.checkpoints {
		if c < o.held.to || c > k.at {
			continue
		}
		end := instant(o.shopOrder(c).UpdatedAt.Unix())
		if left != 0 {
			end = min(end, left)
		}
		return max(at, end), false
	}
	if left != 0 {
		return max(at, left), false
	}
	return 0, true
}

// moneyStatus is how it stands with the order's money at a moment.
func (o *order) moneyStatus(at instant) string {
	known := func(t instant) bool { return t != 0 && t <= at }
	var back int64
	for i := range o.refunds {
		if o.refunds[i].at <= at {
			back += o.inShop(o.refunds[i].amount)
		}
	}
	switch {
	case o.tender == free:
		return "free"
	case known(o.paid) && back > 0 && back >= o.inShop(o.wanted(forever)):
		return "refunded"
	case known(o.paid) && back > 0:
		return "part_refunded"
	case known(o.paid):
		return "paid"
	case known(o.voided):
		return "voided"
	case known(o.authorised):
		return "authorised"
	case known(o.agreed):
		return "on_terms"
	}
	return "unpaid"
}
