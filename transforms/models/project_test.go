package models_test

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/fourmarketing/waybill"
	"github.com/fourmarketing/waybill/transforms/duck"
	"github.com/fourmarketing/waybill/transforms/models"
)

// files makes a project of path and text pairs.
func files(pairs ...string) fstest.MapFS {
	out := fstest.MapFS{}
	for i := 0; i < len(pairs); i += 2 {
		out[pairs[i]] = &fstest.MapFile{Data: []byte(pairs[i+1])}
	}
	return out
}

// shop is a small warehouse: orders and refunds from a raw table each, rates from a seed, two marts and a check.
func shop() fstest.MapFS {
	return files(
		"partners/shop/stg_shop__orders.sql", `/*
description: Orders as the shop sends them.
grain: one row per order
key: [order_id]
owner: data
*/
select order_id, brand, placed_on, amount, currency from raw.orders
`,
		"partners/shop/stg_shop__refunds.sql", `/*
description: Refunds as the shop sends them.
grain: one row per refund
key: [refund_id]
owner: data
*/
select refund_id, order_id, amount from raw.refunds;
`,
		"intermediate/int_refunds_summed.sql", `/*
description: What was refunded of each order.
grain: one row per order with a refund
key: [order_id]
owner: data
*/
with refunds as (
    select * from staging.stg_shop__refunds
),

int_refunds_summed as (
    select order_id, sum(amount) as refunded_amount, count(*) as refunds_count
    from refunds
    group by order_id
)

select * from int_refunds_summed
`,
		"marts/fulfilment/fct_orders.sql", `/*
description: Orders with what was refunded of them.
grain: one row per order
key: [order_id]
owner: data
tags: [finance, daily]
partition_by: [brand]
columns:
  order_id: the shop's id
  brand: the brand, null when unknown
  placed_on: {description: the day of the order, not_null: true}
  amount: what was charged
  currency: {description: ISO code, accepted: [GBP, EUR]}
  amount_gbp: in pounds
  refunded_amount: in the order's currency
  as_of: when this was asked
checks:
  - sum_equal: {left: sum(amount), right: "select sum(amount) from staging.stg_shop__orders"}
  - rows: refunded_amount <= amount
    severity: warn
*/
with fct_orders as (
    select
        o.order_id,
        o.brand,
        o.placed_on,
        o.amount,
        o.currency,
        cast(o.amount * r.rate as decimal(18, 2)) as amount_gbp,
        coalesce(f.refunded_amount, 0) as refunded_amount,
        c.as_of
    from staging.stg_shop__orders as o
    join seeds.rates as r on r.currency = o.currency
    left join intermediate.int_refunds_summed as f on f.order_id = o.order_id
    cross join ops.clock as c
)

select * from fct_orders
`,
		"marts/payments/finance_daily.sql", `/*
description: Orders summed by day.
grain: one row per day
key: [placed_on]
owner: finance
tags: [finance]
columns:
  placed_on: day
  orders_count: orders of the day
  amount_gbp: their value
checks:
  - relationship: {column: placed_on, to: marts.fct_orders}
*/
with finance_daily as (
    select placed_on, count(*) as orders_count, sum(amount_gbp) as amount_gbp
    from marts.fct_orders
    group by placed_on
)

select * from finance_daily
`,
		"checks/no_orphan_refunds.sql", `/*
description: Refunds of orders that no shop knows.
severity: warn
*/
select r.* from staging.stg_shop__refunds as r
where r.order_id not in (select order_id from marts.fct_orders)
`,
		"seeds/rates.csv", "currency,rate\nGBP,1\nEUR,0.85\n",
		"seeds/seeds.yaml", `rates:
  description: Pounds for one unit.
  key: [currency]
  columns:
    currency: {type: VARCHAR, description: ISO code}
    rate: {type: "decimal(18,6)", description: pounds}
`,
		"macros/trino.sql", "create or replace macro day_of_week(d) as system.main.isodow(d);\n",
		"partners/x/worklists/refunded_orders.sql", `/*
description: Orders to ask the shop about.
*/
select order_id from marts.fct_orders where refunded_amount > 0 order by order_id
`,
	)
}

// with returns a copy of a project with files added or replaced.
func with(base fstest.MapFS, pairs ...string) fstest.MapFS {
	out := files(pairs...)
	for p, f := range base {
		if out[p] == nil {
			out[p] = f
		}
	}
	return out
}

func read(t *testing.T, fsys fstest.MapFS) *models.Project {
	t.Helper()
	p, err := models.Read(fsys)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func table(s string) waybill.TableName {
	schema, name, _ := strings.Cut(s, ".")
	return waybill.TableName{Namespace: schema, Name: name}
}

func names(list []*models.Model) string {
	var out []string
	for _, m := range list {
		out = append(out, m.Name.Name)
	}
	return strings.Join(out, " ")
}

// relations answers with fixed selects and counts how often it is asked.
type relations map[string]string

func (r relations) Relation(_ context.Context, t waybill.TableName) (string, error) {
	text, ok := r[t.String()]
	if !ok {
		return "", fmt.Errorf("table %s: %w", t, waybill.ErrNotFound)
	}
	return text, nil
}

// someOrders are three orders of two brands, one of them unknown, and two refunds.
func someOrders() relations {
	return relations{
		"raw.orders": `select * from (values
			('a1', 'Agent', date '2025-03-01', cast(10.00 as decimal(18, 2)), 'GBP'),
			('a2', 'Agent', date '2025-03-02', 20.00, 'EUR'),
			('b1', null, date '2025-03-02', 5.00, 'GBP')) as t(order_id, brand, placed_on, amount, currency)`,
		"raw.refunds": `select * from (values ('r1', 'a1', cast(3.00 as decimal(18, 2))), ('r2', 'a1', 2.00), ('r3', 'zz', 1.00))
			as t(refund_id, order_id, amount)`,
		"ops.clock": "select timestamptz '2025-03-10 06:00:00+00' as as_of",
	}
}

func openDuck(t *testing.T) *sql.DB {
	t.Helper()
	db := duck.Open(duck.Config{TempDir: t.TempDir()})
	t.Cleanup(func() { db.Close() })
	return db
}

func session(t *testing.T, p *models.Project, r models.Relations) *models.Session {
	t.Helper()
	s, err := models.NewSession(t.Context(), openDuck(t), p, r)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func mustBuild(t *testing.T, s *models.Session, steps []*models.Model) []models.Built {
	t.Helper()
	built, err := s.Build(t.Context(), steps, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range built {
		if b.Err != nil {
			t.Fatal(b.Err)
		}
	}
	return built
}

// texts runs a query of one column and joins its values.
func texts(t *testing.T, db *sql.DB, query string) string {
	t.Helper()
	rows, err := db.QueryContext(context.Background(), query)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var out []string
	for rows.Next() {
		var s string
		if err := rows.Scan(&s); err != nil {
			t.Fatal(err)
		}
		out = append(out, s)
	}
	if rows.Err() != nil {
		t.Fatal(rows.Err())
	}
	return strings.Join(out, " ")
}
