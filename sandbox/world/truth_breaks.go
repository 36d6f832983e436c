package world

import (
	"cmp"
	"slices"
)

// finding is what does not agree: of which order and brand, since when, and what is at stake.
type finding struct {
	check, kind, document string
	o                     *order // nil where no shop has one
	brand                 *brand
	since                 instant
	amount, currency      string
	detail                string
}

// breaks collects the open breaks; a document is listed once per check and kind.
type breaks struct {
	w     *witness
	table TruthTable
	seen  map[[3]string]bool
}

func (b *breaks) add(f finding) {
	key := [3]string{f.check, f.kind, f.document}
	if b.seen[key] {
		return
	}
	b.seen[key] = true
	order, brand, severity := "", "", "high"
	if f.o != nil {
		order, f.brand = f.o.orderID(), f.o.brand
	}
	if f.brand != nil {
		brand = f.brand.Name
	}
	switch f.check {
	case "R09", "R11", "R22":
		severity = "critical"
	case "R03", "R17", "R18", "R21":
		severity = "medium"
	}
	b.table.add(f.check, f.kind, f.document, order, brand, severity, f.since.text(), hours(f.since, b.w.at), f.amount, f.currency, f.detail, b.w.at.text())
}

// value is what an order came to, cost what its articles cost the shop, where the shop knows that.
func (o *order) value() (string, string) { return amount(o.inShop(o.total())), o.brand.Currency }

func (o *order) cost(lines []quantity) (worth, currency string) {
	if !o.brand.Can.Costs {
		return "", ""
	}
	var sum int64
	for _, q := range lines {
		sum += o.lines[q.line].item.cost * int64(q.qty)
	}
	return amount(sum), o.brand.Currency
}

func (w *witness) factBreaks() TruthTable {
	b := &breaks{w: w, seen: map[[3]string]bool{}, table: table("marts.fct_breaks", "check_id kind document",
		"order_id brand severity first_seen_at age_hours amount currency detail _built_at")}
	marks := w.watermarks()
	for _, k := range w.orders {
		switch {
		case k.o.test || k.o.draft:
		case k.o.phantom:
			if k.oldestFact != 0 && k.oldestFact <= w.at-24*hour {
				b.add(finding{
					check: "R03", kind: "no_web_order", document: k.o.orderID(), since: k.oldestFact + 24*hour,
					detail: "the warehouse has order " + k.o.wmsRef() + " and no shop does",
				})
			}
		default:
			w.handOverBreaks(b, k, marks.least(k.o.brand))
			w.quantityBreaks(b, k)
			w.refundBreaks(b, k)
			w.restockBreaks(b, k)
		}
	}
	w.returnBreaks(b)
	w.settlementBreaks(b)
	w.stockBreaks(b)
	w.inboundBreaks(b)
	for _, f := range w.ledgerOfFiles() {
		if f.status == "held" {
			b.add(finding{check: "R22", kind: "held", document: f.feed.site.Source + "/" + f.feed.name + "/" + f.name, since: f.received, detail: Untold})
		}
	}
	return b.table
}

// returnBreaks are returns without a refund, and refunds on which shop and PSP do not agree.
func (w *witness) returnBreaks(b *breaks) {
	for i := range w.returns {
		if r := &w.returns[i]; r.resolved == 0 && r.waiting != 0 && r.limits.due != 0 && dateOf(w.at, w.london) > r.limits.due {
			what, worth := itoa(r.unitsGot)+" units received", ""
			if r.waiting > 0 {
				worth = amount(r.waiting)
				what = worth + " owed"
			}
			f := finding{
				check: "R12", kind: "return_not_refunded", document: r.id, o: r.o, since: (r.limits.due + 1).at(w.london, 0), amount: worth, currency: r.o.brand.Currency,
				detail: what + " and not given by " + r.limits.due.text() + ", limit " + r.limits.basis,
			}
			if r.noOrder {
				f.o, f.currency = nil, ""
			}
			b.add(f)
		}
	}
	for i := range w.refunds {
		r := &w.refunds[i]
		f := finding{check: "R13", kind: r.state, document: r.id, o: r.o, currency: r.o.currency}
		switch r.state {
		case "missing_in_psp":
			f.since, f.amount, f.currency = r.at+pspGrace, amount(r.o.inShop(r.due)), r.o.brand.Currency
			f.detail = "refunded in the shop and not by the payment provider"
		case "amount_differs":
			f.since, f.amount = cmp.Or(w.failedAt(r), w.settledAt(r)), amount(r.psp-r.due)
			f.detail = "the shop says " + amount(r.due) + ", the payment provider " + amount(r.psp)
		case "missing_in_web":
			f.since, f.amount, f.detail = w.bookedAt(r.booked), amount(r.psp), "refunded by the payment provider and not in the shop"
		default:
			continue
		}
		b.add(f)
	}
}

