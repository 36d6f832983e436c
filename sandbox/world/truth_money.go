package world

import "strings"

// ledgerRow is a line of a published settlement report.
type ledgerRow struct {
	*movement
	a *account
	b *batch
}

func (w *witness) readLedger() {
	w.disputes = map[*order]int{}
	for _, a := range w.accounts {
		for _, b := range a.batches {
			if !b.seen(w.at) {
				continue
			}
			for i := range b.rows {
				m := &b.rows[i]
				w.ledger = append(w.ledger, ledgerRow{m, a, b})
				switch m.kind {
				case "Chargeback":
					w.disputes[m.o]++
				case "ChargebackReversed":
					w.disputes[m.o]--
				}
			}
		}
	}
}

// entryType is the canonical word for the PSP's type; a transfer's side tells its direction.
func (m *movement) entryType() string {
	switch m.kind {
	case "Settled":
		return "capture"
	case "Refunded":
		return "refund"
	case "Chargeback":
		return "chargeback"
	case "ChargebackReversed":
		return "chargeback_reversal"
	case "Fee":
		return "fee"
	case "MerchantPayout":
		return "payout"
	case "MatchedStatement":
		return "topup"
	}
	in := map[bool]string{true: "transfer_in", false: "transfer_out"}
	if m.kind == "ReserveAdjustment" {
		in = map[bool]string{true: "reserve_release", false: "reserve_hold"}
	}
	return in[m.net > 0]
}

// fee is what the PSP kept of the gross amount; rows without a gross amount have none.
func (m *movement) fee() int64 {
	if !m.hasGross {
		return 0
	}
	return m.gross - m.net
}

func (m *movement) residual() int64 {
	return m.fee() - m.commission - m.markup - m.scheme - m.interchange
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
		t.add(m.a.brand.MerchantAccount, itoa(m.b.no), m.kind, payment, m.ref, m.currency, m.entryType(), gross, amount(m.net),
			amount(m.fee()), amount(m.residual()), order)
	}
	return t
}

// settlement sums a batch in one currency.
type settlement struct {
	a        *account
	b        *batch
	currency string
	sums     map[string]int64 // by column
	net      int64
}

// settlements are the published batches by account, number and currency, in that order.
func (w *witness) settlements() []*settlement {
	var out []*settlement
	at := map[string]*settlement{}
	for _, m := range w.ledger {
		key := m.a.brand.MerchantAccount + itoa(m.b.no) + m.currency
		x := at[key]
		if x == nil {
			x = &settlement{a: m.a, b: m.b, currency: m.currency, sums: map[string]int64{}}
			at[key] = x
			out = append(out, x)
		}
		x.sums[columnOf(m.entryType())] += m.net
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
		byKey[x.a.brand.MerchantAccount+":"+itoa(x.b.no)+":"+x.currency] = x
	}
	out := map[*settlement][]string{}
	for _, x := range all {
		out[x] = nil
		if x.net != 0 {
			out[x] = append(out[x], "unbalanced")
		}
		left := int64(0)
		if before := byKey[x.a.brand.MerchantAccount+":"+itoa(x.b.no-1)+":"+x.currency]; before != nil {
			left = -before.sums["transfer_out"]
		}
		// the first report seen, and one after a gap, have no batch before them to compare with
		if i := x.b.no - x.a.firstNo - 1; i >= 0 && x.a.batches[i].seen(w.at) && x.sums["transfer_in"] != left {
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
		if len(faults) > 0 {
			state = "broken"
		}
		row := []string{x.a.brand.MerchantAccount, itoa(x.b.no), x.currency}
		for _, c := range []string{"transfer_in", "capture", "refund", "chargeback", "fee", "reserve", "adjustment", "transfer_out", "payout"} {
			row = append(row, amount(x.sums[c]))
		}
		t.add(append(row, amount(x.net), state)...)
	}
	return t
}
