package world

import (
	"strings"
	"time"
)

// scheme is the card scheme of what a row shows; none for what is no card, empty for a row that shows no way of paying.
func (m *ledgerRow) scheme() string {
	p := m.view().Payment
	if p == nil || (m.brand.psp.Itemises && m.kind != kindCapture && (m.kind != kindChargeback || schemeOf(m.o.method) == "none")) {
		return ""
	}
	return schemeOf(m.o.method)
}

// schemeOf is the card scheme of a way of paying.
func schemeOf(method string) string {
	if scheme := map[string]string{"visa": "visa", "mc": "mastercard", "amex": "amex"}[method]; scheme != "" {
		return scheme
	}
	return "none"
}

// schemeLimit is what a scheme allows of chargebacks, from a month on.
type schemeLimit struct {
	rule, basis string
	count, bps  int
	from        time.Month // of 2026; earlier months have the first
}

// limitsOf are a scheme's limits in the order of time.
func limitsOf(scheme string) []schemeLimit {
	return map[string][]schemeLimit{
		"mastercard": {{"mastercard-ecp-excessive", "previous_month", 100, 150, 0}},
		"visa":       {{"visa-vamp-2025", "same_month", 1500, 220, 0}, {"visa-vamp-2026", "same_month", 1500, 150, time.April}},
	}[scheme]
}

// disputeRatios counts each account's chargebacks by scheme and month beside the payments that the scheme counts them by.
func (w *witness) disputeRatios() TruthTable {
	t := table("marts.dispute_ratios_monthly", "source account scheme month_on", `payments_count chargebacks_count basis base_count notices_count ratio_bps not_known
		limit_count limit_bps rule_id is_over is_matured`)
	type account struct{ source, name, scheme string }
	type month struct{ payments, chargebacks int }
	all := map[account]map[time.Time]month{}
	for i := range w.ledger {
		m := &w.ledger[i]
		if (m.kind != kindCapture && m.kind != kindChargeback) || schemeOf(m.o.method) == "none" {
			continue
		}
		of := account{m.brand.psp.connection(m.brand), m.brand.Account.Name, schemeOf(m.o.method)}
		if all[of] == nil {
			all[of] = map[time.Time]month{}
		}
		first := firstOfMonth(m.at)
		n := all[of][first]
		if m.kind == kindCapture {
			n.payments++
		} else {
			n.chargebacks++
		}
		all[of][first] = n
	}
	for of, months := range all {
		for first, n := range months {
			row := []string{of.source, of.name, of.scheme, first.Format(time.DateOnly), itoa(n.payments), itoa(n.chargebacks)}
			row = append(row, ratio(of.scheme, first, n.chargebacks, n.payments, months[first.AddDate(0, -1, 0)].payments)...)
			t.add(append(row, flag(first.Before(firstOfMonth(w.at))))...)
		}
	}
	return t
}

func firstOfMonth(at instant) time.Time {
	y, m, _ := at.time().Date()
	return time.Date(y, m, 1, 0, 0, 0, 0, time.UTC)
}

// ratio is a month's ratio and its limit, in the order of the columns. Nothing tells of notices of fraud, so what needs them is not known.
func ratio(scheme string, first time.Time, chargebacks, payments, before int) []string {
	var limit schemeLimit
	for _, l := range limitsOf(scheme) {
		if limit.rule == "" || first.Year() > 2026 || (first.Year() == 2026 && first.Month() >= l.from) {
			limit = l
		}
	}
	base := ""
	if n := map[string]int{"same_month": payments, "previous_month": before}[limit.basis]; n > 0 {
		base = itoa(n)
	}
	bounds := []string{itoa(limit.count), itoa(limit.bps), limit.rule}
	switch {
	case limit.rule == "":
		return strings.Split(",,,,the limit of the scheme,,,,", ",")
	case limit.basis == "same_month":
		return append(append([]string{limit.basis, base, "", "", "notices of fraud"}, bounds...), "")
	case base == "":
		return append(append([]string{limit.basis, "", "", "", "payments of the month before"}, bounds...), "")
	}
	bps := (chargebacks*20000 + before) / (2 * before)
	over := chargebacks >= limit.count && chargebacks*10000 >= limit.bps*before
	return append(append([]string{limit.basis, base, "", itoa(bps), ""}, bounds...), flag(over))
}
