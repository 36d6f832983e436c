package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/fourmarketing/waybill/lake"
	"github.com/fourmarketing/waybill/pipelines/ledger"
	"github.com/fourmarketing/waybill/transforms/duck"
)

// frozen is what a project's tables and ledger were at one moment.
type frozen struct {
	tables map[string]string // selects over copies of the rows, by table
	files  []ledger.File
	loads  []ledger.Load
}

// freeze copies every table's rows aside.
func freeze(t *testing.T, p *office) frozen {
	t.Helper()
	db, dir := openDuck(t), t.TempDir()
	f := frozen{tables: map[string]string{}}
	for name, relation := range p.relations() {
		f.tables[name] = ""
		if relation == "" {
			continue
		}
		path := filepath.Join(dir, name+".parquet")
		if _, err := db.ExecContext(t.Context(), fmt.Sprintf("copy (%s) to %s (format parquet)", relation, duck.Literal(path))); err != nil {
			t.Fatal(err)
		}
		f.tables[name] = "select * from read_parquet(" + duck.Literal(path) + ")"
	}
	f.files, f.loads = ledgerOf(t, p)
	return f
}

func ledgerOf(t *testing.T, p *office) ([]ledger.File, []ledger.Load) {
	t.Helper()
	a := p.open()
	files, err := a.Ledger.Files(t.Context(), ledger.Filter{})
	if err != nil {
		t.Fatal(err)
	}
	loads, err := a.Ledger.Loads(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return files, loads
}

// isAsWas wants every row of every table, to the last column, and every row of the ledger's files and loads, as they were.
func isAsWas(t *testing.T, was frozen, p *office) {
	t.Helper()
	db, rows := openDuck(t), 0
	now := p.relations()
	if a, b := slices.Sorted(maps.Keys(was.tables)), slices.Sorted(maps.Keys(now)); !slices.Equal(a, b) {
		t.Errorf("tables were %v\nand are %v", a, b)
	}
	for name, before := range was.tables {
		after := now[name]
		if before == "" || after == "" {
			if before != after {
				t.Errorf("%s: was empty: %t, is empty: %t", name, before == "", after == "")
			}
			continue
		}
		rows += sameRelation(t, db, name, [2]string{before, after}, nil)
	}
	files, loads := ledgerOf(t, p)
	sameLines(t, "files", was.files, files)
	sameLines(t, "loads", was.loads, loads)
	t.Logf("%d tables with %d rows, %d files, %d loads are as they were", len(was.tables), rows, len(files), len(loads))
}

func sameLines[T any](t *testing.T, what string, was, is []T) {
	t.Helper()
	lines := func(all []T) []string {
		out := make([]string, len(all))
		for i, v := range all {
			text, err := json.Marshal(v)
			if err != nil {
				t.Fatal(err)
			}
			out[i] = string(text)
		}
		slices.Sort(out)
		return out
	}
	if a, b := lines(was), lines(is); !slices.Equal(a, b) {
		t.Errorf("%s: %d were, %d are%s", what, len(a), len(b), firstDifference(a, b))
	}
}

// files is every file below a folder with its time and size, but for what readers of it write.
func filesBelow(t *testing.T, root string) map[string]string {
	t.Helper()
	all := map[string]string{}
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || strings.HasPrefix(d.Name(), "catalog.db") {
			return err
		}
		info, err := d.Info()
		all[strings.TrimPrefix(path, root)] = fmt.Sprint(info.ModTime(), info.Size())
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// TestALakeSurvivesItsUpkeep runs a world in two steps and then does to its lake what happens to lakes: an older catalog is put back, the root is copied,
// the catalog is lost, files are damaged. Each time nothing may be changed until a person has said how to go on, and then all is as it was.
func TestALakeSurvivesItsUpkeep(t *testing.T) {
	t.Parallel()
	box := startWorld(t, small(21))
	p := join(t, box)
	points := box.World().Checkpoints()
	last := points[len(points)-1]
	advance(t, box, points[0])
	p.must(exitDone, "run", "--as-of", stamp(points[0]))
	root := filepath.Join(p.dir, "lake")
	old := t.TempDir()
	keepCatalog(t, root, old)
	advance(t, box, last)
	p.must(exitDone, "run", "--as-of", stamp(last))
	was := freeze(t, p)
	asked := planned1(t, p, last)

	t.Run("an older catalog is put back", func(t *testing.T) {
		p := &office{T: t, dir: p.dir, env: p.env}
		keepCatalog(t, old, root)
		before := filesBelow(t, root)
		refused(p, "ahead of the catalog", "waybill adopt")
		p.must(exitDone, "state", "tables")
		p.must(exitUsage, "adopt")
		if after := filesBelow(t, root); !maps.Equal(before, after) {
			t.Error("something was changed before anybody said yes")
		}
		p.must(exitDone, "adopt", "--yes", "--as-of", stamp(last))
		isAsWas(t, was, p)
	})
	t.Run("the root is copied", func(t *testing.T) {
		copied := &office{T: t, dir: t.TempDir(), env: p.env}
		if err := os.CopyFS(copied.dir, os.DirFS(p.dir)); err != nil {
			t.Fatal(err)
		}
		if err := os.Remove(filepath.Join(copied.dir, "waybill.duckdb")); err != nil { // it shows the original, and is not replaced
			t.Fatal(err)
		}
		before := filesBelow(t, root)
		refused(copied, "is a copy of lake", "waybill adopt")
		copied.must(exitDone, "adopt", "--yes", "--as-of", stamp(last))
		isAsWas(t, was, copied)
		copied.must(exitDone, "state", "maintain")
		if after := filesBelow(t, root); !maps.Equal(before, after) {
			t.Error("the original was changed")
		}
		isAsWas(t, was, &office{T: t, dir: p.dir, env: p.env})
	})
	t.Run("the catalog is lost, and the rebuild is killed", func(t *testing.T) {
		p := &office{T: t, dir: p.dir, env: p.env}
		loseCatalog(t, root)
		refused(p, "the catalog knows nothing of it", "waybill rebuild")
		for i := range 3 {
			took := time.Duration(400+700*i) * time.Millisecond
			c := command(t.Context(), p.env, "rebuild", "--as-of", stamp(last), "-c", p.config())
			if err := c.Start(); err != nil {
				t.Fatal(err)
			}
			time.Sleep(took)
			_ = c.Process.Kill()
			_ = c.Wait()
		}
		if s, err := p.open().Lake.Standing(t.Context()); err != nil || s.Problem == "" {
			t.Errorf("a rebuild that was killed looks like a whole lake: %+v, %v", s, err)
		}
		p.must(exitDone, "rebuild", "--as-of", stamp(last))
		isAsWas(t, was, p)
		if now := planned1(t, p, last); now != asked {
			t.Errorf("the next run would ask partners\n%s\nit would have asked\n%s", now, asked)
		}
		p.must(exitDone, "run", "--as-of", stamp(last))
		p.must(exitDone, "verify")
	})
	t.Run("files are damaged", func(t *testing.T) { damageAndMend(t, &office{T: t, dir: p.dir, env: p.env}, was, last) })
}

// refused wants every command that would change the lake refused with these words.
func refused(p *office, words ...string) {
	p.Helper()
	for _, args := range [][]string{{"run"}, {"build"}, {"state", "maintain"}} {
		o := p.must(exitFailed, args...)
		for _, w := range append(words, lake.ErrReadOnly.Error()) {
			if !strings.Contains(o.err, w) {
				p.Errorf("%v does not say %q: %s", args, w, o.err)
			}
		}
	}
	if o := p.run("doctor"); o.code != exitFailed || !strings.Contains(o.out, words[0]) {
		p.Errorf("doctor: exit %d\n%s", o.code, o)
	}
}

// planned1 is what a run would ask of partners.
func planned1(t *testing.T, p *office, at time.Time) string {
	t.Helper()
	var plan struct {
		Feeds []struct {
			Source, Feed string
			Known, Ask   int
			Fetch        []string
		}
	}
	(&office{T: t, dir: p.dir, env: p.env}).report(exitDone, &plan, "plan", "--as-of", stamp(at))
	return fmt.Sprint(plan.Feeds)
}

// keepCatalog copies a catalog that nobody writes.
func keepCatalog(t *testing.T, from, to string) {
	t.Helper()
	loseCatalog(t, to)
	for _, name := range []string{"catalog.db", "catalog.db-wal"} {
		body, err := os.ReadFile(filepath.Join(from, name))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err := errors.Join(err, os.WriteFile(filepath.Join(to, name), body, 0o600)); err != nil {
			t.Fatal(err)
		}
	}
}

func loseCatalog(t *testing.T, root string) {
	t.Helper()
	for _, name := range []string{"catalog.db", "catalog.db-wal", "catalog.db-shm"} {
		if err := os.Remove(filepath.Join(root, name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			t.Fatal(err)
		}
	}
}

// damageAndMend turns one byte, or takes one file away, of each kind, and wants it found, named and mended.
func damageAndMend(t *testing.T, p *office, was frozen, at time.Time) {
	root := filepath.Join(p.dir, "lake")
	turn := func(path string) {
		body, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		body[len(body)/2] ^= 0x10
		if err := os.WriteFile(path, body, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	cut := func(path string) {
		if err := os.Truncate(path, 10); err != nil {
			t.Fatal(err)
		}
	}
	take := func(path string) {
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
	}
	table := currentFiles(t, p, "raw.wms_despatch")
	kept := keptOf(t, p, "northgate", "despatch")
	entry := middleOf(t, filepath.Join(root, "journal", "*", "*", "*.json"))
	for _, c := range []struct {
		what   string
		damage func(string)
		path   string
		kind   string
		mend   []string
	}{
		{"a byte of a data file", turn, table["data"], lake.KindData, []string{"rebuild", "--table", "raw.wms_despatch"}},
		{"a manifest", cut, "manifest", lake.KindMetadata, []string{"rebuild", "--table", "raw.wms_despatch"}},
		{"the table's metadata is gone", take, "metadata", lake.KindMetadata, []string{"rebuild", "--table", "raw.wms_despatch"}},
		{"a byte of kept bytes", turn, kept, lake.KindKept, nil},
		{"kept bytes are gone", cut, kept, lake.KindKept, nil},
		{"an entry of the journal", cut, entry, lake.KindJournal, []string{"rebuild", "--journal"}},
	} {
		path := c.path
		if !filepath.IsAbs(path) {
			path = currentFiles(t, p, "raw.wms_despatch")[path]
		}
		c.damage(path)
		var found struct {
			Damaged []damage `json:"damaged"`
		}
		verify := []string{"verify"}
		if c.kind == lake.KindData || c.kind == lake.KindMetadata {
			verify = append(verify, "--table", "raw.wms_despatch")
		}
		o := p.report(exitFailed, &found, verify...)
		if len(found.Damaged) == 0 {
			t.Fatalf("%s: nothing was found: %s", c.what, o)
		}
		for _, d := range found.Damaged {
			if d.Kind != c.kind || d.Detail == "" || !strings.HasPrefix(d.Next, "waybill ") {
				t.Errorf("%s: found %+v", c.what, d)
			}
			if c.kind != lake.KindJournal && d.Table != "raw.wms_despatch" && (len(d.Of) == 0 || !strings.HasPrefix(d.Of[0], "northgate/despatch ")) {
				t.Errorf("%s: whose is it? %+v", c.what, d)
			}
		}
		mend := strings.Fields(strings.TrimPrefix(found.Damaged[0].Next, "waybill "))
		if c.mend != nil && !slices.Equal(mend, c.mend) {
			t.Errorf("%s: next is %v", c.what, mend)
		}
		p.must(exitDone, append(mend, "--as-of", stamp(at))...)
		p.must(exitDone, verify...)
	}
	p.must(exitDone, "verify")
	isAsWas(t, was, p)
}

// TestRebuildOfNoTable refuses a name that no table has and no feed fills, and leaves the marts and the lake's epoch as they are.
func TestRebuildOfNoTable(t *testing.T) {
	t.Parallel()
	p := depot(t)
	p.write("in/DESP_1.csv", despatch(goodLine))
	p.pull(exitDone)
	was := p.must(exitDone, "adopt").out
	for _, name := range []string{"raw.depot_despach", "marts.fct_despach"} {
		says(t, p.must(exitUsage, "rebuild", "--table", name, "--as-of", stamp(depotNow)).err, "the lake has no table "+name, "waybill state tables")
	}
	if is := p.must(exitDone, "adopt").out; is != was {
		t.Errorf("before %s, after %s", was, is)
	}
	says(t, p.must(exitDone, "rebuild", "--table", "raw.depot_despatch", "--as-of", stamp(depotNow)).out, "1 table made anew, rows of 1 file")
}

// currentFiles are a data file, a manifest and the metadata file that a table stands on now.
func currentFiles(t *testing.T, p *office, name string) map[string]string {
	t.Helper()
	table, err := parseTable(name)
	if err != nil {
		t.Fatal(err)
	}
	a := p.open()
	scan, err := a.Lake.Scan(t.Context(), table, 0)
	if err != nil || len(scan.Files) == 0 {
		t.Fatalf("%d files, %v", len(scan.Files), err)
	}
	path := func(address string) string { return strings.TrimPrefix(address, "file://") }
	db, _ := a.Lake.CatalogDB()
	var location string
	if err := db.QueryRowContext(t.Context(), "select metadata_location from iceberg_tables where table_name = 'wms_despatch'").Scan(&location); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(path(location))
	if err != nil {
		t.Fatal(err)
	}
	var newest string
	manifests, err := filepath.Glob(filepath.Join(filepath.Dir(path(location)), "*.avro"))
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range manifests {
		if bytes.Contains(text, []byte(filepath.Base(m))) { // a list of manifests that a snapshot names
			newest = m
		}
	}
	return map[string]string{"data": path(scan.Files[0].Path), "manifest": newest, "metadata": path(location)}
}

// keptOf is where the bytes of a file of a feed lie that counts.
func keptOf(t *testing.T, p *office, source, feed string) string {
	t.Helper()
	files, _ := ledgerOf(t, p)
	for _, f := range files {
		if f.Source == source && f.Feed == feed && f.Status == ledger.Loaded {
			return filepath.Join(p.dir, "lake", f.KeptPath)
		}
	}
	t.Fatal("nothing is loaded")
	return ""
}

func middleOf(t *testing.T, pattern string) string {
	t.Helper()
	all, err := filepath.Glob(pattern)
	if err != nil || len(all) < 2 {
		t.Fatalf("%s: %v, %v", pattern, all, err)
	}
	return all[len(all)/2]
}
