package main

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	_ "github.com/duckdb/duckdb-go/v2"
)

// due are the instants of marts that may be later than the instant asked about: what is due, and the wall's clock, which here is years later.
var due = []string{"fct_disputes.due_at", "unanswered_questions.asked_at", "fct_orders.deliver_from_at", "fct_orders.deliver_to_at"}

// firsts are the columns of fct_orders that are the earliest of something: as of an earlier instant they are what they are now, or not there yet.
var firsts = []string{"placed_at", "authorised_at", "paid_at", "releasable_at", "in_wms_at", "released_at", "picked_at", "packed_at", "first_despatched_at", "first_accepted_at", "cancelled_at"}

// TestAsOfAnEarlierInstant builds marts as of several instants that are past, over a lake that knows what came later. Nothing later is in them, all
// that had happened is, every check of severity error passes, and what readers see and the next run finds stay as they were.
func TestAsOfAnEarlierInstant(t *testing.T) {
	t.Parallel()
	box := startWorld(t, small(11))
	p := join(t, box)
	end := box.World().AsOf()
	for _, at := range []time.Time{end.Add(-4 * 24 * time.Hour), end} {
		advance(t, box, at)
		p.must(exitDone, "run", "--as-of", stamp(at))
	}
	published := filepath.Join(p.dir, "waybill.duckdb")
	before, snapshots := sum(t, published), p.snapshots()
	for _, back := range []time.Duration{7*24*time.Hour + 5*time.Hour, 4*24*time.Hour + 30*time.Minute, 36 * time.Hour, time.Minute} {
		at := end.Add(-back)
		var r runReport
		p.report(exitDone, &r, "build", "--as-of", stamp(at))
		if len(r.Failed) > 0 || r.Aside == "" {
			t.Fatalf("as of %s: %+v", at, r)
		}
		asOfHolds(t, r.Aside, published, at)
	}
	o := p.must(exitDone, "build", "fct_breaks", "--as-of", stamp(end.Add(-36*time.Hour))) // with the marts that it reads
	says(t, o.out, "earlier than what is published, which stays as it is", "waybill.as-of-")

	if after := sum(t, published); after != before {
		t.Error("the published marts changed")
	}
	if after := p.snapshots(); !maps.Equal(after, snapshots) {
		t.Error("tables of the lake changed")
	}
	says(t, p.must(exitUsage, "run", "--as-of", stamp(end.Add(-time.Hour))).err, "waybill build --as-of")
	says(t, p.must(exitDone, "run", "--as-of", stamp(end)).out, "no news")
}

// TestAsOfHoldsByCause spoils an order, then a mart, and builds as of a past instant: without that order, then without that mart's area, and with all
// else.
func TestAsOfHoldsByCause(t *testing.T) {
	t.Parallel()
	box := startWorld(t, small(3))
	p := join(t, box)
	end := box.World().AsOf()
	advance(t, box, end)
	p.must(exitDone, "run", "--as-of", stamp(end))
	at := stamp(end.Add(-36 * time.Hour))
	var whole, held, less struct {
		heldReport
		Aside string `json:"aside"`
	}
	p.report(exitDone, &whole, "build", "--as-of", at)
	orders := ofFile(t, whole.Aside, "select order_id from fct_orders order by order_id")
	p.spoil("intermediate/fulfilment/int_orders.sql", "case when order_id <> '"+orders[0]+"' then placed_at end as placed_at")
	p.report(exitDone, &held, "build", "--as-of", at)
	if held.units() != "order_id="+orders[0] || len(held.HeldAreas) > 0 || held.HeldUnits[0].Kept != 0 {
		t.Errorf("held are %+v and areas %v, want %s", held.HeldUnits, held.HeldAreas, orders[0])
	}
	if got := ofFile(t, held.Aside, "select order_id from fct_orders order by order_id"); !slices.Equal(got, orders[1:]) {
		t.Errorf("%d orders are shown, want all %d but one", len(got), len(orders))
	}
	p.spoil("intermediate/fulfilment/int_orders.sql", "")
	p.spoil("marts/returns/returns_open.sql", "error('spoilt') as return_id")
	p.report(exitWithheld, &less, "build", "--as-of", at)
	tables := ofFile(t, less.Aside, "select table_name from information_schema.tables where table_schema = 'main' order by 1")
	if less.areas() != "returns" || slices.Contains(tables, "fct_returns") || !slices.Contains(tables, "fct_orders") {
		t.Errorf("held are areas %q, shown is %v", less.areas(), tables)
	}
	says(t, p.must(exitWithheld, "run", "--as-of", stamp(end)).out, "area returns", "shown of release 1,", "spoilt") // no build aside is what readers had
}

