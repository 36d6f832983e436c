package lake_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/fourmarketing/waybill"
	"github.com/fourmarketing/waybill/lake"
)

func TestLoadsAreInOnceWithTheirCursor(t *testing.T) {
	t.Parallel()
	onEveryStore(t, func(t *testing.T, cfg lake.Config) {
		l, db := open(t, cfg), duck(t)
		tab := ensure(t, l, despatch, spec())
		first := lake.Commit{
			Table: despatch, LoadID: "l1", CursorKey: "northgate", Cursor: "7", Properties: map[string]string{"ops.note": "x"},
			Add: write(t, db, tab, someRows("l1", 100, "aster", "2026-03-01")+" UNION ALL "+someRows("l1", 50, "brine", "2026-03-02")),
		}
		done := append1(t, l, first)
		if done.AlreadyIn || done.SnapshotID == 0 {
			t.Errorf("first commit: %+v", done)
		}
		if again := append1(t, l, first); !again.AlreadyIn || again.SnapshotID != done.SnapshotID {
			t.Errorf("second commit of the same load: %+v, want already in at snapshot %d", again, done.SnapshotID)
		}
		// A file without a single good row is a load too.
		empty := append1(t, l, lake.Commit{Table: despatch, LoadID: "l2", CursorKey: "northgate", Cursor: "8", Add: write(t, db, tab, someRows("l2", 0, "aster", "2026-03-01"))})
		if empty.AlreadyIn || empty.SnapshotID != done.SnapshotID {
			t.Errorf("empty load: %+v, want no new snapshot", empty)
		}
		if in, err := l.HasLoad(t.Context(), despatch, "l2"); err != nil || !in {
			t.Errorf("the empty load is not known: %v, %v", in, err)
		}
		now, err := l.Table(t.Context(), despatch)
		if err != nil {
			t.Fatal(err)
		}
		if now.Properties["waybill.cursor.northgate"] != "8" || now.Properties["ops.note"] != "x" {
			t.Errorf("properties: %v", now.Properties)
		}
		if got, want := perLoad(t, l, db, despatch), "l1:150:7718.75"; got != want {
			t.Errorf("content %q, want %q", got, want)
		}
		for k, v := range now.Properties {
			if strings.Contains(k+v, "***") || cfg.S3.SecretKey != "" && strings.Contains(v, cfg.S3.SecretKey.Reveal()) {
				t.Errorf("property %s carries a credential", k)
			}
		}
	})
}

func TestEightRacersOneLoad(t *testing.T) {
	t.Parallel()
	onEveryStore(t, func(t *testing.T, cfg lake.Config) {
		db := duck(t)
		lakes := make([]*lake.Lake, 8)
		for i := range lakes {
			lakes[i] = open(t, cfg)
		}
		tab := ensure(t, lakes[0], despatch, spec())
		same, own := make([]lake.Commit, 8), make([]lake.Commit, 8)
		for i := range lakes {
			same[i] = lake.Commit{Table: despatch, LoadID: "same", Add: write(t, db, tab, someRows("same", 10, "aster", "2026-03-01"))}
			id := fmt.Sprintf("own%d", i)
			own[i] = lake.Commit{Table: despatch, LoadID: id, Add: write(t, db, tab, someRows(id, 10, "aster", "2026-03-01"))}
		}
		var mu sync.Mutex
		fresh := 0
		var wg sync.WaitGroup
		for i := range lakes {
			wg.Go(func() {
				for _, c := range []lake.Commit{same[i], own[i]} {
					done, err := lakes[i].Append(t.Context(), c)
					if err != nil {
						t.Errorf("racer %d, load %s: %v", i, c.LoadID, err)
					}
					if c.LoadID == "same" && err == nil && !done.AlreadyIn {
						mu.Lock()
						fresh++
						mu.Unlock()
					}
				}
			})
		}
		wg.Wait()
		if fresh != 1 {
			t.Errorf("%d racers committed the same load, want 1", fresh)
		}
		var want []string
		for i := range 8 {
			want = append(want, fmt.Sprintf("own%d:10:56.25", i))
		}
		want = append(want, "same:10:56.25")
		if got := perLoad(t, lakes[0], db, despatch); got != strings.Join(want, " ") {
			t.Errorf("content %q, want %q", got, want)
		}
		if n := len(scanNow(t, lakes[0], despatch).Files); n != 9 {
			t.Errorf("%d files in the table, want 9", n)
		}
		if n := countObjects(t, lakes[0], cfg, ".parquet"); n != 9 {
			t.Errorf("%d Parquet objects in the store, want 9: losers clear up", n)
		}
	})
}

