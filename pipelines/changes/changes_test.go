package changes_test

import (
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/fourmarketing/waybill"
	"github.com/fourmarketing/waybill/lake"
	"github.com/fourmarketing/waybill/pipelines"
	"github.com/fourmarketing/waybill/pipelines/changes"
	"github.com/fourmarketing/waybill/pipelines/ledger"
	"github.com/fourmarketing/waybill/pipelines/maintain"
	"github.com/fourmarketing/waybill/transforms/duck"
	"github.com/fourmarketing/waybill/transforms/models"
)

// desk is a lake with releases of a few marts, and a wall clock that is moved.
type desk struct {
	*testing.T
	lake    *lake.Lake
	ledger  *ledger.Ledger
	db      *sql.DB
	clock   time.Time
	loads   int
	columns map[string][]waybill.Column
	lists   []waybill.TableName
	changes *changes.Changes
}

// late and lost are lists, in areas of their own; plain is none.
var (
	late = "/*\ndescription: d\nkey: [order_id]\nlist: {where: is_open, worse: {risk: [ok, breached]}, amount: amount, currency: currency, clock: [age_hours], show: [note]}\n" +
		"columns: {order_id: it, is_open: it, risk: it, amount: it, currency: it, age_hours: it, note: it, brand: it, _built_at: it}\n*/\nselect 1 as x"
	lost  = "/*\ndescription: d\nkey: [parcel]\nlist: {}\ncolumns: {parcel: it}\n*/\nselect 1 as x"
	plain = "/*\ndescription: d\nkey: [day]\ncolumns: {day: it}\n*/\nselect 1 as x"
)

func newDesk(t *testing.T) *desk {
	t.Helper()
	d := &desk{T: t, clock: at("2026-04-01T06:00:00Z"), columns: map[string][]waybill.Column{
		"late": {
			{Name: "order_id", Type: "VARCHAR"},
			{Name: "is_open", Type: "BOOLEAN"},
			{Name: "risk", Type: "VARCHAR"},
			{Name: "amount", Type: "DECIMAL(18,4)"},
			{Name: "currency", Type: "VARCHAR"},
			{Name: "age_hours", Type: "INTEGER"},
			{Name: "note", Type: "VARCHAR"},
			{Name: "brand", Type: "VARCHAR"},
			{Name: "_built_at", Type: "INTEGER"},
		},
		"lost":  {{Name: "parcel", Type: "VARCHAR"}},
		"plain": {{Name: "day", Type: "INTEGER"}},
	}}
	now := func() time.Time { return d.clock }
	var err error
	if d.lake, err = lake.Open(t.Context(), lake.Config{Root: t.TempDir(), Now: now}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.lake.Close() })
	catalog, dialect := d.lake.CatalogDB()
	if d.ledger, err = ledger.Open(t.Context(), catalog, string(dialect), now); err != nil {
		t.Fatal(err)
	}
	d.db = duck.Open(duck.Config{Threads: 1})
	t.Cleanup(func() { d.db.Close() })
	project, err := models.Read(fstest.MapFS{"marts/desk/late.sql": {Data: []byte(late)}, "marts/yard/lost.sql": {Data: []byte(lost)}, "marts/yard/plain.sql": {Data: []byte(plain)}})
	if err != nil {
		t.Fatal(err)
	}
	d.lists = project.ListTables()
	d.changes = changes.New(changes.Parts{Lake: d.lake, Ledger: d.ledger, Models: project, Scratch: pipelines.Scratch(t.TempDir()), Memory: "256MB"})
	return d
}

func at(text string) time.Time {
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		panic(err)
	}
	return t
}

// put replaces a mart by the rows of a select and returns its snapshot; an empty select only makes the table.
func (d *desk) put(mart, rows string) string {
	d.Helper()
	name := waybill.TableName{Namespace: "marts", Name: mart}
	table, err := d.lake.Ensure(d.Context(), name, lake.TableSpec{Columns: d.columns[mart], Replaced: true})
	if err != nil {
		d.Fatal(err)
	}
	if rows == "" {
		return strconv.FormatInt(table.Snapshot, 10)
	}
	d.loads++
	path := filepath.Join(d.TempDir(), strconv.Itoa(d.loads)+".parquet")
	var names []string
	for _, c := range d.columns[mart] {
		names = append(names, c.Name)
	}
	var n int64
	if err := d.db.QueryRowContext(d.Context(), fmt.Sprintf("copy (%s) to %s (format parquet, field_ids %s)", rows, duck.Literal(path), table.FieldIDs(names...))).Scan(&n); err != nil {
		d.Fatal(err)
	}
	done, err := d.lake.Replace(d.Context(), lake.Commit{Table: name, LoadID: "l" + strconv.Itoa(d.loads), Add: []waybill.StagedFile{{Path: path, Rows: n}}})
	if err != nil {
		d.Fatal(err)
	}
	return strconv.FormatInt(done.SnapshotID, 10)
}

