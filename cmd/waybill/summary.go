package main

import (
	"context"
	"fmt"
	"io"

	"github.com/fourmarketing/waybill/project"
	"github.com/fourmarketing/waybill/questions"
)

// readSummary asks the published marts.
func readSummary(ctx context.Context, cfg *project.Config) (questions.Summary, error) {
	marts, err := openMarts(cfg)
	if err != nil {
		return questions.Summary{}, err
	}
	defer marts.Close()
	return marts.Summary(ctx)
}

// printSummary prints what an operations manager wants to know first.
func printSummary(w io.Writer, s questions.Summary) {
	fmt.Fprintln(w, "\nThis morning:")
	share := ""
	if s.Due > 0 {
		share = fmt.Sprintf(" (%.1f %%)", 100*float64(s.OnTime)/float64(s.Due))
	}
	fmt.Fprintf(w, "  %s; of %s due on days that have passed, %s delivered on time%s; %s still open\n", plural(s.Orders, "order"), count(s.Due), count(s.OnTime), share, count(s.Open))
	fmt.Fprintf(w, "  backlog %s; promise breached for %s, at risk for %s\n", plural(s.Backlog, "order"), count(s.Breached), count(s.AtRisk))
	fmt.Fprintf(w, "  %s received and waiting for a refund\n", plural(s.ReturnsOpen, "return"))
	if len(s.Unstocked) > 0 {
		fmt.Fprintln(w, "\nWithout stock:")
		rows := make([][]string, len(s.Unstocked))
		for i, l := range s.Unstocked {
			rows[i] = []string{l.Site, count(l.SKUs), count(l.Units), count(l.Orders), l.Amount + " " + l.Currency}
		}
		grid(w, []string{"site", "SKUs", "units missing", "orders waiting", "price of them"}, rows)
	}
	if len(s.Claims) > 0 {
		fmt.Fprintln(w, "\nClaims to file, by last day:")
		rows := make([][]string, len(s.Claims))
		for i, c := range s.Claims {
			rows[i] = []string{c.Deadline, c.Type, count(c.Parcels), c.Amount + " " + c.Currency}
		}
		grid(w, []string{"last day", "claim", "parcels", "at cost"}, rows)
	}
	fmt.Fprintln(w, "\nMoney:")
	rows := make([][]string, len(s.Money))
	for i, m := range s.Money {
		rows[i] = []string{m.Currency, fmt.Sprintf("%d of %d", m.Closed, m.Batches), m.Captures, m.Refunds, m.Fees, m.PaidOut, m.Unbalanced}
	}
	grid(w, []string{"currency", "batches closed", "captured", "refunded", "fees", "paid out", "unexplained"}, rows)
	fmt.Fprintf(w, "\n%s open:\n", plural(s.BreakTotal, "break"))
	rows = make([][]string, len(s.Breaks))
	for i, b := range s.Breaks {
		rows[i] = []string{b.Check, b.Kind, count(b.Count)}
	}
	grid(w, []string{"check", "kind", "open"}, rows)
}
