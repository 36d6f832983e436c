package models_test

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/fourmarketing/waybill"
)

func TestFingerprintChangesWithWhatAMartReaches(t *testing.T) {
	t.Parallel()
	versions := map[waybill.TableName]string{table("raw.orders"): "1", table("raw.refunds"): "1", table("ops.clock"): "a", table("raw.other"): "1"}
	edit := func(path, old, new string) fstest.MapFS {
		base := shop()
		text := string(base[path].Data)
		if !strings.Contains(text, old) {
			t.Fatalf("%s has no %q", path, old)
		}
		return with(base, path, strings.ReplaceAll(text, old, new))
	}
	version := func(name, v string) map[waybill.TableName]string {
		out := map[waybill.TableName]string{}
		for n, old := range versions {
			out[n] = old
		}
		out[table(name)] = v
		return out
	}
	mart := "marts/payments/finance_daily.sql"
	before := read(t, shop()).Fingerprint(read(t, shop()).Model(table("marts.finance_daily")), versions)
	for name, c := range map[string]struct {
		files    fstest.MapFS
		versions map[waybill.TableName]string
		changes  bool
	}{
		"nothing":                  {shop(), versions, false},
		"its SQL":                  {edit(mart, "count(*)", "count(placed_on)"), versions, true},
		"SQL of a mart it reads":   {edit("marts/fulfilment/fct_orders.sql", "coalesce(f.refunded_amount, 0)", "coalesce(f.refunded_amount, 1)"), versions, true},
		"SQL of an intermediate":   {edit("intermediate/int_refunds_summed.sql", "count(*)", "sum(1)"), versions, true},
		"SQL of staging":           {edit("partners/shop/stg_shop__refunds.sql", "select refund_id", "select distinct refund_id"), versions, true},
		"a macro":                  {edit("macros/trino.sql", "isodow", "dayofweek"), versions, true},
		"a new macro":              {with(shop(), "macros/more.sql", "create or replace macro x(a) as a"), versions, true},
		"a seed's content":         {edit("seeds/rates.csv", "0.85", "0.86"), versions, true},
		"a seed's type":            {edit("seeds/seeds.yaml", "18,6", "18,4"), versions, true},
		"a raw table":              {shop(), version("raw.refunds", "2"), true},
		"the clock":                {shop(), version("ops.clock", "b"), true},
		"the partitioning":         {edit("marts/fulfilment/fct_orders.sql", "partition_by: [brand]\n", ""), versions, true},
		"a raw table not reached":  {shop(), version("raw.other", "2"), false},
		"a seed not reached":       {with(edit("seeds/seeds.yaml", "rates:", "more: {columns: {x: integer}}\nrates:"), "seeds/more.csv", "x\n1\n"), versions, false},
		"a model not reached":      {with(shop(), "marts/a/m.sql", head+"select 1 as x"), versions, false},
		"a check":                  {edit("checks/no_orphan_refunds.sql", "not in", "in"), versions, false},
		"the description":          {edit(mart, "Orders summed by day.", "Orders, summed by their day."), versions, false},
		"a blank line in the head": {edit(mart, "owner: finance\n", "\n  # who to ask\nowner:   finance\n"), versions, false},
		"description further up":   {edit("intermediate/int_refunds_summed.sql", "What was refunded", "All that was refunded"), versions, false},
		"a check in a head":        {edit(mart, "  - relationship: {column: placed_on, to: marts.fct_orders}\n", "  - not_null: [placed_on]\n"), versions, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := read(t, c.files)
			after := p.Fingerprint(p.Model(table("marts.finance_daily")), c.versions)
			if (after != before) != c.changes {
				t.Errorf("changed: %v, want %v", after != before, c.changes)
			}
		})
	}
	p := read(t, shop())
	if p.Fingerprint(p.Model(table("marts.fct_orders")), versions) == before {
		t.Error("two marts have one fingerprint")
	}
}

// A mart that does not reach the clock is the same at any time.
func TestFingerprintWithoutTheClock(t *testing.T) {
	t.Parallel()
	p := read(t, with(shop(), "marts/a/m.sql", head+"select * from staging.stg_shop__orders"))
	m := p.Model(table("marts.m"))
	at := func(clock string) string {
		return p.Fingerprint(m, map[waybill.TableName]string{table("ops.clock"): clock})
	}
	if at("a") != at("b") {
		t.Error("the clock counts for a mart that does not read it")
	}
}
