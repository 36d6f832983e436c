package pull_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sort"
	"strings"
	"testing"
	"time"

	"github.com/fourmarketing/waybill/lake"
	"github.com/fourmarketing/waybill/pipelines/ledger"
	"github.com/fourmarketing/waybill/pipelines/pull"
)

func (d *depot) lay(source, name, text string, minute int) {
	d.shelf[source][name] = parcelFile{header + text, time.Date(2026, 4, 7, 5, minute, 0, 0, time.UTC)}
}

// TestALostJournalIsSaid: of kept bytes alone nobody knows what they were called. Where columns name the document that decides nothing, and they are
// loaded; where names do, they are listed, and the partner is asked again.
func TestALostJournalIsSaid(t *testing.T) {
	t.Parallel()
	for way, want := range map[string]pull.Rebuilt{"columns": {Named: 2}, "name": {Unnamed: []string{"", ""}}} {
		t.Run(way, func(t *testing.T) {
			t.Parallel()
			d, contract := newDepot(t), fmt.Sprintf(depotHead, "none", ways[way])
			d.under(contract)
			d.lay("quay", "a_v1.csv", "7,S1\n", 1)
			d.lay("pier", "b_v1.csv", "8,S2\n", 2)
			d.pull(0)
			if err := os.RemoveAll(filepath.Join(d.lake.Root(), "journal")); err != nil {
				t.Fatal(err)
			}
			again := d.anew(contract)
			out, err := again.puller.Rebuild(t.Context(), pull.Rebuild{AsOf: d.asOf})
			if err != nil || out.Named != want.Named || len(out.Unnamed) != len(want.Unnamed) || len(out.Problems) > 0 {
				t.Fatalf("%+v, %v", out, err)
			}
			if got := len(again.rows()); got != want.Named {
				t.Errorf("%d rows, want %d", got, want.Named)
			}
			again.pull(0)
			if got := again.rows(); !slices.Equal(got, []string{"7,S1", "8,S2"}) {
				t.Errorf("after the partners were asked again: %q", got)
			}
			again.accounts()
		})
	}
}

// TestAJournalBeginsWithWhatWas: a lake of before there were journals loses nothing that it knew.
func TestAJournalBeginsWithWhatWas(t *testing.T) {
	t.Parallel()
	d, contract := newDepot(t), fmt.Sprintf(depotHead, "none", ways["name"])
	d.book.KeepJournal(nil)
	d.under(contract)
	d.lay("quay", "a_v1.csv", "7,S1\n", 1)
	d.pull(0)
	db, _ := d.lake.CatalogDB()
	if _, err := db.ExecContext(t.Context(), "delete from waybill_journal"); err != nil { // as if it had just been made
		t.Fatal(err)
	}
	d.book.KeepJournal(d.lake)
	d.lay("pier", "b_v1.csv", "8,S2\n", 2)
	d.pull(0)
	d.rebuilt(contract)
}

