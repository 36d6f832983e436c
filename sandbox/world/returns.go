package world

import "fmt"

// parcelBack is a return's label: a parcel from the customer to the warehouse.
func (s *sim) parcelBack(o *order) *parcel {
	c := s.returner()
	p := &parcel{o: o, carrier: c, back: true, tracking: s.number(c, NumberBack)}
	s.parcels[p.key()] = p
	return p
}

// announce opens a return in the shop for some units.
func (s *sim) announce(rng stream, o *order, at instant, what []quantity) *shopReturn {
	s.factNo++
	r := shopReturn{
		id: 17_500_000_000 + int64(s.factNo), name: fmt.Sprintf("%s-R%d", o.name, len(o.returns)+1),
		at: at, approved: at + rng.minutes(2, 45), warehouseKnowsRMA: !rng.chance(0.15),
	}
	for i, q := range what {
		r.lines = append(r.lines, returnLine{
			id: 19_000_000_000 + int64(s.factNo)*10 + int64(i), line: q.line, qty: q.qty,
			reason: pick(rng, returnReasons()), note: pick(rng, returnNotes()),
		})
	}
	o.returns = append(o.returns, r)
	return &o.returns[len(o.returns)-1]
}

// someLines draws what a customer sends back.
func someLines(rng stream, o *order) []quantity {
	var out []quantity
	for i := range o.lines {
		if rng.chance(0.6) {
			out = append(out, quantity{i, rng.between(1, o.lines[i].qty)})
		}
	}
	if len(out) == 0 {
		out = append(out, quantity{0, 1})
	}
	return out
}

// sendBack is an ordinary return: announced, and in most cases sent, received, graded and refunded in time.
func (s *sim) sendBack(rng stream, o *order, delivered instant) {
	z := s.zoneOf(o.to.country)
	day := dateOf(delivered, z) + date(rng.between(1, 4))
	r := s.announce(rng, o, day.at(z, rng.between(9*60, 21*60)), someLines(rng, o))
	if rng.chance(0.05) {
		r.declined, r.approved = true, 0
		return
	}
	r.parcel = s.parcelBack(o)
	if rng.chance(0.08) {
		return // the customer keeps it after all
	}
	home := s.post(rng, o, r, day+1)
	s.unpack(rng, o, r, home)
	s.refundReturn(rng, o, r, 1+rng.between(0, 1))
}

// post takes a return from the customer's drop-off to the warehouse's gate, and says on which site day it got there.
func (s *sim) post(rng stream, o *order, r *shopReturn, day date) date {
	p, z, st := r.parcel, s.zoneOf(o.to.country), o.site
	day = o.cal.add(day, 0)
	p.scanned(r.approved+rng.minutes(1, 3), LabelCreated, o.to.country, "")
	p.scanned(day.at(z, rng.between(10*60, 17*60)), Accepted, o.to.country, o.to.city+" ParcelShop")
	p.scanned(day.at(z, rng.between(19*60, 22*60)), AtHub, o.to.country, hub(o.to.country))
	home := st.cal.add(day, rng.between(1, 2))
	p.scanned(home.at(st.zone, rng.between(5*60, 6*60)), AtDepot, st.Country, hub(st.Country))
	p.scanned(home.at(st.zone, rng.between(9*60, 15*60)), Delivered, st.Country, st.Town)
	return home
}

// unpack books a return into the warehouse on the working day after it arrived.
func (s *sim) unpack(rng stream, o *order, r *shopReturn, home date) {
	st := o.site
	at := st.cal.add(home, 1).at(st.zone, rng.between(8*60+30, 11*60+30)) + instant(rng.IntN(60))
	s.book(rng, o, r, at)
}

// book writes the receipt rows of a return: every unit announced, as it was when unpacked.
func (s *sim) book(rng stream, o *order, r *shopReturn, at instant) {
	s.returnNo++
	ref := fmt.Sprintf(o.site.Returns, s.returnNo)
	graded := at + rng.minutes(40, 300)
	for _, l := range r.lines {
		row := receipt{
			received: at, processed: graded, ref: ref, line: l.line, qty: l.qty,
			grade: []string{"A", "B", "C", "D"}[weighted(rng, 80, 9, 7, 4)], reason: l.reason, note: l.note,
		}
		if r.parcel != nil {
			row.tracking = r.parcel.tracking
		}
		if r.warehouseKnowsRMA || r.parcel == nil {
			row.rma = r.name
		}
		o.receipts = append(o.receipts, row)
	}
}

// refundReturn pays a received return back, n working days of the site after its receipt.
func (s *sim) refundReturn(rng stream, o *order, r *shopReturn, n int) {
	st := o.site
	var received instant
	good := map[int]int{}
	for i := range o.receipts {
		rc := &o.receipts[i]
		if rc.rma == r.name || (r.parcel != nil && rc.tracking == r.parcel.tracking) {
			received = earliest(received, rc.received)
			if rc.grade != "X" && rc.grade != "M" {
				good[rc.line] += rc.qty
			}
		}
	}
	at := st.cal.add(dateOf(received, st.zone), n).at(st.zone, rng.between(9*60+30, 16*60+30))
	var lines []refundLine
	for _, l := range r.lines {
		if n := good[l.line]; n > 0 {
			lines = append(lines, refundLine{l.line, n, cameBack, o.lines[l.line].share(n)})
		}
	}
	rf := s.refund(rng, o, at, lines, 0)
	for i := range o.returns {
		if &o.returns[i] == r {
			rf.ret = i + 1
		}
	}
	r.closed = at + rng.minutes(0, 2)
}

// refund gives money back in the shop: lines, or with extra an amount of its own.
func (s *sim) refund(rng stream, o *order, at instant, lines []refundLine, extra int64) *refund {
	s.factNo++
	r := refund{
		id: 930_000_000_000 + int64(s.factNo), at: at, lines: lines, amount: extra, authCode: o.brand.psp.Ref("refund", rng.Rand),
		payRef: fmt.Sprintf("%s-%d-%d", o.brand.Prefix, o.id, len(o.refunds)+2),
	}
	for i := range r.lines {
		r.amount += r.lines[i].amount
		if !o.brand.Can.Restocks {
			r.lines[i].restock = kept
		}
	}
	o.refunds = append(o.refunds, r)
	return &o.refunds[len(o.refunds)-1]
}

// everything refunds all that the order cost.
func (s *sim) everything(rng stream, o *order, at instant, what restock, note string) {
	var lines []refundLine
	for i := range o.lines {
		lines = append(lines, refundLine{i, o.lines[i].qty, what, o.lines[i].net()})
	}
	r := s.refund(rng, o, at, lines, o.shipping)
	r.shipping, r.note = o.shipping, note
}

// shelved says whether the shop counts refunded units among its stock again: what never left, and what came back as good as new, which is what
// the warehouse does too, unless the two have drifted apart.
func (o *order) shelved(r *refund, l refundLine) bool {
	if l.restock != cameBack {
		return l.restock == neverLeft
	}
	good := true
	for i := range o.receipts {
		if rc := &o.receipts[i]; rc.line == l.line && (rc.grade == "C" || rc.grade == "D") {
			good = false
		}
	}
	return good != r.drift
}
