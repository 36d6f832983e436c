package main

import (
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/fourmarketing/waybill/internal/testservers"
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

// TestAreasAreHeld lets a check find rows of no unit, and a model break. What shares a model with either stays as it was, and the rest is released.
func TestAreasAreHeld(t *testing.T) {
	t.Parallel()
	p := depot(t)
	const doc = "/*\ndescription: d\ngrain: one row per x\nowner: operations\ncolumns: {n: a number}\n"
	p.write("sql/partners/depot/stg_depot__status.sql", "/*\ndescription: d\ngrain: one row per x\nowner: operations\n*/\nselect order_ref from raw.depot_status\n")
	p.write("sql/marts/yard/yard_units.sql", doc+"*/\nselect sum(qty) as n from staging.stg_depot__despatch\n")
	p.write("sql/marts/desk/desk_events.sql", doc+"*/\nselect count(*) as n from staging.stg_depot__status\n")
	status := func(n int) {
		p.write(fmt.Sprintf("in/STAT_%d.csv", n), fmt.Sprintf("Order,Status,Status date\nAV%d,packed,07/04/2026 12:00\n", n))
	}
	shows := func(what string, lines, units, events string) {
		t.Helper()
		got := p.ask("select count(*) || ' ' || (select n from marts.yard_units) || ' ' || (select n from marts.desk_events) from marts.fct_despatch")
		if want := lines + " " + units + " " + events; got != want {
			t.Errorf("%s: readers see %s, want %s", what, got, want)
		}
	}
	p.write("in/DESP_1.csv", despatch(goodLine))
	status(1)
	p.pull(exitDone)
	shows("at first", "1", "2", "1")

	p.write("in/DESP_2.csv", despatch("AV1002,07/04/2026 12:00,700,"))
	status(2)
	var r heldReport
	p.report(exitWithheld, &r, "run", "--as-of", stamp(depotNow))
	if r.areas() != "fulfilment yard" || r.units() != "" || len(r.Published) != 1 {
		t.Errorf("held: %s, %s; published %v", r.areas(), r.units(), r.Published)
	}
	shows("held", "1", "2", "2")
	says(t, p.must(exitDone, "state", "release").out, "area fulfilment", "of release 1", "checks.qty_is_plausible", "marts.duckdb shows release 2")
	before := p.snapshots()
	says(t, p.pull(exitWithheld).out, "no news", "2 of 8 areas held")
	if fmt.Sprint(p.snapshots()) != fmt.Sprint(before) {
		t.Error("a run without news commits")
	}

	p.write("sql/marts/desk/desk_events.sql", doc+"*/\nselect count(nobody) as n from staging.stg_depot__status\n")
	status(3)
	p.report(exitWithheld, &r, "run", "--as-of", stamp(depotNow))
	if r.areas() != "desk fulfilment yard" {
		t.Errorf("held: %s", r.areas())
	}
	shows("with a broken model", "1", "2", "2")
	says(t, p.must(exitDone, "state", "held").out, "desk_events.sql:7", "nobody", "0 units held, 3 areas held")
	says(t, p.must(exitDone, "query", "select area, of_release from ops.areas where cause is not null order by 1").out, "desk")

	p.write("sql/marts/desk/desk_events.sql", doc+"*/\nselect count(*) as n from staging.stg_depot__status\n")
	p.write("sql/checks/qty_is_plausible.sql", strings.Replace(depotSQL["checks/qty_is_plausible.sql"], "> 100", "> 1000", 1))
	says(t, p.pull(exitDone).out, "built")
	shows("mended", "2", "702", "3")
	says(t, p.must(exitDone, "state", "held").out, "0 units held, 0 areas held")
	says(t, p.pull(exitDone).out, "no news")
}

// TestHeldBeforeAnythingWasReleased holds an area of which there is no table yet. The run says so once, and looks after no table that it did not commit.
func TestHeldBeforeAnythingWasReleased(t *testing.T) {
	t.Parallel()
	p := depot(t)
	p.write("in/DESP_1.csv", despatch("AV1002,07/04/2026 12:00,700,"))
	o := p.pull(exitWithheld)
	says(t, o.out, "area fulfilment", "shown not yet")
	if all := o.out + o.err; strings.Contains(all, "maintain") || strings.Contains(all, "not found") {
		t.Errorf("it looks after tables that are not there:\n%s", all)
	}
}

// TestHeldUnitOfOnesOwn holds one line of a mart of the project's own, until the line is mended.
func TestHeldUnitOfOnesOwn(t *testing.T) {
	t.Parallel()
	p := depot(t)
	p.write("sql/checks/qty_is_plausible.sql", strings.Replace(depotSQL["checks/qty_is_plausible.sql"], "severity: error\n", "severity: error\nunit: order_ref\n", 1))
	p.write("sql/marts/fulfilment/fct_despatch.sql", strings.Replace(depotSQL["marts/fulfilment/fct_despatch.sql"], "owner: operations\n", "owner: operations\nunit: order_ref\n", 1))
	p.write("in/DESP_1.csv", despatch(goodLine, "AV1003,07/04/2026 12:00,3,"))
	p.pull(exitDone)
	p.write("in/DESP_1.csv", despatch(goodLine, "AV1003,07/04/2026 12:00,300,", "AV1004,07/04/2026 12:00,4,"))
	o := p.pull(exitDone)
	says(t, o.out, "held: order_ref=AV1003 since", "1 row kept out, 1 row of before shown", "checks.qty_is_plausible", "1 unit held")
	if got := p.ask("select string_agg(order_ref || ' ' || qty, ', ' order by order_ref) from marts.fct_despatch"); got != "AV1001 2, AV1003 3, AV1004 4" {
		t.Errorf("readers see %s", got)
	}
	says(t, p.pull(exitDone).out, "no news", "1 unit held")
	since := p.must(exitDone, "state", "held").out
	p.must(exitDone, "build", "dim_brands", "feed_gaps", "--as-of", stamp(depotNow.Add(time.Hour)))
	if now := p.must(exitDone, "state", "held").out; now != since {
		t.Errorf("a build of other marts changes what is held:\n%s\n%s", since, now)
	}
	p.write("in/DESP_2.csv", despatch("AV1005,07/04/2026 12:00,5,"))
	p.pull(exitDone)
	if now := p.must(exitDone, "state", "held").out; now != since {
		t.Errorf("held since another time:\n%s\n%s", since, now)
	}
	p.write("in/DESP_1.csv", despatch(goodLine, "AV1003,07/04/2026 12:00,30,"))
	p.pull(exitDone)
	if got := p.ask("select string_agg(order_ref || ' ' || qty, ', ' order by order_ref) from marts.fct_despatch"); got != "AV1001 2, AV1003 30, AV1005 5" {
		t.Errorf("readers see %s", got)
	}
	says(t, p.must(exitDone, "state", "held").out, "0 units held")

	p.write("in/DESP_1.csv", despatch(goodLine, "AV1003,07/04/2026 12:00,300,"))
	p.pull(exitDone)
	s := serve(t, p) // last, as it begins with a run of its own as of today, from which no pull of before goes on
	says(t, s.get(t, "/metrics"), `waybill_held_units{check="qty_is_plausible",model="checks.qty_is_plausible"} 1`, "waybill_held_rows 1", "waybill_held_oldest_timestamp_seconds 1.",
		`waybill_area_held{area="fulfilment"} 0`, `waybill_area_release{area="fulfilment"} `, "waybill_release ", `waybill_target_release{target="duckdb:marts.duckdb"} `)
	s.stop(t)
}

// TestNewChecksRunWithoutNews writes and changes checks where nothing else is new: the next run goes through them, and what they name is held; the one
// after it has no news. What reads no mart runs too, and each runs when it is asked for by its name.
func TestNewChecksRunWithoutNews(t *testing.T) {
	t.Parallel()
	p := depot(t)
	p.write("sql/marts/fulfilment/fct_despatch.sql", strings.Replace(depotSQL["marts/fulfilment/fct_despatch.sql"], "owner: operations\n", "owner: operations\nunit: order_ref\n", 1))
	p.write("in/DESP_1.csv", despatch(goodLine, "AV1003,07/04/2026 12:00,30,"))
	p.pull(exitDone)
	says(t, p.pull(exitDone).out, "no news")

	const head = "/*\ndescription: of the depot\ngrain: one row per order\nkey: [order_ref]\nowner: operations\n"
	p.write("sql/checks/not_so_many.sql", head+"severity: warn\n*/\nselect order_ref, qty from marts.fct_despatch where qty > 20\n")
	p.write("sql/checks/files_all_small.sql", strings.Replace(head, "order_ref", "name", 1)+"severity: warn\n*/\nselect name from ops.files where size_bytes > 1\n")
	says(t, p.pull(exitDone).out, "marts built, 0 unchanged")
	says(t, p.pull(exitDone).out, "no news")
	for _, check := range []string{"not_so_many", "files_all_small"} {
		says(t, p.must(exitDone, "check", check).out, "warning: checks."+check+": 1 row", "1 warned")
	}
	says(t, p.must(exitDone, "check", "raw_rows_of_loaded_files").out, "1 check passed, 0 failed, 0 warned")

	p.write("sql/checks/not_so_many.sql", head+"severity: error\nunit: order_ref\n*/\nselect order_ref, qty from marts.fct_despatch where qty > 20\n")
	says(t, p.pull(exitDone).out, "held: order_ref=AV1003 since")
	says(t, p.pull(exitDone).out, "no news", "1 unit held")
	p.write("sql/checks/not_so_many.sql", head+"severity: error\nunit: order_ref\n*/\nselect order_ref, qty from marts.fct_despatch where qty > 200\n")
	p.pull(exitDone)
	says(t, p.must(exitDone, "state", "held").out, "0 units held")
}

// TestOneTargetFails publishes to a server that is not there and to a file. The file is published all the same, everybody can see which lags behind, and it
// catches up by itself.
func TestOneTargetFails(t *testing.T) {
	t.Parallel()
	dsn := testservers.StartPostgres(t)
	down := fmt.Sprintf("postgres://nobody@127.0.0.1:%d/nowhere?sslmode=disable&connect_timeout=2", testservers.FreePort(t))
	p := depot(t)
	p.write("secrets/dsn", down)
	p.edit("waybill.yaml", "publish: {duckdb: {path: marts.duckdb}}", `publish: {duckdb: {path: marts.duckdb}, postgres: {url: "${file:secrets/dsn}", schema: marts}}`)
	p.write("in/DESP_1.csv", despatch(goodLine))
	o := p.pull(exitFailed)
	says(t, o.err, "postgres:marts", "connect to Postgres")
	if got := p.ask("select count(*) from marts.fct_despatch"); got != "1" {
		t.Errorf("the file shows %s lines", got)
	}
	says(t, p.must(exitDone, "state", "release").out, "duckdb:marts.duckdb shows release 1", "postgres:marts shows no release yet; next: waybill build")
	p.write("secrets/dsn", dsn)
	says(t, p.pull(exitDone).out, "release 1")
	says(t, p.must(exitDone, "state", "release").out, "postgres:marts shows release 1 since")
	p.write("secrets/dsn", down)
	p.write("in/DESP_2.csv", despatch("AV1002,07/04/2026 12:00,7,"))
	p.pull(exitFailed)
	says(t, p.must(exitDone, "state", "release").out, "duckdb:marts.duckdb shows release 2", "postgres:marts shows release 1", "lags behind 2")
}

// twoDays are a sandbox, two projects that pull from it, and the two last instants of its world; it stands at the first.
func twoDays(t *testing.T, seed uint64) (box *sandbox.Sandbox, offices [2]*office, days [2]time.Time) {
	t.Helper()
	box = startWorld(t, small(seed))
	offices = [2]*office{join(t, box), join(t, box)}
	points := box.World().Checkpoints()
	if len(points) < 2 {
		t.Fatalf("%d checkpoints", len(points))
	}
	days = [2]time.Time(points[len(points)-2:])
	advance(t, box, days[0])
	return box, offices, days
}

// TestOneOrderIsHeld spoils an order of before and a new one in a model that nearly every area reads: these two are held, everything else of all areas is
// released, and when the model is mended there is nothing left of it.
func TestOneOrderIsHeld(t *testing.T) {
	t.Parallel()
	box, offices, days := twoDays(t, 21)
	calm, p, at := offices[0], offices[1], stamp(days[1])
	for _, office := range offices {
		office.must(exitDone, "run", "--as-of", stamp(days[0]))
	}
	before := p.relations()
	advance(t, box, days[1])
	start := time.Now()
	calm.must(exitDone, "run", "--as-of", at)
	took := time.Since(start)
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

	for n := range 4 { // what is held is recorded with the release or not at all
		torture(t, p, days[1], func() { time.Sleep(took * time.Duration(5+n) / 9) })
	}
	var r heldReport
	p.report(exitDone, &r, "run", "--as-of", at)
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
		"fct_returns": "order_id", "fct_return_lines": "order_id", "fct_refunds": "order_id", "fct_exchanges": "order_id", "fct_breaks": "order_id", "orders_at_risk": "order_id",
	} {
		mart := "marts." + mart
		part := func(relation, condition string) string {
			return "select * from (" + relation + ") where coalesce(" + unit + ", '') " + condition + " in " + spoiled
		}
		sameRelation(t, db, mart+" of others", [2]string{part(want[mart], "not"), part(got[mart], "not")}, wallClock)
		sameRelation(t, db, mart+" of the held", [2]string{part(before[mart], ""), part(got[mart], "")}, nil)
	}
	for _, mart := range []string{"marts.fct_ledger_entries", "marts.fct_settlements", "marts.feed_health"} { // nothing of them hangs on the order alone
		sameRelation(t, db, mart, [2]string{want[mart], got[mart]}, append(wallClock, "brand"))
	}
	if n := pick(fmt.Sprintf("select cast(sum(orders_in_count) - (select count(releasable_at) from (%s) where brand is not null and goods_status <> 'nothing_to_ship') as varchar) from (%s)", got["marts.fct_orders"], got["marts.fulfilment_daily"])); n != "0" {
		t.Errorf("the days count %s orders more than there are", n)
	}
	says(t, p.must(exitDone, "state", "held").out, old, fresh, "at stake", "next: waybill check", "2 units held, 0 areas held")
	says(t, p.must(exitDone, "query", "select unit, checks from ops.held_units").out, old, fresh, "not_null placed_at")

	snapshots := p.snapshots()
	var again heldReport
	p.report(exitDone, &again, "run", "--as-of", at)
	if again.Changed || len(again.Marts) > 0 || again.Release != r.Release || len(again.HeldUnits) != 2 {
		t.Errorf("a run without news does work, or forgets what is held: %+v", again)
	}
	if now := p.snapshots(); fmt.Sprint(now) != fmt.Sprint(snapshots) {
		t.Error("a run without news commits")
	}

	p.spoil("intermediate/fulfilment/int_orders.sql", "")
	var mended heldReport
	p.report(exitDone, &mended, "run", "--as-of", at)
	if len(mended.HeldUnits)+len(mended.HeldAreas) > 0 {
		t.Errorf("still held: %+v", mended)
	}
	sameTables(t, calm, p)
	says(t, p.must(exitDone, "run", "--as-of", at).out, "no news")
}

