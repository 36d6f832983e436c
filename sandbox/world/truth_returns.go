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
	lost                     bool
	given                    []giving // what the customer got for it, in order of time
	settled, failed          instant
	limits                   limits
	done, resolved           instant // when nothing was owed any more, and nothing to come
	owed, waiting            int64   // in the shop's money; -1 while nobody knows a price
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
	w.payReturns()
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
		out.state, out.parcel = w.state(r.parcel, o, o.site, w.at, 0), r.parcel
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
	return out
}

func (w *witness) judgeReturn(r *knownReturn) {
	today := dateOf(w.at, w.london)
	if st := r.state; st != nil && st.accepted != 0 && st.delivered == 0 && r.received == 0 {
		// a return's destination is the warehouse; the day of its last scan is told there
		if on := w.cals.ew.add(dateOf(st.lastPhysical, w.zoneOf(r.o.site.Country)), 5); today >= on {
			r.lost, r.lostOn = true, on
		}
	}
	r.limits = w.limitsOf(r)
	w.resolve(r)
}

func (r *knownReturn) stage() string {
	switch {
	case r.resolved != 0:
		return "resolved"
	case r.received != 0 && r.waiting > 0 && len(r.given) > 0:
		return "part_refunded"
	case r.received != 0:
		return "received"
	case r.lost:
		return "lost"
	case r.state != nil && r.state.delivered != 0:
		return "hub_delivered"
	case r.state != nil && r.state.accepted != 0:
		return "in_transit"
	}
	return "requested"
}

