package lake_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/fourmarketing/waybill"
	"github.com/fourmarketing/waybill/lake"
)

// grown is a lake with a table of two loads.
func grown(t *testing.T, cfg lake.Config) *lake.Lake {
	t.Helper()
	l, db := open(t, cfg), duck(t)
	tab := ensure(t, l, despatch, spec())
	for _, id := range []string{"a", "b"} {
		append1(t, l, lake.Commit{Table: despatch, LoadID: id, Add: write(t, db, tab, someRows(id, 5, "aster", "2026-03-01"))})
	}
	return l
}

// refuses wants a lake that changes nothing, and says why in these words.
func refuses(t *testing.T, l *lake.Lake, words ...string) {
	t.Helper()
	_, keep := l.Keep(t.Context(), lake.KeepAs{Source: "s", Feed: "f", Day: time.Now()}, strings.NewReader("x"))
	_, appended := l.Append(t.Context(), lake.Commit{Table: despatch, LoadID: "new"})
	_, maintained := l.Maintain(t.Context(), despatch, lake.Policy{OrphanAge: 72 * time.Hour}, nil)
	for what, err := range map[string]error{"keep": keep, "append": appended, "maintain": maintained, "raise": l.Raise(t.Context()), "drop": l.Drop(t.Context(), despatch)} {
		if !errors.Is(err, lake.ErrReadOnly) {
			t.Errorf("%s: %v", what, err)
			continue
		}
		for _, w := range words {
			if !strings.Contains(err.Error(), w) {
				t.Errorf("%s: %q does not say %q", what, err, w)
			}
		}
	}
}

