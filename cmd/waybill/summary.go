package main

import (
	"context"
	"database/sql"
	"fmt"
	"io"
)

// summary is what an operations manager wants to know first.
type summary struct {
	Orders      int64        `json:"orders"`
	Due         int64        `json:"deliveries_due"`
	OnTime      int64        `json:"deliveries_on_time"`
	Backlog     int64        `json:"backlog_orders"`
	Breached    int64        `json:"orders_breached"`
	AtRisk      int64        `json:"orders_at_risk"`
	ReturnsOpen int64        `json:"returns_waiting_for_refund"`
	Claims      []claimsLine `json:"claims_to_file"`
	Money       []moneyLine  `json:"settlements"`
	Breaks      []breakLine  `json:"breaks"`
	BreakTotal  int64        `json:"breaks_total"`
}

type claimsLine struct {
	Deadline string `json:"deadline"`
	Type     string `json:"claim_type"`
	Parcels  int64  `json:"parcels"`
	Amount   string `json:"amount"`
	Currency string `json:"currency"`
}

type moneyLine struct {
	Currency   string `json:"currency"`
	Batches    int64  `json:"batches"`
	Closed     int64  `json:"closed"`
	Captures   string `json:"captures"`
	Refunds    string `json:"refunds"`
	Fees       string `json:"fees"`
	PaidOut    string `json:"paid_out"`
	Unbalanced string `json:"unexplained"`
}

type breakLine struct {
	Check string `json:"check_id"`
	Kind  string `json:"kind"`
	Count int64  `json:"count"`
}

// readSummary asks the published marts.
func readSummary(ctx context.Context, cfg *config) (summary, error) {
	var sum summary
	db, err := openMarts(cfg)
	if err != nil {
		return sum, err
	}
	defer db.Close()
	err = db.QueryRowContext(ctx, `select count(*), count(is_delivered_on_time), count(*) filter (where is_delivered_on_time),
			count(*) filter (where status in ('paid', 'in_wms', 'part_despatched')),
			(select count(*) from marts.orders_at_risk where risk_state = 'breached'), (select count(*) from marts.orders_at_risk where risk_state = 'at_risk'),
			(select count(*) from marts.fct_returns where stage = 'received')
		from marts.fct_orders`).
		Scan(&sum.Orders, &sum.Due, &sum.OnTime, &sum.Backlog, &sum.Breached, &sum.AtRisk, &sum.ReturnsOpen)
	if err != nil {
		return sum, fmt.Errorf("sum up: %w", err)
	}
	sum.Claims, err = collect(ctx, db, `select cast(deadline_on as varchar), claim_type, count(*), cast(sum(claimable_amount) as varchar), currency
		from marts.fct_claimable_parcels where state = 'open' group by all order by 1, 2, 5`,
		func(r *sql.Rows, c *claimsLine) error {
			return r.Scan(&c.Deadline, &c.Type, &c.Parcels, &c.Amount, &c.Currency)
		})
	if err != nil {
		return sum, err
	}
	sum.Money, err = collect(ctx, db, `select settlement_currency, count(*), count(*) filter (where state = 'closed'), cast(sum(captures_amount) as varchar),
		cast(sum(refunds_amount) as varchar), cast(sum(fees_amount) as varchar), cast(-sum(payout_amount) as varchar), cast(sum(abs(net_sum)) as varchar)
		from marts.fct_settlements group by all order by 1`,
		func(r *sql.Rows, m *moneyLine) error {
			return r.Scan(&m.Currency, &m.Batches, &m.Closed, &m.Captures, &m.Refunds, &m.Fees, &m.PaidOut, &m.Unbalanced)
		})
	if err != nil {
		return sum, err
	}
	sum.Breaks, err = collect(ctx, db, `select check_id, kind, count(*) from marts.fct_breaks group by all order by 1, 2`,
		func(r *sql.Rows, b *breakLine) error { return r.Scan(&b.Check, &b.Kind, &b.Count) })
	for _, b := range sum.Breaks {
		sum.BreakTotal += b.Count
	}
	return sum, err
}

// collect reads every row of a query into a slice.
func collect[T any](ctx context.Context, db *sql.DB, query string, scan func(*sql.Rows, *T) error) ([]T, error) {
	rows, err := db.QueryContext(ctx, query)
	if err != nil {
		return nil, fmt.Errorf("sum up: %w", err)
	}
	defer rows.Close()
	var all []T
	for rows.Next() {
		var one T
		if err := scan(rows, &one); err != nil {
			return nil, fmt.Errorf("sum up: %w", err)
		}
		all = append(all, one)
	}
	return all, rows.Err()
}

func printSummary(w io.Writer, s summary) {
	fmt.Fprintln(w, "\nThis morning:")
	share := ""
	if s.Due > 0 {
		share = fmt.Sprintf(" (%.1f %%)", 100*float64(s.OnTime)/float64(s.Due))
	}
	fmt.Fprintf(w, "  %s; of %s due, %s delivered on time%s\n", plural(s.Orders, "order"), count(s.Due), count(s.OnTime), share)
	fmt.Fprintf(w, "  backlog %s; promise breached for %s, at risk for %s\n", plural(s.Backlog, "order"), count(s.Breached), count(s.AtRisk))
	fmt.Fprintf(w, "  %s received and waiting for a refund\n", plural(s.ReturnsOpen, "return"))
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
