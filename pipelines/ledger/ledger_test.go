package ledger_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
	"time"

	_ "modernc.org/sqlite"

	"github.com/fourmarketing/waybill/internal/testservers"
	"github.com/fourmarketing/waybill/pipelines/ledger"
)

// clock is a wall clock that tests move.
type clock struct {
	mu sync.Mutex
	t  time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.t
}

func (c *clock) pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.t = c.t.Add(d)
}

func newClock() *clock { return &clock{t: time.Date(2026, 3, 30, 6, 0, 0, 0, time.UTC)} }

func openSQLite(t *testing.T, c *clock) *ledger.Ledger {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+filepath.Join(t.TempDir(), "c.db")+"?_pragma=journal_mode(WAL)&_pragma=busy_timeout(10000)&_txlock=immediate")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	l, err := ledger.Open(t.Context(), db, "sqlite", c.now)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// both runs a test on every database that may hold a ledger.
func both(t *testing.T, test func(t *testing.T, l *ledger.Ledger, c *clock)) {
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		c := newClock()
		test(t, openSQLite(t, c), c)
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		db, err := sql.Open("pgx", testservers.StartPostgres(t))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { db.Close() })
		c := newClock()
		l, err := ledger.Open(t.Context(), db, "postgres", c.now)
		if err != nil {
			t.Fatal(err)
		}
		test(t, l, c)
	})
}

func TestFilesKeepTheirVersions(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, l *ledger.Ledger, c *clock) {
		f := ledger.File{Source: "northgate", Feed: "despatch", Name: "a.csv", Version: 1, ID: "f1", SHA256: "aa", Identity: "a.csv", ReceivedAt: c.now(), Status: ledger.Loaded, Records: 3, Loaded: 3}
		second := f
		second.Version, second.ID, second.SHA256, second.ReceivedAt = 2, "f2", "bb", c.now().Add(time.Hour)
		if err := l.Put(t.Context(), f, second); err != nil {
			t.Fatal(err)
		}
		f.Status, f.SupersededBy = ledger.Superseded, "f2"
		if err := l.Put(t.Context(), f); err != nil {
			t.Fatal(err)
		}
		files, err := l.FilesOf(t.Context(), "northgate", "despatch")
		if err != nil || len(files) != 2 {
			t.Fatalf("got %d files, %v; want 2", len(files), err)
		}
		if files[0].Status != ledger.Superseded || files[0].SupersededBy != "f2" || files[1].Status != ledger.Loaded {
			t.Errorf("got %+v", files)
		}
		if !files[0].ReceivedAt.Equal(f.ReceivedAt) || files[0].ModifiedAt.IsZero() == false {
			t.Errorf("times came back as %v and %v", files[0].ReceivedAt, files[0].ModifiedAt)
		}
		byID, err := l.Files(t.Context(), ledger.Filter{IDPrefix: "f2"})
		if err != nil || len(byID) != 1 || byID[0].Version != 2 {
			t.Errorf("by id: %+v, %v", byID, err)
		}
	})
}

func TestSightingsTellWhatChanged(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, l *ledger.Ledger, c *clock) {
		many := make([]ledger.Sighting, 0, 1201)
		for i := range 1200 {
			many = append(many, ledger.Sighting{Source: "s", Feed: "f", Name: time.Unix(int64(i), 0).UTC().Format("150405"), Size: 1, FirstSeenAt: c.now()})
		}
		many = append(many, ledger.Sighting{Source: "s", Feed: "f", Name: "000000", Size: 2, FirstSeenAt: c.now(), Fetched: true})
		if err := l.See(t.Context(), many...); err != nil {
			t.Fatal(err)
		}
		seen, err := l.Sightings(t.Context(), "s", "f")
		if err != nil || len(seen) != 1200 {
			t.Fatalf("got %d, %v; want 1200", len(seen), err)
		}
		if s := seen["000000"]; s.Size != 2 || !s.Fetched || !s.Same(2, time.Time{}) {
			t.Errorf("the later sighting of a name must stay: %+v", s)
		}
		modified := time.Date(2026, 3, 30, 5, 59, 58, 123456789, time.UTC) // as a local folder tells it
		if err := l.See(t.Context(), ledger.Sighting{Source: "s", Feed: "g", Name: "x", Size: 1, ModifiedAt: modified, FirstSeenAt: c.now()}); err != nil {
			t.Fatal(err)
		}
		seen, err = l.Sightings(t.Context(), "s", "g")
		if err != nil || !seen["x"].Same(1, modified) || seen["x"].Same(1, modified.Add(time.Millisecond)) {
			t.Errorf("a file is known by its time: %+v, %v", seen["x"], err)
		}
	})
}

