package questions

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
)

// Summary is what an operations manager wants to know first. Due and OnTime are of days that have passed; Open is what may still arrive in time.
type Summary struct {
	Orders      int64        `json:"orders"`
	Due         int64        `json:"deliveries_due"`
	OnTime      int64        `json:"deliveries_on_time"`
	Open        int64        `json:"deliveries_open"`
	Backlog     int64        `json:"backlog_orders"`
	Breached    int64        `json:"orders_breached"`
	AtRisk      int64        `json:"orders_at_risk"`
	ReturnsOpen int64        `json:"returns_waiting_for_refund"`
	Unstocked   []StockLine  `json:"without_stock"`
	Claims      []ClaimsLine `json:"claims_to_file"`
	Money       []MoneyLine  `json:"settlements"`
	Breaks      []BreakLine  `json:"breaks"`
	BreakTotal  int64        `json:"breaks_total"`
}

// StockLine is what a site cannot send for lack of stock, with the money that waits in one currency.
type StockLine struct {
	Site     string `json:"site"`
	SKUs     int64  `json:"skus"`
	Units    int64  `json:"units_missing"`
	Orders   int64  `json:"orders"`
	Amount   string `json:"amount"`
	Currency string `json:"currency"`
}

// ClaimsLine are the open claims of one type with one last day.
type ClaimsLine struct {
	Deadline string `json:"deadline"`
	Type     string `json:"claim_type"`
	Parcels  int64  `json:"parcels"`
	Amount   string `json:"amount"`
	Currency string `json:"currency"`
}

// MoneyLine are the settlements of one currency, without what no settlement has taken in yet.
type MoneyLine struct {
	Currency   string `json:"currency"`
	Batches    int64  `json:"batches"`
	Closed     int64  `json:"closed"`
	Captures   string `json:"captures"`
	Refunds    string `json:"refunds"`
	Fees       string `json:"fees"`
	PaidOut    string `json:"paid_out"`
	Unbalanced string `json:"unexplained"`
}

// BreakLine are the open breaks of one check and kind.
type BreakLine struct {
	Check string `json:"check_id"`
	Kind  string `json:"kind"`
	Count int64  `json:"count"`
}

// Summary sums up the published marts.
func (m *Marts) Summary(ctx context.Context) (Summary, error) {
	var sum Summary
	err := m.QueryRowContext(ctx, `select count(*), count(*) filter (where goods_status in ('releasable', 'in_wms', 'part_despatched')),
			(select count(*) from marts.orders_at_risk where risk_state = 'breached'), (select count(*) from marts.orders_at_risk where risk_state = 'at_risk'),
			(select count(*) from marts.fct_returns where stage in ('received', 'part_refunded'))
		from marts.fct_orders`).
		Scan(&sum.Orders, &sum.Backlog, &sum.Breached, &sum.AtRisk, &sum.ReturnsOpen)
	if err != nil {
		return sum, fmt.Errorf("sum up: %w", err)
	}
	err = m.QueryRowContext(ctx, `select coalesce(sum(delivery_due_count) filter (where is_matured), 0), coalesce(sum(delivered_on_time_count) filter (where is_matured), 0),
			coalesce(sum(delivery_open_count), 0)
		from marts.fulfilment_daily`).Scan(&sum.Due, &sum.OnTime, &sum.Open)
	if err != nil {
		return sum, fmt.Errorf("sum up the promises: %w", err)
	}
	sum.Unstocked, err = collect(ctx, m, `select site, count(distinct sku), cast(sum(units_missing) as bigint), count(distinct order_id), `+money("sum(at_stake_amount)")+`, coalesce(currency, '')
		from marts.open_line_stock where units_missing > 0 group by site, currency order by site, currency`,
		func(r *sql.Rows, l *StockLine) error {
			return r.Scan(&l.Site, &l.SKUs, &l.Units, &l.Orders, &l.Amount, &l.Currency)
		})
	if err != nil {
		return sum, err
	}
	sum.Claims, err = collect(ctx, m, `select cast(deadline_on as varchar), claim_type, count(*), coalesce(`+money("sum(claimable_amount)")+`, 'unknown'), coalesce(currency, '')
		from marts.fct_claimable_parcels where state = 'open' group by all order by 1, 2, 5`,
		func(r *sql.Rows, c *ClaimsLine) error {
			return r.Scan(&c.Deadline, &c.Type, &c.Parcels, &c.Amount, &c.Currency)
		})
	if err != nil {
		return sum, err
	}
	sum.Money, err = collect(ctx, m, `select settlement_currency, count(*), count(*) filter (where state = 'closed'), `+
		strings.Join([]string{money("sum(captures_amount)"), money("sum(refunds_amount)"), money("sum(fees_amount)"), money("-sum(payout_amount)"), money("sum(abs(net_sum))")}, ", ")+`
		from marts.fct_settlements where state <> 'open' group by all order by 1`,
		func(r *sql.Rows, l *MoneyLine) error {
			return r.Scan(&l.Currency, &l.Batches, &l.Closed, &l.Captures, &l.Refunds, &l.Fees, &l.PaidOut, &l.Unbalanced)
		})
	if err != nil {
		return sum, err
	}
	sum.Breaks, err = collect(ctx, m, `select check_id, kind, count(*) from marts.fct_breaks group by all order by 1, 2`,
		func(r *sql.Rows, b *BreakLine) error { return r.Scan(&b.Check, &b.Kind, &b.Count) })
	for _, b := range sum.Breaks {
		sum.BreakTotal += b.Count
	}
	return sum, err
}

// money is SQL for an amount as people write it: two places, more where there are more (9.996 KWD).
func money(amount string) string {
	return "regexp_replace(cast(" + amount + ` as varchar), '(\.\d\d(?:\d?[1-9])?)0*$', '\1')`
}
