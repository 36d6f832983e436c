package world

// knownReturn is a return as known at a moment: announced in the shop, or only received.
type knownReturn struct {
	o                        *order
	id                       string
	announced, noOrder       bool
	requested                instant
	tracking, key            string
	state                    *parcelState // of its parcel, nil without one
	parcel                   *parcel
	shop                     *shopReturn // nil for one that is only received
	rows                     []*receipt
	resaleable               int
	ref, rma                 string
	closed                   instant
	lostOn                   date
	received, graded         instant
	unitsRequested, unitsGot int
	refunded                 instant
	refundedAmount           int64
	dueOn                    date
	lost                     bool
	onTime                   string
}

func (w *witness) readReturns() {
	for _, k := range w.orders {
		o := k.o
		if !k.real() {
			continue
		}
		met := make([]bool, len(o.receipts))
		for i := range o.returns {
			if r := &o.returns[i]; r.at <= w.at && (!r.declined || w.at < r.at+30*minute) {
				w.returns = append(w.returns, w.announced(o, i, met))
			}
		}
		at := map[string]int{}
		for i := range o.receipts {
			rc := &o.receipts[i]
			if met[i] || !rc.seen(w.at) {
				continue
			}
			j, ok := at[rc.ref]
			if !ok {
				j = len(w.returns)
				at[rc.ref] = j
				w.returns = append(w.returns, knownReturn{o: o, id: "wms:" + o.site.Source + ":" + rc.ref, noOrder: rc.noOrder})
			}
			w.returns[j].take(rc)
		}
	}
	for i := range w.returns {
		w.judgeReturn(&w.returns[i])
	}
}

// take counts a receipt row.
func (r *knownReturn) take(rc *receipt) {
	r.rows = append(r.rows, rc)
	r.ref = least(r.ref, rc.ref)
	r.rma = least(r.rma, rc.rma)
	if rc.grade == "A" || rc.grade == "B" {
		r.resaleable += rc.qty
	}
	r.received, r.graded = earliest(r.received, rc.received), earliest(r.graded, rc.processed)
	if rc.grade != "X" && rc.grade != "M" {
		r.unitsGot += rc.qty
	}
}

// least is the smaller of two words, where none loses against any.
func least(a, b string) string {
	if a == "" || (b != "" && b < a) {
		return b
	}
	return a
}

func (w *witness) announced(o *order, i int, met []bool) knownReturn {
	r := &o.returns[i]
	out := knownReturn{o: o, id: o.brand.Shop + ":" + itoa(r.id), announced: true, requested: r.at, shop: r}
	if r.closed != 0 && r.closed <= w.at {
		out.closed = r.closed
	}
	if r.parcel != nil && r.approved <= w.at {
		out.tracking, out.key = r.parcel.tracking, r.parcel.key()
		out.state, out.parcel = w.state(r.parcel, o, o.site, w.at), r.parcel
	}
	for _, l := range r.lines {
		out.unitsRequested += l.qty
	}
	for j := range o.receipts {
		rc := &o.receipts[j]
		if rc.seen(w.at) && (rc.rma == r.name || (rc.rma == "" && rc.tracking != "" && rc.tracking == out.tracking)) {
			met[j] = true
			out.take(rc)
		}
	}
	for j := range o.refunds {
		if f := &o.refunds[j]; f.ret == i+1 && f.at <= w.at {
			out.refunded = earliest(out.refunded, f.at)
			out.refundedAmount += o.inShop(f.amount)
		}
	}
	return out
}

func (w *witness) judgeReturn(r *knownReturn) {
	today := dateOf(w.at, w.london)
	if r.received != 0 {
		st := r.o.site
		r.dueOn = st.cal.add(dateOf(r.received, st.zone), 5)
		paid := date(0)
		if r.refunded != 0 {
			paid = dateOf(r.refunded, w.london)
		}
		r.onTime = onTime(paid, r.dueOn, today)
	}
	if st := r.state; st != nil && st.accepted != 0 && st.arrived == 0 && r.received == 0 {
		// a return's destination is the warehouse; the day of its last scan is told there
		if on := w.cals.ew.add(dateOf(st.lastPhysical, w.zoneOf(r.o.site.Country)), 5); today >= on {
			r.lost, r.lostOn = true, on
		}
	}
}

func (r *knownReturn) stage() string {
	switch {
	case r.refunded != 0:
		return "refunded"
	case r.received != 0:
		return "received"
	case r.lost:
		return "lost"
	case r.state != nil && r.state.arrived != 0:
		return "hub_delivered"
	case r.state != nil && r.state.accepted != 0:
		return "in_transit"
	}
	return "requested"
}

