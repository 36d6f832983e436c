package models_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/fourmarketing/waybill/transforms/models"
)

func results(t *testing.T, p *models.Project, r models.Relations, selectors ...string) map[string]models.CheckResult {
	t.Helper()
	s := session(t, p, r)
	chosen, err := p.Select(selectors, nil)
	if err != nil {
		t.Fatal(err)
	}
	mustBuild(t, s, chosen)
	list, err := s.Check(t.Context(), chosen)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]models.CheckResult{}
	for _, c := range list {
		out[c.Check] = c
	}
	return out
}

func TestChecksOfAHeadAndOfFiles(t *testing.T) {
	t.Parallel()
	got := results(t, read(t, shop()), someOrders(), "fct_orders", "finance_daily")
	if len(got) != 8 {
		t.Errorf("%d checks: %v", len(got), got)
	}
	for name, failing := range map[string]int64{
		"key_unique": 0, "key_not_null": 0, "not_null placed_on": 0, "accepted currency": 0, "sum_equal sum(amount)": 0, "rows refunded_amount <= amount": 0,
		"relationship placed_on to marts.fct_orders.placed_on": 0, "no_orphan_refunds": 1,
	} {
		c, ran := got[name]
		if !ran || c.Failing != failing || c.Passed() != (failing == 0) {
			t.Errorf("%s: ran %v, %d failing, want %d", name, ran, c.Failing, failing)
		}
	}
	orphans := got["no_orphan_refunds"]
	if orphans.Severity != models.SeverityWarn || orphans.Model.String() != "checks.no_orphan_refunds" ||
		fmt.Sprint(orphans.Columns, orphans.Sample) != "[refund_id order_id amount] [[r3 zz 1.00]]" {
		t.Errorf("%+v", orphans)
	}
}

func TestChecksFindWhatShouldNotBe(t *testing.T) {
	t.Parallel()
	bad := relations{
		"raw.orders": `select * from (values
			('a1', 'A', date '2025-03-01', cast(10.00 as decimal(18, 2)), 'GBP'), ('a1', 'A', date '2025-03-02', 20.00, 'EUR'),
			(null, 'B', null, 5.00, 'USD'), ('c1', 'C', date '2025-03-05', 1, 'GBP'), ('c1', 'C', date '2025-03-05', 1, 'GBP'))
			as t(order_id, brand, placed_on, amount, currency)`,
		"raw.refunds": "select 'r1' as refund_id, 'c1' as order_id, cast(9 as decimal(18, 2)) as amount",
		"ops.clock":   "select timestamptz '2025-03-10 06:00:00+00' as as_of",
	}
	// USD has no rate, so its order is lost in a join: the sum tells.
	got := results(t, read(t, with(shop(), "seeds/rates.csv", "currency,rate\nGBP,1\nEUR,0.85\nUSD,0.8\n")), bad, "fct_orders")
	lost := results(t, read(t, shop()), bad, "fct_orders")
	for _, c := range []struct {
		in      map[string]models.CheckResult
		name    string
		failing int64
		sample  string
	}{
		{got, "key_unique", 2, "[[a1 2] [c1 2]]"},
		{got, "key_not_null", 1, "[[∅ B ∅ 5.00 USD 4.00 0.00"},
		{got, "not_null placed_on", 1, "[[∅ B ∅"},
		{got, "accepted currency", 1, "USD"},
		{got, "rows refunded_amount <= amount", 2, "9.00"},
		{got, "sum_equal sum(amount)", 0, "[]"},
		{lost, "sum_equal sum(amount)", 1, "[[32.00 37.00]]"},
	} {
		r := c.in[c.name]
		if r.Failing != c.failing || !strings.Contains(fmt.Sprint(r.Sample), c.sample) {
			t.Errorf("%s: %d failing %v, want %d with %s", c.name, r.Failing, r.Sample, c.failing, c.sample)
		}
	}
}

func TestRelationshipOfSeveralColumnsIgnoresNulls(t *testing.T) {
	t.Parallel()
	p := read(t, files(
		"marts/a/orders.sql", head+"select * from (values ('x', 1), ('y', 2)) as t(shop, no)",
		"marts/a/lines.sql", "/*\ndescription: d\nchecks:\n  - relationship: {column: [shop_id, order_no], to: marts.orders, field: [shop, no]}\n*/\nselect * from (values ('x', 1), ('x', 2), (null, 2)) as t(shop_id, order_no)"))
	got := results(t, p, relations{}, "lines", "orders")
	for _, r := range got {
		if r.Failing != 1 || fmt.Sprint(r.Sample) != "[[x 2]]" {
			t.Errorf("%+v", r)
		}
	}
	if len(got) != 1 {
		t.Error(got)
	}
}

func TestSampleIsShortAndTheQueryShowsAll(t *testing.T) {
	t.Parallel()
	p := read(t, files("marts/a/m.sql", "/*\ndescription: d\nchecks: [rows: n < 0]\n*/\nselect unnest as n from unnest(generate_series(1, 50))"))
	r := results(t, p, relations{}, "m")["rows n < 0"]
	if r.Failing != 50 || len(r.Sample) != 5 || !strings.Contains(r.SQL, "select * from marts.m where not (n < 0") {
		t.Errorf("%+v", r)
	}
}

// A check that cannot run is an error with its place; the others still run.
func TestBrokenCheckDoesNotHideTheOthers(t *testing.T) {
	t.Parallel()
	p := read(t, files(
		"marts/a/m.sql", "/*\ndescription: d\nkey: [n]\nchecks:\n  - rows: n > 0\n  - rows: nn > 0\n*/\nselect 1 as n",
		"checks/c.sql", head+"select x from marts.m"))
	s := session(t, p, relations{})
	mustBuild(t, s, p.Models())
	got, err := s.Check(t.Context(), p.Models())
	if err == nil || !strings.Contains(err.Error(), "marts/a/m.sql:6: check rows nn > 0") || !strings.Contains(err.Error(), "checks/c.sql:4: check c") {
		t.Error(err)
	}
	ran, broken := 0, 0
	for _, r := range got {
		if r.Err == nil {
			ran++
		} else {
			broken++
		}
	}
	if ran != 3 || broken != 2 {
		t.Errorf("%+v", got)
	}
}

func TestChecksRunForModelsTheyReachThroughIntermediates(t *testing.T) {
	t.Parallel()
	p := read(t, with(shop(),
		"intermediate/int_x.sql", head+"select * from marts.finance_daily",
		"checks/deep.sql", head+"select * from intermediate.int_x where false",
		"checks/other.sql", head+"select * from staging.stg_shop__refunds where false"))
	got := results(t, p, someOrders(), "fct_orders", "finance_daily")
	if _, ran := got["deep"]; !ran {
		t.Error("the check behind an intermediate model did not run")
	}
	if _, ran := got["other"]; !ran {
		t.Error("a check that reads no mart never runs")
	}
	got = results(t, p, with3(someOrders(), "marts.fct_orders", "select cast(null as date) as placed_on, cast(1 as decimal(18, 2)) as amount_gbp"), "finance_daily")
	if _, ran := got["no_orphan_refunds"]; ran {
		t.Error("a check that reads other marts than the chosen one ran")
	}
}