// bookedAt is when a movement is known to have been: when it was booked, where the account's reports say so, else when the report was pulled.
func (w *witness) bookedAt(m *ledgerRow) instant {
	if m.brand.Account.Books {
		return m.at
	}
	return w.pulled(m.b.available)
}

// pulled is the first checkpoint at which something could be pulled that was there from a moment on.
func (w *witness) pulled(at instant) instant {
	for _, c := range w.checkpoints {
		if c >= at {
			return c
		}
	}
	return 0
}

// watermarks are, by source, the latest status or despatch time in the files.
type watermarks map[string]instant

// least is how far all of a brand's warehouses have told; 0 where one has told nothing yet.
func (m watermarks) least(b *brand) instant {
	out := m[b.first().Source]
	for _, st := range b.sites {
		out = min(out, m[st.Source])
	}
	return out
}

func (w *witness) watermarks() watermarks {
	out := watermarks{}
	for _, k := range w.orders {
		o := k.o
		for i := range o.statuses {
			if st := &o.statuses[i]; st.tells(w.at) {
				out[o.site.Source] = max(out[o.site.Source], st.at)
			}
		}
		for source, at := range k.newest {
			out[source] = max(out[source], at)
		}
	}
	return out
}

// handOverBreaks are the checks between shop, warehouse and carrier.
func (w *witness) handOverBreaks(b *breaks, k *knownOrder, mark instant) {
	o, id := k.o, k.o.orderID()
	if k.released != 0 && !k.ended() && k.total.live() > 0 && !k.anyStatus && !k.anyRow && mark != 0 && k.released+30*minute <= mark {
		worth, currency := o.value()
		b.add(finding{
			check: "R01", kind: "not_in_wms", document: id, o: o, since: k.released + 30*minute, amount: worth, currency: currency,
			detail: o.name + " can go and the warehouse does not have it",
		})
	}
	told := map[string]bool{}
	first := instant(0)
	for i := range o.fulfilments {
		f := &o.fulfilments[i]
		if f.at > w.at {
			continue
		}
		told[f.tracking] = true
		if o.ships(f) {
			first = earliest(first, o.toldAt(f))
		}
	}
	worth, currency := o.value()
	if first != 0 && !k.anyRow && mark != 0 && first+24*hour <= mark {
		b.add(finding{
			check: "R05", kind: "fulfilled_not_despatched", document: id, o: o, since: first + 24*hour, amount: worth, currency: currency,
			detail: "the customer was told of a despatch and the warehouse has none",
		})
	}
	w.parcelBreaks(b, k, told)
	if k.firstNoNumber != 0 && k.firstNoNumber+24*hour <= w.at {
		b.add(finding{
			check: "R05", kind: "no_parcel", document: id, o: o, since: k.firstNoNumber + 24*hour, amount: worth, currency: currency,
			detail: "despatched without a tracking number",
		})
	}
	if k.cancelled != 0 && k.lastLeft > k.cancelled {
		since := instant(0)
		for i := range o.despatches {
			if d := &o.despatches[i]; d.seen(w.at) && d.qty > 0 && d.at > k.cancelled {
				since = earliest(since, d.at)
			}
		}
		b.add(finding{
			check: "R09", kind: "despatched_after_cancel", document: id, o: o, since: since, amount: worth, currency: currency,
			detail: "cancelled in the shop and despatched later",
		})
	}
}

