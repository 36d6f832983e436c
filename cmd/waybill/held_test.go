package main

import (
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/fourmarketing/waybill/pipelines/ledger"
	"github.com/fourmarketing/waybill/sandbox"
	waybillsql "github.com/fourmarketing/waybill/sql"
)

// heldReport is what a run says of what it held.
type heldReport struct {
	Changed   bool              `json:"changed"`
	Marts     []martReport      `json:"marts_built"`
	Release   int64             `json:"release_id"`
	Published []string          `json:"published"`
	HeldUnits []ledger.HeldUnit `json:"held_units"`
	HeldAreas []ledger.Area     `json:"held_areas"`
}

// units are the names of what is held.
func (r heldReport) units() string {
	var names []string
	for _, u := range r.HeldUnits {
		names = append(names, u.Unit)
	}
	return strings.Join(names, " ")
}

// areas are the names of the areas that are held.
func (r heldReport) areas() string {
	var names []string
	for _, a := range r.HeldAreas {
		names = append(names, a.Area)
	}
	return strings.Join(names, " ")
}

// laidOver makes the project read SQL of its own.
func (p *office) laidOver() {
	p.Helper()
	p.write("sql/checks/nothing.sql", "/*\ndescription: A file, so that the folder is there.\nseverity: warn\n*/\nselect 1 as x where false\n")
	p.edit("waybill.yaml", "\npipelines: pipelines", "\nsql: sql\npipelines: pipelines")
}

// spoil lays a built-in model over itself with other columns: replace is what stands in the parentheses of `select * replace (…)`. Empty mends it.
func (p *office) spoil(model, replace string) {
	p.Helper()
	text, err := fs.ReadFile(waybillsql.Files, model)
	if err != nil {
		p.Fatal(err)
	}
	name := strings.TrimSuffix(filepath.Base(model), ".sql")
	end := "select * from " + name
	if !strings.Contains(string(text), "\n"+end) {
		p.Fatalf("%s does not end as expected", model)
	}
	if replace != "" {
		end = "select * replace (" + replace + ") from " + name
	}
	p.write("sql/"+model, strings.Replace(string(text), "\nselect * from "+name, "\n"+end, 1))
}

// twoDays are two worlds' ends of one sandbox: what is pulled first, and what comes on top.
func twoDays(t *testing.T, seed uint64) (calm, p *office, box *sandbox.Sandbox, days [2]string) {
	t.Helper()
	box = startWorld(t, small(seed))
	calm, p = join(t, box), join(t, box)
	points := box.World().Checkpoints()
	if len(points) < 2 {
		t.Fatalf("%d checkpoints", len(points))
	}
	days = [2]string{stamp(points[len(points)-2]), stamp(points[len(points)-1])}
	advance(t, box, points[len(points)-2])
	return calm, p, box, days
}

