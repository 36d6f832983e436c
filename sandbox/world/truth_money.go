package world

import "strings"

// ledgerRow is a movement as far as its PSP had told of it.
type ledgerRow struct {
	*movement
	brand      *brand
	settlement string // of the settlement: the batch's number, the payout, or unsettled
	a          *account
	b          *batch // nil where payouts name their movements
}

// unsettled stands for the settlement of what no payout has paid yet.
const unsettled = "unsettled"

func (w *witness) readLedger() {
	w.disputes = map[*order]int{}
	for _, a := range w.accounts {
		for _, b := range a.batches {
			if !b.seen(w.at) {
				continue
			}
			for i := range b.rows {
				w.book(ledgerRow{&b.rows[i], a.brand, itoa(b.no), a, b})
			}
		}
	}
	for _, p := range w.purses {
		for _, m := range p.rows {
			if m.at > w.at {
				continue
			}
			ref := unsettled
			if paid := m.settledBy(w.at); paid != nil {
				ref = paid.ref
			}
			w.book(ledgerRow{m, p.brand, ref, nil, nil})
		}
	}
}

func (w *witness) book(m ledgerRow) {
	w.ledger = append(w.ledger, m)
	switch m.kind {
	case kindChargeback:
		w.disputes[m.o]++
	case kindReversal:
		w.disputes[m.o]--
	}
}

// fee is what the PSP kept of the gross amount; rows without a gross amount have none.
func (m *movement) fee() int64 {
	if !m.hasGross {
		return 0
	}
	return m.gross - m.net
}

func (m *movement) residual() int64 {
	return m.fee() - m.sum()
}

func (w *witness) factLedger() TruthTable {
	t := table("marts.fct_ledger_entries", "account settlement_ref raw_type psp_payment_ref psp_modification_ref settlement_currency",
		`entry_type gross_amount net_amount fee_amount fee_residual_amount order_id
		source entry_class brand merchant_ref payment_method payment_method_variant scheme occurred_at booked_at presentment_currency exchange_rate
		gross_settled_amount commission_amount markup_amount scheme_fees_amount interchange_amount processing_fee_amount _built_at`)
	for _, m := range w.ledger {
		payment, order, gross := "", "", ""
		if m.o != nil {
			payment, order = m.o.pspRef, m.o.orderID()
		}
		if m.hasGross {
			gross = amount(m.gross)
		}
		row := []string{
			m.brand.Account.Name, m.settlement, m.brand.psp.Words[m.kind], payment, m.ref, m.currency, m.kind, gross, amount(m.net),
			amount(m.fee()), amount(m.residual()), order,
		}
		t.add(append(row, w.restOfEntry(&m)...)...)
	}
	return t
}

// settlement sums what a batch or a payout settled in one currency.
type settlement struct {
	brand    *brand
	ref      string
	a        *account
	b        *batch // nil where payouts name their movements
	currency string
	sums     map[string]int64 // by column
	net      int64
	rows     int
	when     moments
}

func (x *settlement) key() string { return x.brand.Account.Name + ":" + x.ref + ":" + x.currency }

// document is what a break calls it.
func (x *settlement) document() string { return x.brand.psp.connection(x.brand) + ":" + x.key() }

// settlements are the settlements known, in the order of the ledger.
func (w *witness) settlements() []*settlement {
	var out []*settlement
	at := map[string]*settlement{}
	for _, m := range w.ledger {
		fresh := &settlement{brand: m.brand, ref: m.settlement, a: m.a, b: m.b, currency: m.currency, sums: map[string]int64{}}
		x := at[fresh.key()]
		if x == nil {
			x = fresh
			at[x.key()] = x
			out = append(out, x)
		}
		x.sums[columnOf(m.kind)] += m.net
		x.net += m.net
		x.rows++
		x.when.add(m.at)
	}
	return out
}

// columnOf is the settlement column an entry type belongs to.
func columnOf(entry string) string {
	switch {
	case strings.HasPrefix(entry, "chargeback"):
		return "chargeback"
	case strings.HasPrefix(entry, "reserve"):
		return "reserve"
	case entry == "topup":
		return "adjustment"
	case entry == kindFailed:
		return kindRefund
	}
	return entry
}

// judged gives each settlement its faults: unbalanced, chain, or none.
func (w *witness) judged() map[*settlement][]string {
	all := w.settlements()
	w.bySettlement = map[string]*settlement{}
	for _, x := range all {
		w.bySettlement[x.key()] = x
	}
	out := map[*settlement][]string{}
	for _, x := range all {
		out[x] = nil
		if x.net != 0 && x.ref != unsettled {
			out[x] = append(out[x], "unbalanced")
		}
		if left, ok := w.passedOn(x); ok && x.sums[kindIn] != left {
			out[x] = append(out[x], "chain")
		}
	}
	return out
}

