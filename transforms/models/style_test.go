package models_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/fourmarketing/waybill/transforms/models"
)

const fullHead = "/*\ndescription: d\ngrain: one row per x\nkey: [x]\nowner: data\nunit: none\ncolumns: {x: it}\n*/\n"

func TestStyleOfTheExample(t *testing.T) {
	t.Parallel()
	if errs := models.CheckStyle(parcels()); len(errs) > 0 {
		t.Error(errors.Join(errs...))
	}
}

func TestStyleRules(t *testing.T) {
	t.Parallel()
	const staging, mart, inter = "partners/x/stg_a__b.sql", "marts/a/m.sql", "intermediate/int_m.sql"
	cte := func(body string) string { return fullHead + "with m as (\n" + body + "\n)\n\nselect * from m" }
	for name, c := range map[string]struct{ path, text, want string }{
		"fine staging":          {staging, fullHead + "select k::int as x from raw.b qualify true", ""},
		"fine mart":             {mart, cte("select 1 as x, cast(1 as double) / 2 as hit_rate"), ""},
		"head":                  {mart, "/*\ndescription: d\n*/\nwith m as (select 1 as x) select * from m", "m.sql:1: the head has no grain|the head has no owner|the head has no key|the head has no columns|the head has no unit"},
		"grain":                 {mart, strings.Replace(cte("select 1 as x"), "one row per x", "x", 1), "m.sql:1: grain \"x\""},
		"check without meaning": {"checks/c.sql", "/*\nseverity: warn\n*/\nselect 1 as x", "c.sql:1: the head has no description"},
		"worklist":              {"partners/x/worklists/w.sql", "/*\nowner: x\n*/\nselect 1 as x", "w.sql:1: the head has no description"},
		"staging name":          {"partners/x/orders.sql", fullHead + "select * from raw.b", "name orders: stg_<source>__<entities>"},
		"intermediate name":     {"intermediate/orders.sql", fullHead + "with orders as (select 1 as x) select * from orders", "name orders: int_"},
		"last CTE":              {mart, fullHead + "with n as (select 1 as x)\nselect * from n", "m.sql:10: the last CTE is \"n\""},
		"end":                   {mart, fullHead + "with m as (select 1 as x)\nselect x from m", "m.sql:10: the file ends with: select * from m"},
		"end with more":         {mart, fullHead + "with m as (select 1 as x)\nselect * from m order by x", "the file ends with"},
		"no CTE in a mart":      {mart, fullHead + "select 1 as x", "the last CTE is \"\""},
		"staging joins":         {staging, fullHead + "select * from raw.b join ops.clock on true join seeds.codes on true", ""},
		"staging reads itself":  {staging, fullHead + "select * from raw.b\njoin staging.stg_a__b as c on true", "stg_a__b.sql:10: models read each other in a circle"},
		"mart reads raw":        {mart, cte("select * from raw.b"), "m.sql:10: raw.b: only a partner's own models read it"},
		"reads a file":          {mart, cte("select * from read_csv('x.csv')"), "table function read_csv"},
		"cast":                  {mart, cte("select 1::int as x"), "m.sql:10: :: (instead: cast)"},
		":: in text":            {mart, cte("select 'a::b' as x -- ::\n/* :: */"), ""},
		"qualify":               {mart, cte("select 1 as x qualify true"), "qualify"},
		"asof":                  {inter, cte("select 1 as x from ops.a asof join ops.b on a.x >= b.x"), "asof join|last CTE"},
		"group by all":          {mart, cte("select count(*) as x from ops.a group by all"), "group by all"},
		"unpivot":               {mart, cte("select * from (unpivot ops.a on x, y into name n value v)"), "pivot or unpivot"},
		"list literal":          {mart, cte("select [1, 2] as x"), "list_value()"},
		"using":                 {mart, cte("select 1 as x from ops.a join ops.b using (k)"), "using ("},
		"natural":               {mart, cte("select 1 as x from ops.a natural join ops.b"), "natural join"},
		"semi join":             {mart, cte("select 1 as x from ops.a semi join ops.b on true"), "semi join"},
		"ignore nulls":          {mart, cte("select lag(x ignore nulls) over (order by x) as x from ops.a"), "ignore nulls"},
		"current_date":          {mart, cte("select current_date as x"), "current_date (instead: ops.clock)"},
		"current_timestamp":     {mart, cte("select current_timestamp as x"), "(instead: ops.clock)"},
		"now":                   {mart, cte("select now() as x"), "now() (instead: ops.clock)"},
		"exclude":               {mart, cte("select * exclude (y) from ops.a"), "select * exclude"},
		"replace":               {mart, cte("select * replace (1 as y) from ops.a"), "select * replace"},
		"trailing comma":        {mart, cte("select 1 as x,\nfrom ops.a"), "a trailing comma"},
		"offset":                {mart, cte("select x from ops.a order by x limit 1 offset 1"), "offset"},
		"distinct on":           {mart, cte("select distinct on (x) x from ops.a"), "distinct on"},
		"interval":              {mart, cte("select x + interval 3 day as x from ops.a"), "interval without quotes"},
		"quoted interval":       {mart, cte("select cast(x + interval '3' day as date) as x_on, y + interval '2' second as y from ops.a"), ""},
		"string_agg":            {mart, cte("select string_agg(y, ',') as x from ops.a"), "string_agg()"},
		"percentile":            {mart, cte("select quantile_cont(y, 0.5) as x from ops.a"), "quantile_cont()"},
		"half a line":           {mart, cte("select max(a._line) as x, max_by(a._file_id, a.y) as y from ops.a"), "m.sql:10: max of a file or a line: the file of one row"},
		"two keys":              {mart, cte("select max_by(_file_id, x) as _file_id,\nmax_by(_line, y) as _line from ops.a"), "m.sql:11: _file_id and _line: the file of one row and the line of another"},
		"two cases":             {mart, cte("select max(case when x = 1 then _file_id end) as a_file_id, max(case when y = 1 then _line end) as a_line from ops.a"), "a_file_id and a_line"},
		"two ends":              {mart, cte("select min_by(_file_id, x) as _file_id, max_by(_line, x) as _line from ops.a"), "_file_id and _line"},
		"one of two":            {mart, cte("select max_by(_file_id, x) as _file_id, _line from ops.a group by _line"), "one is aggregated and the other is not"},
		"any file":              {mart, cte("select any_value(_file_id) as _file_id from ops.a"), "any_value of a file or a line"},
		"one row":               {mart, cte("select max_by(a._file_id, a.x) as _file_id, max_by(a._line, a.x) as _line, max(case when p = 1 then _file_id end) as a_file_id, max(case when p = 1 then _line end) as a_line from ops.a"), ""},
		"float":                 {mart, cte("select cast(y as double) as net_amount from ops.a"), "m.sql:10: column net_amount is floating point"},
		"real":                  {mart, cte("select cast(y as real) as x from ops.a"), "column x is floating point"},
		"float amount rate":     {mart, cte("select cast(y as double) as amount_rate_amount from ops.a"), "is floating point"},
		"float in intermediate": {inter, fullHead + "with int_m as (select cast(y as double) as x from ops.a) select * from int_m", ""},
		"what Read says":        {mart, fullHead + "select * from m", "table m without a schema|last CTE"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			errs := models.CheckStyle(files(c.path, c.text))
			var wants []string
			if c.want != "" {
				wants = strings.Split(c.want, "|")
			}
			if len(errs) != len(wants) {
				t.Errorf("%d findings: %v", len(errs), errors.Join(errs...))
			}
			for _, want := range wants {
				if all := errors.Join(errs...); all == nil || !strings.Contains(all.Error(), want) {
					t.Errorf("no %q in %v", want, errs)
				}
			}
		})
	}
}

