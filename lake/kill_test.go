package lake_test

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/fourmarketing/waybill"
	"github.com/fourmarketing/waybill/internal/testservers"
	"github.com/fourmarketing/waybill/lake"
)

const killLoads = 24

// TestKilledLoadsEndAsIfNeverKilled kills a loading process again and again, at any moment, until one gets through.
func TestKilledLoadsEndAsIfNeverKilled(t *testing.T) {
	t.Parallel()
	t.Run("folder, sqlite", func(t *testing.T) { killAndRepeat(t, localConfig(t)) })
	t.Run("s3, postgres", func(t *testing.T) {
		cfg := s3Config(t, testservers.StartS3(t))
		cfg.Catalog = newDatabase(t, testservers.StartPostgres(t))
		killAndRepeat(t, cfg)
	})
}

func killAndRepeat(t *testing.T, cfg lake.Config) {
	t.Helper()
	kills, seed := 0, rand.New(rand.NewPCG(1, 2)) //nolint:gosec // a test's moments
	for finished := false; !finished; {
		ctx, cancel := context.WithTimeout(t.Context(), time.Duration(20+seed.IntN(120+30*kills))*time.Millisecond)
		cmd := exec.CommandContext(ctx, os.Args[0], "-test.run=^TestChildLoads$", "-test.v") // a context that ends kills with SIGKILL
		cmd.Env = append(os.Environ(), "LAKE_CHILD_ROOT="+cfg.Root, "LAKE_CHILD_CATALOG="+cfg.Catalog, "LAKE_CHILD_CACHE="+cfg.CacheDir,
			"LAKE_CHILD_ENDPOINT="+cfg.S3.Endpoint, "LAKE_CHILD_ACCESS="+cfg.S3.AccessKey.Reveal(), "LAKE_CHILD_SECRET="+cfg.S3.SecretKey.Reveal())
		var out bytes.Buffer
		cmd.Stdout, cmd.Stderr = &out, &out
		err := cmd.Run()
		killed := ctx.Err() != nil
		cancel()
		switch {
		case err == nil && strings.Contains(out.String(), "--- PASS"):
			finished = true
		case killed && kills < 200:
			kills++
		default:
			t.Fatalf("the loading process: %v\n%s", err, out.String())
		}
	}
	t.Logf("killed %d times", kills)
	if kills < 3 {
		t.Errorf("killed %d times only, the test shows little", kills)
	}
	l, db := open(t, cfg), duck(t)
	var want []string
	for i := range killLoads {
		if i%4 != 1 || i+2 >= killLoads {
			n := 5 + i
			want = append(want, fmt.Sprintf("l%02d:%d:%d.%02d", i, n, n*(n-1)/2*125/100, n*(n-1)/2*125%100))
		}
	}
	if got := perLoad(t, l, db, despatch); got != strings.Join(want, " ") {
		t.Errorf("content %q, want %q", got, strings.Join(want, " "))
	}
	tab, err := l.Table(t.Context(), despatch)
	if err != nil || tab.Properties["waybill.cursor.feed"] != fmt.Sprint(killLoads-1) {
		t.Errorf("cursor: %v, %v", tab.Properties["waybill.cursor.feed"], err)
	}
}

// TestChildLoads is the process that is killed: every load has rows of two partitions, every fourth corrects an earlier
// one, and compaction comes in between.
func TestChildLoads(t *testing.T) {
	root := os.Getenv("LAKE_CHILD_ROOT")
	if root == "" {
		t.Skip("it is started by TestKilledLoadsEndAsIfNeverKilled")
	}
	l := open(t, lake.Config{
		Root: root, Catalog: os.Getenv("LAKE_CHILD_CATALOG"), CacheDir: os.Getenv("LAKE_CHILD_CACHE"), Now: time.Now,
		S3: lake.S3{
			Endpoint:  os.Getenv("LAKE_CHILD_ENDPOINT"),
			AccessKey: waybill.Secret(os.Getenv("LAKE_CHILD_ACCESS")), SecretKey: waybill.Secret(os.Getenv("LAKE_CHILD_SECRET")),
		},
	})
	db := duck(t)
	tab := ensure(t, l, despatch, spec())
	for i := range killLoads {
		id := fmt.Sprintf("l%02d", i)
		c := lake.Commit{Table: despatch, LoadID: id, CursorKey: "feed", Cursor: fmt.Sprint(i), Rewrite: rewriter(db)}
		rows := someRows(id, 5+i, "aster", "2026-03-01")
		c.Add = write(t, db, tab, "SELECT * REPLACE (CASE WHEN qty < 3 THEN 'brine' ELSE brand END AS brand) FROM ("+rows+")")
		if i%4 == 3 {
			c.Retract = []string{fmt.Sprintf("l%02d", i-2)}
		}
		done := append1(t, l, c)
		if i%6 == 5 && !done.AlreadyIn {
			if _, err := l.Maintain(t.Context(), despatch, lake.Policy{SmallFileBytes: 1 << 20, KeepLoads: 4, RetainSnapshots: 2}, rewriter(db)); err != nil {
				t.Fatal(err)
			}
		}
	}
}
