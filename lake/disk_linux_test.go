package lake_test

import (
	"errors"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/fourmarketing/waybill"
	"github.com/fourmarketing/waybill/lake"
)

// TestFullDisk fills a disk of two megabytes.
func TestFullDisk(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := syscall.Mount("none", dir, "tmpfs", 0, "size=2m"); err != nil {
		t.Skipf("mount a small disk: %v", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, syscall.MNT_DETACH); err != nil {
			t.Errorf("unmount: %v", err)
		}
	})
	l, err := lake.Open(t.Context(), lake.Config{Root: filepath.Join(dir, "lake"), Now: time.Now, Catalog: "sqlite:" + filepath.Join(t.TempDir(), "c.db")})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	as := lake.KeepAs{Source: "northgate", Feed: "despatch", Day: time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)}
	_, err = l.Keep(t.Context(), as, &cutReader{r: rand.NewChaCha8([32]byte{}), left: 8 << 20})
	if !errors.Is(err, waybill.ErrTemporary) || !errors.Is(err, syscall.ENOSPC) || !strings.Contains(err.Error(), "northgate/despatch") {
		t.Errorf("keep on a full disk: %v, want temporary, naming the feed", err)
	}
	if list, err := l.ListKept(t.Context(), "northgate", "despatch"); err != nil || len(list) != 0 {
		t.Errorf("kept on a full disk: %v, %v", list, err)
	}
	db := duck(t)
	tab := ensure(t, l, despatch, spec())
	big := lake.Commit{Table: despatch, LoadID: "big", Add: write(t, db, tab, "SELECT * REPLACE (md5(ref) AS ref, random() AS weight) FROM ("+someRows("big", 100000, "aster", "2026-03-01")+")")}
	if _, err := l.Append(t.Context(), big); !errors.Is(err, waybill.ErrTemporary) || !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("commit on a full disk: %v", err)
	}
	append1(t, l, lake.Commit{Table: despatch, LoadID: "small", Add: write(t, db, tab, someRows("small", 10, "aster", "2026-03-01"))})
	if got := perLoad(t, l, db, despatch); got != "small:10:56.25" {
		t.Errorf("content %q", got)
	}
}
