package models_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/fourmarketing/waybill"
	"github.com/fourmarketing/waybill/transforms/models"
)

func TestBuildBuildsWhatIsUpstream(t *testing.T) {
	t.Parallel()
	p := read(t, shop())
	s := session(t, p, someOrders())
	at := time.Unix(0, 0)
	s.Clock = func() time.Time { at = at.Add(time.Second); return at }
	var events []string
	built, err := s.Build(t.Context(), []*models.Model{p.Model(table("marts.fct_orders"))}, func(e models.Event) {
		events = append(events, fmt.Sprintf("%s %s %d/%d", e.State, e.Model.Name.Name, e.Done, e.Total))
	})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, b := range built {
		got = append(got, fmt.Sprint(b.Model.Name, " ", b.Rows, " ", b.Err))
		if b.Took != time.Second {
			t.Errorf("took %v", b.Took)
		}
	}
	want := "staging.stg_shop__orders 0 <nil>|staging.stg_shop__refunds 0 <nil>|intermediate.int_refunds_summed 2 <nil>|marts.fct_orders 3 <nil>"
	if strings.Join(got, "|") != want {
		t.Errorf("got %s", strings.Join(got, "|"))
	}
	if events[0] != "started stg_shop__orders 0/4" || events[7] != "finished fct_orders 4/4" || len(events) != 8 {
		t.Error(events)
	}
	columns, err := s.Columns(t.Context(), p.Model(table("marts.fct_orders")))
	if err != nil {
		t.Fatal(err)
	}
	var types []string
	for _, c := range columns {
		types = append(types, c.Name+" "+string(c.Type))
	}
	if strings.Join(types, ", ") != "order_id VARCHAR, brand VARCHAR, placed_on DATE, amount DECIMAL(18,2), currency VARCHAR, amount_gbp DECIMAL(18,2), refunded_amount DECIMAL(38,2), as_of TIMESTAMPTZ" {
		t.Error(types)
	}
	if columns[1].Doc != "the brand, null when unknown" {
		t.Error(columns[1])
	}
}

// A mart that is not being built is read as it was published, not rebuilt.
func TestBuildReadsPublishedMarts(t *testing.T) {
	t.Parallel()
	p := read(t, shop())
	s := session(t, p, relations{"marts.fct_orders": "select date '2025-01-01' as placed_on, cast(7 as decimal(18, 2)) as amount_gbp"})
	built := mustBuild(t, s, []*models.Model{p.Model(table("marts.finance_daily"))})
	if len(built) != 1 || built[0].Rows != 1 {
		t.Errorf("%+v", built)
	}
	results, err := s.Check(t.Context(), []*models.Model{p.Model(table("marts.finance_daily"))})
	if err != nil || len(results) != 3 {
		t.Errorf("%+v, %v", results, err)
	}
	// Built later in the same session, it takes the place of the published one.
	s2 := session(t, p, with3(someOrders(), "marts.fct_orders", "select 'old' as order_id, 1 as refunded_amount"))
	if got := worklist(t, s2, p); got != "old" {
		t.Error(got)
	}
	mustBuild(t, s2, []*models.Model{p.Model(table("marts.fct_orders"))})
	if got := worklist(t, s2, p); got != "a1" {
		t.Error(got)
	}
}

func with3(r relations, name, text string) relations {
	r[name] = text
	return r
}

func worklist(t *testing.T, s *models.Session, p *models.Project) string {
	t.Helper()
	w, err := p.Worklist("refunded_orders")
	if err != nil {
		t.Fatal(err)
	}
	rows, err := s.Query(t.Context(), w)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var out []string
	for rows.Next() {
		var id string
		if err := rows.Scan(&id); err != nil {
			t.Fatal(err)
		}
		out = append(out, id)
	}
	if rows.Err() != nil {
		t.Fatal(rows.Err())
	}
	return strings.Join(out, " ")
}

func TestBuildGoesOnWithoutWhatFails(t *testing.T) {
	t.Parallel()
	text := string(shop()["intermediate/int_refunds_summed.sql"].Data)
	p := read(t, with(shop(),
		"intermediate/int_refunds_summed.sql", strings.Replace(text, "order_id, sum(amount)", "order_id, sum(amont)", 1),
		"marts/a/m.sql", head+"select brand, count(*) as n from staging.stg_shop__orders group by brand"))
	s := session(t, p, someOrders())
	states := map[string]models.State{}
	built, err := s.Build(t.Context(), p.Models(), func(e models.Event) { states[e.Model.Name.Name] = e.State })
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]models.State{
		"stg_shop__orders": models.Finished, "stg_shop__refunds": models.Finished, "int_refunds_summed": models.Failed,
		"fct_orders": models.Skipped, "finance_daily": models.Skipped, "m": models.Finished,
	}
	if fmt.Sprint(states) != fmt.Sprint(want) {
		t.Errorf("got %v\nwant %v", states, want)
	}
	for _, b := range built {
		if b.Model.Name.Name == "int_refunds_summed" && !strings.HasPrefix(b.Err.Error(), "intermediate/int_refunds_summed.sql:12: ") {
			t.Error(b.Err)
		}
		if b.Model.Name.Name == "finance_daily" && !strings.Contains(b.Err.Error(), "reads marts.fct_orders: reads intermediate.int_refunds_summed: intermediate/int_refunds_summed.sql:12") {
			t.Error(b.Err)
		}
	}
}