// TestOneSettlementIsHeld spoils a provider's batch: it is held, and with it nothing but what of the same account hangs together with it.
func TestOneSettlementIsHeld(t *testing.T) {
	t.Parallel()
	box, offices, days := twoDays(t, 22)
	calm, p, at := offices[0], offices[1], stamp(days[1])
	for _, office := range offices {
		office.must(exitDone, "run", "--as-of", stamp(days[0]))
	}
	advance(t, box, days[1])
	calm.must(exitDone, "run", "--as-of", at)
	want, before := calm.relations(), p.relations()
	db := openDuck(t)
	var source, account, ref string
	err := db.QueryRowContext(t.Context(), fmt.Sprintf(`select source, account, settlement_ref from (%s) where gross_settled_amount is not null and settlement_ref not in
		(select settlement_ref from (%s)) and row_key not in (select row_key from (%[2]s)) group by all order by all limit 1`, want["marts.fct_ledger_entries"], before["marts.fct_ledger_entries"])).Scan(&source, &account, &ref)
	if err != nil {
		t.Fatal(err)
	}
	p.spoil("intermediate/payments/int_ledger_entries.sql", fmt.Sprintf("case when account = '%s' and settlement_ref = '%s' then gross_settled + 1 else gross_settled end as gross_settled", account, ref))
	var r heldReport
	p.report(exitDone, &r, "run", "--as-of", at)
	if want := fmt.Sprintf("source=%s, account=%s, settlement_ref=%s", source, account, ref); r.units() != want || len(r.HeldAreas) > 0 {
		t.Fatalf("held are %s and areas %v, want %s alone", r.units(), r.HeldAreas, want)
	}
	got := p.relations()
	other := func(relation string) string {
		return fmt.Sprintf("select * from (%s) where not (account = '%s' and settlement_ref = '%s')", relation, account, ref)
	}
	for _, mart := range []string{"marts.fct_ledger_entries", "marts.fct_settlements"} {
		sameRelation(t, db, mart, [2]string{other(want[mart]), got[mart]}, wallClock)
	}
	sameRelation(t, db, "marts.fct_orders", [2]string{want["marts.fct_orders"], got["marts.fct_orders"]}, wallClock)
	p.spoil("intermediate/payments/int_ledger_entries.sql", "")
	p.must(exitDone, "run", "--as-of", at)
	sameTables(t, calm, p)
}
