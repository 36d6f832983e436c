package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/fourmarketing/waybill/internal/testservers"
)

// TestCacheDeleted clears the cache again and again while runs are under way, of a lake whose tables are read through it: that costs time, and no row.
func TestCacheDeleted(t *testing.T) {
	t.Parallel()
	store := testservers.StartS3(t)
	p := depot(t)
	p.edit("waybill.yaml", "lake: {root: lake}", fmt.Sprintf(`lake: {root: "s3://%s/x", catalog: "sqlite:catalog.db", cache: cache, s3: {endpoint: "%s", region: "%s", access_key: "%s", secret_key: "%s"}}`,
		store.Bucket, store.Endpoint, store.Region, store.AccessKey.Reveal(), store.SecretKey.Reveal()))
	files, units, disturbed := 0, 0, 0
	for round := range 4 {
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
			case <-time.After(time.Duration(60+40*round) * time.Millisecond):
				if os.RemoveAll(filepath.Join(p.dir, "cache")) == nil {
					disturbed++
				}
			}
		}
		if o.code != exitDone {
			t.Logf("round %d: exit %d: %s", round, o.code, o.err)
			if !strings.Contains(o.err, "temporary") {
				t.Errorf("what may pass is not called temporary:\n%s", o.err)
			}
		}
	}
	p.pull(exitDone)
	if got, want := p.ask("select sum(qty) || ' in ' || count(*) from marts.fct_despatch"), fmt.Sprintf("%d in %d", units, files); got != want {
		t.Errorf("%s, want %s", got, want)
	}
	if disturbed < 10 {
		t.Errorf("the cache was cleared %d times only", disturbed)
	}
}
