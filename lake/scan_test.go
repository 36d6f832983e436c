package lake_test

import (
	"path/filepath"
	"testing"

	"github.com/fourmarketing/waybill"
	"github.com/fourmarketing/waybill/lake"
)

// TestLargeFileIsReadOnce: Iceberg plans a file of several row groups as several tasks; read_parquet must get it once.
func TestLargeFileIsReadOnce(t *testing.T) {
	t.Parallel()
	l, db := open(t, localConfig(t)), duck(t)
	s := spec()
	s.PartitionBy = nil
	s.Properties = map[string]string{"read.split.target-size": "4096"}
	tab := ensure(t, l, despatch, s)
	name := filepath.Join(t.TempDir(), "f.parquet")
	if _, err := db.ExecContext(t.Context(), "COPY ("+someRows("a", 20000, "aster", "2026-03-01")+") TO '"+name+"' (FORMAT parquet, ROW_GROUP_SIZE 2048, FIELD_IDS "+tab.FieldIDs()+")"); err != nil {
		t.Fatal(err)
	}
	append1(t, l, lake.Commit{Table: despatch, LoadID: "a", Add: []waybill.StagedFile{{Path: name, Rows: 20000}}})
	scan := scanNow(t, l, despatch)
	if len(scan.Files) != 1 || scan.Files[0].Rows != 20000 || scan.Files[0].LoadID != "a" {
		t.Errorf("plan: %+v, want one file of 20000 rows", scan.Files)
	}
	if got := ask(t, l, db, scan, "SELECT count(*) FROM t"); got != "20000" {
		t.Errorf("%s rows, want 20000", got)
	}
}

func TestDeltaIsWhatCameAndWent(t *testing.T) {
	t.Parallel()
	l, db := open(t, localConfig(t)), duck(t)
	tab := ensure(t, l, despatch, spec())
	add := func(id string, retract ...string) int64 {
		return append1(t, l, lake.Commit{Table: despatch, LoadID: id, Retract: retract, Rewrite: rewriter(db), Add: write(t, db, tab, someRows(id, 4, "aster", "2026-03-01"))}).SnapshotID
	}
	loads := func(files []lake.DataFile) (out string) {
		var ids []string
		for _, f := range files {
			ids = append(ids, f.LoadID)
		}
		for _, id := range sorted(ids) {
			out += id + " "
		}
		return out
	}
	a, b := add("a"), add("b")
	c := add("c", "a")
	for _, want := range []struct {
		from, to       int64
		added, removed string
	}{{0, a, "a ", ""}, {a, b, "b ", ""}, {a, c, "b c ", "a "}, {0, c, "a b c ", "a "}, {c, c, "", ""}} {
		d, err := l.Delta(t.Context(), despatch, want.from, want.to)
		if err != nil || loads(d.Added) != want.added || loads(d.Removed) != want.removed {
			t.Errorf("delta %d to %d: added %q, removed %q, %v; want %q, %q", want.from, want.to, loads(d.Added), loads(d.Removed), err, want.added, want.removed)
		}
	}
	if _, err := l.Delta(t.Context(), despatch, c, a); err == nil {
		t.Error("a delta backwards")
	}
}
