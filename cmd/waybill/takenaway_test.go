package main

import (
	"errors"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/fourmarketing/waybill/internal/testservers"
	"github.com/fourmarketing/waybill/sandbox"
)

const (
	fewHarms  = 4  // keeps the test short; `make torture` sets WAYBILL_TORTURE_KILLS
	mostHarms = 50 // of one world
	// triesPerKill bounds how often a run may end before it is killed.
	triesPerKill = 3
)

// TestTakenAway kills runs on a lake in a bucket, and while they are down takes away what they stand on: the catalog, with and without the cache, or the
// store, which comes back. Rebuilds are killed too. In the end tables and ledger are those of a lake that nothing happened to.
func TestTakenAway(t *testing.T) {
	t.Parallel()
	harms := fewHarms
	if text := os.Getenv("WAYBILL_TORTURE_KILLS"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil {
			t.Fatalf("WAYBILL_TORTURE_KILLS: %v", err)
		}
		harms = min(n, mostHarms)
	}
	box := startWorld(t, small(23))
	calm := join(t, box)
	torn := joinBucket(t, box)
	points := box.World().Checkpoints()
	if harms <= fewHarms {
		points = points[len(points)-2:] // a bucket takes its time
	}
	killed, tried := 0, 0
	for i, at := range points {
		advance(t, box, at)
		start := time.Now()
		calm.must(exitDone, "run", "--as-of", stamp(at))
		took := time.Since(start)
		window := 2 * took // a bucket is slower than a folder
		for here := harms * (i + 1) / len(points); killed < here && tried < triesPerKill*harms; tried++ {
			if torture(t, torn.office, at, func() { time.Sleep(rand.N(window)) }) {
				killed++
			} else {
				window = max(window/2, took/8) // what is left to do is done sooner
			}
			torn.harm(tried, at, took)
		}
		torn.must(exitDone, "run", "--as-of", stamp(at))
	}
	t.Logf("%d runs of %d were killed alive", killed, tried)
	if killed < harms/2 {
		t.Error("most runs had ended before they were killed: nothing is shown")
	}
	sameTables(t, calm, torn.office)
	sameLedger(t, calm, torn.office)
	torn.must(exitDone, "verify")
}

// bucketOffice is a project whose lake lies in a bucket and whose catalog and cache are files of its own.
type bucketOffice struct {
	*office
	store          testservers.S3
	catalog, cache string
}

func joinBucket(t *testing.T, box *sandbox.Sandbox) bucketOffice {
	t.Helper()
	s3 := testservers.StartS3(t)
	p := &office{T: t, dir: t.TempDir()}
	b := bucketOffice{office: p, store: s3, catalog: filepath.Join(p.dir, "catalog.db"), cache: filepath.Join(p.dir, ".waybill")}
	if err := writeDemoConfig(demoFlags{dir: p.dir, lake: "s3://" + s3.Bucket + "/torn", catalog: "sqlite:" + b.catalog}, box); err != nil {
		t.Fatal(err)
	}
	p.edit("pipelines/northgate.yaml", "stable_for: 1s", "stable_for: 0s")
	for name, secret := range map[string]string{"${env:WAYBILL_S3_ENDPOINT}": s3.Endpoint, "${env:AWS_ACCESS_KEY_ID}": s3.AccessKey.Reveal(), "${env:AWS_SECRET_ACCESS_KEY}": s3.SecretKey.Reveal()} {
		p.edit("waybill.yaml", name, secret)
	}
	return b
}

// harm takes one of the things away that a lake stands on, and brings it back as a person would.
func (b bucketOffice) harm(n int, at time.Time, took time.Duration) {
	b.Helper()
	switch n % 4 {
	case 0, 2: // the catalog, and every other time the cache as well
		b.lose(b.catalog, b.catalog+"-wal", b.catalog+"-shm")
		if n%4 == 2 {
			b.lose(b.cache)
		}
		if o := b.run("run", "--as-of", stamp(at)); o.code != exitFailed && o.code != exitDone { // done where the root is still empty
			b.Fatalf("a run without a catalog: exit %d\n%s", o.code, o)
		}
		if n%3 == 0 {
			c := command(b.Context(), b.env, "rebuild", "--as-of", stamp(at), "-c", b.config())
			if err := c.Start(); err != nil {
				b.Fatal(err)
			}
			time.Sleep(rand.N(took))
			_ = c.Process.Kill()
			_ = c.Wait()
		}
		b.must(exitDone, "rebuild", "--as-of", stamp(at))
	case 1: // the store: nothing of it is there, and then all of it again
		away := b.store.Folder + ".away"
		if err := os.Rename(b.store.Folder, away); err != nil {
			b.Fatal(err)
		}
		o := b.run("run", "--as-of", stamp(at))
		if err := os.Rename(away, b.store.Folder); err != nil {
			b.Fatal(err)
		}
		if o.code == exitDone || strings.Contains(o.err, "panic") {
			b.Fatalf("a run without a store: exit %d\n%s", o.code, o)
		}
	case 3: // the cache, when no run stands
		b.must(exitDone, "run", "--as-of", stamp(at))
		b.lose(b.cache)
	}
}

func (b bucketOffice) lose(paths ...string) {
	b.Helper()
	for _, path := range paths {
		if err := os.RemoveAll(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			b.Fatal(err)
		}
	}
}