func (w *witness) factSettlements() TruthTable {
	t := table("marts.fct_settlements", "account settlement_ref settlement_currency", `opening_amount captures_amount refunds_amount
		chargebacks_amount fees_amount reserves_amount adjustments_amount transfers_out_amount payout_amount net_sum state
		source brand is_balanced is_chained first_occurred_at last_occurred_at entries_count unmapped_count unknown_amount chain_difference_amount _built_at`)
	for x, faults := range w.judged() {
		state := "closed"
		switch {
		case len(faults) > 0:
			state = "broken"
		case x.ref == unsettled:
			state = "open"
		}
		row := []string{x.brand.Account.Name, x.ref, x.currency}
		for _, c := range []string{"transfer_in", "capture", "refund", "chargeback", "fee", "reserve", "adjustment", "transfer_out", "payout"} {
			row = append(row, amount(x.sums[c]))
		}
		chained, difference := "", ""
		if opening, ok := w.passedOn(x); ok {
			chained, difference = flag(x.sums[kindIn] == opening), amount(x.sums[kindIn]-opening)
		}
		t.add(append(row, amount(x.net), state, x.brand.psp.connection(x.brand), x.brand.Name, flag(x.net == 0), chained, x.when.first.text(), x.when.last.text(),
			itoa(x.rows), "0", amount(0), difference, w.at.text())...)
	}
	return t
}

// passedOn is the balance that the batch before a settlement passed on to it. The first batch seen, and one after a gap, have none before them to
// compare with, nor have payouts.
func (w *witness) passedOn(x *settlement) (int64, bool) {
	if x.b == nil {
		return 0, false
	}
	i := x.b.no - x.a.firstNo - 1
	if i < 0 || !x.a.batches[i].seen(w.at) {
		return 0, false
	}
	before := settlement{brand: x.brand, ref: itoa(x.b.no - 1), currency: x.currency}
	if b := w.bySettlement[before.key()]; b != nil {
		return -b.sums[kindOut], true
	}
	return 0, true
}

// connection is what the group calls its way to a PSP: one that keeps a connection for each account is called as the account.
func (p *PSP) connection(b *brand) string {
	if p.Itemises {
		return b.Account.Name
	}
	return p.Source
}

// classOf is the sum of fct_settlements that a kind of movement goes into.
func classOf(kind string) string {
	return map[string]string{
		kindCapture: "captures", kindRefund: "refunds", kindFailed: "refunds", kindChargeback: "chargebacks", kindReversal: "chargebacks", kindFee: "fees", kindPayout: "payout",
		kindTopup: "adjustments", kindIn: "opening", kindOut: "transfers_out", kindHold: "reserves", kindRelease: "reserves",
	}[kind]
}

// restOfEntry is the remaining columns of fct_ledger_entries. Nothing is converted: the customer's currency is the balance's.
func (w *witness) restOfEntry(m *ledgerRow) []string {
	psp := m.brand.psp
	shown := psp.Shows(m.kind, m.view().Payment)
	booked, currency, rate, gross := "", "", "", ""
	if m.brand.Account.Books {
		booked = m.at.text()
	}
	if m.hasGross {
		currency, gross = m.currency, amount(m.gross)
	}
	if m.b != nil && m.hasGross {
		rate = amount(100)
	}
	parts := []string{amount(m.Commission), amount(m.Markup), amount(m.Scheme), amount(m.Interchange), amount(0)}
	if psp.Itemises { // one fee for all
		parts = []string{amount(0), amount(0), amount(0), amount(0), amount(m.fee())}
	}
	row := []string{
		psp.connection(m.brand), classOf(m.kind), m.brand.Name, shown.MerchantRef, shown.Method, shown.Variant, m.scheme(), m.at.text(), booked, currency, rate, gross,
	}
	return append(append(row, parts...), w.at.text())
}

// disputesTold are the disputes that a PSP lists.
func (w *witness) disputesTold() TruthTable {
	t := table("marts.fct_disputes", "source dispute_id", "account brand order_id psp_payment_ref state state_raw reason_raw amount currency opened_at due_at _built_at")
	for _, m := range w.ledger {
		terms := m.brand.psp.Disputes
		if terms == nil || m.kind != kindChargeback {
			continue
		}
		due := instant(utcDay(m.at)+date(terms.Days)+1)*24*hour - 1
		t.add(m.brand.psp.connection(m.brand), m.ref, m.brand.Account.Name, m.brand.Name, m.o.orderID(), m.o.pspRef, terms.State, terms.State, terms.Reason,
			amount(-m.gross), m.currency, m.at.text(), due.text(), w.at.text())
	}
	return t
}