func TestBuildHoldsTheTableAgainstItsHead(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ head, sql, want string }{
		"a column that is not there": {"key: [x]\ncolumns: {y: ye}", "select 1 as x", "marts/a/m.sql:4: the head names column y, which the select does not give"},
		"a key that is not there":    {"key: [order]", "select 1 as orders", "(did you mean orders?)"},
		"a type no mart can have":    {"key: [x]", "select [1, 2] as x", "column x is INTEGER[], which no mart can have"},
		"too large for a bigint":     {"key: [x]", "select sum(v) as x from (values (9223372036854775807), (1)) as t(v)", "column x: "},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := read(t, files("marts/a/m.sql", "/*\ndescription: d\n"+c.head+"\n*/\n"+c.sql))
			built, err := session(t, p, relations{}).Build(t.Context(), p.Models(), nil)
			if err != nil || built[0].Err == nil || !strings.Contains(built[0].Err.Error(), c.want) {
				t.Errorf("%v, %+v", err, built)
			}
		})
	}
}

func TestIntegersGetTheLakesTypes(t *testing.T) {
	t.Parallel()
	p := read(t, files("marts/a/m.sql", head+"select sum(v) as s, count(*) as c, cast(1 as smallint) as i, cast(1 as ubigint) as u, cast(0.5 as float) as f_rate from (values (1)) as t(v)"))
	s := session(t, p, relations{})
	mustBuild(t, s, p.Models())
	columns, err := s.Columns(t.Context(), p.Models()[0])
	if err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(columns); got != "[{s BIGINT } {c BIGINT } {i INTEGER } {u BIGINT } {f_rate DOUBLE }]" {
		t.Error(got)
	}
}

func TestMacrosHoldInsideViewsAndTables(t *testing.T) {
	t.Parallel()
	p := read(t, files(
		"macros/m.sql", "create or replace macro split_part(s, d, n) as nullif(system.main.split_part(s, d, n), '');",
		"partners/x/stg_a__b.sql", head+"select split_part(x, ',', 3) is null as staged from raw.b",
		"marts/a/m.sql", head+"select staged, split_part('a', ',', 9) is null as built from staging.stg_a__b"))
	s := session(t, p, relations{"raw.b": "select 'a,b' as x"})
	mustBuild(t, s, p.Models())
	results, err := s.Check(t.Context(), []*models.Model{{
		Name: table("marts.m"), Head: models.Head{Checks: []models.HeadCheck{{Kind: models.CheckRows, Name: "both", Left: "staged and built"}}},
	}})
	if err != nil || !results[0].Passed() {
		t.Errorf("%+v, %v", results, err)
	}
}

func TestBuildStopsWhenToldTo(t *testing.T) {
	t.Parallel()
	p := read(t, shop())
	s := session(t, p, someOrders())
	ctx, cancel := context.WithCancel(t.Context())
	_, err := s.Build(ctx, p.Models(), func(e models.Event) {
		if e.Model.Name.Name == "int_refunds_summed" {
			cancel()
		}
	})
	if !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

func TestMissingLeafIsNamed(t *testing.T) {
	t.Parallel()
	p := read(t, shop())
	r := someOrders()
	delete(r, "raw.refunds")
	built, err := session(t, p, r).Build(t.Context(), p.Models(), nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range built {
		if b.Model.Name.Name == "stg_shop__refunds" && (!errors.Is(b.Err, waybill.ErrNotFound) || !strings.Contains(b.Err.Error(), "raw.refunds")) {
			t.Error(b.Err)
		}
	}
}

// Two sessions in one DuckDB see nothing of each other, and a closed one leaves nothing.
func TestSessionsAreApart(t *testing.T) {
	t.Parallel()
	db := openDuck(t)
	p := read(t, shop())
	open := func(r models.Relations) *models.Session {
		s, err := models.NewSession(t.Context(), db, p, r)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	one, two := open(someOrders()), open(with3(someOrders(), "raw.refunds", "select 'r1' as refund_id, 'a2' as order_id, cast(1 as decimal(18, 2)) as amount"))
	mustBuild(t, one, p.Models())
	mustBuild(t, two, p.Models())
	if a, b := worklist(t, one, p), worklist(t, two, p); a != "a1" || b != "a2" {
		t.Errorf("%s, %s", a, b)
	}
	if err := errors.Join(one.Close(), two.Close()); err != nil {
		t.Fatal(err)
	}
	if n := databases(t, db); n != 1 {
		t.Errorf("%d databases are left", n)
	}
}

func databases(t *testing.T, db *sql.DB) int {
	t.Helper()
	var n int
	if err := db.QueryRowContext(t.Context(), "select count(*) from duckdb_databases() where not internal").Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}
