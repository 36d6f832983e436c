package models_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/fourmarketing/waybill"
	"github.com/fourmarketing/waybill/transforms/models"
)

// tills are orders with their lines and a daily figure made of them, of two areas.
func tills() map[string]string {
	const doc = "/*\ndescription: d\n"
	return map[string]string{
		"intermediate/int_sold.sql": head + "select * from raw.sold",
		"marts/sales/fct_orders.sql": doc + `key: [order_id]
unit: order_id
at_stake: {amount: amount, currency: currency}
checks:
  - rows: amount >= 0
  - sum_equal: {left: sum(amount), right: "select order_id, sum(amount) from marts.fct_lines group by order_id", by: order_id}
*/
select order_id, min(day_on) as day_on, sum(amount) as amount, min(currency) as currency from intermediate.int_sold group by order_id`,
		"marts/goods/fct_lines.sql": doc + `key: [line_id]
unit: order_id
checks:
  - relationship: {column: order_id, to: marts.fct_orders, field: order_id}
  - sum_equal: {left: sum(amount), right: "select parcel, sum(amount) from intermediate.int_sold group by parcel", by: parcel}
*/
select line_id, order_id, parcel, amount from intermediate.int_sold`,
		"marts/sales/open_orders.sql": doc + "key: [order_id]\nunit: order_id\n*/\nselect order_id, amount from marts.fct_orders",
		"marts/sales/sales_daily.sql": doc + `key: [day_on]
unit: none
checks:
  - sum_equal: {left: sum(amount), right: select sum(amount) from marts.fct_orders}
*/
select day_on, sum(amount) as amount from marts.fct_orders group by day_on`,
	}
}

func tillsProject(t *testing.T) *models.Project {
	t.Helper()
	var pairs []string
	for name, text := range tills() {
		pairs = append(pairs, name, text)
	}
	return read(t, files(pairs...))
}

// sold are rows order, line, parcel, amount of one day.
func sold(rows ...string) string {
	return "select * from (values " + strings.Join(rows, ", ") + ") as t(order_id, line_id, parcel, amount, day_on, currency)"
}

func line(order, id, parcel, amount string) string {
	return fmt.Sprintf("('%s', '%s', '%s', cast(%s as decimal(18, 2)), date '2026-03-01', 'GBP')", order, id, parcel, amount)
}

// holding builds the tills over what was sold, where readers have what was sold before, and holds what the checks name until they name nothing.
func holding(t *testing.T, before, now string) (*models.Session, []models.CheckResult) {
	t.Helper()
	p := tillsProject(t)
	was := session(t, p, relations{"raw.sold": before})
	mustBuild(t, was, p.Models())
	former := map[waybill.TableName]string{}
	for _, m := range p.Models() {
		if m.Name.Namespace != models.Marts {
			continue
		}
		dir := t.TempDir()
		columns, err := was.Columns(t.Context(), m)
		if err != nil {
			t.Fatal(err)
		}
		ids := make([]string, len(columns))
		for i, c := range columns {
			ids[i] = fmt.Sprintf("%s: %d", c.Name, i+1)
		}
		staged, err := was.Export(t.Context(), m, "{"+strings.Join(ids, ", ")+"}", dir)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range staged {
			former[m.Name] = "select * from read_parquet('" + f.Path + "')"
		}
	}
	s := session(t, p, relations{"raw.sold": now})
	s.Former = func(_ context.Context, mart waybill.TableName) (string, error) { return former[mart], nil }
	mustBuild(t, s, p.Models())
	for range 5 {
		results, err := s.Check(t.Context(), p.Models())
		if err != nil {
			t.Fatal(err)
		}
		var units []string
		for _, r := range results {
			for _, u := range r.Units {
				units = append(units, u.Unit)
			}
		}
		if len(units) == 0 {
			return s, results
		}
		failed, err := s.Hold(t.Context(), units)
		if err != nil || len(failed) > 0 {
			t.Fatal(err, failed)
		}
	}
	t.Fatal("new units are named for ever")
	return nil, nil
}