func standing(t *testing.T, l *lake.Lake) lake.Standing {
	t.Helper()
	s, err := l.Standing(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestEachProcessAndReleaseRaisesTheEpochInBoth(t *testing.T) {
	t.Parallel()
	onEveryStore(t, func(t *testing.T, cfg lake.Config) {
		l := grown(t, cfg)
		first := standing(t, l)
		if first.ID == "" || first.Problem != "" || first.Epoch != first.CatalogEpoch || first.Epoch != 2 || first.ID != first.CatalogID {
			t.Fatalf("a new lake that was changed: %+v", first)
		}
		if err := l.Raise(t.Context()); err != nil {
			t.Fatal(err)
		}
		again := open(t, cfg)
		if s := standing(t, again); s.Epoch != 3 || s.CatalogEpoch != 3 {
			t.Errorf("after a release, only looked at: %+v", s)
		}
		if _, err := again.Keep(t.Context(), lake.KeepAs{Source: "s", Feed: "f", Day: time.Now()}, strings.NewReader("x")); err != nil {
			t.Fatal(err)
		}
		if s := standing(t, l); s.Epoch != 4 || s.CatalogEpoch != 4 || s.ID != first.ID || !s.MadeAt.Equal(first.MadeAt) {
			t.Errorf("after another process began to change it: %+v", s)
		}
	})
}

func TestACatalogThatKnowsNothingOfTheRootChangesNothing(t *testing.T) {
	t.Parallel()
	onEveryStore(t, func(t *testing.T, cfg lake.Config) {
		was := standing(t, grown(t, cfg))
		lost := cfg
		lost.Catalog = "sqlite:" + filepath.Join(t.TempDir(), "new.db")
		l := open(t, lost)
		if _, err := l.Ensure(t.Context(), despatch, spec()); !errors.Is(err, lake.ErrReadOnly) || !strings.Contains(err.Error(), "waybill rebuild") {
			t.Errorf("a table was made: %v", err)
		}
		if s := standing(t, l); s.ID != was.ID || s.CatalogID != "" {
			t.Errorf("%+v", s)
		}
		if s := standing(t, open(t, cfg)); s.Problem != "" || s.Epoch != was.Epoch {
			t.Errorf("the lake's own catalog: %+v", s)
		}
	})
}

func TestAnotherLakesCatalogIsRefused(t *testing.T) {
	t.Parallel()
	one, two := localConfig(t), localConfig(t)
	grown(t, one)
	grown(t, two)
	mixed := lake.Config{Root: two.Root, Catalog: "sqlite:" + filepath.Join(one.Root, "catalog.db"), CacheDir: t.TempDir(), Now: time.Now}
	refuses(t, open(t, mixed), "is of another one", "waybill rebuild")
	if err := os.Remove(filepath.Join(two.Root, "lake.json")); err != nil {
		t.Fatal(err)
	}
	refuses(t, open(t, mixed), "no lake.json", "waybill adopt")
}

func TestAnOlderCatalogIsReadOnlyUntilItClaimsTheRoot(t *testing.T) {
	t.Parallel()
	cfg := localConfig(t)
	l := grown(t, cfg)
	file, kept := filepath.Join(cfg.Root, "catalog.db"), filepath.Join(t.TempDir(), "catalog.db")
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	duplicate(t, file, kept)
	l = open(t, cfg)
	append1(t, l, lake.Commit{Table: despatch, LoadID: "c"})
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	duplicate(t, kept, file)
	l = open(t, cfg)
	refuses(t, l, "ahead of the catalog", "waybill adopt")
	if _, err := l.Scan(t.Context(), despatch, 0); err != nil {
		t.Errorf("it cannot be read: %v", err)
	}
	if err := l.Claim(t.Context(), lake.Everything); err != nil {
		t.Fatal(err)
	}
	refuses(t, open(t, cfg), "rebuild of everything was begun")
	append1(t, l, lake.Commit{Table: despatch, LoadID: "c"}) // the one that fills may
	if err := l.Filled(t.Context()); err != nil {
		t.Fatal(err)
	}
	append1(t, open(t, cfg), lake.Commit{Table: despatch, LoadID: "d"})
}

func TestWhatExpiredBehindAnOlderCatalogIsDropped(t *testing.T) {
	t.Parallel()
	clock := time.Now()
	cfg := localConfig(t)
	cfg.Now = func() time.Time { return clock }
	l, db := grown(t, cfg), duck(t)
	want := perLoad(t, l, db, despatch)
	file, kept := filepath.Join(cfg.Root, "catalog.db"), filepath.Join(t.TempDir(), "catalog.db")
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	duplicate(t, file, kept)
	clock = clock.Add(8 * 24 * time.Hour)
	l = open(t, cfg)
	expiry := lake.Policy{RetainSnapshots: 1, OlderThan: 7 * 24 * time.Hour, OrphanAge: 72 * time.Hour}
	if r, err := l.Maintain(t.Context(), despatch, expiry, nil); err != nil || r.SnapshotsExpired != 1 {
		t.Fatalf("%+v, %v", r, err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	duplicate(t, kept, file)
	l = open(t, cfg)
	if err := l.Claim(t.Context(), lake.Everything); err != nil {
		t.Fatal(err)
	}
	if whole, err := l.IsWhole(t.Context(), despatch); err != nil || !whole {
		t.Fatalf("its rows are there: %v, %v", whole, err)
	}
	if n, err := l.DropLost(t.Context(), despatch); err != nil || n != 1 {
		t.Fatalf("dropped %d, %v", n, err)
	}
	if err := l.Filled(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := l.Maintain(t.Context(), despatch, lake.Policy{OrphanAge: 72 * time.Hour}, nil); err != nil {
		t.Error(err)
	}
	if v, err := l.Verify(t.Context(), []waybill.TableName{despatch}, func(string, int, int) {}); err != nil || len(v.Damaged) > 0 {
		t.Errorf("%+v, %v", v, err)
	}
	if got := perLoad(t, l, db, despatch); got != want {
		t.Errorf("rows are %q, want %q", got, want)
	}
	if n, err := l.DropLost(t.Context(), despatch); err != nil || n != 0 {
		t.Errorf("dropped again: %d, %v", n, err)
	}
}

func TestAnOlderRootIsToldFromAnOlderCatalog(t *testing.T) {
	t.Parallel()
	cfg := localConfig(t)
	l := grown(t, cfg)
	was := filepath.Join(t.TempDir(), "lake.json")
	duplicate(t, filepath.Join(cfg.Root, "lake.json"), was)
	if err := l.Raise(t.Context()); err != nil {
		t.Fatal(err)
	}
	duplicate(t, was, filepath.Join(cfg.Root, "lake.json"))
	refuses(t, open(t, cfg), "catalog is ahead of the root", "older copy of the root")
}

// TestACopysMaintenanceTouchesNothingOfTheOriginal: the catalog of a copied folder names the original's files.
func TestACopysMaintenanceTouchesNothingOfTheOriginal(t *testing.T) {
	t.Parallel()
	cfg := localConfig(t)
	if err := grown(t, cfg).Close(); err != nil {
		t.Fatal(err)
	}
	there := filepath.Join(t.TempDir(), "copy")
	if err := os.CopyFS(there, os.DirFS(cfg.Root)); err != nil {
		t.Fatal(err)
	}
	before := listing(t, cfg.Root)
	l := open(t, lake.Config{Root: there, CacheDir: t.TempDir(), Now: func() time.Time { return time.Now().Add(30 * 24 * time.Hour) }})
	refuses(t, l, "is a copy of lake", "waybill adopt")
	if err := l.Claim(t.Context(), lake.Everything); err != nil {
		t.Fatal(err)
	}
	if s := standing(t, l); s.ID == standing(t, open(t, cfg)).ID || len(s.Elsewhere) != 1 {
		t.Errorf("a copy that was taken: %+v", s)
	}
	for what, err := range map[string]error{
		"maintain": second(l.Maintain(t.Context(), despatch, lake.Policy{OrphanAge: 72 * time.Hour, RetainSnapshots: 1}, nil)),
		"append":   second(l.Append(t.Context(), lake.Commit{Table: despatch, LoadID: "new"})),
		"drop":     l.Drop(t.Context(), despatch),
	} {
		if !errors.Is(err, lake.ErrReadOnly) {
			t.Errorf("%s of a table that lies in the original: %v", what, err)
		}
	}
	if after := listing(t, cfg.Root); after != before {
		t.Errorf("the original was\n%s\nand is\n%s", before, after)
	}
}

func second[T any](_ T, err error) error { return err }

func TestOrphansLieInTheTrashForTheTimeOfGrace(t *testing.T) {
	t.Parallel()
	cfg := localConfig(t)
	clock := time.Now()
	cfg.Now = func() time.Time { return clock }
	l := grown(t, cfg)
	orphan := "tables/raw/wms_despatch/data/killed/x.parquet"
	path := filepath.Join(cfg.Root, filepath.FromSlash(orphan))
	if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, []byte("x"), 0o600), os.Chtimes(path, clock, clock.Add(-100*time.Hour))); err != nil {
		t.Fatal(err)
	}
	rep, err := l.Maintain(t.Context(), despatch, lake.Policy{OrphanAge: 72 * time.Hour}, nil)
	if err != nil || rep.OrphansRemoved != 1 {
		t.Fatalf("%+v, %v", rep, err)
	}
	in := filepath.Join(cfg.Root, "trash", clock.UTC().Format(time.DateOnly), filepath.FromSlash(orphan))
	if _, err := os.Stat(in); err != nil {
		t.Fatalf("it is not in the trash: %v", err)
	}
	clock = clock.Add(72 * time.Hour) // counted from the end of the day
	if n, _, err := l.EmptyTrash(t.Context(), 72*time.Hour); err != nil || n != 0 {
		t.Errorf("too early: %d, %v", n, err)
	}
	clock = clock.Add(24 * time.Hour)
	if n, bytes, err := l.EmptyTrash(t.Context(), 72*time.Hour); err != nil || n != 1 || bytes != 1 {
		t.Errorf("%d objects, %d bytes, %v", n, bytes, err)
	}
	if _, err := os.Stat(in); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("it is still there: %v", err)
	}
}

// TestARaiseThatIsCutOffHealsItself leaves the catalog's row as a kill at each point does.
func TestARaiseThatIsCutOffHealsItself(t *testing.T) {
	t.Parallel()
	cfg := localConfig(t)
	l := grown(t, cfg)
	was := standing(t, l)
	db, _ := l.CatalogDB()
	root := filepath.Join(cfg.Root, "lake.json")
	text, err := os.ReadFile(root)
	if err != nil {
		t.Fatal(err)
	}
	set := func(raising string) {
		if _, err := db.ExecContext(t.Context(), "update waybill_lake set raising = '"+raising+"'"); err != nil {
			t.Fatal(err)
		}
	}
	set("before the root")
	if s := standing(t, open(t, cfg)); s.Problem != "" || s.Epoch != was.Epoch+1 || s.CatalogEpoch != s.Epoch {
		t.Errorf("killed before the root was written: %+v", s)
	}
	set("behind the root")
	raised := strings.NewReplacer(`"epoch": 2`, `"epoch": 4`, was.Raise, "behind the root").Replace(string(text))
	if err := os.WriteFile(root, []byte(raised), 0o600); err != nil {
		t.Fatal(err)
	}
	if s := standing(t, open(t, cfg)); s.Problem != "" || s.Epoch != 4 || s.CatalogEpoch != 4 {
		t.Errorf("killed behind the root: %+v", s)
	}
}

func TestALakeOfBeforeThereWereIdentitiesGetsOne(t *testing.T) {
	t.Parallel()
	cfg := localConfig(t)
	l := grown(t, cfg)
	db, _ := l.CatalogDB()
	if _, err := db.ExecContext(t.Context(), "drop table waybill_lake"); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(cfg.Root, "lake.json")); err != nil {
		t.Fatal(err)
	}
	if s := standing(t, open(t, cfg)); s.Problem != "" || s.Epoch != 1 || s.ID == "" {
		t.Errorf("%+v", s)
	}
}

func duplicate(t *testing.T, from, to string) {
	t.Helper()
	body, err := os.ReadFile(from)
	if err == nil {
		err = os.WriteFile(to, body, 0o600)
	}
	for _, beside := range []string{"-wal", "-shm"} {
		_ = os.Remove(to + beside)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// listing is every file of a folder, but for the catalog's, with its size.
func listing(t *testing.T, root string) string {
	t.Helper()
	var b strings.Builder
	err := filepath.WalkDir(root, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() || strings.HasPrefix(d.Name(), "catalog.db") {
			return err
		}
		info, err := d.Info()
		b.WriteString(strings.TrimPrefix(path, root) + " " + info.ModTime().String() + "\n")
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return b.String()
}
