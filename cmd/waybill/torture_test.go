package main

import (
	"database/sql"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/fourmarketing/waybill/pipelines/ledger"
	"github.com/fourmarketing/waybill/project"
	waybillsql "github.com/fourmarketing/waybill/sql"
	"github.com/fourmarketing/waybill/transforms/models"
)

const (
	defaultKills  = 15 // keeps the test short; `make torture` sets WAYBILL_TORTURE_KILLS=200
	killsPerWorld = 40 // a run that was killed often has little left to do
)

// TestTorture kills so many living runs with SIGKILL wherever they happen to be, runs again, and wants the same tables as if nothing had
// happened, and one whole release for every reader at every moment. One world after another is pulled from, until all kills are done.
func TestTorture(t *testing.T) {
	t.Parallel()
	kills := defaultKills
	if text := os.Getenv("WAYBILL_TORTURE_KILLS"); text != "" {
		var err error
		if kills, err = strconv.Atoi(text); err != nil {
			t.Fatalf("WAYBILL_TORTURE_KILLS: %v", err)
		}
	}
	killed := 0
	for seed := uint64(6); killed < kills && !t.Failed(); seed++ {
		t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) {
			killed += tortureWorld(t, seed, min(killsPerWorld, kills-killed))
		})
	}
	t.Logf("%d living runs were killed", killed)
}

// tortureWorld pulls from one world, with kills and without, and compares. It tells how many of the wanted kills found a run alive.
func tortureWorld(t *testing.T, seed uint64, wanted int) int {
	t.Helper()
	box := startWorld(t, small(seed))
	calm, torn := join(t, box), join(t, box)
	stop := watchMarts(t, torn)
	points := box.World().Checkpoints()
	var killed, tried int
	for i, at := range points {
		advance(t, box, at)
		start := time.Now()
		calm.must(exitDone, "run", "--as-of", stamp(at))
		took := time.Since(start)
		here := wanted*(i+1)/len(points) - tried
		for n := range here {
			tried++
			if torture(t, torn, at, killer(torn, float64(n+1)/float64(here), took)) {
				killed++
			}
		}
		torn.must(exitDone, "run", "--as-of", stamp(at))
	}
	t.Logf("%d of %d kills found a run alive; readers looked %d times", killed, tried, stop())
	if killed < wanted/2 {
		t.Fatal("most runs had ended before they were killed: nothing is shown")
	}
	sameTables(t, calm, torn)
	sameLedger(t, calm, torn)
	return killed
}

// killer waits for the moment to kill, further into a run the more of a checkpoint's kills are done: between a file's receipt and the end of
// its load first, during a publication last, anywhere in between.
func killer(p *office, progress float64, took time.Duration) func() {
	switch {
	case progress <= 0.25:
		a := p.open()
		return func() {
			until(func() bool {
				files, err := a.Ledger.Files(p.Context(), ledger.Filter{Status: ledger.Received})
				return err == nil && len(files) > 0
			})
			time.Sleep(rand.N(25 * time.Millisecond))
		}
	case progress > 0.8:
		return func() {
			until(func() bool {
				next, err := filepath.Glob(filepath.Join(p.dir, "waybill.duckdb.next-*"))
				return err == nil && len(next) > 0
			})
			time.Sleep(rand.N(200 * time.Millisecond))
		}
	default:
		return func() { time.Sleep(rand.N(time.Duration(progress * float64(took)))) }
	}
}

// until waits for something, no longer than a run may take.
func until(seen func() bool) {
	for end := time.Now().Add(20 * time.Second); !seen() && time.Now().Before(end); {
		time.Sleep(time.Millisecond)
	}
}

// torture starts a run and kills it when the moment has come; it tells whether the run was still alive then.
func torture(t *testing.T, p *office, at time.Time, wait func()) bool {
	t.Helper()
	run := command(t.Context(), p.env, "run", "--as-of", stamp(at), "-c", p.config())
	if err := run.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	moment := make(chan struct{})
	go func() { _ = run.Wait(); close(ended) }()
	go func() { wait(); close(moment) }()
	select {
	case <-ended:
		return false
	case <-moment:
	}
	if err := run.Process.Kill(); err != nil {
		return false
	}
	<-ended
	return run.ProcessState != nil && !run.ProcessState.Exited()
}

// watchMarts keeps opening the published marts as a BI tool would. The returned function ends it and gives the number of looks.
func watchMarts(t *testing.T, p *office) (stop func() int) {
	t.Helper()
	built, err := models.Read(waybillsql.Files)
	if err != nil {
		t.Fatal(err)
	}
	marts := 0
	for _, m := range built.Models() {
		if m.Name.Namespace == models.Marts {
			marts++
		}
	}
	cfg, err := project.Read(p.config(), os.LookupEnv)
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	var watching sync.WaitGroup
	looks := 0
	watching.Go(func() {
		last := int64(0)
		for {
			select {
			case <-done:
				return
			case <-time.After(150 * time.Millisecond):
			}
			if _, err := os.Stat(cfg.Publish.DuckDB.Path); err != nil && looks == 0 {
				continue // nothing was ever published
			}
			release, err := wholeRelease(cfg, marts)
			if err != nil || release < last {
				t.Errorf("a reader saw release %d after %d: %v", release, last, err)
				return
			}
			last = release
			looks++
		}
	})
	end := sync.OnceValue(func() int { close(done); watching.Wait(); return looks })
	t.Cleanup(func() { end() })
	return end
}

func wholeRelease(cfg *project.Config, marts int) (int64, error) {
	db, err := openMarts(cfg)
	if err != nil {
		return 0, err
	}
	defer db.Close()
	var release int64
	var tables int
	var orders, lines sql.NullString
	err = db.QueryRow(`select (select release_id from ops.release),
		(select count(*) from information_schema.tables where table_schema = 'main'),
		(select cast(sum(units_ordered) as varchar) from marts.fct_orders), (select cast(sum(units_ordered) as varchar) from marts.fct_order_lines where not is_added)`).
		Scan(&release, &tables, &orders, &lines)
	switch {
	case err != nil:
		return 0, err
	case tables != marts:
		return release, fmt.Errorf("%d marts, want %d", tables, marts)
	case orders != lines:
		return release, fmt.Errorf("%s units in fct_orders and %s in fct_order_lines", orders.String, lines.String)
	}
	return release, nil
}

// sameLedger compares what became of every file.
func sameLedger(t *testing.T, want, got *office) {
	t.Helper()
	read := func(p *office) map[string]ledger.File {
		files, err := p.open().Ledger.Files(t.Context(), ledger.Filter{})
		if err != nil {
			t.Fatal(err)
		}
		byKey := map[string]ledger.File{}
		for _, f := range files {
			f.SHA256, f.KeptPath, f.Size = "", "", 0 // answers carry the time at which they were given
			byKey[fmt.Sprintf("%s/%s/%s#%d", f.Source, f.Feed, f.Name, f.Version)] = f
		}
		return byKey
	}
	left, right := read(want), read(got)
	for key, f := range left {
		if right[key] != f {
			t.Errorf("ledger: %s\n  was %+v\n  is  %+v", key, f, right[key])
		}
	}
	if len(left) != len(right) {
		t.Errorf("ledger: %d files, want %d", len(right), len(left))
	}
}