// TestAnOlderRootIsTheTruth: what only the catalog knows has no bytes any more, and comes again from the partners.
func TestAnOlderRootIsTheTruth(t *testing.T) {
	t.Parallel()
	d, contract := newDepot(t), fmt.Sprintf(depotHead, "none", ways["name"])
	d.under(contract)
	d.lay("quay", "a_v1.csv", "7,S1\n", 1)
	d.pull(0)
	root, older := d.lake.Root(), filepath.Join(t.TempDir(), "older")
	if err := os.CopyFS(older, os.DirFS(root)); err != nil {
		t.Fatal(err)
	}
	if err := d.lake.Raise(t.Context()); err != nil { // as the release behind the loads does
		t.Fatal(err)
	}
	d.lay("pier", "b_v1.csv", "8,S2\n", 2)
	d.pull(0)
	for _, part := range []string{"kept", "journal", "tables", "lake.json"} {
		err := os.RemoveAll(filepath.Join(root, part))
		if info, serr := os.Stat(filepath.Join(older, part)); serr == nil && info.IsDir() {
			err = errors.Join(err, os.CopyFS(filepath.Join(root, part), os.DirFS(filepath.Join(older, part))))
		} else {
			err = errors.Join(err, os.Rename(filepath.Join(older, part), filepath.Join(root, part)))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if _, err := d.puller.Pull(t.Context(), nil, d.asOf); !errors.Is(err, lake.ErrReadOnly) || !strings.Contains(err.Error(), "ahead of the root") {
		t.Errorf("a run on an older root: %v", err)
	}
	d.under(contract)
	out, err := d.puller.Rebuild(t.Context(), pull.Rebuild{AsOf: d.asOf})
	if err != nil || len(out.Problems) > 0 {
		t.Fatalf("%+v, %v", out, err)
	}
	if got := d.rows(); !slices.Equal(got, []string{"7,S1"}) {
		t.Errorf("of the older root: %q", got)
	}
	d.pull(0)
	if got := d.rows(); !slices.Equal(got, []string{"7,S1", "8,S2"}) {
		t.Errorf("after the partners were asked again: %q", got)
	}
	d.accounts()
}

// TestForgottenBytesStandForTheOthers: somebody's data was taken out of kept bytes, which so have another name; the ledger that is made again names them.
func TestForgottenBytesStandForTheOthers(t *testing.T) {
	t.Parallel()
	d, contract := newDepot(t), fmt.Sprintf(depotHead, "none", ways["name"])
	d.under(contract)
	d.lay("quay", "a_v1.csv", "7,S1\n", 1)
	d.pull(0)
	files, err := d.book.Files(t.Context(), ledger.Filter{})
	if err != nil || len(files) != 1 {
		t.Fatal(files, err)
	}
	kept, err := d.lake.Keep(t.Context(), lake.KeepAs{Source: "quay", Feed: "lines", Day: d.asOf}, strings.NewReader(header+"7,S9\n"))
	if err != nil {
		t.Fatal(err)
	}
	asked := ledger.Forgotten{
		ID: "r1", AskedAt: d.asOf, State: ledger.ForgetAsked, Key: "k", Marks: []string{"m1"}, Replaced: []ledger.Replaced{{File: files[0].ID, Was: files[0].KeptPath, Is: kept.Path}},
	}
	if err := d.book.Forget(t.Context(), asked); err != nil {
		t.Fatal(err)
	}
	again := d.anew(contract)
	if out, err := again.puller.Rebuild(t.Context(), pull.Rebuild{AsOf: d.asOf}); err != nil || len(out.Problems)+len(out.Unnamed) > 0 {
		t.Fatalf("%+v, %v", out, err)
	}
	if got := again.rows(); !slices.Equal(got, []string{"7,S9"}) {
		t.Errorf("%q", got)
	}
	if got, err := again.book.Forgotten(t.Context()); err != nil || len(got) != 1 || !slices.Equal(got[0].Marks, asked.Marks) || got[0].State != asked.State {
		t.Errorf("forgotten: %+v, %v", got, err)
	}
}

// rebuilt makes ledger and tables again from journal and kept bytes, with a catalog that knows nothing, and wants them as they are.
func (d *depot) rebuilt(contract string) {
	d.Helper()
	again := d.anew(contract)
	want, rows := d.told(), d.rows()
	out, err := again.puller.Rebuild(d.Context(), pull.Rebuild{AsOf: d.asOf})
	if err != nil || len(out.Problems)+len(out.Unnamed)+len(out.Outdated) > 0 {
		d.Fatalf("rebuild: %+v, %v", out, err)
	}
	if got := again.told(); got != want {
		d.Errorf("the ledger was\n%s\nand is\n%s", want, got)
	}
	if got := again.rows(); !slices.Equal(got, rows) {
		d.Errorf("the table held %q and holds %q", rows, got)
	}
	again.accounts()
}

// anew is the same root with a catalog that knows nothing.
func (d *depot) anew(contract string) *depot {
	d.Helper()
	again := *d
	var err error
	again.lake, err = lake.Open(d.Context(), lake.Config{
		Root: d.lake.Root(), Catalog: "sqlite:" + filepath.Join(d.TempDir(), "again.db"), CacheDir: filepath.Join(d.dir, "cache"), Now: time.Now,
	})
	if err != nil {
		d.Fatal(err)
	}
	d.Cleanup(func() { _ = again.lake.Close() })
	db, dialect := again.lake.CatalogDB()
	if again.book, err = ledger.Open(d.Context(), db, string(dialect), time.Now); err != nil {
		d.Fatal(err)
	}
	again.book.KeepJournal(again.lake)
	again.under(contract)
	return &again
}

// told is all that the ledger says of files and loads, a line for each.
func (d *depot) told() string {
	d.Helper()
	files, err := d.book.Files(d.Context(), ledger.Filter{})
	if err != nil {
		d.Fatal(err)
	}
	loads, err := d.book.Loads(d.Context())
	if err != nil {
		d.Fatal(err)
	}
	var lines []string
	for _, f := range files {
		text, err := json.Marshal(f)
		if err != nil {
			d.Fatal(err)
		}
		lines = append(lines, string(text))
	}
	for _, l := range loads {
		text, err := json.Marshal(l)
		if err != nil {
			d.Fatal(err)
		}
		lines = append(lines, string(text))
	}
	sort.Strings(lines)
	return strings.Join(lines, "\n")
}
