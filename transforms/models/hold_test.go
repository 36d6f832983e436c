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
		"an old order":     {sold(line("a", "a1", "p1", "10"), line("b", "b1", "p2", "5")), sold(line("a", "a1", "p1", "-10"), line("b", "b1", "p2", "7")), "order_id=a 2 2 [{-10.00 GBP}]"},
		"a new order":      {sold(line("a", "a1", "p1", "10")), sold(line("a", "a1", "p1", "10"), line("b", "b1", "p2", "-7")), "order_id=b 2 0 [{-7.00 GBP}]"},
		"a key that moved from another order": {
			sold(line("a", "a1", "p1", "10"), line("b", "b1", "p2", "5")), sold(line("a", "b1", "p2", "-5"), line("a", "a1", "p1", "1"), line("b", "b2", "p3", "5")),
			"order_id=a 3 2 [{-4.00 GBP}]; order_id=b 2 2 [{5.00 GBP}]",
		},
		"a line that came from a held order": {
			sold(line("a", "a1", "p1", "10"), line("a", "a2", "p1", "3")), sold(line("a", "a1", "p1", "-10"), line("b", "a2", "p1", "3")),
			"order_id=a 2 3 [{-10.00 GBP}]; order_id=b 2 0 [{3.00 GBP}]",
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
