package ledger_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"go.uber.org/zap"

	"github.com/fourmarketing/waybill/internal/testservers"
	"github.com/fourmarketing/waybill/pipelines/ledger"
)

// TestLeasesGoByTheDatabasesClock: a machine whose clock is a day ahead takes no lease from one that holds it.
func TestLeasesGoByTheDatabasesClock(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, db *sql.DB, dialect string) {
		right, ahead := newClock(), newClock()
		ahead.pass(24 * time.Hour)
		var books []*ledger.Ledger
		for _, c := range []*clock{right, ahead} {
			l, err := ledger.Open(t.Context(), db, dialect, c.now)
			if err != nil {
				t.Fatal(err)
			}
			books = append(books, l)
		}
		if _, err := books[0].Acquire(t.Context(), "build", "right", time.Minute); err != nil {
			t.Fatal(err)
		}
		_, err := books[1].Acquire(t.Context(), "build", "ahead", time.Minute)
		var busy *ledger.BusyError
		if !errors.As(err, &busy) {
			t.Fatalf("a clock that is ahead took the lease: %v", err)
		}
		if left := time.Until(busy.Until); left < 30*time.Second || left > 2*time.Minute {
			t.Errorf("the lease ends in %s; want a minute from now by the clock of the database, which is this machine's", left)
		}
	})
}

// TestNothingIsWrittenWithoutTheLease: whatever a holder writes after its lease was taken over is refused, all of it.
func TestNothingIsWrittenWithoutTheLease(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, l *ledger.Ledger, c *clock) {
		rel, err := l.AddRelease(t.Context(), ledger.Release{AsOf: c.now(), Status: ledger.Released, Areas: []ledger.Area{{Area: "a", Cause: "x", Tried: "first"}}})
		if err != nil {
			t.Fatal(err)
		}
		f := ledger.File{Source: "s", Feed: "f", Name: "a.csv", Version: 1, ID: "f1", Status: ledger.Loaded, ReceivedAt: c.now()}
		writes := map[string]func(context.Context) error{
			"put":   func(ctx context.Context) error { return l.Put(ctx, f) },
			"enter": func(ctx context.Context) error { return l.Enter(ctx, ledger.Entry{Files: []ledger.File{f}}) },
			"see": func(ctx context.Context) error {
				return l.See(ctx, ledger.Sighting{Source: "s", Feed: "f", Name: "a.csv", FirstSeenAt: c.now()})
			},
			"release": func(ctx context.Context) error {
				_, err := l.AddRelease(ctx, ledger.Release{Status: ledger.Released})
				return err
			},
			"publish": func(ctx context.Context) error { return l.Publish(ctx, "duckdb:x", 7) },
			"tried":   func(ctx context.Context) error { return l.Tried(ctx, rel.ID, "again") },
		}
		first := ledger.NewLeases(l, "first", nil, zap.NewNop())
		for name, write := range writes {
			err := first.During(t.Context(), "feed:s/f", func(ctx context.Context) error {
				return first.During(ctx, "documents:s", func(ctx context.Context) error {
					if err := l.Evict(ctx, "feed:s/f", "first"); err != nil {
						return err
					}
					if _, err := l.Acquire(ctx, "feed:s/f", "second", time.Minute); err != nil {
						return err
					}
					return write(ctx)
				})
			})
			if !errors.Is(err, ledger.ErrFenced) {
				t.Errorf("%s: %v, want %v", name, err, ledger.ErrFenced)
			}
			if err := l.Evict(t.Context(), "feed:s/f", "second"); err != nil {
				t.Fatal(err)
			}
		}
		files, err := l.Files(t.Context(), ledger.Filter{})
		seen, err2 := l.Sightings(t.Context(), "s", "f")
		shown, err3 := l.Published(t.Context(), "duckdb:x")
		now, _, err4 := l.NewestRelease(t.Context())
		if err := errors.Join(err, err2, err3, err4); err != nil || len(files)+len(seen)+int(shown) > 0 || now.ID != rel.ID || now.Areas[0].Tried != "first" {
			t.Errorf("something was written: %v %v %d %+v %v", files, seen, shown, now, err)
		}
	})
}

