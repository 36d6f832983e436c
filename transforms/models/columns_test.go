package models_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/fourmarketing/waybill/transforms/models"
)

// traced makes a mart of one select and returns, for each of its columns, what it is made of: = before the only one that it is unchanged.
func traced(t *testing.T, text string) string {
	t.Helper()
	p := read(t, with(parcels(), "marts/a/m.sql", "/*\ndescription: d\n*/\n"+text))
	l, err := p.Lineage(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, c := range l.Columns(table("marts.m")) {
		up, err := l.Upstream(models.ColumnName{Table: table("marts.m"), Name: c})
		if err != nil {
			t.Fatal(err)
		}
		var from []string
		for _, s := range up {
			if s.Depth > 1 {
				continue
			}
			mark := ""
			if s.Unchanged {
				mark = "="
			}
			from = append(from, mark+strings.NewReplacer("canonical.scans.", "", "ops.", "").Replace(s.Column.String()))
		}
		out = append(out, c+":"+strings.Join(from, "+"))
	}
	return strings.Join(out, " ")
}

func TestColumnsThroughSelects(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ text, want string }{
		"a column":          {"select tracking_no as x from canonical.scans", "x:=tracking_no"},
		"an expression":     {"select s.tracking_no || s.place as x from canonical.scans as s", "x:place+tracking_no"},
		"whole names":       {"select canonical.scans.status from canonical.scans", "status:=status"},
		"any case":          {"select S.TRACKING_NO as x from canonical.scans as s", "x:=tracking_no"},
		"CTEs":              {"with a as (select status as b from canonical.scans), c as (select b as d from a) select d from c", "d:=status"},
		"CTE with names":    {"with a(p, q) as (select status, place from canonical.scans) select q, p from a", "q:=place p:=status"},
		"a CTE hides":       {"with a as (select place as x from canonical.scans) select x from (with a as (select status as x from canonical.scans) select * from a) as t", "x:=status"},
		"subquery":          {"select t.x from (select status as x from canonical.scans) as t", "x:=status"},
		"star of one":       {"with a as (select status, place from canonical.scans) select b.*, 1 as one from a as b", "status:=status place:=place one:"},
		"star of a join":    {"with a as (select status from canonical.scans), b as (select place from canonical.scans) select * from a cross join b", "status:=status place:=place"},
		"star but":          {"with a as (select status, place from canonical.scans) select * exclude (status) from a", "place:=place"},
		"union":             {"select status as x from canonical.scans union all select place from canonical.scans", "x:=place+=status"},
		"union of three":    {"select status as x from canonical.scans union all select place from canonical.scans union all select 'n' || source from canonical.scans", "x:place+source+status"},
		"aggregate":         {"select max(case when place = 'x' then status end) filter (where source = 'y') as x from canonical.scans", "x:place+source+status"},
		"window":            {"select row_number() over (partition by place order by occurred_at) as x from canonical.scans", "x:occurred_at+place"},
		"join finds owner":  {"with a as (select status as x, source from canonical.scans) select place, x from canonical.scans as s join a on a.source = s.source", "place:=place x:=status"},
		"one open table":    {"select as_of, status from canonical.scans cross join ops.clock", "as_of:=clock.as_of status:=status"},
		"two open tables":   {"select q from ops.feeds cross join ops.clock", "q:"},
		"scalar subquery":   {"select (select max(place) from canonical.scans as i where i.source = o.source) as x from canonical.scans as o", "x:place"},
		"correlated":        {"select x from canonical.scans as o cross join lateral (select o.status || 'x' as x) as l", "x:status"},
		"earlier alias":     {"select status as a, a || place as b from canonical.scans", "a:=status b:place+status"},
		"recursive":         {"with recursive r as (select status as x, 1 as n from canonical.scans union all select x, n + 1 from r where n < 3) select x from r", "x:=status"},
		"unnest":            {"select d from canonical.scans as s, unnest(string_split(s.place, ' ')) as u(d)", "d:place"},
		"lambda":            {"select list_transform(string_split(place, ' '), lambda p: p || status) as x from canonical.scans", "x:place+status"},
		"fields":            {"select m.at as x from (select {'at': occurred_at} as m from canonical.scans) as t", "x:occurred_at"},
		"values":            {"select v.b as x, status from canonical.scans cross join (values (1, 'k')) as v(a, b)", "x: status:=status"},
		"cast":              {"select cast(place as varchar) as x from canonical.scans", "x:place"},
		"through the model": {"select delivered_at from marts.fct_parcels", "delivered_at:=marts.fct_parcels.delivered_at"},
	} {
		if got := traced(t, c.text); got != c.want {
			t.Errorf("%s: %s\n got %s\nwant %s", name, c.text, got, c.want)
		}
	}
}

