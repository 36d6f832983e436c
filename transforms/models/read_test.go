package models_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/fourmarketing/waybill/transforms/models"
)

const head = "/*\ndescription: d\n*/\n"

func TestReadTakesAFileApart(t *testing.T) {
	t.Parallel()
	p := read(t, shop())
	m := p.Model(table("marts.fct_orders"))
	if m.Area != "fulfilment" || m.Path != "marts/fulfilment/fct_orders.sql" || !strings.HasPrefix(m.SQL, "with fct_orders as (") {
		t.Errorf("area %s, path %s, SQL %.30s", m.Area, m.Path, m.SQL)
	}
	h := m.Head
	if h.Description != "Orders with what was refunded of them." || h.Grain != "one row per order" || fmt.Sprint(h.Key, h.Tags, h.PartitionBy) != "[order_id] [finance daily] [brand]" {
		t.Errorf("%+v", h)
	}
	if len(h.Columns) != 8 || h.Columns[2].Name != "placed_on" || !h.Columns[2].NotNull || fmt.Sprint(h.Columns[4].Accepted) != "[GBP EUR]" {
		t.Errorf("columns %+v", h.Columns)
	}
	if len(h.Checks) != 2 || h.Checks[0].Left != "sum(amount)" || h.Checks[1].Severity != models.SeverityWarn {
		t.Errorf("checks %+v", h.Checks)
	}
	if got := fmt.Sprint(m.Deps); got != "[intermediate.int_refunds_summed ops.clock seeds.rates staging.stg_shop__orders]" {
		t.Error(got)
	}
	if got := fmt.Sprint(p.Leaves(p.Model(table("marts.finance_daily")))); got != "[ops.clock raw.orders raw.refunds seeds.rates]" {
		t.Error(got)
	}
	if s := p.Seeds()[1]; s.Columns[1].Type != "DECIMAL(18,6)" || s.Columns[1].Doc != "pounds" || fmt.Sprint(s.Key) != "[currency]" {
		t.Errorf("%+v", s.Columns)
	}
	if _, err := p.Worklist("refunded_order"); err == nil || !strings.Contains(err.Error(), "refunded_orders") {
		t.Error(err)
	}
}

func TestReadOrdersModelsAfterWhatTheyRead(t *testing.T) {
	t.Parallel()
	p := read(t, shop())
	seen := map[string]bool{}
	for _, m := range p.Models() {
		for _, d := range m.Deps {
			if p.Model(d) != nil && !seen[d.String()] {
				t.Errorf("%s comes before %s", m.Name, d)
			}
		}
		seen[m.Name.String()] = true
	}
}

func TestDependencies(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ sql, want string }{
		"one":                    {"select * from raw.a", "raw.a"},
		"upper case":             {`SELECT * FROM RAW.A`, "raw.a"},
		"quoted":                 {`select * from "raw"."a"`, "raw.a"},
		"twice":                  {"select * from raw.a as x, raw.a as y", "raw.a"},
		"comma":                  {"select * from raw.a, raw.b", "raw.a raw.b"},
		"join on":                {"select * from raw.a join raw.b on true left join raw.c on true", "raw.a raw.b raw.c"},
		"join using":             {"select * from raw.a join raw.b using (k)", "raw.a raw.b"},
		"lateral":                {"select * from raw.a, lateral (select * from raw.b where b.k = a.k) as l", "raw.a raw.b"},
		"union":                  {"select 1 from raw.a union all (select 1 from raw.b except select 1 from raw.c)", "raw.a raw.b raw.c"},
		"scalar subquery":        {"select (select max(x) from raw.b) as m from raw.a", "raw.a raw.b"},
		"exists":                 {"select 1 from raw.a where exists (select 1 from raw.b where b.x = a.x)", "raw.a raw.b"},
		"in, having, order by":   {"select x from raw.a group by x having x in (select x from raw.b) order by (select 1 from raw.c)", "raw.a raw.b raw.c"},
		"case in window":         {"select sum(case when x in (select x from raw.b) then 1 end) over (partition by (select 1 from raw.c)) from raw.a", "raw.a raw.b raw.c"},
		"cte":                    {"with x as (select * from raw.a) select * from x", "raw.a"},
		"cte of a table's name":  {"with orders as (select * from raw.orders) select * from orders join raw.b on true", "raw.b raw.orders"},
		"cte of a schema's name": {"with raw as (select * from raw.a) select raw.k from raw join raw.b on true", "raw.a raw.b"},
		"cte chain":              {"with x as (select * from raw.a), y as (select * from x) select * from y", "raw.a"},
		"nested with":            {"with x as (with y as (select * from raw.a) select * from y) select * from x, (with z as (select * from raw.b) select * from z)", "raw.a raw.b"},
		"inner cte shadows":      {"with x as (select * from raw.a) select * from (with x as (select * from raw.b) select * from x) as i, x", "raw.a raw.b"},
		"recursive":              {"with recursive n as (select 1 as i union all select i + 1 from n where i < 3) select * from n, raw.a", "raw.a"},
		"values and unnest":      {"select * from (values (1)) as v(i), unnest([1, 2]) as u(j), raw.a", "raw.a"},
		"names in text":          {"select 'from raw.z' as t -- raw.y\nfrom raw.a /* join raw.x */", "raw.a"},
		"filter":                 {"select count(*) filter (where x in (select x from raw.b)) from raw.a", "raw.a raw.b"},
		"non-ASCII before":       {"select 'é語' as t from raw.a", "raw.a"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := read(t, files("intermediate/m.sql", head+c.sql))
			var got []string
			for _, d := range p.Model(table("intermediate.m")).Deps {
				got = append(got, d.String())
			}
			if strings.Join(got, " ") != c.want {
				t.Errorf("got %v, want %s", got, c.want)
			}
		})
	}
}