// TestOneOrderIsHeld spoils an order of before and a new one in a model that nearly every area reads: these two are held, everything else of all areas is
// released, and when the model is mended there is nothing left of it.
func TestOneOrderIsHeld(t *testing.T) {
	t.Parallel()
	calm, p, box, days := twoDays(t, 21)
	p.laidOver()
	for _, office := range []*office{calm, p} {
		office.must(exitDone, "run", "--as-of", days[0])
	}
	before := p.relations()
	advance(t, box, box.World().AsOf())
	calm.must(exitDone, "run", "--as-of", days[1])
	want := calm.relations()
	db := openDuck(t)
	pick := func(query string) string {
		var id string
		if err := db.QueryRowContext(t.Context(), query).Scan(&id); err != nil {
			t.Fatal(err)
		}
		return id
	}
	old := pick(fmt.Sprintf(`select n.order_id from (%s) as n inner join (%s) as b on b.order_id = n.order_id
		where n.units_despatched > b.units_despatched and exists (select 1 from (%s) as l where l.order_id = n.order_id) order by 1 limit 1`,
		want["marts.fct_orders"], before["marts.fct_orders"], want["marts.fct_ledger_entries"]))
	fresh := pick(fmt.Sprintf("select n.order_id from (%s) as n where n.order_id not in (select order_id from (%s)) and exists (select 1 from (%s) as l where l.order_id = n.order_id) order by 1 limit 1",
		want["marts.fct_orders"], before["marts.fct_orders"], want["marts.fct_ledger_entries"]))
	spoiled := fmt.Sprintf("('%s', '%s')", old, fresh)
	p.spoil("intermediate/fulfilment/int_orders.sql", "case when order_id not in "+spoiled+" then placed_at end as placed_at")

	var r heldReport
	p.report(exitDone, &r, "run", "--as-of", days[1])
	names := []string{"order_id=" + old, "order_id=" + fresh}
	slices.Sort(names)
	if got := r.units(); got != strings.Join(names, " ") || len(r.HeldAreas) > 0 {
		t.Fatalf("held are %s and areas %v, want %s alone", got, r.HeldAreas, strings.Join(names, " "))
	}
	for _, u := range r.HeldUnits {
		if len(u.Checks) == 0 || u.Since.IsZero() || u.Rows == 0 || (u.Kept > 0) != strings.HasSuffix(u.Unit, old) || len(u.AtStake) == 0 {
			t.Errorf("does not say why, since when, how much: %+v", u)
		}
	}
	got := p.relations()
	for mart, unit := range map[string]string{
		"fct_orders": "order_id", "fct_order_lines": "order_id", "fct_shipments": "order_id", "fct_warehouse_events": "order_id", "fct_tracking_events": "order_id",
		"fct_returns": "order_id", "fct_return_lines": "order_id", "fct_refunds": "order_id", "fct_breaks": "order_id", "orders_at_risk": "order_id",
	} {
		mart := "marts." + mart
		part := func(relation, condition string) string {
			return "select * from (" + relation + ") where " + unit + condition + " in " + spoiled
		}
		sameRelation(t, db, mart+" of others", [2]string{"select * from (" + want[mart] + ") where coalesce(" + unit + ", '') not in " + spoiled,
			"select * from (" + got[mart] + ") where coalesce(" + unit + ", '') not in " + spoiled}, wallClock)
		sameRelation(t, db, mart+" of the held", [2]string{part(before[mart], ""), part(got[mart], "")}, nil)
	}
	for _, mart := range []string{"marts.fct_ledger_entries", "marts.fct_settlements", "marts.feed_health"} { // nothing of them hangs on the order alone
		sameRelation(t, db, mart, [2]string{want[mart], got[mart]}, append(wallClock, "brand"))
	}
	if n := pick(fmt.Sprintf("select cast(sum(orders_in_count) - (select count(paid_at) from (%s) where brand is not null) as varchar) from (%s)", got["marts.fct_orders"], got["marts.fulfilment_daily"])); n != "0" {
		t.Errorf("the days count %s orders more than there are", n)
	}
	says(t, p.must(exitDone, "state", "held").out, old, fresh, "at stake", "next: waybill check", "2 units held, 0 areas held")
	says(t, p.must(exitDone, "query", "select unit, checks from ops.held_units").out, old, fresh, "not_null placed_at")

	snapshots := p.snapshots()
	var again heldReport
	p.report(exitDone, &again, "run", "--as-of", days[1])
	if again.Changed || len(again.Marts) > 0 || again.Release != r.Release || len(again.HeldUnits) != 2 {
		t.Errorf("a run without news does work, or forgets what is held: %+v", again)
	}
	if now := p.snapshots(); fmt.Sprint(now) != fmt.Sprint(snapshots) {
		t.Error("a run without news commits")
	}

	p.spoil("intermediate/fulfilment/int_orders.sql", "")
	var mended heldReport
	p.report(exitDone, &mended, "run", "--as-of", days[1])
	if len(mended.HeldUnits)+len(mended.HeldAreas) > 0 {
		t.Errorf("still held: %+v", mended)
	}
	sameTables(t, calm, p)
	says(t, p.must(exitDone, "run", "--as-of", days[1]).out, "no news")
}