func (w *witness) factReturns() TruthTable {
	t := table("marts.fct_returns", "return_id", `order_id brand is_announced requested_at tracking_no first_scan_at hub_delivered_at received_at
		graded_at refunded_at units_requested units_received refunded_amount is_short is_lost refund_due_on is_refunded_on_time stage
		return_name return_ref provider site outcome shop_status approved_at closed_at units_resaleable lost_on statutory_due_on request_to_scan_hours
		scan_to_hub_hours hub_to_received_hours received_to_graded_hours received_to_refunded_hours age_hours requested_amount received_amount currency
		rma _built_at`)
	for i := range w.returns {
		r := &w.returns[i]
		order, brand, requested, refunded := r.o.orderID(), r.o.brand.Name, "", ""
		if r.noOrder {
			order, brand = "", ""
		}
		if r.announced {
			requested = itoa(r.unitsRequested)
		}
		if r.refunded != 0 {
			refunded = amount(r.refundedAmount)
		}
		var scanned, home instant
		if r.state != nil {
			scanned, home = r.state.accepted, r.state.arrived
		}
		row := []string{
			r.id, order, brand, flag(r.announced), r.requested.text(), r.tracking, scanned.text(), home.text(), r.received.text(),
			r.graded.text(), r.refunded.text(), requested, itoa(r.unitsGot), refunded,
			flag(r.announced && r.received != 0 && r.unitsGot < r.unitsRequested), flag(r.lost), r.dueOn.text(),
			r.onTime, r.stage(),
		}
		t.add(append(row, w.restOfReturn(r)...)...)
	}
	return t
}

// knownRefund is a refund as shop and PSP know it.
type knownRefund struct {
	o          *order
	id, ret    string
	at         instant
	web, psp   int64
	due        int64  // the part of web that the PSP has to know
	ref        string // the PSP's, empty when it has none
	booked     *ledgerRow
	settlement string
	kind       string
	state      string
	index      int // in the order's refunds, -1 for one of the PSP alone
}

// pspGrace is how long a refund may take until the PSP has to know it.
const pspGrace = 96 * hour

func (w *witness) readRefunds() {
	byRef := map[string]*ledgerRow{}
	for i := range w.ledger {
		if w.ledger[i].kind == kindRefund {
			byRef[w.ledger[i].ref] = &w.ledger[i]
		}
	}
	explained := map[string]bool{}
	for _, k := range w.orders {
		if !k.real() {
			continue
		}
		for i := range k.o.refunds {
			r := &k.o.refunds[i]
			if r.at > w.at || r.amount == 0 {
				continue
			}
			out := knownRefund{o: k.o, id: k.o.brand.Shop + ":" + itoa(r.id), at: r.at, web: r.amount, kind: r.purpose(), index: i}
			if r.ret > 0 {
				out.ret = k.o.brand.Shop + ":" + itoa(k.o.returns[r.ret-1].id)
			}
			if out.due = r.amount - r.gift; k.o.tender != "" {
				out.due = 0
			}
			booked := byRef[r.authCode]
			switch {
			case out.due == 0:
				out.state = "not_in_scope"
			case booked != nil:
				explained[r.authCode] = true
				out.psp, out.ref, out.state = -booked.gross, r.authCode, "matched"
				out.booked, out.settlement = booked, booked.settlement
				if out.psp != out.due {
					out.state = "amount_differs"
				}
			case r.at < w.at-pspGrace:
				out.state = "missing_in_psp"
			default:
				out.state = "pending_psp"
			}
			w.refunds = append(w.refunds, out)
		}
	}
	for i := range w.ledger {
		if m := &w.ledger[i]; m.kind == kindRefund && !explained[m.ref] {
			w.refunds = append(w.refunds, knownRefund{o: m.o, id: m.brand.psp.Source + ":" + m.ref, psp: -m.gross, ref: m.ref, state: "missing_in_web", index: -1, booked: m, settlement: m.settlement})
		}
	}
}

// purpose is what the refund was for, by its lines.
func (r *refund) purpose() string {
	kind := "goodwill"
	if back := r.shipping + r.duties; len(r.lines) == 0 && back > 0 && back >= r.amount {
		kind = "shipping"
	}
	for _, l := range r.lines {
		switch l.restock {
		case cameBack:
			return "return"
		case neverLeft:
			kind = "cancel"
		}
	}
	return kind
}

func (w *witness) factRefunds() TruthTable {
	t := table("marts.fct_refunds", "refund_id", "order_id return_id refunded_at web_amount psp_due_amount psp_amount psp_ref psp_currency currency kind state "+
		"brand settlement_ref difference_amount _built_at")
	for i := range w.refunds {
		r := &w.refunds[i]
		web, due, psp := "", "", ""
		shop, books := r.o.currency, r.o.currency
		if r.index >= 0 {
			shop = r.o.brand.Currency
			web, due = amount(r.o.inShop(r.web)), amount(r.due)
			if r.ref == "" {
				// What the PSP has not told of is due in the shop's own money.
				due, books = amount(r.o.inShop(r.due)), shop
			}
		}
		if r.ref != "" {
			psp = amount(r.psp)
		}
		difference := ""
		if due != "" && psp != "" {
			difference = amount(r.psp - r.due)
		}
		t.add(r.id, r.o.orderID(), r.ret, r.at.text(), web, due, psp, r.ref, books, shop, r.kind, r.state, r.o.brand.Name, r.settlement,
			difference, w.at.text())
	}
	return t
}
