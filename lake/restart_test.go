package lake_test

import (
	"errors"
	"fmt"
	"net/url"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/fourmarketing/waybill"
	"github.com/fourmarketing/waybill/internal/testservers"
	"github.com/fourmarketing/waybill/lake"
)

// TestRestartOfTheCatalog commits while the catalog's server goes away and comes back again and again: every load is in once, whatever it was at.
func TestRestartOfTheCatalog(t *testing.T) {
	t.Parallel()
	dsn, err := url.Parse(newDatabase(t, testservers.StartPostgres(t)))
	if err != nil {
		t.Fatal(err)
	}
	g, address := testservers.StartGate(t, dsn.Host)
	dsn.Host = address
	cfg := localConfig(t)
	cfg.Catalog, cfg.Timeouts.Silence = dsn.String(), 20*time.Second
	l, db := open(t, cfg), duck(t)
	tab := ensure(t, l, despatch, spec())
	stop := make(chan struct{})
	var restarting sync.WaitGroup
	var restarts atomic.Int32
	restarting.Go(func() {
		for {
			select {
			case <-stop:
				return
			case <-time.After(150 * time.Millisecond):
				g.Restart(300 * time.Millisecond)
				restarts.Add(1)
			}
		}
	})
	want := ""
	for i := 0; i < 15 || restarts.Load() < 3; i++ {
		id := fmt.Sprintf("l%03d", i)
		append1(t, l, lake.Commit{Table: despatch, LoadID: id, Add: write(t, db, tab, someRows(id, 10, "aster", "2026-03-01"))})
		want += " " + id + ":10:56.25"
	}
	close(stop)
	restarting.Wait()
	if got := " " + perLoad(t, l, db, despatch); got != want {
		t.Errorf("content %q, want %q", got, want)
	}

	g.Shut(true) // and does not come back: it ends within its bound, as what may pass
	_, err = lake.Open(t.Context(), cfg)
	if !errors.Is(err, waybill.ErrTemporary) {
		t.Errorf("a catalog that is away: %v, want temporary", err)
	}
}
