package world

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"slices"
	"strings"
	"time"
)

// settlementColumns is the classic layout of the PSP's settlement details report.
func settlementColumns() []string {
	return []string{
		"Company Account", "Merchant Account", "Psp Reference", "Merchant Reference", "Payment Method", "Creation Date", "TimeZone", "Type",
		"Modification Reference", "Gross Currency", "Gross Debit (GC)", "Gross Credit (GC)", "Exchange Rate", "Net Currency",
		"Net Debit (NC)", "Net Credit (NC)", "Commission (NC)", "Markup (NC)", "Scheme Fees (NC)", "Interchange (NC)",
		"Payment Method Variant", "Modification Merchant Reference", "Batch Number",
		"Reserved4", "Reserved5", "Reserved6", "Reserved7", "Reserved8", "Reserved9", "Reserved10",
	}
}

// layout is an account's own order of the columns, as positions into the classic layout with the booking date behind.
func (a *account) layout() []int {
	n := len(settlementColumns())
	out := make([]int, 0, n+2)
	for i := range n {
		out = append(out, i)
	}
	switch a.brand.Prefix {
	case "HR":
		out = append(out, n, n+1)
	case "PM":
		slices.Reverse(out[2:23])
	}
	return out
}

func (s *sim) accountZone(a *account) *time.Location {
	if a.brand.Currency == "EUR" {
		return s.amsterdam
	}
	return s.london
}

// report writes a batch as the PSP would.
func (s *sim) report(a *account, b *batch) []byte {
	var buf bytes.Buffer
	w := csv.NewWriter(&buf)
	layout := a.layout()
	names := append(settlementColumns(), "Booking Date", "Booking Date TimeZone")
	put := func(values []string) {
		row := make([]string, len(layout))
		for i, at := range layout {
			row[i] = values[at]
		}
		_ = w.Write(row) // into memory: cannot fail
	}
	put(names)
	for i := range b.rows {
		put(s.reportRow(a, b, &b.rows[i]))
	}
	w.Flush()
	return buf.Bytes()
}

func (s *sim) reportRow(a *account, b *batch, m *movement) []string {
	z := s.accountZone(a)
	created := m.at
	var psp, merchant, method, variant, grossCurrency, rate string
	var grossDebit, grossCredit string
	if m.o != nil {
		psp, merchant, method, variant, created = m.o.pspRef, m.o.payRef, m.o.method, variantOf(m.o), m.o.placed
	}
	if m.hasGross {
		grossCurrency, rate = m.currency, "1"
		grossDebit, grossCredit = sides(m.gross)
	}
	netDebit, netCredit := sides(m.net)
	const layout = "2006-01-02 15:04:05"
	row := []string{
		companyAccount, a.brand.MerchantAccount, psp, merchant, method, created.in(z, layout), created.in(z, "MST"), m.kind,
		m.ref, grossCurrency, grossDebit, grossCredit, rate, m.currency, netDebit, netCredit,
		trimmed(m.commission), trimmed(m.markup), trimmed(m.scheme), trimmed(m.interchange),
		variant, "", itoa(b.no), "", "", "", "", "", "", "",
	}
	return append(row, m.at.in(z, layout), m.at.in(z, "MST"))
}

func variantOf(o *order) string {
	switch o.method {
	case "visa", "mc":
		return o.method + []string{"standarddebit", "standardcredit", "premiumcredit"}[o.id%3]
	}
	return o.method
}

// sides is a signed amount as debit and credit.
func sides(n int64) (debit, credit string) {
	if n < 0 {
		return trimmed(-n), ""
	}
	return "", trimmed(n)
}

// trimmed is an amount as the PSP prints it: blank for none, no zeros at the end.
func trimmed(n int64) string {
	if n == 0 {
		return ""
	}
	return strings.TrimSuffix(strings.TrimRight(amount(n), "0"), ".")
}

func (b *batch) name() string { return fmt.Sprintf("settlement_detail_report_batch_%d.csv", b.no) }