// release shows marts as of an instant, at the desk's clock.
func (d *desk) release(asOf string, tables map[string]string, areas ...ledger.Area) int64 {
	d.Helper()
	r, err := d.ledger.AddRelease(d.Context(), ledger.Release{AsOf: at(asOf), Status: ledger.Released, Tables: tables, Areas: areas})
	if err != nil {
		d.Fatal(err)
	}
	return r.ID
}

// lateRows is a select of late orders: order, open, risk, amount, age.
func lateRows(built int, rows ...string) string {
	return fmt.Sprintf(`select o as order_id, cast(p as boolean) as is_open, r as risk, cast(a as decimal(18, 4)) as amount, 'GBP' as currency, cast(h as integer) as age_hours,
		'ring them' as note, 'Aster' as brand, %d as _built_at from (values %s) as v(o, p, r, a, h)`, built, strings.Join(rows, ", "))
}

// asked is an answer in words: the releases, notes, and each row.
func (d *desk) asked(q changes.Question) (string, error) {
	d.Helper()
	if q.Zone == nil {
		q.Zone = zoneOf(d.T, pipelines.BusinessZone)
	}
	var out []string
	err := d.changes.Ask(d.Context(), q, func(a *changes.Answer) error {
		out = append(out, fmt.Sprintf("%d to %d", a.Since.ID, a.Until.ID))
		out = append(out, a.Notes...)
		for _, l := range a.Lists {
			out = append(out, l.Notes...)
			if l.Problem != "" {
				out = append(out, l.List+": "+l.Problem)
			}
			err := a.Rows(d.Context(), l, changes.Wanted{States: changes.States()}, func(r changes.Row) error {
				text := fmt.Sprintf("%s %s", *r.Key[0].Value, r.State)
				for _, m := range r.Moved {
					text += " " + m.Column
				}
				out = append(out, text)
				return nil
			})
			if err != nil {
				return err
			}
		}
		return nil
	})
	return strings.Join(out, "; "), err
}

func zoneOf(t *testing.T, name string) *time.Location {
	t.Helper()
	zone, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return zone
}