func heldText(t *testing.T, s *models.Session) string {
	t.Helper()
	units, err := s.HeldUnits(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, u := range units {
		out = append(out, fmt.Sprint(u.Unit, " ", u.Rows, " ", u.Kept, " ", u.AtStake))
	}
	return strings.Join(out, "; ")
}

// A unit that a check names keeps its rows of before in all marts; what is summed up from these marts is summed up of what they show.
func TestHeldUnitsKeepTheirRows(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		before, now string
		held        string
	}{
		"nothing is wrong": {sold(line("a", "a1", "p1", "10")), sold(line("a", "a1", "p1", "20")), ""},
		"an old order":     {sold(line("a", "a1", "p1", "10"), line("b", "b1", "p2", "5")), sold(line("a", "a1", "p1", "-10"), line("b", "b1", "p2", "7")), "order_id=a 3 3 [{-10.00 GBP}]"},
		"a new order":      {sold(line("a", "a1", "p1", "10")), sold(line("a", "a1", "p1", "10"), line("b", "b1", "p2", "-7")), "order_id=b 2 0 [{-7.00 GBP}]"},
		"a key that moved from another order": {
			sold(line("a", "a1", "p1", "10"), line("b", "b1", "p2", "5")), sold(line("a", "b1", "p2", "-5"), line("a", "a1", "p1", "1"), line("b", "b2", "p3", "5")),
			"order_id=a 4 3 [{-4.00 GBP}]; order_id=b 3 3 [{5.00 GBP}]",
		},
		"a line that came from a held order": {
			sold(line("a", "a1", "p1", "10"), line("a", "a2", "p1", "3")), sold(line("a", "a1", "p1", "-10"), line("b", "a2", "p1", "3")),
			"order_id=a 3 4 [{-10.00 GBP}]; order_id=b 2 0 [{3.00 GBP}]",
		},
		"two orders in a parcel": { // the second one comes to light when the first is held
			sold(line("a", "a1", "p1", "10"), line("c", "c1", "p1", "5")), sold(line("a", "a1", "p1", "-10"), line("c", "c1", "p1", "6")),
			"order_id=a 3 3 [{-10.00 GBP}]; order_id=c 3 3 [{6.00 GBP}]",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, results := holding(t, c.before, c.now)
			if got := heldText(t, s); got != c.held {
				t.Errorf("held: %s\nwant: %s", got, c.held)
			}
			for _, r := range results {
				if r.Unnamed > 0 {
					t.Errorf("%s of %s finds what belongs to no unit: %v", r.Check, r.Model, r.Sample)
				}
				if r.Check == "key_unique" && r.Failing > 0 {
					t.Errorf("%s: keys are doubled: %v", r.Model, r.Sample)
				}
			}
		})
	}
}

// found are the units that a check names and its rows of none.
func found(t *testing.T, p *models.Project, r models.Relations, former map[string]string, check string) string {
	t.Helper()
	s := session(t, p, r)
	s.Former = func(_ context.Context, mart waybill.TableName) (string, error) { return former[mart.String()], nil }
	mustBuild(t, s, p.Models())
	results, err := s.Check(t.Context(), p.Models())
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range results {
		if c.Check == check {
			return fmt.Sprint(c.Units, " ", c.Unnamed)
		}
	}
	t.Fatalf("no check %s in %v", check, results)
	return ""
}