// TestWords holds literals against what stands beside them, through everything that keeps a fact's words.
func TestWords(t *testing.T) {
	t.Parallel()
	const sea = "'sea' is none of canonical.scans.status: accepted, delivered, lost"
	for name, c := range map[string]struct{ text, want string }{
		"a word":              {"select 1 as x from canonical.scans where status = 'lost'", ""},
		"no word":             {"select 1 as x\nfrom canonical.scans\nwhere status = 'sea'", "m.sql:6: " + sea},
		"other side":          {"select 1 as x from canonical.scans where 'sea' <> status", "m.sql:4: " + sea},
		"in":                  {"select status in ('lost', 'sea') as x from canonical.scans", sea},
		"not in":              {"select status not in ('sea') as x from canonical.scans", sea},
		"case x when":         {"select case status when 'lost' then 1 when 'sea' then 2 end as x from canonical.scans", sea},
		"distinct":            {"select status is distinct from 'sea' as x from canonical.scans", sea},
		"in a filter":         {"select count(*) filter (where status = 'sea') as x from canonical.scans", sea},
		"in a join":           {"select 1 as x from canonical.scans as s join ops.clock as c on s.status = 'sea'", sea},
		"nearest":             {"select status = 'losst' as x from canonical.scans", "'losst' is none of canonical.scans.status (did you mean lost?)"},
		"through a CTE":       {"with a as (select status as s from canonical.scans) select s = 'sea' as x from a", sea},
		"through a model":     {"select latest_status = 'sea' as x from marts.fct_parcels", sea},
		"max of a case":       {"select max(case when recency = 1 then status end) = 'sea' as x from intermediate.int_scans", sea},
		"lag":                 {"select lag(status) over (order by place) = 'sea' as x from canonical.scans", sea},
		"coalesce":            {"with a as (select coalesce(status, 'none') as s from canonical.scans) select s in ('none', 'lost') as x from a", ""},
		"lag or else":         {"select lag(status, 1, 'none') over (order by place) = 'none' as x from canonical.scans", ""},
		"a union's":           {"with a as (select status as s from canonical.scans union all select 'sea') select s = 'sea' as x from a", ""},
		"a union with a text": {"with a as (select status as s from canonical.scans union all select place from canonical.scans) select s = 'sea' as x from a", ""},
		"any text":            {"select place = 'sea' as x from canonical.scans", ""},
		"changed":             {"select upper(status) = 'LOST' as x from canonical.scans", ""},
		"null":                {"select status is not distinct from null as x from canonical.scans", ""},
		"a case's own":        {"with a as (select case when place is null then 'here' else 'there' end as s from canonical.scans) select s = 'their' as x from a", "'their' is none of the values that stand beside it (did you mean there?): here, there"},
	} {
		p := read(t, with(parcels(), "marts/a/m.sql", "/*\ndescription: d\n*/\n"+c.text))
		l, err := p.Lineage(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		got := fmt.Sprint(l.Mistakes(p.Model(table("marts.m"))))
		if (c.want == "") != (got == "[]") || !strings.Contains(got, c.want) {
			t.Errorf("%s: %s\n got %s\nwant %s", name, c.text, got, c.want)
		}
	}
}

// TestWordsOfPartners holds what a staging model gives against the words of its fact.
func TestWordsOfPartners(t *testing.T) {
	t.Parallel()
	const file = "partners/ferry/stg_ferry__scans.sql"
	text := strings.Replace(string(parcels()[file].Data), "'delivered' as status", "'landed' as status", 1)
	errs := models.CheckStyle(with(parcels(), file, text))
	if len(errs) != 1 || !strings.Contains(errs[0].Error(), file+":9: 'landed' is none of canonical.scans.status") {
		t.Errorf("%v", errs)
	}
}