func TestOneHolderAtATime(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, l *ledger.Ledger, _ *clock) {
		var mu sync.Mutex
		var won []string
		var racers sync.WaitGroup
		for _, holder := range []string{"a", "b", "c", "d", "e", "f", "g", "h"} {
			racers.Go(func() {
				_, err := l.Acquire(context.Background(), "feed:x", holder, time.Minute)
				if err == nil {
					mu.Lock()
					won = append(won, holder)
					mu.Unlock()
				} else if !errors.Is(err, ledger.ErrLeased) {
					t.Errorf("%s: %v", holder, err)
				}
			})
		}
		racers.Wait()
		if len(won) != 1 {
			t.Fatalf("holders %v; want exactly one", won)
		}
	})
}

func TestAnExpiredLeaseIsFenced(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, l *ledger.Ledger, _ *clock) {
		first, err := l.Acquire(t.Context(), "feed:x", "a", 50*time.Millisecond)
		if err != nil {
			t.Fatal(err)
		}
		if err := first.Renew(t.Context()); err != nil {
			t.Fatal(err)
		}
		time.Sleep(100 * time.Millisecond)
		second, err := l.Acquire(t.Context(), "feed:x", "b", time.Minute)
		if err != nil {
			t.Fatal(err)
		}
		if second.Token <= first.Token {
			t.Errorf("token %d after %d; it must grow", second.Token, first.Token)
		}
		if err := first.Renew(t.Context()); !errors.Is(err, ledger.ErrLeased) {
			t.Errorf("the sleeper renewed: %v", err)
		}
		if err := first.Release(t.Context()); err != nil {
			t.Error(err)
		}
		if _, err := l.Acquire(t.Context(), "feed:x", "c", time.Minute); !errors.Is(err, ledger.ErrLeased) {
			t.Errorf("the sleeper gave back a lease that was no longer its own: %v", err)
		}
		if err := second.Release(t.Context()); err != nil {
			t.Fatal(err)
		}
		if _, err := l.Acquire(t.Context(), "feed:x", "c", time.Minute); err != nil {
			t.Error(err)
		}
	})
}

func TestReleasesAndPublications(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, l *ledger.Ledger, c *clock) {
		if _, ok, err := l.LatestRelease(t.Context(), ledger.Released); ok || err != nil {
			t.Fatalf("an empty ledger has a release: %v, %v", ok, err)
		}
		rel, err := l.AddRelease(t.Context(), ledger.Release{AsOf: c.now(), Status: ledger.Released, Tables: map[string]string{"marts.fct_orders": "7"}})
		if err != nil || rel.ID == 0 {
			t.Fatalf("%+v, %v", rel, err)
		}
		got, ok, err := l.LatestRelease(t.Context(), ledger.Released)
		if err != nil || !ok || got.ID != rel.ID || got.Tables["marts.fct_orders"] != "7" {
			t.Errorf("%+v, %v, %v", got, ok, err)
		}
		for _, id := range []int64{rel.ID, rel.ID + 1} {
			if err := l.Publish(t.Context(), "duckdb:x", id); err != nil {
				t.Fatal(err)
			}
		}
		if shown, err := l.Published(t.Context(), "duckdb:x"); err != nil || shown != rel.ID+1 {
			t.Errorf("shown %d, %v", shown, err)
		}
	})
}

// TestReleasesOfBefore looks at releases of before: by their number with what they hold, and all that readers were shown.
func TestReleasesOfBefore(t *testing.T) {
	both(t, func(t *testing.T, l *ledger.Ledger, c *clock) {
		start := c.now()
		for i, status := range []string{ledger.Released, ledger.Withheld, ledger.Released, ledger.Aside, ledger.Released} {
			r := ledger.Release{AsOf: start.Add(time.Duration(i) * time.Hour), Status: status, Tables: map[string]string{"marts.a": strconv.Itoa(i)}}
			if i == 2 {
				r.Areas = []ledger.Area{{Area: "yard", Cause: "a check", OfRelease: 1}}
			}
			if _, err := l.AddRelease(t.Context(), r); err != nil {
				t.Fatal(err)
			}
			c.pass(time.Hour)
		}
		for from, want := range map[time.Time]string{{}: "[5 3 1]", start.Add(2 * time.Hour): "[5 3]", start.Add(2*time.Hour + time.Microsecond): "[5]", start.Add(5 * time.Hour): "[]"} {
			all, err := l.Releases(t.Context(), from)
			ids := []int64{}
			for _, d := range all {
				ids = append(ids, d.ID)
				if want := start.Add(time.Duration(d.ID-1) * time.Hour); !d.AsOf.Equal(want) || !d.At.Equal(want) {
					t.Errorf("%+v, want %s", d, want)
				}
			}
			if err != nil || fmt.Sprint(ids) != want {
				t.Errorf("from %s: %v, %v, want %s", from, ids, err, want)
			}
		}
		r, ok, err := l.Release(t.Context(), 3)
		if err != nil || !ok || r.Tables["marts.a"] != "2" || len(r.Areas) != 1 || r.Areas[0].OfRelease != 1 {
			t.Errorf("%+v, %v, %v", r, ok, err)
		}
		if _, ok, err := l.Release(t.Context(), 9); ok || err != nil {
			t.Errorf("a release that never was: %v, %v", ok, err)
		}
		tables, err := l.Tables(t.Context(), 1, 3, 9)
		if err != nil || fmt.Sprint(tables) != "map[1:map[marts.a:0] 3:map[marts.a:2]]" {
			t.Errorf("%v, %v", tables, err)
		}
		if tables, err := l.Tables(t.Context()); err != nil || len(tables) != 0 {
			t.Errorf("of no release: %v, %v", tables, err)
		}
	})
}

