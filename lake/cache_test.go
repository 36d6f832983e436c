package lake_test

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/fourmarketing/waybill/internal/testservers"
	"github.com/fourmarketing/waybill/lake"
)

func cacheBytes(t testing.TB, cfg lake.Config) (total int64, files int) {
	t.Helper()
	err := filepath.WalkDir(filepath.Join(cfg.CacheDir, "files"), func(_ string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		st, err := d.Info()
		if err == nil {
			total, files = total+st.Size(), files+1
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return total, files
}

func TestCacheStaysWithinItsBound(t *testing.T) {
	t.Parallel()
	s3 := testservers.StartS3(t)
	cfg := s3Config(t, s3)
	clock := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	cfg.Now = func() time.Time { return clock }
	db := duck(t)
	tab := ensure(t, open(t, cfg), despatch, spec())
	var size int64
	for i := range 10 {
		id := fmt.Sprintf("l%d", i)
		add := write(t, db, tab, someRows(id, 500, "aster", "2026-03-01"))
		st, err := os.Stat(add[0].Path)
		if err != nil {
			t.Fatal(err)
		}
		size = max(size, st.Size())
		append1(t, open(t, cfg), lake.Commit{Table: despatch, LoadID: id, Add: add})
	}
	cfg.CacheBytes = 4*size + size/2
	l := open(t, cfg)
	files := scanNow(t, l, despatch).Files
	get := func(i ...int) *lake.LocalFiles {
		t.Helper()
		clock = clock.Add(time.Second)
		var pick []lake.DataFile
		for _, n := range i {
			pick = append(pick, files[n])
		}
		got, err := l.Local(t.Context(), pick)
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	here := func(paths []string) (n int) {
		for _, p := range paths {
			if _, err := os.Stat(p); err == nil {
				n++
			}
		}
		return n
	}
	used := get(0, 1)
	old := get(2)
	old.Close()
	newer := get(3)
	newer.Close()
	again := get(2) // 2 is used after 3 now
	again.Close()
	more := get(4) // five files: one has to go, and 3 is the one used longest ago that nobody holds
	more.Close()
	if here(newer.Paths) != 0 || here(used.Paths) != 2 || here(again.Paths) != 1 || here(more.Paths) != 1 {
		t.Errorf("after eviction: held %d of 2, used again %d of 1, newest %d of 1, oldest %d of 0", here(used.Paths), here(again.Paths), here(more.Paths), here(newer.Paths))
	}
	all := get(0, 1, 2, 3, 4, 5, 6, 7, 8, 9) // more than the bound, all of it in use
	if here(all.Paths) != 10 {
		t.Errorf("%d of 10 files in use are there", here(all.Paths))
	}
	all.Close()
	used.Close()
	used.Close()
	get(9).Close()
	if total, n := cacheBytes(t, cfg); total > cfg.CacheBytes || n == 0 {
		t.Errorf("the cache has %d bytes in %d files, its bound is %d", total, n, cfg.CacheBytes)
	}

	// Another process with the same folder leaves alone what this one used within the hour.
	before, _ := cacheBytes(t, cfg)
	other := cfg
	other.CacheBytes = 1
	l2 := open(t, other)
	one, err := l2.Local(t.Context(), files[:1])
	if err != nil {
		t.Fatal(err)
	}
	one.Close()
	if after, _ := cacheBytes(t, cfg); after < before {
		t.Errorf("another process evicted %d bytes that were just used here", before-after)
	}
	clock = clock.Add(2 * time.Hour)
	one, err = l2.Local(t.Context(), files[:1])
	if err != nil {
		t.Fatal(err)
	}
	one.Close()
	one, err = l2.Local(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	one.Close()
	if after, n := cacheBytes(t, cfg); after > 1 {
		t.Errorf("%d files stay in a cache of one byte after two hours", n)
	}
}

func TestManyReadersShareACache(t *testing.T) {
	t.Parallel()
	cfg := s3Config(t, testservers.StartS3(t))
	db := duck(t)
	tab := ensure(t, open(t, cfg), despatch, spec())
	for i := range 6 {
		id := fmt.Sprintf("l%d", i)
		append1(t, open(t, cfg), lake.Commit{Table: despatch, LoadID: id, Add: write(t, db, tab, someRows(id, 100, "aster", "2026-03-01"))})
	}
	cfg.CacheBytes = 1 // everything that is not held goes at once
	l := open(t, cfg)
	want := perLoad(t, l, db, despatch)
	var wg sync.WaitGroup
	for range 6 {
		wg.Go(func() {
			for range 5 {
				if got := perLoad(t, l, db, despatch); got != want {
					t.Errorf("content %q, want %q", got, want)
				}
			}
		})
	}
	wg.Wait()
	if strings.Count(want, ":") != 12 {
		t.Errorf("content %q", want)
	}
}
