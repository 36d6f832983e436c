package adyen

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/fourmarketing/waybill/sandbox/world"
)

// Report is one settlement details report.
type Report struct {
	Name        string // settlement_detail_report_batch_380.csv
	Body        []byte
	AvailableAt time.Time
}

// Reports are the reports of a merchant account that are available at an instant, oldest first.
func Reports(w *world.World, account string, at time.Time) []Report {
	var out []Report
	for n, name := range Accounts(w) {
		if name != account {
			continue
		}
		zone := zoneOf(w, account)
		for _, b := range w.Batches(account, at) {
			name := fmt.Sprintf("settlement_detail_report_batch_%d.csv", b.No)
			out = append(out, Report{Name: name, Body: report(account, zone, layout(n), b), AvailableAt: b.AvailableAt})
		}
	}
	return out
}

func zoneOf(w *world.World, account string) *time.Location {
	for _, b := range w.Group().Brands {
		if b.Account.Name == account {
			if z, err := time.LoadLocation(b.Account.Zone); err == nil {
				return z
			}
		}
	}
	return time.UTC
}

// columns is the classic layout of the settlement details report, with the booking date that accounts may add
// (https://docs.adyen.com/reporting/settlement-reconciliation/transaction-level/settlement-details-report).
func columns() []string {
	return []string{
		"Company Account", "Merchant Account", "Psp Reference", "Merchant Reference", "Payment Method", "Creation Date", "TimeZone", "Type",
		"Modification Reference", "Gross Currency", "Gross Debit (GC)", "Gross Credit (GC)", "Exchange Rate", "Net Currency",
		"Net Debit (NC)", "Net Credit (NC)", "Commission (NC)", "Markup (NC)", "Scheme Fees (NC)", "Interchange (NC)",
		"Payment Method Variant", "Modification Merchant Reference", "Batch Number",
		"Reserved4", "Reserved5", "Reserved6", "Reserved7", "Reserved8", "Reserved9", "Reserved10",
		"Booking Date", "Booking Date TimeZone",
	}
}

// layout is an account's own choice and order of columns: the second account adds the booking date, the fourth has
// turned the middle round.
func layout(account int) []int {
	n := len(columns()) - 2
	out := make([]int, 0, n+2)
	for i := range n {
		out = append(out, i)
	}
	switch account {
	case 1:
		out = append(out, n, n+1)
	case 3:
		slices.Reverse(out[2:23])
	}
	return out
}

// report writes a batch.
func report(account string, zone *time.Location, layout []int, b world.Batch) []byte {
	var buf bytes.Buffer
	w := csv.NewWriter(&buf)
	put := func(values []string) {
		row := make([]string, len(layout))
		for i, at := range layout {
			row[i] = values[at]
		}
		_ = w.Write(row) // into memory: cannot fail
	}
	put(columns())
	for _, m := range b.Movements {
		put(row(account, zone, b.No, m))
	}
	w.Flush()
	return buf.Bytes()
}

func row(account string, zone *time.Location, batch int, m world.Movement) []string {
	var psp, merchant, method, variant, grossCurrency, rate, grossDebit, grossCredit string
	if p := m.Payment; p != nil {
		psp, merchant, method, variant = p.Ref, p.MerchantRef, p.Method, variantOf(p)
	}
	if m.HasGross {
		grossCurrency, rate = m.Currency, "1"
		grossDebit, grossCredit = sides(m.Gross)
	}
	netDebit, netCredit := sides(m.Net)
	const layout = "2006-01-02 15:04:05"
	row := []string{
		companyAccount, account, psp, merchant, method, m.At.In(zone).Format(layout), m.At.In(zone).Format("MST"), typeOf(m.Kind),
		m.Ref, grossCurrency, grossDebit, grossCredit, rate, m.Currency, netDebit, netCredit,
		trimmed(m.Fees.Commission), trimmed(m.Fees.Markup), trimmed(m.Fees.Scheme), trimmed(m.Fees.Interchange),
		variant, "", strconv.Itoa(batch), "", "", "", "", "", "", "",
	}
	return append(row, m.At.In(zone).Format(layout), m.At.In(zone).Format("MST"))
}

func typeOf(kind string) string { return PSP().Words[kind] }

func variantOf(p *world.Payment) string {
	switch p.Method {
	case "visa", "mc":
		return p.Method + []string{"standarddebit", "standardcredit", "premiumcredit"}[p.OrderID%3]
	}
	return p.Method
}

// sides is a signed amount as debit and credit.
func sides(n int64) (debit, credit string) {
	if n < 0 {
		return trimmed(-n), ""
	}
	return "", trimmed(n)
}

// trimmed is an amount in major units as the PSP prints it: blank for none, no zeros at the end.
func trimmed(n int64) string {
	if n == 0 {
		return ""
	}
	sign := ""
	if n < 0 {
		sign, n = "-", -n
	}
	text := fmt.Sprintf("%s%d.%02d", sign, n/100, n%100)
	return strings.TrimSuffix(strings.TrimRight(text, "0"), ".")
}