// ofFile reads the texts of a published file.
func ofFile(t *testing.T, path, query string) []string {
	t.Helper()
	db, err := sql.Open("duckdb", path+"?access_mode=read_only")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	rows, err := db.QueryContext(t.Context(), query)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var out []string
	for rows.Next() {
		var text string
		if err := rows.Scan(&text); err != nil {
			t.Fatal(err)
		}
		out = append(out, text)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return out
}

func sum(t *testing.T, path string) [32]byte {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return sha256.Sum256(data)
}

// asOfHolds compares marts as of an earlier instant with those of now.
func asOfHolds(t *testing.T, aside, published string, at time.Time) {
	t.Helper()
	db, err := sql.Open("duckdb", "")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	db.SetMaxOpenConns(1) // attached databases are a connection's own here
	for name, path := range map[string]string{"was": aside, "now": published} {
		if _, err := db.ExecContext(t.Context(), fmt.Sprintf("attach '%s' as %s (read_only)", path, name)); err != nil {
			t.Fatal(err)
		}
	}
	instant := "timestamptz '" + at.UTC().Format(time.RFC3339Nano) + "'"
	for _, c := range instants(t, db) {
		if n := number(t, db, fmt.Sprintf("select count(*) from was.%s where %s > %s", c[0], c[1], instant)); n > 0 && !slices.Contains(due, c[0]+"."+c[1]) {
			t.Errorf("as of %s, %s.%s: %d rows are later", at, c[0], c[1], n)
		}
	}
	var differs []string
	for _, c := range firsts {
		differs = append(differs, fmt.Sprintf("w.%[1]s is distinct from (case when n.%[1]s <= %[2]s then n.%[1]s end)", c, instant))
	}
	for what, query := range map[string]string{
		"orders that are not as they were": "select count(*) from (select * from now.fct_orders where placed_at <= " + instant + ") as n full outer join was.fct_orders as w on w.order_id = n.order_id where " + strings.Join(differs, " or "),
		"movements too many or too few":    "select (select count(*) from was.fct_ledger_entries) - (select count(*) from now.fct_ledger_entries where occurred_at <= " + instant + ")",
		"scans too many or too few":        "select (select count(*) from was.fct_tracking_events where occurred_at is not null) - (select count(*) from now.fct_tracking_events as e inner join was.fct_orders as o on o.order_id = e.order_id where e.occurred_at <= " + instant + " and e.direction = 'outbound') - (select count(*) from was.fct_tracking_events where occurred_at is not null and (direction = 'return' or order_id is null))",
		"breaks of another instant":        "select count(*) from was.fct_breaks where age_hours < 0 or _built_at <> " + instant,
		"orders of which none was there":   "select case when count(*) = 0 then 1 else 0 end from was.fct_orders",
	} {
		if n := number(t, db, query); n != 0 {
			t.Errorf("as of %s: %d %s", at, n, what)
		}
	}
}

// instants are the columns of the marts with an instant, with their tables.
func instants(t *testing.T, db *sql.DB) [][2]string {
	t.Helper()
	rows, err := db.QueryContext(context.WithoutCancel(t.Context()), "select table_name, column_name from duckdb_columns() where database_name = 'was' and schema_name = 'main' and data_type = 'TIMESTAMP WITH TIME ZONE'")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var out [][2]string
	for rows.Next() {
		var c [2]string
		if err := rows.Scan(&c[0], &c[1]); err != nil {
			t.Fatal(err)
		}
		out = append(out, c)
	}
	if err := rows.Err(); err != nil || len(out) < 30 {
		t.Fatalf("%d columns, %v", len(out), err)
	}
	return out
}

func number(t *testing.T, db *sql.DB, query string) int64 {
	t.Helper()
	var n int64
	if err := db.QueryRowContext(t.Context(), query).Scan(&n); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return n
}
