package main

import (
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/fourmarketing/waybill/internal/testservers"
)

// TestCatalogRestarts restarts the catalog's Postgres again and again while runs are under way: they ride it out, or end with what may pass, and no row
// is lost or counted twice.
func TestCatalogRestarts(t *testing.T) {
	t.Parallel()
	dsn, err := url.Parse(testservers.StartPostgres(t))
	if err != nil {
		t.Fatal(err)
	}
	gate, address := testservers.StartGate(t, dsn.Host)
	dsn.Host = address
	p := depot(t)
	p.edit("waybill.yaml", "lake: {root: lake}", fmt.Sprintf(`lake: {root: lake, catalog: "%s"}`, dsn))
	files, units, restarts, done := 0, 0, 0, 0
	const rounds = 4
	for range rounds {
		for range 8 {
			files++
			units += files
			p.write(fmt.Sprintf("in/DESP_%d.csv", files), despatch(fmt.Sprintf("AV%d,07/04/2026 12:00,%d,", 1000+files, files)))
		}
		ended := make(chan outcome, 1)
		go func() { ended <- p.run("run", "--as-of", stamp(depotNow)) }()
		var o outcome
		for under := true; under; {
			select {
			case o = <-ended:
				under = false
			case <-time.After(700 * time.Millisecond):
				gate.Restart(200 * time.Millisecond)
				restarts++
			}
		}
		switch {
		case o.code == exitDone:
			done++
		case !strings.Contains(o.err, "temporary"):
			t.Errorf("what may pass is not called temporary:\n%s", o.err)
		}
	}
	t.Logf("%d of %d runs rode out %d restarts", done, rounds, restarts)
	p.pull(exitDone)
	if got, want := p.ask("select sum(qty) || ' in ' || count(*) from marts.fct_despatch"), fmt.Sprintf("%d in %d", units, files); got != want {
		t.Errorf("%s, want %s", got, want)
	}
	if restarts < 4 {
		t.Errorf("only %d restarts", restarts)
	}
}