// TestReleasesSayWhatTheyHold records a release with areas and units, and carries over since when they are held.
func TestReleasesSayWhatTheyHold(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, l *ledger.Ledger, c *clock) {
		began := c.now()
		first, err := l.AddRelease(t.Context(), ledger.Release{
			AsOf: c.now(), Status: ledger.Released, Tables: map[string]string{"marts.a": "7"},
			Areas: []ledger.Area{{Area: "new", AsOf: began}, {Area: "old", Cause: "a check", OfRelease: 3, Tried: "x"}},
			Held: []ledger.HeldUnit{{
				Unit: "order_id=a", Rows: 2, Kept: 1, Marts: []string{"marts.a", "marts.b"}, Checks: []ledger.HeldBy{{Model: "marts.a", Check: "rows n > 0", Rows: 1}},
				AtStake: []ledger.HeldMoney{{Amount: "37.95", Currency: "GBP"}, {Amount: "1.00", Currency: "EUR"}},
			}},
		})
		if err != nil {
			t.Fatal(err)
		}
		if err := l.Tried(t.Context(), first.ID, "y"); err != nil {
			t.Fatal(err)
		}
		if _, err := l.AddRelease(t.Context(), ledger.Release{AsOf: began, Status: ledger.Aside, Tables: map[string]string{}}); err != nil {
			t.Fatal(err)
		}
		got, ok, err := l.NewestRelease(t.Context())
		if err != nil || !ok || len(got.Areas) != 2 || len(got.Held) != 1 {
			t.Fatalf("%+v, %v, %v", got, ok, err)
		}
		if a := got.Areas[0]; a.Held() || a.OfRelease != first.ID || !a.HeldSince.IsZero() || !a.AsOf.Equal(began) {
			t.Errorf("the area that came new: %+v", a)
		}
		if a := got.Areas[1]; !a.Held() || a.OfRelease != 3 || !a.HeldSince.Equal(first.At) || a.Tried != "y" || !a.AsOf.IsZero() {
			t.Errorf("the held area: %+v", a)
		}
		u := got.Held[0]
		if u.By() != "marts.a: rows n > 0" || u.Money() != "37.95 GBP, 1.00 EUR" || len(u.Marts) != 2 || !u.Since.Equal(first.At) || !got.AnyArea() {
			t.Errorf("the held unit: %+v", u)
		}
		if _, err := l.AddRelease(t.Context(), ledger.Release{AsOf: c.now(), Status: ledger.Released, Tables: map[string]string{}}); err != nil {
			t.Fatal(err)
		}
		if got, _, err := l.LatestRelease(t.Context(), ledger.Released); err != nil || len(got.Areas)+len(got.Held) > 0 {
			t.Errorf("a release that holds nothing: %+v, %v", got, err)
		}
	})
}

func TestOneProcessHoldsALeaseOnce(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, l *ledger.Ledger, _ *clock) {
		first, err := l.Acquire(t.Context(), "build", "a", time.Minute)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := l.Acquire(t.Context(), "build", "a", time.Minute); !errors.Is(err, ledger.ErrLeased) {
			t.Errorf("two pipelines of one process build at once: %v", err)
		}
		if err := first.Release(t.Context()); err != nil {
			t.Fatal(err)
		}
		if _, err := l.Acquire(t.Context(), "build", "a", time.Minute); err != nil {
			t.Error(err)
		}
	})
}

func TestALeaseOfTheDeadCanBeEnded(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, l *ledger.Ledger, _ *clock) {
		if _, err := l.Acquire(t.Context(), "feed:x", "killed", time.Hour); err != nil {
			t.Fatal(err)
		}
		_, err := l.Acquire(t.Context(), "feed:x", "next", time.Hour)
		var busy *ledger.BusyError
		if !errors.As(err, &busy) || busy.Holder != "killed" {
			t.Fatalf("want to know who holds it, got %v", err)
		}
		if err := l.Evict(t.Context(), "feed:x", busy.Holder); err != nil {
			t.Fatal(err)
		}
		if _, err := l.Acquire(t.Context(), "feed:x", "next", time.Hour); err != nil {
			t.Fatal(err)
		}
		if err := l.Evict(t.Context(), "feed:x", "killed"); err != nil {
			t.Fatal(err)
		}
		if _, err := l.Acquire(t.Context(), "feed:x", "third", time.Hour); !errors.Is(err, ledger.ErrLeased) {
			t.Errorf("a late word about the dead took the lease from the living: %v", err)
		}
	})
}