// TestWhichReleases says which two releases a question means.
func TestWhichReleases(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	shown := map[string]string{"marts.lost": d.put("lost", "select 'p1' as parcel")}
	for _, asOf := range []string{
		"2026-04-06T06:00:00Z", "2026-04-06T22:30:00Z", "2026-04-06T23:30:00Z", // half past midnight in London
		"2026-04-07T06:00:00Z", "2026-04-07T12:00:00Z", "2026-04-08T06:00:00Z",
	} {
		d.release(asOf, shown)
	}
	aside, err := d.ledger.AddRelease(t.Context(), ledger.Release{AsOf: at("2026-04-08T07:00:00Z"), Status: ledger.Aside, Tables: shown})
	if err != nil || aside.ID != 7 {
		t.Fatal(aside.ID, err)
	}
	for _, c := range []struct{ since, until, zone, want string }{
		{"yesterday", "", "Europe/London", "5 to 6"},
		{"yesterday", "release:4", "Europe/London", "2 to 4"},
		{"yesterday", "release:4", "UTC", "3 to 4"},
		{"24h", "", "Europe/London", "4 to 6"},
		{"1d", "release:5", "Europe/London", "1 to 5"},
		{"26h30m", "", "Europe/London", "3 to 6"},
		{"90m", "2026-04-07", "Europe/London", "4 to 5"},
		{"2026-04-06", "", "Europe/London", "2 to 6"},
		{"2026-04-06", "", "UTC", "3 to 6"},
		{"2026-04-06", "2026-04-07", "Europe/London", "2 to 5"},
		{"2026-04-07T06:00:00Z", "", "Europe/London", "4 to 6"},
		{"2026-04-07T07:00+01:00", "", "Europe/London", "4 to 6"},
		{"2026-04-07T05:59:59Z", "", "Europe/London", "3 to 6"},
		{"release:1", "release:2", "Europe/London", "1 to 2"},
		{"1w", "", "Europe/London", "no release is of before 2026-04-01 06:00Z; the oldest is release 1, as of 2026-04-06 06:00Z; next: waybill changes --since release:1"},
		{"2026-04-08", "", "Europe/London", "both release 6, as of 2026-04-08 06:00Z, and nothing lies between; next: waybill changes --since release:5"},
		{"release:1", "release:1", "Europe/London", "both release 1, as of 2026-04-06 06:00Z, and nothing lies between; next: waybill run, since it is the only one"},
		{"release:5", "release:2", "Europe/London", "turn them round"},
		{"release:7", "", "Europe/London", "release 7 was never shown to readers (aside); next: waybill changes --since release:6"},
		{"release:8", "", "Europe/London", "there is no release 8; the newest is release 6"},
		{"release:x", "", "Europe/London", "a release has a number, as in release:12"},
		{"last tuesday", "", "Europe/London", `"last tuesday" is none of yesterday, 24h, 7d, 2w, a date such as`},
		{"-3h", "", "Europe/London", "is none of yesterday"},
		{"2026-04-07T06:00:00", "", "Europe/London", "an instant such as 2026-04-08T07:00:00+01:00"},
		{"yesterday", "0d", "Europe/London", "is none of yesterday, 24h, 7d, 2w"},
	} {
		got, err := d.asked(changes.Question{Since: c.since, Until: c.until, Zone: zoneOf(t, c.zone)})
		if err != nil {
			got = err.Error()
			if !errors.Is(err, changes.ErrQuestion) {
				t.Errorf("since %s: %v", c.since, err)
			}
		}
		if !strings.Contains(got, c.want) {
			t.Errorf("since %s until %s: %s\nwant %s", c.since, c.until, got, c.want)
		}
	}
}

// TestWhatALackingReleaseSays compares lists that a release has not got, that had not a row, or not a column, and whose area is held.
func TestWhatALackingReleaseSays(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	all := d.columns["late"]
	without := func(name string) []waybill.Column {
		return slices.DeleteFunc(slices.Clone(all), func(c waybill.Column) bool { return c.Name == name })
	}
	put := func(lacking, rows string) string {
		d.columns["late"] = without(lacking)
		defer func() { d.columns["late"] = all }()
		if lacking != "" {
			rows = "select * exclude (" + lacking + ") from (" + rows + ")"
		}
		return d.put("late", rows)
	}
	one := func(built int) string {
		return lateRows(built, "('o1', true, 'ok', 10, 1)", "('o2', true, 'ok', 10, 1)")
	}
	none := d.put("lost", "") // a table without a row has no snapshot
	d.release("2026-04-01T06:00:00Z", map[string]string{"marts.lost": none})
	d.release("2026-04-02T06:00:00Z", map[string]string{"marts.lost": d.put("lost", "select 'p1' as parcel"), "marts.late": put("note", one(1))})
	d.release("2026-04-03T06:00:00Z", map[string]string{"marts.lost": d.put("lost", "select 'p1' as parcel"), "marts.late": put("is_open", one(2))})
	d.release("2026-04-04T06:00:00Z", map[string]string{"marts.lost": d.put("lost", "select 'p1' as parcel"), "marts.late": put("", one(3))})
	d.release("2026-04-05T06:00:00Z", map[string]string{"marts.lost": d.put("lost", "select 'p1' as parcel where false"), "marts.late": put("amount", one(4))},
		ledger.Area{Area: "desk", Cause: "spoilt", OfRelease: 4, AsOf: at("2026-04-04T06:00:00Z")})
	for since, want := range map[int]string{
		1: "1 to 4; late: release 1 has not got it; it is compared from the first release on that has; p1 new",
		2: "2 to 4; release 2 has no note, which is left out; o1 same; o2 same; p1 same",
		3: "3 to 4; late: release 3 has no column is_open, by which rows are told; it is compared from the first release on that has; p1 same",
	} {
		if got, err := d.asked(changes.Question{Since: fmt.Sprintf("release:%d", since), Until: "release:4"}); err != nil || got != want {
			t.Errorf("got %s, %v\nwant %s", got, err, want)
		}
	}
	got, err := d.asked(changes.Question{Since: "release:4"})
	want := "4 to 5; release 5 shows it of release 4, as of 2026-04-04 06:00Z: area desk is held (waybill state held); release 5 has no amount, which is left out; o1 same; o2 same; p1 gone"
	if err != nil || got != want {
		t.Errorf("got %s, %v\nwant %s", got, err, want)
	}
	if got, err := d.asked(changes.Question{Since: "release:2", Until: "release:4", Brand: "Brine"}); err != nil ||
		got != "2 to 4; release 2 has no note, which is left out; lost: its rows are of no brand; without --brand they are compared" {
		t.Errorf("got %s, %v", got, err)
	}
	if _, err := d.asked(changes.Question{Since: "release:1", Lists: []string{"lat"}}); err == nil || !strings.Contains(err.Error(), `"lat" is no list, did you mean late?; lists are late, lost`) {
		t.Error(err)
	}
	if got, err := d.asked(changes.Question{Since: "release:1", Until: "release:2", Lists: []string{"marts.lost"}}); err != nil || got != "1 to 2; p1 new" {
		t.Errorf("got %s, %v", got, err)
	}
}

