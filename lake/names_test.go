package lake_test

import (
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/apache/iceberg-go"
	icesql "github.com/apache/iceberg-go/catalog/sql"
	"github.com/apache/iceberg-go/table"

	"github.com/fourmarketing/waybill"
	"github.com/fourmarketing/waybill/lake"
)

// otherEngine opens a local lake's table as another engine would: by the catalog alone, knowing nothing of Waybill.
func otherEngine(t *testing.T, l *lake.Lake) *table.Table {
	t.Helper()
	db, dialect := l.CatalogDB()
	cat, err := icesql.NewCatalog("lake", db, icesql.SupportedDialect(dialect), iceberg.Properties{icesql.SchemaVersionKey: icesql.SchemaVersionV1})
	if err != nil {
		t.Fatal(err)
	}
	tab, err := cat.LoadTable(t.Context(), table.Identifier{despatch.Namespace, despatch.Name})
	if err != nil {
		t.Fatal(err)
	}
	return tab
}

// alter changes the table's columns as another engine.
func alter(t *testing.T, l *lake.Lake, change func(*table.UpdateSchema)) {
	t.Helper()
	tx := otherEngine(t, l).NewTransaction()
	u := tx.UpdateSchema(true, true)
	change(u)
	if err := u.Commit(); err != nil {
		t.Fatal(err)
	}
	if _, err := tx.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func rename(from, to string) func(*table.UpdateSchema) {
	return func(u *table.UpdateSchema) { u.RenameColumn([]string{from}, to) }
}

// renameMetrics moves a column's metrics setting to its new name, as Iceberg in Java does with a rename.
func renameMetrics(t *testing.T, l *lake.Lake, from, to string) {
	t.Helper()
	other := otherEngine(t, l)
	mode := other.Properties()[table.MetricsModeColumnConfPrefix+"."+from]
	tx := other.NewTransaction()
	err := errors.Join(tx.RemoveProperties([]string{table.MetricsModeColumnConfPrefix + "." + from}),
		tx.SetProperties(iceberg.Properties{table.MetricsModeColumnConfPrefix + "." + to: mode}))
	if err != nil || mode == "" {
		t.Fatalf("metrics of %s are %q, %v", from, mode, err)
	}
	if _, err := tx.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func columnNames(fields []lake.Field) []string {
	var names []string
	for _, f := range fields {
		names = append(names, fmt.Sprintf("%d %s", f.ID, f.Name))
	}
	return names
}

func TestRenamedColumnsAreKnownByTheirIDs(t *testing.T) {
	t.Parallel()
	l, db := open(t, localConfig(t)), duck(t)
	before := ensure(t, l, despatch, spec())
	append1(t, l, lake.Commit{Table: despatch, LoadID: "a", Add: write(t, db, before, someRows("a", 10, "aster", "2026-03-01"))})

	// ref and a partition column under other names, and a new column of the other engine's under ref's old one.
	alter(t, l, rename("ref", "despatch_ref"))
	alter(t, l, rename("brand", "label"))
	renameMetrics(t, l, "brand", "label")
	alter(t, l, func(u *table.UpdateSchema) {
		u.AddColumn([]string{"ref"}, iceberg.PrimitiveTypes.Int32, "", false, nil)
		u.AddColumn([]string{"note"}, iceberg.PrimitiveTypes.String, "", false, nil)
	})
	wider := spec()
	wider.Columns[0].Doc = "not new"
	wider.Columns[1].Type = "BIGINT"
	wider.Columns = append(wider.Columns, waybill.Column{Name: "carrier", Type: "VARCHAR"})
	after := ensure(t, l, despatch, wider)
	want := append(columnNames(before.Columns), "12 ref_12", "13 note", "14 carrier")
	if got := columnNames(after.Columns); !slices.Equal(got, want) {
		t.Errorf("columns: %v, want %v", got, want)
	}
	if !slices.Equal(after.PartitionBy, []string{"brand", "day"}) {
		t.Errorf("partitioned by %v", after.PartitionBy)
	}
	append1(t, l, lake.Commit{Table: despatch, LoadID: "b", Add: write(t, db, after, someRows("b", 5, "a brand of more than sixteen letters", "2026-03-02"))})
	append1(t, l, lake.Commit{Table: despatch, LoadID: "c", Add: write(t, db, after, someRows("c", 3, "a brand of more than sixteen letters", "2026-03-02"))})

	check := func(when string) {
		t.Helper()
		got := ask(t, l, db, scanNow(t, l, despatch), "SELECT count(*) || ' ' || count(ref) || ' ' || count(ref_12) || ' ' || count(brand) || ' ' || max(qty) FROM t")
		if want := "18 18 0 18 9"; got != want {
			t.Errorf("%s: rows, refs, foreign refs, brands, most: %s, want %s", when, got, want)
		}
	}
	check("as loaded")
	if _, err := l.Maintain(t.Context(), despatch, lake.Policy{SmallFileBytes: 1 << 20}, rewriter(db)); err != nil {
		t.Fatal(err)
	}
	check("compacted")
	for _, f := range scanNow(t, l, despatch).Files {
		if f.Partition["brand"] == nil {
			t.Errorf("partition %v", f.Partition)
		}
	}
	seen := otherEngine(t, l).Schema()
	for id, name := range map[int]string{1: "despatch_ref", 9: "label", 12: "ref", 14: "carrier"} {
		if got, _ := seen.FindColumnName(id); got != name {
			t.Errorf("field %d is %s for other engines, want %s", id, got, name)
		}
	}
	if n := seen.NumFields(); n != 14 {
		t.Errorf("the table has %d columns, want 14", n)
	}
}

// TestTablesFromBeforeGetTheirNames takes the record away, as in a lake made before there was one.
func TestTablesFromBeforeGetTheirNames(t *testing.T) {
	t.Parallel()
	l := open(t, localConfig(t))
	first := ensure(t, l, despatch, spec())
	unset := func() {
		t.Helper()
		tx := otherEngine(t, l).NewTransaction()
		if err := tx.RemoveProperties([]string{"waybill.columns"}); err != nil {
			t.Fatal(err)
		}
		if _, err := tx.Commit(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	unset()
	again := ensure(t, l, despatch, spec())
	if again.Properties["waybill.columns"] != first.Properties["waybill.columns"] || first.Properties["waybill.columns"] == "" {
		t.Errorf("recorded %s, before %s", again.Properties["waybill.columns"], first.Properties["waybill.columns"])
	}
	alter(t, l, rename("qty", "pieces"))
	if got := ensure(t, l, despatch, spec()); !slices.Equal(columnNames(got.Columns), columnNames(first.Columns)) {
		t.Errorf("columns: %v", columnNames(got.Columns))
	}
	// A column that is gone is made anew when it is asked for.
	alter(t, l, func(u *table.UpdateSchema) { u.DeleteColumn([]string{"weight"}) })
	got := ensure(t, l, despatch, spec())
	if last := got.Columns[len(got.Columns)-1]; last.Name != "weight" || last.ID == first.Columns[4].ID {
		t.Errorf("columns after a drop: %v", columnNames(got.Columns))
	}
	ids := map[string]int{}
	if err := json.Unmarshal([]byte(got.Properties["waybill.columns"]), &ids); err != nil || ids["weight"] != got.Columns[len(got.Columns)-1].ID || ids["qty"] != 2 || len(ids) != len(got.Columns) {
		t.Errorf("recorded: %v, %v", ids, err)
	}
	tx := otherEngine(t, l).NewTransaction()
	if err := tx.SetProperties(iceberg.Properties{"waybill.columns": "ref=1"}); err != nil {
		t.Fatal(err)
	}
	if _, err := tx.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := l.Scan(t.Context(), despatch, 0); err == nil || !strings.Contains(err.Error(), "waybill.columns") {
		t.Errorf("a record that cannot be read: %v", err)
	}
}

// replace puts rows into the whole table, with the load id and key of a commit.
func replace(t *testing.T, l *lake.Lake, db *sql.DB, query string, c lake.Commit) error {
	t.Helper()
	tab, err := l.Table(t.Context(), despatch)
	if err != nil {
		t.Fatal(err)
	}
	c.Table, c.Add = despatch, write(t, db, tab, query)
	_, err = l.Replace(t.Context(), c)
	return err
}

func TestKeysAreIdentifierFields(t *testing.T) {
	t.Parallel()
	l, db := open(t, localConfig(t)), duck(t)
	ensure(t, l, despatch, spec())
	rows := someRows("a", 10, "aster", "2026-03-01")
	noQty := "SELECT * REPLACE (nullif(qty, 3) AS qty) FROM (" + rows + ")"
	for _, c := range []struct {
		load, query string
		key         []string
		want        []int
	}{
		{"one", rows, []string{"ref", "qty"}, []int{1, 2}},
		{"narrower", noQty, []string{"ref"}, []int{1}},
		{"with-null", noQty, []string{"ref", "qty"}, []int{}},
		{"whole-again", rows, []string{"qty"}, []int{2}},
		{"none", rows, nil, []int{}},
		{"back", rows, []string{"ref", "qty"}, []int{1, 2}},
	} {
		if err := replace(t, l, db, c.query, lake.Commit{LoadID: c.load, Key: c.key}); err != nil {
			t.Fatalf("%s: %v", c.load, err)
		}
		sc := otherEngine(t, l).Schema()
		if !slices.Equal(sc.IdentifierFieldIDs, c.want) {
			t.Errorf("%s: identifier fields %v, want %v", c.load, sc.IdentifierFieldIDs, c.want)
		}
		for _, f := range sc.Fields() {
			if f.Required != slices.Contains(c.want, f.ID) {
				t.Errorf("%s: column %s required: %v", c.load, f.Name, f.Required)
			}
		}
	}
	tab := ensure(t, l, despatch, spec())
	_, err := l.Append(t.Context(), lake.Commit{Table: despatch, LoadID: "null", Add: write(t, db, tab, noQty)})
	if err == nil || !strings.Contains(err.Error(), "qty") {
		t.Errorf("a null in the key was appended: %v", err)
	}
	append1(t, l, lake.Commit{Table: despatch, LoadID: "more", Add: write(t, db, tab, rows)})
	// A renamed key column stays the key, and the other engine's name stays too.
	alter(t, l, rename("ref", "despatch_ref"))
	if err := replace(t, l, db, rows, lake.Commit{LoadID: "renamed", Key: []string{"ref"}}); err != nil {
		t.Fatal(err)
	}
	if sc := otherEngine(t, l).Schema(); !slices.Equal(sc.IdentifierFieldIDs, []int{1}) || sc.Field(0).Name != "despatch_ref" {
		t.Errorf("after a rename: %v, %s", sc.IdentifierFieldIDs, sc.Field(0).Name)
	}
	for load, key := range map[string]string{"float": "weight", "unknown": "nothing"} {
		if err := replace(t, l, db, rows, lake.Commit{LoadID: load, Key: []string{key}}); err == nil || !strings.Contains(err.Error(), key) {
			t.Errorf("key %s: %v", key, err)
		}
	}
	if _, err := l.Append(t.Context(), lake.Commit{Table: despatch, LoadID: "x", Key: []string{"ref"}}); err == nil {
		t.Error("a key was set by Append")
	}
}

// TestEntriesAreUnsorted reads every manifest entry after loads, a rewrite for a retraction, and a compaction.
func TestEntriesAreUnsorted(t *testing.T) {
	t.Parallel()
	l, db := open(t, localConfig(t)), duck(t)
	tab := ensure(t, l, despatch, spec())
	load := func(id string) {
		append1(t, l, lake.Commit{Table: despatch, LoadID: id, Add: write(t, db, tab, someRows(id, 4, "aster", "2026-03-01")+" UNION ALL "+someRows(id, 2, "", "2026-03-02"))})
	}
	load("a")
	load("b")
	if _, err := l.Maintain(t.Context(), despatch, lake.Policy{SmallFileBytes: 1 << 20}, rewriter(db)); err != nil {
		t.Fatal(err)
	}
	load("c")
	append1(t, l, lake.Commit{Table: despatch, LoadID: "d", Retract: []string{"a"}, Rewrite: rewriter(db)})
	other := otherEngine(t, l)
	fs, err := other.FS(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	manifests, err := other.CurrentSnapshot().Manifests(fs)
	if err != nil {
		t.Fatal(err)
	}
	live := map[any]int64{}
	for _, m := range manifests {
		for e, err := range m.Entries(fs, false) {
			if err != nil {
				t.Fatal(err)
			}
			df := e.DataFile()
			if id := df.SortOrderID(); id == nil || *id != 0 {
				t.Errorf("%s: sort order %v, want 0", df.FilePath(), id)
			}
			if e.Status() != iceberg.EntryStatusDELETED {
				live[df.Partition()[1001]] += df.Count()
			}
			if len(df.LowerBoundValues()) == 0 || len(df.NullValueCounts()) != len(tab.Columns) || len(df.ColumnSizes()) != len(tab.Columns) || len(df.SplitOffsets()) == 0 {
				t.Errorf("%s lost its statistics: %v", df.FilePath(), df)
			}
		}
	}
	first, second := iceberg.Date(time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC).Unix()/86400), iceberg.Date(time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC).Unix()/86400)
	if live[first] != 8 || live[second] != 4 || len(live) != 2 {
		t.Errorf("rows by day: %v", live)
	}
	if _, err := l.Table(t.Context(), waybill.TableName{Namespace: "raw", Name: "none"}); !errors.Is(err, waybill.ErrNotFound) {
		t.Error(err)
	}
}
