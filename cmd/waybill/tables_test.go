package main

import (
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/fourmarketing/waybill/transforms/duck"
)

// wallClock are the columns that carry the wall clock of an answer and so differ between any two lakes: when DHL was asked, and from
// that when an event was first seen.
var wallClock = []string{"asked_at", "first_seen_at"}

// relations are selects that read every table of the project's lake with plain DuckDB, by table name.
func (p *office) relations() map[string]string {
	p.Helper()
	a := p.open()
	names, err := a.Lake.Tables(p.Context())
	if err != nil {
		p.Fatal(err)
	}
	all := map[string]string{}
	for _, name := range names {
		scan, err := a.Lake.Scan(p.Context(), name, 0)
		if err != nil {
			p.Fatal(err)
		}
		files, err := a.Lake.Local(p.Context(), scan.Files)
		if err != nil {
			p.Fatal(err)
		}
		p.Cleanup(files.Close)
		all[name.String()] = ""
		if len(files.Paths) > 0 {
			all[name.String()] = fmt.Sprintf("select * from read_parquet(%s, union_by_name = true, hive_partitioning = false)", duck.List(files.Paths))
		}
	}
	return all
}

func openDuck(t *testing.T) *sql.DB {
	t.Helper()
	db := duck.Open(duck.Config{MemoryLimit: "512MB", TempDir: t.TempDir()})
	t.Cleanup(func() { db.Close() })
	return db
}

// sameTables fails the test for every table whose rows differ between two projects, duplicates counted.
func sameTables(t *testing.T, want, got *office) {
	t.Helper()
	db := openDuck(t)
	left, right := want.relations(), got.relations()
	for name := range left {
		if _, ok := right[name]; !ok {
			t.Errorf("%s is missing", name)
			delete(left, name)
		}
	}
	for name := range right {
		if _, ok := left[name]; !ok {
			t.Errorf("%s is in one lake only", name)
		}
	}
	rows := 0
	for name, a := range left {
		b := right[name]
		if a == "" || b == "" {
			if a != b {
				t.Errorf("%s: empty in one lake and not in the other", name)
			}
			continue
		}
		rows += sameRelation(t, db, name, [2]string{a, b}, wallClock)
	}
	if rows == 0 {
		t.Error("nothing was compared: every table is empty")
	}
	t.Logf("%d tables, %d rows compared", len(left), rows)
}

// sameRelation compares two selects both ways, but for some columns, and returns how many rows the first has.
func sameRelation(t *testing.T, db *sql.DB, name string, pair [2]string, but []string) int {
	t.Helper()
	types, err := columnTypes(t.Context(), db, "("+pair[0]+")")
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	var columns []string
	for c := range types {
		if !slices.Contains(but, c) {
			columns = append(columns, duck.Ident(c))
		}
	}
	slices.Sort(columns)
	list := strings.Join(columns, ", ")
	for i, side := range []string{"missing", "too many"} {
		q := fmt.Sprintf("select count(*), any_value(cast(d as varchar)) from ((select %[1]s from (%[2]s)) except all (select %[1]s from (%[3]s))) as d", list, pair[i], pair[1-i])
		var n int
		var example sql.NullString
		if err := db.QueryRowContext(t.Context(), q).Scan(&n, &example); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if n > 0 {
			t.Errorf("%s: %d rows %s, such as %s", name, n, side, example.String)
		}
	}
	var n int
	if err := db.QueryRowContext(t.Context(), "select count(*) from ("+pair[0]+")").Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}
