package mutants_test

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/fourmarketing/waybill"
	"github.com/fourmarketing/waybill/transforms/duck"
	"github.com/fourmarketing/waybill/transforms/models"
	"github.com/fourmarketing/waybill/transforms/mutants"
)

const orders = `/*
description: orders
grain: one row per a
key: [a]
owner: data
columns: {a: it}
*/
with m as (
    select
        o.a,
        coalesce(o.b, 7) as b,
        case when o.c in ('x', 'y') then 'good' when not o.d then 'bad' end as c,
        row_number() over (partition by o.a, o.b order by o.c desc, o.d) as place,
        max_by(o.a, o.b) as e
    from ops.a as o
    left join ops.b as p on p.a = o.a and p.b >= o.b
    where o.a is not null and (o.b > 1 or o.c = 'z')
    union all
    select a, b, c, place, e from ops.c
)

select * from m`

// TestMutants lists what can be spoiled in one select, by the line that it is on.
func TestMutants(t *testing.T) {
	t.Parallel()
	all := spoiled(t, orders)
	var got []string
	for _, m := range all {
		got = append(got, m.Kind+" "+m.Change)
	}
	text := strings.Join(got, "\n")
	for _, want := range []string{
		"coalesce arm 1 dropped", "coalesce arm 2 dropped", "constant 7 to 8", "comparison in to not in", "list item 1 dropped", "branch when 2 dropped",
		"word 'good' spoiled", "negation not dropped", "order desc to asc", "order asc to desc", "tie-break key 2 dropped", "partition key 1 dropped",
		"function max_by to min_by", "join left join to inner join", "filter condition 1 dropped", "boundary >= to >", "comparison is not null to is null",
		"conjunction and to or", "conjunction or to and", "alternative condition 2 dropped", "boundary > to >=", "comparison = to <>", "union left half dropped",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
	for _, m := range all {
		if m.Kind == "join" && (m.Line != 9 || !strings.HasPrefix(m.Text, "left join ops.b") || !strings.Contains(m.SQL, "INNER JOIN ops.b")) {
			t.Errorf("the join is on line %d, %q, and became %s", m.Line, m.Text, m.SQL)
		}
	}
}

// TestMutantsAreSelects has DuckDB plan each mutant over tables that are there, and none is the model's own select.
func TestMutantsAreSelects(t *testing.T) {
	t.Parallel()
	db := duck.Open(duck.Config{Threads: 1})
	defer db.Close()
	ctx := t.Context()
	for _, text := range []string{
		"create schema ops", "create table ops.a (a integer, b integer, c varchar, d boolean)", "create table ops.b (a integer, b integer)",
		"create table ops.c (a integer, b integer, c varchar, place bigint, e integer)",
	} {
		if _, err := db.ExecContext(ctx, text); err != nil {
			t.Fatal(err)
		}
	}
	seen := map[string]bool{}
	for _, m := range spoiled(t, strings.Replace(orders, "max_by(o.a, o.b)", "o.a", 1)) {
		if _, err := db.ExecContext(ctx, "create or replace view v as "+m.SQL); err != nil {
			t.Errorf("%s: %v", m.Key(), err)
		}
		if seen[m.SQL] {
			t.Errorf("twice: %s", m.Key())
		}
		seen[m.SQL] = true
	}
	if len(seen) < 20 {
		t.Errorf("only %d mutants", len(seen))
	}
}

// TestCountsAndSingleRows leaves alone what means the same however it is written.
func TestCountsAndSingleRows(t *testing.T) {
	t.Parallel()
	head, _, _ := strings.Cut(orders, "with m as")
	for _, m := range spoiled(t, head+`with m as (
    select count(case when b then 1 end) as a, max(case when place = 1 then c end) as c from ops.a
)

select * from m`) {
		if m.Kind == "function" || (m.Kind == "constant" && strings.HasPrefix(m.Text, "count")) {
			t.Errorf("nothing could notice %s", m.Key())
		}
	}
}

func spoiled(t *testing.T, text string) []mutants.Mutant {
	t.Helper()
	p, err := models.Read(fstest.MapFS{"marts/a/m.sql": &fstest.MapFile{Data: []byte(text)}})
	if err != nil {
		t.Fatal(err)
	}
	db := duck.Open(duck.Config{Threads: 1})
	defer db.Close()
	all, err := mutants.Of(t.Context(), db, p.Model(waybill.TableName{Namespace: "marts", Name: "m"}))
	if err != nil {
		t.Fatal(err)
	}
	return all
}