func TestReadSaysWhereAndWhat(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		files fstest.MapFS
		want  []string
	}{
		"no head":      {files("marts/a/m.sql", "select 1 as x"), []string{"marts/a/m.sql:1: no head"}},
		"open comment": {files("marts/a/m.sql", "/* description: x\nselect 1"), []string{"marts/a/m.sql:1: the head's comment is not closed"}},
		"unknown key":  {files("marts/a/m.sql", "/*\ndescription: x\ngrane: one row per x\n*/\nselect 1 as x"), []string{"marts/a/m.sql:3: unknown key grane (did you mean grain?)"}},
		"broken YAML":  {files("marts/a/m.sql", "/*\ndescription: x\nkey: [a\n*/\nselect 1 as x"), []string{"marts/a/m.sql:3: YAML:"}},
		"wrong types": {
			files("marts/a/m.sql", "/*\ndescription: [x, {y: z}]\nseverity: loud\nchecks: {rows: x}\ncolumns: {a: {not_null: maybe}}\n*/\nselect 1 as x"),
			[]string{"m.sql:2: a single value", "m.sql:3: severity loud", "m.sql:4: checks is a list", "m.sql:5: true or false"},
		},
		"comma in a flow map": {files("marts/a/m.sql", "/*\ndescription: x\ncolumns: {a: {description: this, and that}}\n*/\nselect 1 as x"), []string{"m.sql:3: unknown key and that (a text with a comma in it needs quotes)"}},
		"checks": {
			files("marts/a/m.sql", "/*\ndescription: x\nchecks:\n  - relationship: {column: a}\n  - rowz: a > 1\n  - {sum_equal: {left: sum(a)}}\n  - {accepted: {column: a}}\n*/\nselect 1 as x"),
			[]string{"m.sql:4: relationship needs", "m.sql:5: unknown key rowz (did you mean rows?)", "m.sql:6: sum_equal needs", "m.sql:7: accepted needs"},
		},
		"a sum of its own": {
			files("marts/a/m.sql", "/*\ndescription: x\nchecks:\n  - sum_equal: {left: sum(a), right: select sum(a) from marts.m}\n*/\nselect 1 as a"),
			[]string{"marts/a/m.sql:4: sum_equal: right reads marts.m alone"},
		},
		"does not parse":        {files("marts/a/m.sql", head+"select 1 as x\nfrom\nwhere 1 = 1"), []string{"marts/a/m.sql:6: syntax error"}},
		"check not parsing":     {files("marts/a/m.sql", "/*\ndescription: d\nchecks:\n  - rows: a >\n*/\nselect 1 as a"), []string{"marts/a/m.sql:4: syntax error"}},
		"two statements":        {files("marts/a/m.sql", head+"select 1 as x; select 2 as y"), []string{"marts/a/m.sql:4: 2 statements"}},
		"not a select":          {files("marts/a/m.sql", head+"create table x as select 1"), []string{"marts/a/m.sql:4: Only SELECT"}},
		"unknown model":         {with(shop(), "marts/a/m.sql", head+"select *\nfrom marts.fct_order"), []string{"marts/a/m.sql:5: unknown table marts.fct_order (did you mean marts.fct_orders?)"}},
		"unknown schema":        {with(shop(), "marts/a/m.sql", head+"select * from stagin.stg_shop__orders"), []string{"m.sql:4: unknown table stagin.stg_shop__orders (did you mean staging.stg_shop__orders?)"}},
		"unknown seed":          {with(shop(), "marts/a/m.sql", head+"select * from seeds.rate"), []string{"did you mean seeds.rates?"}},
		"unknown in a check":    {with(shop(), "marts/a/m.sql", "/*\ndescription: d\nchecks:\n  - relationship: {column: x, to: marts.fct_orderz, field: order_id}\n*/\nselect 1 as x"), []string{"m.sql:4: unknown table marts.fct_orderz (did you mean marts.fct_orders?)"}},
		"unqualified":           {with(shop(), "marts/a/m.sql", head+"select *\nfrom fct_orders"), []string{"m.sql:5: table fct_orders without a schema"}},
		"CTE out of sight":      {files("marts/a/m.sql", head+"select * from (with x as (select 1 as a) select * from x), x"), []string{"m.sql:4: table x without a schema"}},
		"file instead of table": {files("marts/a/m.sql", head+"select * from 'a.parquet'"), []string{"table a.parquet without a schema"}},
		"catalog":               {files("marts/a/m.sql", head+"select * from lake.raw.orders"), []string{"table lake.raw.orders: a schema and a name"}},
		"two of one name":       {with(shop(), "marts/claims/fct_orders.sql", head+"select 1 as x"), []string{"marts/fulfilment/fct_orders.sql:1: a second model named fct_orders, the first is marts/claims/fct_orders.sql"}},
		"cycle": {
			files("marts/a/m1.sql", head+"select *\nfrom marts.m2", "marts/a/m2.sql", head+"select * from marts.m3", "marts/a/m3.sql", head+"select * from marts.m1"),
			[]string{"marts/a/m1.sql:5: models read each other in a circle: marts.m1 → marts.m2 → marts.m3 → marts.m1"},
		},
		"reads itself":      {files("marts/a/m1.sql", head+"select * from marts.m1"), []string{"circle: marts.m1 → marts.m1"}},
		"macro":             {files("macros/x.sql", "create macro fine(a) as a;\ncreate macro oops(a) as (a +;"), []string{"macros/x.sql:2: Parser Error"}},
		"seed undescribed":  {files("seeds/a.csv", "x\n1\n", "seeds/seeds.yaml", "{}"), []string{"seeds/a.csv:1: the seed is not described"}},
		"seed column":       {files("seeds/a.csv", "x,y\n1,2\n", "seeds/seeds.yaml", "a:\n  columns:\n    x: integer\n    yy: varchar\n"), []string{"seeds/a.csv:1: column y has no type", "has no column yy (did you mean y?)"}},
		"seed type":         {files("seeds/a.csv", "x\n1\n", "seeds/seeds.yaml", "a:\n  columns:\n    x: {type: number}\n"), []string{"seeds/seeds.yaml:3: type number"}},
		"seed without file": {files("seeds/a.csv", "x\n1\n", "seeds/seeds.yaml", "a: {columns: {x: integer}}\nb: {columns: {x: integer}}\n"), []string{"seeds/seeds.yaml:2: no file seeds/b.csv"}},
		"worklist":          {with(shop(), "partners/x/worklists/w.sql", head+"select order_id from marts.fct_order"), []string{"partners/x/worklists/w.sql:4: unknown table marts.fct_order"}},
		"all at once": {
			files("marts/a/m.sql", "select 1", "marts/a/n.sql", "/*\nx: y\n*/\nselec 1"),
			[]string{"marts/a/m.sql:1: no head", "marts/a/n.sql:2: unknown key x", "marts/a/n.sql:4: syntax error"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := models.Read(c.files)
			if err == nil {
				t.Fatal("no error")
			}
			for _, want := range c.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("got:\n%v\nwant: %s", err, want)
				}
			}
			if n := strings.Count("\n"+err.Error(), "\nmarts/") + strings.Count("\n"+err.Error(), "\nseeds/"); n > len(c.want) {
				t.Errorf("%d errors for %d mistakes:\n%v", n, len(c.want), err)
			}
		})
	}
}

func TestReadIsQuick(t *testing.T) {
	fsys := shop()
	text := string(fsys["marts/fulfilment/fct_orders.sql"].Data)
	for i := range 100 {
		name := fmt.Sprintf("fct_orders_%03d", i)
		fsys["marts/fulfilment/"+name+".sql"] = &fstest.MapFile{Data: []byte(strings.ReplaceAll(text, "fct_orders", name))}
	}
	best := time.Hour
	for range 3 {
		start := time.Now()
		p := read(t, fsys)
		if _, err := p.Select([]string{"+fct_orders_050+"}, nil); err != nil {
			t.Fatal(err)
		}
		best = min(best, time.Since(start))
	}
	t.Logf("read and planned %d models in %v", 105, best)
	if best > 500*time.Millisecond {
		t.Errorf("took %v, want under 0.5 s", best)
	}
}