// TestChecksNameUnits looks at what each kind of check calls the unit of a failing row.
func TestChecksNameUnits(t *testing.T) {
	t.Parallel()
	const doc = "/*\ndescription: d\n"
	parent := doc + "key: [order_id]\nunit: order_id\n*/\nselect 'a' as order_id"
	for name, c := range map[string]struct {
		files  []string
		former map[string]string
		check  string
		want   string
	}{
		"a row without the first column": {
			[]string{"marts/a/m.sql", doc + "key: [x]\nunit: [order_id, return_id]\nchecks: [rows: x > 9]\n*/\nselect * from (values (1, 'a', 'r'), (2, null, 'r'), (3, null, null)) as t(x, order_id, return_id)"},
			nil, "rows x > 9", "[{order_id=a 1} {return_id=r 1} {x=3 1}] 0",
		},
		"columns that count together": {
			[]string{"marts/a/m.sql", doc + "key: [x]\nunit: [[source, ref]]\nchecks: [rows: x > 9]\n*/\nselect * from (values (1, 's', 'r'), (2, 's', null)) as t(x, source, ref)"},
			nil, "rows x > 9", "[{source=s, ref=r 1} {x=2 1}] 0",
		},
		"a mart of no units": {
			[]string{"marts/a/m.sql", doc + "key: [x]\nunit: none\nchecks: [rows: x > 9]\n*/\nselect 1 as x"}, nil, "rows x > 9", "[] 1",
		},
		"keys that are there twice": {
			[]string{"marts/a/m.sql", doc + "key: [x]\nunit: order_id\n*/\nselect * from (values (1, 'a'), (1, 'b'), (2, 'c')) as t(x, order_id)"},
			nil, "key_unique", "[{order_id=a 1} {order_id=b 1}] 0",
		},
		"a reference to what never was": {
			[]string{"marts/a/orders.sql", parent, "marts/a/lines.sql", doc + "key: [x]\nunit: x\nchecks: [relationship: {column: of, to: marts.orders, field: order_id}]\n*/\nselect 1 as x, 'z' as of"},
			nil, "relationship of to marts.orders.order_id", "[{x=1 1}] 0",
		},
		"a reference to what is gone": {
			[]string{"marts/a/orders.sql", parent, "marts/a/lines.sql", doc + "key: [x]\nunit: x\nchecks: [relationship: {column: of, to: marts.orders, field: order_id}]\n*/\nselect 1 as x, 'z' as of"},
			map[string]string{"marts.orders": "select 'z' as order_id"},
			"relationship of to marts.orders.order_id", "[{order_id=z 1}] 0",
		},
		"a sum of rows that were lost": {
			[]string{"marts/a/m.sql", doc + "key: [x]\nunit: order_id\nchecks: [sum_equal: {left: sum(n), right: \"select 'p', 3\", by: parcel}]\n*/\nselect 1 as x, 'a' as order_id, 'q' as parcel, 0 as n"},
			map[string]string{"marts.m": "select 7 as x, 'b' as order_id, 'p' as parcel, 3 as n"},
			"sum_equal sum(n) by parcel", "[{order_id=b 1}] 0",
		},
		"a sum of what was never there": {
			[]string{"marts/a/m.sql", doc + "key: [x]\nunit: order_id\nchecks: [sum_equal: {left: sum(n), right: \"select 'p', 3\", by: parcel}]\n*/\nselect 1 as x, 'a' as order_id, 'q' as parcel, 0 as n"},
			nil, "sum_equal sum(n) by parcel", "[] 1",
		},
		"a file that says its columns": {
			[]string{"marts/a/m.sql", doc + "key: [x]\n*/\nselect 1 as x", "checks/c.sql", doc + "unit: order_id\n*/\nselect * from (values ('a', 1), (null, 1)) as t(order_id, x) where x in (select x from marts.m)"},
			nil, "c", "[{order_id=a 1}] 1",
		},
		"a file that says none": {
			[]string{"marts/a/m.sql", doc + "key: [x]\n*/\nselect 1 as x", "checks/c.sql", doc + "unit: none\n*/\nselect * from marts.m"}, nil, "c", "[] 1",
		},
		"more than can be bad data": {
			[]string{"marts/a/m.sql", doc + "key: [x]\nunit: x\nchecks: [rows: x < 0]\n*/\nselect unnest as x from unnest(generate_series(1, 1001))"}, nil, "rows x < 0", "[] 1001",
		},
		"a fact through another table": {
			[]string{
				"canonical/w.yaml", "despatches:\n  description: d\n  grain: one row per x\n  key: [source, ref]\n  unit: {of: order_id, through: intermediate.int_keys, by: [source, ref]}\n  columns:\n    ref: {type: VARCHAR, required: true, description: r}\n    kind: {type: VARCHAR, words: [good], description: k}\n",
				"partners/w/stg_w__despatches.sql", doc + "conforms_to: despatches\n*/\nwith stg_w__despatches as (select ref, kind, _source, _file_id, _line, _received_at from raw.w) select * from stg_w__despatches",
				"intermediate/int_keys.sql", head + "select source, ref, case when ref <> 'lost' then 'o' || ref end as order_id from canonical.despatches",
				"marts/a/m.sql", doc + "key: [ref]\nunit: order_id\n*/\nselect ref, order_id from intermediate.int_keys",
			},
			nil, "accepted kind", "[{order_id=o1 1}] 1",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := relations{
				"raw.w":     "select *, 'w' as _source, 'f' as _file_id, 1 as _line, timestamptz '2026-01-01 00:00:00+00' as _received_at from (values ('1', 'bad'), ('2', 'good'), ('lost', 'bad')) as t(ref, kind)",
				"ops.clock": "select timestamptz '2026-03-10 06:00:00+00' as as_of",
			}
			if got := found(t, read(t, files(c.files...)), r, c.former, c.check); got != c.want {
				t.Errorf("%s names %s, want %s", c.check, got, c.want)
			}
		})
	}
}