// TestHowLongListsAreKept makes two releases a day for seven weeks and maintains the tables more than a week later: of the five weeks before the newest the last
// release of each day can be read, and nothing of before; of a mart that is no list the newest ones alone. Forgetting leaves the newest alone.
func TestHowLongListsAreKept(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	start := d.clock
	none := d.put("late", "")
	var newest int64
	for day := range 50 {
		for _, hour := range []int{0, 6} {
			d.clock = start.AddDate(0, 0, day).Add(time.Duration(hour) * time.Hour)
			newest = d.release(d.clock.Format(time.RFC3339), map[string]string{
				"marts.lost":  d.put("lost", fmt.Sprintf("select 'p%d' as parcel", 2*day+hour/6)),
				"marts.plain": d.put("plain", fmt.Sprintf("select %d as day", day)), "marts.late": none,
			})
		}
	}
	day := func(back int) string { return start.AddDate(0, 0, 49-back).Format(time.DateOnly) }
	d.clock = time.Now().AddDate(0, 0, 8) // snapshots bear the machine's time: all are older than a week then
	m := maintain.New(d.lake, d.ledger, d.db, d.lists, pipelines.NewReporter(nil, nil))
	if _, err := m.Maintain(t.Context()); err != nil {
		t.Fatal(err)
	}
	for mart, most := range map[string]int{"lost": 36 + 10, "plain": 20} {
		known, err := d.lake.Snapshots(t.Context(), waybill.TableName{Namespace: "marts", Name: mart})
		if err != nil || len(known) > most {
			t.Errorf("%s has %d snapshots, want at most %d; %v", mart, len(known), most, err)
		}
	}
	for since, want := range map[string]string{
		"release:99":           "99 to 100; p99 new; p98 gone",
		"yesterday":            "98 to 100; p99 new; p97 gone",
		day(30):                "40 to 100; p99 new; p39 gone", // whose morning is gone, and the end of the day is kept
		"30d":                  "40 to 100; p99 new; p39 gone",
		day(30) + "T07:00:00Z": "38 to 100; release 39, as of " + day(30) + " 06:00Z, is not kept any more; release 38 is the last before it that is; p99 new; p37 gone",
		"release:39":           "release 39, as of " + day(30) + " 06:00Z, is not kept any more, or not whole; next: waybill changes --since release:38",
		day(40):                "is not kept any more; the oldest that is kept is release 30, as of " + day(35) + " 12:00Z; next: waybill changes --since release:30",
	} {
		got, err := d.asked(changes.Question{Since: since})
		if err != nil {
			got = err.Error()
		}
		if !strings.Contains(got, want) {
			t.Errorf("since %s: %s\nwant %s", since, got, want)
		}
	}
	for _, mart := range []string{"lost", "plain"} {
		if _, err := m.Expire(t.Context(), waybill.TableName{Namespace: "marts", Name: mart}); err != nil {
			t.Fatal(err)
		}
	}
	got, err := d.asked(changes.Question{Since: "yesterday"})
	want := fmt.Sprintf("is not kept any more; the oldest that is kept is release %d, as of %s; next: the same after the next run that brings something new", newest, day(0)+" 12:00Z")
	if err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("after everything was forgotten: %s, %v", got, err)
	}
}
