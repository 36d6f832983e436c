package world

// breaks collects the open breaks; a document is listed once per check and kind.
type breaks struct {
	table TruthTable
	seen  map[[3]string]bool
}

func (b *breaks) add(check, kind, document string) {
	key := [3]string{check, kind, document}
	if !b.seen[key] {
		b.seen[key] = true
		b.table.add(check, kind, document)
	}
}

func (w *witness) factBreaks() TruthTable {
	b := &breaks{table: table("marts.fct_breaks", "check_id kind document", ""), seen: map[[3]string]bool{}}
	marks := w.watermarks()
	for _, k := range w.orders {
		switch {
		case k.o.test || k.o.draft:
		case k.o.phantom:
			if k.oldestFact != 0 && k.oldestFact <= w.at-24*hour {
				b.add("R03", "no_web_order", k.o.orderID())
			}
		default:
			w.handOverBreaks(b, k, marks.least(k.o.brand))
			w.quantityBreaks(b, k)
			w.refundBreaks(b, k)
		}
	}
	for i := range w.returns {
		if r := &w.returns[i]; r.received != 0 && r.refunded == 0 && dateOf(w.at, w.london) > r.dueOn {
			b.add("R12", "return_not_refunded", r.id)
		}
	}
	for i := range w.refunds {
		if st := w.refunds[i].state; st != "matched" && st != "pending_psp" && st != "not_in_scope" {
			b.add("R13", st, w.refunds[i].id)
		}
	}
	w.settlementBreaks(b)
	for _, f := range w.ledgerOfFiles() {
		if f.status == "held" {
			b.add("R22", "held", f.name)
		}
	}
	return b.table
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
			if st := &o.statuses[i]; st.seen(w.at) {
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
	if k.paid != 0 && !k.ended() && k.total.live() > 0 && !k.anyStatus && !k.anyRow && mark != 0 && k.paid+30*minute <= mark {
		b.add("R01", "not_in_wms", id)
	}
	told := map[string]bool{}
	for i := range o.fulfilments {
		f := &o.fulfilments[i]
		if f.at > w.at {
			continue
		}
		told[f.tracking] = true
		if !o.ships(f) {
			continue
		}
		if !k.anyRow && mark != 0 && o.toldAt(f)+24*hour <= mark {
			b.add("R05", "fulfilled_not_despatched", id)
		}
	}
	for _, p := range k.parcels {
		if !told[p.tracking] && p.left+hour <= w.at {
			b.add("R04", "not_fulfilled_in_web", p.key())
		}
		if p.accepted == 0 && p.left+48*hour <= w.at {
			b.add("R05", "never_scanned", p.key())
		}
	}
	if k.firstNoNumber != 0 && k.firstNoNumber+24*hour <= w.at {
		b.add("R05", "no_parcel", id)
	}
	if k.cancelled != 0 && k.lastLeft > k.cancelled {
		b.add("R09", "despatched_after_cancel", id)
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
		if u.despatched > u.ordered-k.o.lines[i].edited(k.at) {
			b.add("R06", "over_despatched", k.o.lineID(i))
		}
		if u.short > 0 && u.ordered-u.cancelled-u.despatched > 0 && k.newestRow+24*hour <= w.at {
			b.add("R06", "short_unresolved", k.o.lineID(i))
		}
	}
}

// refundBreaks are the checks of a shop's refunds against returns, captures and disputes.
func (w *witness) refundBreaks(b *breaks, k *knownOrder) {
	o, id := k.o, k.o.orderID()
	var sum int64
	for i := range o.refunds {
		r := &o.refunds[i]
		if r.at > w.at {
			continue
		}
		sum += o.inShop(r.amount)
		if r.at+72*hour <= w.at && !k.excused() && w.unreturned(k, r) {
			b.add("R10", "refund_without_return", o.brand.Shop+":"+itoa(r.id))
		}
		for j := range o.refunds[:i] {
			if q := &o.refunds[j]; q.amount == r.amount && max(q.at-r.at, r.at-q.at) <= 48*hour && sameLines(q, r) {
				b.add("R11", "same_refund_twice", id)
			}
		}
	}
	captured := int64(0)
	if k.paid != 0 {
		captured = o.inShop(o.total())
	}
	if sum > captured {
		b.add("R11", "over_refunded", id)
	}
	if sum > 0 && w.disputes[o] > 0 {
		b.add("R11", "refund_and_chargeback", id)
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

// unreturned says whether refunds up to this one give back more returned units of one of its lines than the warehouse has received.
func (w *witness) unreturned(k *knownOrder, r *refund) bool {
	for _, l := range r.lines {
		if l.restock != cameBack {
			continue
		}
		back := 0
		for i := range k.o.receipts {
			rc := &k.o.receipts[i]
			if rc.seen(w.at) && !rc.noOrder && rc.line == l.line && rc.grade != "X" && rc.grade != "M" {
				back += rc.qty
			}
		}
		if back < refundedUpTo(k.o, r, l.line) {
			return true
		}
	}
	return false
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
			b.add("R20", kind, x.key())
		}
	}
	for _, a := range w.accounts {
		last := -1
		for i, batch := range a.batches {
			if !batch.seen(w.at) {
				continue
			}
			for j := last + 1; last >= 0 && j < i; j++ {
				b.add("R20", "batch_gap", a.brand.Account.Name+":"+itoa(a.firstNo+j))
			}
			last = i
		}
	}
}