func TestCheckTypes(t *testing.T) {
	t.Parallel()
	p := read(t, shop())
	if errs := models.CheckTypes(t.Context(), p, shopSchemas()); len(errs) > 0 {
		t.Error(errors.Join(errs...))
	}
	p = read(t, with(shop(),
		"marts/a/m.sql", fullHead+"with m as (\nselect orderid as x from staging.stg_shop__orders\n)\nselect * from m",
		"marts/a/n.sql", fullHead+"with n as (\nselect 1 as x, cast(2 as double) as y from marts.fct_orders\n)\nselect * from n",
		"checks/c.sql", head+"select nothing from marts.fct_orders",
		"partners/x/worklists/w.sql", head+"select nothing from marts.fct_orders",
		"partners/x/stg_x__y.sql", head+"select * from raw.order"))
	got := errors.Join(models.CheckTypes(t.Context(), p, shopSchemas())...)
	for _, want := range []string{
		"marts/a/m.sql:10: ", "marts/a/n.sql:1: column y has no description", "marts/a/n.sql:1: column y is floating point",
		"checks/c.sql:4: check c", "worklist w: partners/x/worklists/w.sql:4", "no columns are known of raw.order (did you mean raw.orders?)",
	} {
		if got == nil || !strings.Contains(got.Error(), want) {
			t.Errorf("no %q in\n%v", want, got)
		}
	}
}