func TestCorrectionRetractsItsFormerVersion(t *testing.T) {
	t.Parallel()
	onEveryStore(t, func(t *testing.T, cfg lake.Config) {
		l, db := open(t, cfg), duck(t)
		tab := ensure(t, l, despatch, spec())
		for _, id := range []string{"v1", "other", "third"} {
			append1(t, l, lake.Commit{Table: despatch, LoadID: id, Add: write(t, db, tab, someRows(id, 20, "aster", "2026-03-01")+" UNION ALL "+someRows(id, 5, "brine", "2026-03-01"))})
		}
		append1(t, l, lake.Commit{Table: despatch, LoadID: "v2", Retract: []string{"v1"}, Add: write(t, db, tab, someRows("v2", 19, "aster", "2026-03-01"))})
		if got, want := perLoad(t, l, db, despatch), "other:25:250.00 third:25:250.00 v2:19:213.75"; got != want {
			t.Fatalf("content %q, want %q", got, want)
		}
		before := scanNow(t, l, despatch).Snapshot

		rep, err := l.Maintain(t.Context(), despatch, lake.Policy{SmallFileBytes: 1 << 20, MinSmallFiles: 2}, rewriter(db))
		if err != nil || rep.FilesCompacted != 5 || rep.FilesWritten != 2 {
			t.Fatalf("compaction: %+v, %v", rep, err)
		}
		if d, err := l.Delta(t.Context(), despatch, before, scanNow(t, l, despatch).Snapshot); err != nil || len(d.Added)+len(d.Removed) != 0 {
			t.Errorf("a compaction has no delta, got %+v, %v", d, err)
		}
		// The former version now lies in compacted files, together with other loads.
		fix := lake.Commit{Table: despatch, LoadID: "other2", Retract: []string{"other"}, Add: write(t, db, tab, someRows("other2", 3, "aster", "2026-03-01"))}
		if _, err := l.Append(t.Context(), fix); err == nil {
			t.Fatal("a retraction out of a compacted file without a Rewrite went through")
		}
		fix.Rewrite = rewriter(db)
		append1(t, l, fix)
		if got, want := perLoad(t, l, db, despatch), "other2:3:3.75 third:25:250.00 v2:19:213.75"; got != want {
			t.Errorf("content %q, want %q", got, want)
		}
		// Retracting what is left leaves the table empty, and what was retracted stays known.
		append1(t, l, lake.Commit{Table: despatch, LoadID: "none", Retract: []string{"third", "v2", "other2"}, Rewrite: rewriter(db)})
		if got := perLoad(t, l, db, despatch); got != "" {
			t.Errorf("content %q, want none", got)
		}
		if again := append1(t, l, fix); !again.AlreadyIn {
			t.Error("a retracted load came back")
		}
	})
}

func TestReplaceSwapsAll(t *testing.T) {
	t.Parallel()
	onEveryStore(t, func(t *testing.T, cfg lake.Config) {
		l, db := open(t, cfg), duck(t)
		mart := waybill.TableName{Namespace: "marts", Name: "fct_orders"}
		s := spec()
		s.PartitionBy = nil
		tab := ensure(t, l, mart, s)
		var snaps []int64
		for i, n := range []int{30, 7, 0} {
			id := fmt.Sprintf("build%d", i)
			done, err := l.Replace(t.Context(), lake.Commit{
				Table: mart, LoadID: id, Add: write(t, db, tab, someRows(id, n, "aster", "2026-03-01")),
				Properties: map[string]string{"waybill.model": fmt.Sprint(n)},
			})
			if err != nil {
				t.Fatal(err)
			}
			snaps = append(snaps, done.SnapshotID)
		}
		now, err := l.Table(t.Context(), mart)
		if err != nil || now.Properties["waybill.model"] != "0" || perLoad(t, l, db, mart) != "" {
			t.Errorf("after an empty build: %v, %v", now.Properties, err)
		}
		for i, want := range []string{"30", "7", "0"} {
			old, err := l.Scan(t.Context(), mart, snaps[i])
			if err != nil {
				t.Fatal(err)
			}
			if got := ask(t, l, db, old, "SELECT count(*) FROM t"); got != want {
				t.Errorf("snapshot %d has %s rows, want %s", i, got, want)
			}
		}
		// Part of a mart: the files of the touched partitions only.
		append1(t, l, lake.Commit{Table: mart, LoadID: "p1", Add: write(t, db, tab, someRows("p1", 4, "aster", "2026-03-01"))})
		append1(t, l, lake.Commit{Table: mart, LoadID: "p2", Add: write(t, db, tab, someRows("p2", 5, "aster", "2026-03-01"))})
		var gone []string
		for _, f := range scanNow(t, l, mart).Files {
			if f.LoadID == "p1" {
				gone = append(gone, f.Path)
			}
		}
		part := lake.Commit{Table: mart, LoadID: "p3", Remove: gone, Add: write(t, db, tab, someRows("p3", 6, "aster", "2026-03-01"))}
		append1(t, l, part)
		if got, want := perLoad(t, l, db, mart), "p2:5:12.50 p3:6:18.75"; got != want {
			t.Errorf("content %q, want %q", got, want)
		}
		part.LoadID = "p4"
		if _, err := l.Append(t.Context(), part); err == nil {
			t.Error("files that are gone were removed a second time")
		}
	})
}
