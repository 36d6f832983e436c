package lake_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/fourmarketing/waybill"
	"github.com/fourmarketing/waybill/lake"
)

func TestMaintenanceKeepsEveryRow(t *testing.T) {
	t.Parallel()
	onEveryStore(t, func(t *testing.T, cfg lake.Config) {
		clock := time.Now()
		cfg.Now = func() time.Time { return clock }
		l, db := open(t, cfg), duck(t)
		tab := ensure(t, l, despatch, spec())
		var snaps []int64
		for i := range 30 {
			id := fmt.Sprintf("l%02d", i)
			c := lake.Commit{Table: despatch, LoadID: id, Add: write(t, db, tab, someRows(id, 10+i, []string{"aster", "brine", ""}[i%3], "2026-03-01"))}
			if i%5 == 4 {
				c.Retract = []string{fmt.Sprintf("l%02d", i-2)}
			}
			snaps = append(snaps, append1(t, l, c).SnapshotID)
		}
		want := perLoad(t, l, db, despatch)
		policy := lake.Policy{RetainSnapshots: 3, OlderThan: 7 * 24 * time.Hour, SmallFileBytes: 1 << 20, MinSmallFiles: 4, KeepLoads: 8, OrphanAge: 72 * time.Hour}
		policy.Keep = []int64{snaps[3]}

		rep, err := l.Maintain(t.Context(), despatch, policy, rewriter(db))
		if err != nil || rep.FilesCompacted != 24 || rep.FilesWritten != 3 || rep.SnapshotsExpired != 0 || rep.LoadsArchived != 22 {
			t.Fatalf("first maintenance: %+v, %v", rep, err)
		}
		if got := perLoad(t, l, db, despatch); got != want {
			t.Errorf("content after compaction %q, want %q", got, want)
		}
		clock = clock.Add(8 * 24 * time.Hour)
		policy.RetainSnapshots = 1
		rep, err = l.Maintain(t.Context(), despatch, policy, rewriter(db))
		if err != nil || rep.SnapshotsExpired != 30+1-1-1 {
			t.Fatalf("second maintenance: %+v, %v", rep, err)
		}
		if got := perLoad(t, l, db, despatch); got != want {
			t.Errorf("content after expiry %q, want %q", got, want)
		}
		// What a release names can still be read, what expired cannot.
		old, err := l.Scan(t.Context(), despatch, snaps[3])
		if err != nil || ask(t, l, db, old, "SELECT count(*) FROM t") != "46" {
			t.Errorf("the released snapshot: %v, %v", old.Files, err)
		}
		if _, err := l.Scan(t.Context(), despatch, snaps[20]); !errors.Is(err, waybill.ErrNotFound) {
			t.Errorf("an expired snapshot: %v", err)
		}
		if _, err := l.Delta(t.Context(), despatch, snaps[20], snaps[29]); !errors.Is(err, waybill.ErrNotFound) {
			t.Errorf("a delta from an expired snapshot: %v", err)
		}
		if n, most := countObjects(t, l, cfg, ".parquet"), 3+4; n != most {
			t.Errorf("%d Parquet objects after expiry, want %d", n, most)
		}
		// Loads that are known from a list only are known.
		for i := range 30 {
			id := fmt.Sprintf("l%02d", i)
			if again := append1(t, l, lake.Commit{Table: despatch, LoadID: id, Add: write(t, db, tab, someRows(id, 1, "aster", "2026-03-01"))}); !again.AlreadyIn {
				t.Errorf("load %s came a second time", id)
			}
		}
		fresh := open(t, cfg)
		if in, err := fresh.HasLoad(t.Context(), despatch, "l00"); err != nil || !in {
			t.Errorf("a new process does not know the oldest load: %v, %v", in, err)
		}
		if in, err := fresh.HasLoad(t.Context(), despatch, "never"); err != nil || in {
			t.Errorf("a load that never was is known: %v, %v", in, err)
		}
	})
}