// parcelBreaks are parcels that the shop or the carrier does not have.
func (w *witness) parcelBreaks(b *breaks, k *knownOrder, told map[string]bool) {
	for _, p := range k.parcels {
		worth, currency := k.o.cost(p.lines)
		if !told[p.tracking] && p.left+hour <= w.at {
			b.add(finding{
				check: "R04", kind: "not_fulfilled_in_web", document: p.key(), o: k.o, since: p.left + hour, amount: worth, currency: currency,
				detail: "despatched, and the shop has no fulfilment with its number: the customer was not told",
			})
		}
		if p.accepted == 0 && p.left+48*hour <= w.at {
			b.add(finding{
				check: "R05", kind: "never_scanned", document: p.key(), o: k.o, since: p.left + 48*hour, amount: worth, currency: currency,
				detail: "despatched, and the carrier has never had it in hand",
			})
		}
	}
}

// ships says whether anything of a fulfilment has to be sent by a warehouse.
func (o *order) ships(f *fulfilment) bool {
	for _, q := range f.lines {
		if !o.lines[q.line].digital {
			return true
		}
	}
	return false
}

// toldAt is when the shop says that a fulfilment was: of some shops only the day is known, as its beginning in UTC.
func (o *order) toldAt(f *fulfilment) instant {
	if o.brand.Can.Hours {
		return f.at
	}
	return instant(dateOf(f.at, o.brand.first().zone)) * 86400
}

func (w *witness) quantityBreaks(b *breaks, k *knownOrder) {
	for i, u := range k.units {
		if wanted := u.ordered - k.o.lines[i].edited(k.at); u.despatched > wanted {
			last := instant(0)
			for j := range k.o.despatches {
				if d := &k.o.despatches[j]; d.seen(w.at) && d.line == i {
					last = max(last, d.at)
				}
			}
			worth, currency := k.o.cost([]quantity{{i, u.despatched - wanted}})
			b.add(finding{
				check: "R06", kind: "over_despatched", document: k.o.lineID(i), o: k.o, since: last, amount: worth, currency: currency,
				detail: itoa(u.despatched) + " despatched of " + itoa(wanted) + " ordered, " + k.o.lines[i].item.sku,
			})
		}
		if u.short > 0 && u.ordered-u.cancelled-u.despatched > 0 && k.newestRow+24*hour <= w.at {
			b.add(finding{
				check: "R06", kind: "short_unresolved", document: k.o.lineID(i), o: k.o, since: k.newestRow + 24*hour,
				amount: amount(k.o.inShop(k.o.lines[i].price) * int64(u.open())), currency: k.o.brand.Currency,
				detail: itoa(u.short) + " short, " + itoa(u.open()) + " neither sent nor cancelled, " + k.o.lines[i].item.sku,
			})
		}
	}
}

// refundBreaks are the checks of a shop's refunds against returns, captures and disputes.
func (w *witness) refundBreaks(b *breaks, k *knownOrder) {
	o, id := k.o, k.o.orderID()
	var given []*refund
	for i := range o.refunds {
		if r := &o.refunds[i]; r.at <= w.at {
			given = append(given, r)
		}
	}
	slices.SortStableFunc(given, func(a, b *refund) int { return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.id, b.id)) })
	captured := int64(0)
	if k.paid != 0 {
		captured = o.inShop(o.wanted(forever))
	}
	var sum int64
	over, twice := instant(0), instant(0)
	var same int64
	for i, r := range given {
		sum += o.inShop(r.amount)
		if sum > captured && over == 0 {
			over = r.at
		}
		if n := w.unreturned(k, r); r.at+72*hour <= w.at && !k.excused() && n > 0 {
			b.add(finding{
				check: "R10", kind: "refund_without_return", document: o.brand.Shop + ":" + itoa(r.id), o: o, since: r.at + 72*hour, amount: amount(o.inShop(r.amount)),
				currency: o.brand.Currency, detail: itoa(n) + " units refunded as returned and not received",
			})
		}
		for _, q := range given[:i] {
			if q.amount == r.amount && r.at-q.at <= 48*hour && sameLines(q, r) {
				twice, same = earliest(twice, r.at), max(same, o.inShop(r.amount))
			}
		}
	}
	put := func(kind string, since instant, worth int64, detail string) {
		b.add(finding{check: "R11", kind: kind, document: id, o: o, since: since, amount: amount(worth), currency: o.brand.Currency, detail: detail})
	}
	if twice != 0 {
		put("same_refund_twice", twice, same, "two equal refunds within 48 hours")
	}
	if over != 0 {
		put("over_refunded", over, sum-captured, "refunded more than was captured")
	}
	if sum > 0 && w.disputes[o] > 0 {
		since := given[0].at
		for i := range w.ledger {
			if m := &w.ledger[i]; m.o == o && m.kind == kindChargeback {
				since = max(since, w.bookedAt(m))
			}
		}
		put("refund_and_chargeback", since, sum, "refunded, and charged back by the bank as well")
	}
}

