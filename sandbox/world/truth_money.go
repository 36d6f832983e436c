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
		"entry_type gross_amount net_amount fee_amount fee_residual_amount order_id")
	for _, m := range w.ledger {
		payment, order, gross := "", "", ""
		if m.o != nil {
			payment, order = m.o.pspRef, m.o.orderID()
		}
		if m.hasGross {
			gross = amount(m.gross)
		}
		t.add(m.brand.Account.Name, m.settlement, m.brand.psp.Words[m.kind], payment, m.ref, m.currency, m.kind, gross, amount(m.net),
			amount(m.fee()), amount(m.residual()), order)
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
}

func (x *settlement) key() string { return x.brand.Account.Name + ":" + x.ref + ":" + x.currency }

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
	}
	return entry
}

// judged gives each settlement its faults: unbalanced, chain, or none.
func (w *witness) judged() map[*settlement][]string {
	all := w.settlements()
	byKey := map[string]*settlement{}
	for _, x := range all {
		byKey[x.key()] = x
	}
	out := map[*settlement][]string{}
	for _, x := range all {
		out[x] = nil
		if x.net != 0 && x.ref != unsettled {
			out[x] = append(out[x], "unbalanced")
		}
		if x.b == nil {
			continue
		}
		left := int64(0)
		before := settlement{brand: x.brand, ref: itoa(x.b.no - 1), currency: x.currency}
		if b := byKey[before.key()]; b != nil {
			left = -b.sums[kindOut]
		}
		// the first report seen, and one after a gap, have no batch before them to compare with
		if i := x.b.no - x.a.firstNo - 1; i >= 0 && x.a.batches[i].seen(w.at) && x.sums[kindIn] != left {
			out[x] = append(out[x], "chain")
		}
	}
	return out
}

func (w *witness) factSettlements() TruthTable {
	t := table("marts.fct_settlements", "account settlement_ref settlement_currency", `opening_amount captures_amount refunds_amount
		chargebacks_amount fees_amount reserves_amount adjustments_amount transfers_out_amount payout_amount net_sum state`)
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
		t.add(append(row, amount(x.net), state)...)
	}
	return t
}