func TestSweepTakesOnlyOldOrphans(t *testing.T) {
	t.Parallel()
	cfg := localConfig(t)
	l, db := open(t, cfg), duck(t)
	tab := ensure(t, l, despatch, spec())
	for i := range 6 {
		id := fmt.Sprintf("l%d", i)
		append1(t, l, lake.Commit{Table: despatch, LoadID: id, Add: write(t, db, tab, someRows(id, 10, "aster", "2026-03-01"))})
	}
	if _, err := l.Maintain(t.Context(), despatch, lake.Policy{SmallFileBytes: 1 << 20, KeepLoads: 2}, rewriter(db)); err != nil {
		t.Fatal(err)
	}
	want := perLoad(t, l, db, despatch)
	live := keys(t, l, cfg)
	root := filepath.Join(cfg.Root, "tables", "raw", "wms_despatch")
	var old, young []string
	for i, rel := range []string{"data/dead/a.parquet", "data/compact-dead/0.parquet", "metadata/dead.avro", "loads/dead.zst"} {
		for _, age := range []string{"old", "young"} {
			name := filepath.Join(root, filepath.Dir(rel), fmt.Sprintf("%s-%d-%s", age, i, filepath.Base(rel)))
			if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(name, []byte("left by a killed load"), 0o600); err != nil {
				t.Fatal(err)
			}
			if age == "old" {
				old = append(old, name)
			} else {
				young = append(young, name)
			}
		}
	}
	before := time.Now().Add(-100 * time.Hour)
	for _, name := range append(live, old...) { // live files are as old as the orphans
		if strings.Contains(filepath.ToSlash(name), "/tables/") {
			if err := os.Chtimes(name, before, before); err != nil {
				t.Fatal(err)
			}
		}
	}
	if _, err := l.Maintain(t.Context(), despatch, lake.Policy{OrphanAge: time.Hour}, nil); err == nil {
		t.Error("orphans of one hour were taken; a running load would lose its files")
	}
	rep, err := l.Maintain(t.Context(), despatch, lake.Policy{OrphanAge: 72 * time.Hour}, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range old {
		if _, err := os.Stat(name); err == nil {
			t.Errorf("orphan %s stayed", name)
		}
	}
	for _, name := range young {
		if _, err := os.Stat(name); err != nil {
			t.Errorf("a young file went: %v", err)
		}
	}
	if rep.OrphansRemoved < len(old) {
		t.Errorf("report: %+v, want at least %d orphans", rep, len(old))
	}
	// Everything that the table stands on is there for a process that knows nothing yet.
	fresh := open(t, cfg)
	if got := perLoad(t, fresh, db, despatch); got != want {
		t.Errorf("content after the sweep %q, want %q", got, want)
	}
	append1(t, fresh, lake.Commit{Table: despatch, LoadID: "fix", Retract: []string{"l0"}, Rewrite: rewriter(db)})
	if got := perLoad(t, fresh, db, despatch); got != strings.TrimPrefix(want, "l0:10:56.25 ") {
		t.Errorf("content after a retraction %q", got)
	}
	if in, err := fresh.HasLoad(t.Context(), despatch, "l1"); err != nil || !in {
		t.Errorf("a listed load is not known after the sweep: %v, %v", in, err)
	}
}

// TestAnyHistoryReadsAsItShould drives a table and a plain map side by side.
func TestAnyHistoryReadsAsItShould(t *testing.T) {
	t.Parallel()
	db := duck(t)
	rapid.Check(t, func(rt *rapid.T) {
		clock := time.Now()
		l, err := lake.Open(t.Context(), lake.Config{Root: t.TempDir(), Now: func() time.Time { return clock }})
		if err != nil {
			rt.Fatal(err)
		}
		defer func() { _ = l.Close() }()
		tab := ensure(t, l, despatch, spec())
		rows := map[string]int{}
		ever := map[string]bool{}
		base, changed := int64(0), map[string]bool{}
		for step := range rapid.IntRange(3, 10).Draw(rt, "steps") {
			var present []string
			for id := range rows {
				present = append(present, id)
			}
			switch rapid.SampledFrom([]string{"load", "load", "load", "again", "correct", "compact", "expire", "mark"}).Draw(rt, "step") {
			case "load", "correct":
				id, n := fmt.Sprintf("l%02d", step), rapid.IntRange(0, 5).Draw(rt, "rows")
				c := lake.Commit{Table: despatch, LoadID: id, Rewrite: rewriter(db)}
				c.Add = write(t, db, tab, someRows(id, n, rapid.SampledFrom([]string{"a", "b", ""}).Draw(rt, "brand"), "2026-03-01"))
				if len(present) > 0 && rapid.Bool().Draw(rt, "retract") {
					c.Retract = []string{rapid.SampledFrom(sorted(present)).Draw(rt, "retracted")}
					delete(rows, c.Retract[0])
					changed[c.Retract[0]] = true
				}
				append1(t, l, c)
				ever[id] = true
				if n > 0 {
					rows[id] = n
					changed[id] = true
				}
			case "again":
				for id := range ever {
					if done := append1(t, l, lake.Commit{Table: despatch, LoadID: id, Add: write(t, db, tab, someRows(id, 9, "a", "2026-03-01"))}); !done.AlreadyIn {
						rt.Fatalf("load %s came again", id)
					}
				}
			case "compact":
				if _, err := l.Maintain(t.Context(), despatch, lake.Policy{SmallFileBytes: 1 << 20, KeepLoads: 2}, rewriter(db)); err != nil {
					rt.Fatal(err)
				}
			case "expire":
				clock = clock.Add(time.Hour)
				if _, err := l.Maintain(t.Context(), despatch, lake.Policy{RetainSnapshots: 2, OlderThan: time.Minute, OrphanAge: 72 * time.Hour, Keep: []int64{base}}, nil); err != nil {
					rt.Fatal(err)
				}
			case "mark":
				base, changed = scanNow(t, l, despatch).Snapshot, map[string]bool{}
			}
			var want []string
			for _, id := range sorted(keysOf(rows)) {
				n := rows[id]
				want = append(want, fmt.Sprintf("%s:%d:%d.%02d", id, n, n*(n-1)/2*125/100, n*(n-1)/2*125%100))
			}
			if got := perLoad(t, l, db, despatch); got != strings.Join(want, " ") {
				rt.Fatalf("step %d: content %q, want %q", step, got, strings.Join(want, " "))
			}
		}
		checkDelta(t, rt, l, base, changed)
	})
}

// checkDelta holds the loads of a delta's files against those that changed: none may be missing.
func checkDelta(t *testing.T, rt *rapid.T, l *lake.Lake, base int64, changed map[string]bool) {
	t.Helper()
	d, err := l.Delta(t.Context(), despatch, base, scanNow(t, l, despatch).Snapshot)
	if errors.Is(err, waybill.ErrNotFound) {
		return // the way was cut by expiry, and it says so
	}
	if err != nil {
		rt.Fatal(err)
	}
	seen := map[string]bool{}
	compacted := false
	for _, f := range append(d.Added, d.Removed...) {
		seen[f.LoadID] = true
		compacted = compacted || f.Compacted
	}
	for id := range changed {
		if !seen[id] && !compacted {
			rt.Fatalf("load %s changed and is not in the delta %v", id, seen)
		}
	}
	if len(changed) == 0 && len(seen) > 0 {
		rt.Fatalf("nothing changed, the delta has %v", seen)
	}
}
