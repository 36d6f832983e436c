package lake_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/fourmarketing/waybill"
	"github.com/fourmarketing/waybill/lake"
)

func TestKeptBytesComeBackAsTheyCame(t *testing.T) {
	t.Parallel()
	onEveryStore(t, func(t *testing.T, cfg lake.Config) {
		l := open(t, cfg)
		as := lake.KeepAs{Source: "northgate", Feed: "despatch", Day: time.Date(2026, 3, 29, 23, 30, 0, 0, time.UTC)}
		noise := make([]byte, 3<<20)
		_, _ = rand.NewChaCha8([32]byte{1}).Read(noise)
		for name, want := range map[string][]byte{
			"empty": {}, "text": []byte("order_ref;qty\r\nAV1001;2\r\n"), "zeros": make([]byte, 5<<20), "noise": noise,
		} {
			kept, err := l.Keep(t.Context(), as, bytes.NewReader(want))
			if err != nil {
				t.Fatalf("keep %s: %v", name, err)
			}
			sum := sha256.Sum256(want)
			path := "kept/northgate/despatch/2026/03/29/" + hex.EncodeToString(sum[:]) + ".zst"
			if kept.Path != path || kept.Size != int64(len(want)) || kept.SHA256 != hex.EncodeToString(sum[:]) {
				t.Errorf("keep %s: %+v, want path %s and %d bytes", name, kept, path, len(want))
			}
			r, err := l.OpenKept(t.Context(), kept.Path)
			if err != nil {
				t.Fatalf("open %s: %v", name, err)
			}
			got, err := io.ReadAll(r)
			if err := errors.Join(err, r.Close()); err != nil || !bytes.Equal(got, want) {
				t.Errorf("%s came back with %d bytes, %v; want %d", name, len(got), err, len(want))
			}
		}
		list, err := l.ListKept(t.Context(), "northgate", "despatch")
		if err != nil || len(list) != 4 {
			t.Fatalf("list: %d objects, %v; want 4", len(list), err)
		}
		for _, o := range list {
			if !o.Day.Equal(time.Date(2026, 3, 29, 0, 0, 0, 0, time.UTC)) || o.Stored == 0 || !strings.HasSuffix(o.Path, o.SHA256+".zst") {
				t.Errorf("listed %+v", o)
			}
		}
		// The same bytes again, and bytes that break off: nothing new in the store, nothing left on local disk.
		if _, err := l.Keep(t.Context(), as, bytes.NewReader(noise)); err != nil {
			t.Fatal(err)
		}
		if _, err := l.Keep(t.Context(), as, &cutReader{r: bytes.NewReader(noise), left: 2 << 20}); !errors.Is(err, errCut) {
			t.Errorf("a cut stream was kept: %v", err)
		}
		if n := countObjects(t, l, cfg, ".zst"); n != 4 {
			t.Errorf("%d objects in the store, want 4", n)
		}
		if _, err := l.OpenKept(t.Context(), strings.Replace(list[0].Path, "/29/", "/30/", 1)); !errors.Is(err, waybill.ErrNotFound) {
			t.Errorf("open bytes that were never kept: %v", err)
		}
	})
}

func TestSameBytesAreNotWrittenAgain(t *testing.T) {
	t.Parallel()
	cfg := localConfig(t)
	l := open(t, cfg)
	as := lake.KeepAs{Source: "s", Feed: "f", Day: time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)}
	kept, err := l.Keep(t.Context(), as, strings.NewReader("x"))
	if err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(cfg.Root, filepath.FromSlash(kept.Path))
	old := time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)
	if err := os.Chtimes(name, old, old); err != nil {
		t.Fatal(err)
	}
	if _, err := l.Keep(t.Context(), as, strings.NewReader("x")); err != nil {
		t.Fatal(err)
	}
	st, err := os.Stat(name)
	if err != nil || !st.ModTime().Equal(old) {
		t.Errorf("the object was written again: %v, %v", st.ModTime(), err)
	}
}

func TestChangedKeptBytesAreNoticed(t *testing.T) {
	t.Parallel()
	cfg := localConfig(t)
	l := open(t, cfg)
	as := lake.KeepAs{Source: "s", Feed: "f", Day: time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)}
	one, err1 := l.Keep(t.Context(), as, strings.NewReader("one"))
	two, err2 := l.Keep(t.Context(), as, strings.NewReader("two"))
	if err := errors.Join(err1, err2); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(filepath.Join(cfg.Root, one.Path), filepath.Join(cfg.Root, two.Path)); err != nil {
		t.Fatal(err)
	}
	r, err := l.OpenKept(t.Context(), two.Path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = r.Close() }()
	if got, err := io.ReadAll(r); err == nil {
		t.Errorf("%q was handed out as the bytes of %s", got, two.SHA256)
	}
}

func TestKeepRefusesNamesThatLeaveTheirFolder(t *testing.T) {
	t.Parallel()
	l := open(t, localConfig(t))
	day := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	for _, as := range []lake.KeepAs{
		{Source: "..", Feed: "f", Day: day},
		{Source: "a/b", Feed: "f", Day: day},
		{Source: "", Feed: "f", Day: day},
		{Source: "s", Feed: ".hidden", Day: day},
		{Source: "s", Feed: "f"},
	} {
		if _, err := l.Keep(t.Context(), as, strings.NewReader("x")); err == nil {
			t.Errorf("kept as %+v", as)
		}
	}
	for _, path := range []string{"kept/../catalog.db", "catalog.db", "kept/s/f/2026/03/01/x.zst"} {
		if _, err := l.OpenKept(t.Context(), path); err == nil {
			t.Errorf("opened %s as kept bytes", path)
		}
	}
}