func (w *witness) factReturns() TruthTable {
	t := table("marts.fct_returns", "return_id", `order_id brand is_announced requested_at tracking_no first_scan_at hub_delivered_at received_at
		graded_at units_requested units_received is_short is_lost stage
		return_name return_ref provider site shop_status approved_at closed_at units_resaleable lost_on request_to_scan_hours
		scan_to_hub_hours hub_to_received_hours received_to_graded_hours received_to_refunded_hours age_hours requested_amount received_amount currency
		rma _built_at
		outcomes refunded_at settled_at refund_failed_at value_resolved_at resolved_at refunded_amount credited_amount exchanged_amount rejected_amount
		resolved_amount waiting_amount
		brand_due_on booked_due_on law_due_on law_basis refund_due_on limit_basis limit_rule_id is_refunded_on_time is_booked_on_time is_law_kept`)
	for i := range w.returns {
		r := &w.returns[i]
		order, brand, requested := r.o.orderID(), r.o.brand.Name, ""
		if r.noOrder {
			order, brand = "", ""
		}
		if r.announced {
			requested = itoa(r.unitsRequested)
		}
		scanned, home := r.onTheWay()
		row := []string{
			r.id, order, brand, flag(r.announced), r.requested.text(), r.tracking, scanned.text(), home.text(), r.received.text(),
			r.graded.text(), requested, itoa(r.unitsGot), flag(r.announced && r.received != 0 && r.unitsGot < r.unitsRequested), flag(r.lost), r.stage(),
		}
		row = append(row, w.restOfReturn(r)...)
		row = append(row, r.restOfResolution()...)
		t.add(append(row, w.restOfLimits(r)...)...)
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
	credit     bool  // all of it is credit or a gift card
	returned   int64 // what came back of it from the customer's bank
	back       *ledgerRow
	index      int // in the order's refunds, -1 for one of the PSP alone
}

// pspGrace is how long a refund may take until the PSP has to know it.
const pspGrace = 96 * hour

func (w *witness) readRefunds() {
	byRef, backs := map[string]*ledgerRow{}, map[string]*ledgerRow{}
	for i := range w.ledger {
		switch w.ledger[i].kind {
		case kindRefund:
			byRef[w.ledger[i].ref] = &w.ledger[i]
		case kindFailed:
			backs[w.ledger[i].ref] = &w.ledger[i]
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
			out := w.refundOf(k.o, i, byRef, backs)
			explained[r.authCode] = explained[r.authCode] || out.booked != nil
			w.refunds = append(w.refunds, out)
		}
	}
	for i := range w.ledger {
		if m := &w.ledger[i]; m.kind == kindRefund && !explained[m.ref] {
			w.refunds = append(w.refunds, knownRefund{o: m.o, id: m.brand.psp.Source + ":" + m.ref, psp: -m.gross, ref: m.ref, state: "missing_in_web", index: -1, booked: m, settlement: m.settlement})
		}
	}
}

// why is what a note of the shop's people says a refund is for; empty where it says nothing of that.
func why(note string) string {
	return map[string]string{
		"Parcel lost by the carrier": "lost", "Damaged in transit": "damaged", "Keep it, please": "not_returned", "Price match": "price",
		"Sorry for the trouble": "goodwill",
	}[note]
}

// standing is what the customer has of a refund, in the shop's money.
func (r *knownRefund) standing() int64 {
	if r.returned == 0 {
		return r.o.inShop(r.web)
	}
	return r.o.inShop(r.web) - r.o.inShop(r.returned)
}

// settledAt is when the PSP is known to have booked it, failedAt when it is known to have come back; 0 while neither.
func (w *witness) settledAt(r *knownRefund) instant {
	if r.booked == nil {
		return 0
	}
	return w.bookedAt(r.booked)
}

func (w *witness) failedAt(r *knownRefund) instant {
	if r.back == nil {
		return 0
	}
	return w.bookedAt(r.back)
}

// refundOf is a refund of a shop beside what the PSP's books have under its reference.
func (w *witness) refundOf(o *order, i int, byRef, backs map[string]*ledgerRow) knownRefund {
	r := &o.refunds[i]
	out := knownRefund{o: o, id: o.brand.Shop + ":" + itoa(r.id), at: r.at, web: r.amount, kind: r.purpose(), index: i}
	if r.ret > 0 {
		out.ret = o.brand.Shop + ":" + itoa(o.returns[r.ret-1].id)
	}
	if out.due = r.amount - r.gift; o.tender != "" {
		out.due = 0
	}
	out.credit = r.gift == r.amount
	booked := byRef[r.authCode]
	switch {
	case out.due == 0:
		out.state = "not_in_scope"
	case booked != nil:
		out.psp, out.ref, out.state = -booked.gross, r.authCode, "matched"
		if out.back = backs[r.authCode]; out.back != nil {
			out.returned = out.back.gross
			out.psp -= out.returned
		}
		out.booked, out.settlement = booked, booked.settlement
		if out.psp != out.due {
			out.state = "amount_differs"
		}
	case r.at < w.at-pspGrace:
		out.state = "missing_in_psp"
	default:
		out.state = "pending_psp"
	}
	return out
}

// purpose is what the refund was for, by its lines, by what its note says, or by what it gives back.
func (r *refund) purpose() string {
	kind := why(r.note)
	if back := r.shipping + r.duties; kind == "" && len(r.lines) == 0 && back > 0 && back >= r.amount {
		kind = "shipping"
	}
	if kind == "" {
		kind = "goodwill"
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
		"brand settlement_ref difference_amount _built_at settled_at failed_at not_in_scope_amount failed_amount standing_amount")
	for i := range w.refunds {
		r := &w.refunds[i]
		web, due, psp, outside, came, stands := "", "", "", "", "", ""
		shop, books := r.o.currency, r.o.currency
		if r.index >= 0 {
			shop = r.o.brand.Currency
			web, due = amount(r.o.inShop(r.web)), amount(r.due)
			outside, stands = amount(r.o.inShop(r.web)-r.o.inShop(r.due)), amount(r.standing())
			if r.ref == "" {
				// What the PSP has not told of is due in the shop's own money.
				due, books = amount(r.o.inShop(r.due)), shop
			}
		}
		if r.ref != "" {
			psp, came = amount(r.psp), amount(r.returned)
		}
		difference := ""
		if due != "" && psp != "" {
			difference = amount(r.psp - r.due)
		}
		t.add(r.id, r.o.orderID(), r.ret, r.at.text(), web, due, psp, r.ref, books, shop, r.kind, r.state, r.o.brand.Name, r.settlement,
			difference, w.at.text(), w.settledAt(r).text(), w.failedAt(r).text(), outside, came, stands)
	}
	return t
}