// TestSharingAreas follows what lies between raw tables and a model.
func TestSharingAreas(t *testing.T) {
	t.Parallel()
	p := read(t, files(
		"partners/x/stg_x__a.sql", head+"select * from raw.a",
		"partners/x/stg_x__b.sql", head+"select * from raw.b",
		"marts/one/m1.sql", head+"select * from staging.stg_x__a join seeds.s on true",
		"marts/two/m2.sql", head+"select * from staging.stg_x__a",
		"marts/three/m3.sql", head+"select * from staging.stg_x__b join seeds.s on true join ops.clock on true",
		"marts/four/m4.sql", head+"select * from marts.m3",
		"checks/over_marts.sql", head+"select * from marts.m3",
		"checks/over_state.sql", head+"select * from ops.files",
		"seeds/s.csv", "x\n1\n", "seeds/seeds.yaml", "s:\n  description: d\n  columns: {x: {type: VARCHAR, description: x}}\n",
	))
	for model, want := range map[string]string{
		"marts.m1": "[one two]", "marts.m3": "[four three]", "marts.m4": "[four three]", "checks.over_marts": "[four three]", "checks.over_state": "[four one three two]",
	} {
		if got := fmt.Sprint(p.Sharing(p.Model(table(model)))); got != want {
			t.Errorf("%s: %s, want %s", model, got, want)
		}
	}
}

// TestFormerRowsThatCannotBeTold gives up on a mart whose rows of before lack what its units are told by: they must not vanish.
func TestFormerRowsThatCannotBeTold(t *testing.T) {
	t.Parallel()
	p := tillsProject(t)
	s := session(t, p, relations{"raw.sold": sold(line("a", "a1", "p1", "-10"))})
	s.Former = func(_ context.Context, mart waybill.TableName) (string, error) {
		return map[string]string{"marts.fct_orders": "select 'a' as order_name"}[mart.String()], nil
	}
	mustBuild(t, s, p.Models())
	failed, err := s.Hold(t.Context(), []string{"order_id=a"})
	if err != nil || len(failed) != 1 || failed[0].Model.Name.Name != "fct_orders" || !strings.Contains(failed[0].Err.Error(), "no column order_id") {
		t.Errorf("%v, %+v", err, failed)
	}
}