// excused says whether the order's parcel was lost or came back.
func (k *knownOrder) excused() bool {
	for _, p := range k.parcels {
		if p.lost || p.status == "returned" {
			return true
		}
	}
	return false
}

// unreturned is how many units more than the warehouse has received are refunded as returned, up to a refund, of the lines of this one.
func (w *witness) unreturned(k *knownOrder, r *refund) int {
	missing := 0
	seen := map[int]bool{}
	for _, l := range r.lines {
		if l.restock != cameBack || seen[l.line] {
			continue
		}
		seen[l.line] = true
		back := 0
		for i := range k.o.receipts {
			rc := &k.o.receipts[i]
			if rc.seen(w.at) && !rc.noOrder && rc.line == l.line && rc.grade != "X" && rc.grade != "M" {
				back += rc.qty
			}
		}
		missing += max(0, refundedUpTo(k.o, r, l.line)-back)
	}
	return missing
}

// refundedUpTo is how many units of a line were refunded as returned until and with a refund.
func refundedUpTo(o *order, r *refund, line int) int {
	n := 0
	for i := range o.refunds {
		q := &o.refunds[i]
		if q.at > r.at || (q.at == r.at && q.id > r.id) {
			continue
		}
		for _, l := range q.lines {
			if l.line == line && l.restock == cameBack {
				n += l.qty
			}
		}
	}
	return n
}

func sameLines(a, b *refund) bool {
	if len(a.lines) != len(b.lines) {
		return false
	}
	for i := range a.lines {
		if a.lines[i].line != b.lines[i].line || a.lines[i].qty != b.lines[i].qty {
			return false
		}
	}
	return true
}

func (w *witness) settlementBreaks(b *breaks) {
	for x, faults := range w.judged() {
		for _, kind := range faults {
			f := finding{check: "R20", kind: kind, document: x.document(), brand: x.brand, currency: x.currency}
			if x.b != nil {
				f.since = w.pulled(x.b.available)
			}
			switch left, _ := w.passedOn(x); kind {
			case "unbalanced":
				f.amount, f.detail = amount(x.net), "the rows of the settlement add up to "+amount(x.net)
			case "chain":
				more := amount(x.sums[kindIn] - left)
				f.amount, f.detail = more, "opens with "+amount(x.sums[kindIn])+", "+more+" more than the one before passed on"
			}
			b.add(f)
		}
	}
	for _, a := range w.accounts {
		last := -1
		for i, batch := range a.batches {
			if !batch.seen(w.at) {
				continue
			}
			for j := last + 1; last >= 0 && j < i; j++ {
				no := itoa(a.firstNo + j)
				b.add(finding{
					check: "R20", kind: "batch_gap", document: a.brand.psp.connection(a.brand) + ":" + a.brand.Account.Name + ":" + no, brand: a.brand, since: w.pulled(batch.available),
					detail: "no report of batch " + no + ", and one of a later batch",
				})
			}
			last = i
		}
	}
}