// TestOnlyHoldersWrite: many holders whose leases end under their hands count in one row. A count that was read under a lease and written after
// another holder had counted would be lost.
func TestOnlyHoldersWrite(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, l *ledger.Ledger, c *clock) {
		f := ledger.File{Source: "s", Feed: "f", Name: "a.csv", Version: 1, ID: "f1", Status: ledger.Loaded, ReceivedAt: c.now()}
		if err := l.Put(t.Context(), f); err != nil {
			t.Fatal(err)
		}
		var mu sync.Mutex
		var counted, fenced, cut int64
		var racers sync.WaitGroup
		for holder := range 4 {
			leases := ledger.NewLeases(l, fmt.Sprint("holder ", holder), func(string) bool { return rand.N(3) == 0 }, zap.NewNop()) // a wrong word about the living
			leases.Hasten(2*time.Second, 2*time.Millisecond)
			racers.Go(func() {
				for range 25 {
					err := leases.InTurn(t.Context(), "feed:s/f", func(ctx context.Context) error {
						files, err := l.FilesOf(ctx, "s", "f")
						if err != nil {
							return err
						}
						time.Sleep(rand.N(4 * time.Millisecond))
						files[0].Records++
						return l.Put(ctx, files[0])
					})
					mu.Lock()
					switch {
					case err == nil:
						counted++
					case errors.Is(err, ledger.ErrFenced):
						fenced++
					case errors.Is(err, ledger.ErrLeased): // it was told to end while it wrote, before or after it had
						cut++
					default:
						t.Errorf("holder %d: %v", holder, err)
					}
					mu.Unlock()
				}
			})
		}
		racers.Wait()
		files, err := l.FilesOf(t.Context(), "s", "f")
		if err != nil || files[0].Records < counted || files[0].Records > counted+cut || fenced == 0 || counted == 0 {
			t.Errorf("%d holders wrote, %d were fenced and %d cut off, but %d counts are there, %v", counted, fenced, cut, files[0].Records, err)
		}
	})
}

// TestALeaseOutlivesFailedRenewals: a database that does not answer for part of a term ends nobody's work; one that stays silent ends it before another
// could take over.
func TestALeaseOutlivesFailedRenewals(t *testing.T) {
	t.Parallel()
	const term = 1200 * time.Millisecond
	for name, c := range map[string]struct {
		silent time.Duration
		ends   bool
	}{"for part of the term": {term / 2, false}, "for longer": {2 * term, true}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "c.db")
			db, err := sql.Open("sqlite", "file:"+path+"?_pragma=journal_mode(WAL)&_pragma=busy_timeout(20)&_txlock=immediate")
			if err != nil {
				t.Fatal(err)
			}
			defer db.Close()
			l, err := ledger.Open(t.Context(), db, "sqlite", time.Now)
			if err != nil {
				t.Fatal(err)
			}
			leases := ledger.NewLeases(l, "a", nil, zap.NewNop())
			leases.Hasten(term, term)
			began := time.Now()
			var lasted time.Duration
			err = leases.During(t.Context(), "build", func(ctx context.Context) error {
				lock, err := db.BeginTx(context.Background(), nil) // _txlock=immediate: nobody else writes
				if err != nil {
					return err
				}
				free := time.AfterFunc(c.silent, func() { _ = lock.Rollback() })
				defer free.Stop()
				select {
				case <-ctx.Done():
					lasted = time.Since(began)
					_ = lock.Rollback()
					return ctx.Err()
				case <-time.After(3 * term):
					return nil
				}
			})
			if (err != nil) != c.ends {
				t.Errorf("the work ended with %v", err)
			}
			if c.ends && lasted >= term {
				t.Errorf("the work went on for %s, longer than its lease of %s", lasted, term)
			}
		})
	}
}

// onEach runs a test on every kind of database, without a ledger in it yet.
func onEach(t *testing.T, test func(t *testing.T, db *sql.DB, dialect string)) {
	for dialect, open := range map[string]func() (*sql.DB, error){
		"sqlite": func() (*sql.DB, error) {
			return sql.Open("sqlite", "file:"+filepath.Join(t.TempDir(), "c.db")+"?_pragma=journal_mode(WAL)&_pragma=busy_timeout(10000)&_txlock=immediate")
		},
		"postgres": func() (*sql.DB, error) { return sql.Open("pgx", testservers.StartPostgres(t)) },
	} {
		t.Run(dialect, func(t *testing.T) {
			db, err := open()
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { db.Close() })
			test(t, db, dialect)
		})
	}
}
