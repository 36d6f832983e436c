package pull_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"sort"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/fourmarketing/waybill"
	"github.com/fourmarketing/waybill/lake"
	"github.com/fourmarketing/waybill/pipelines"
	"github.com/fourmarketing/waybill/pipelines/inputs"
	"github.com/fourmarketing/waybill/pipelines/ledger"
	"github.com/fourmarketing/waybill/pipelines/load"
	"github.com/fourmarketing/waybill/pipelines/pull"
	"github.com/fourmarketing/waybill/transforms/duck"
	"github.com/fourmarketing/waybill/transforms/models"
)

// depot is two partners whose files change under the puller's eyes.
type depot struct {
	*testing.T
	dir    string
	shelf  map[string]map[string]parcelFile // by source and name
	lake   *lake.Lake
	book   *ledger.Ledger
	engine *sql.DB
	asOf   time.Time
	clock  func() time.Time // by which files are received
	puller *pull.Puller
	inputs *inputs.Inputs

	definition string
	starts     int // of pullers: one that was cut off may have left its leases, and the next one knows that it is gone
}

type parcelFile struct {
	text string
	at   time.Time
}

func newDepot(t *testing.T) *depot {
	t.Helper()
	dir := t.TempDir()
	d := &depot{T: t, dir: dir, shelf: map[string]map[string]parcelFile{"quay": {}, "pier": {}}, asOf: time.Date(2026, 4, 8, 6, 0, 0, 0, time.UTC), clock: time.Now}
	var err error
	if d.lake, err = lake.Open(t.Context(), lake.Config{Root: filepath.Join(dir, "lake"), CacheDir: filepath.Join(dir, "cache"), Now: time.Now}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = d.lake.Close() })
	db, dialect := d.lake.CatalogDB()
	if d.book, err = ledger.Open(t.Context(), db, string(dialect), time.Now); err != nil {
		t.Fatal(err)
	}
	d.book.KeepJournal(d.lake)
	d.engine = duck.Open(duck.Config{MemoryLimit: "256MB", TempDir: dir})
	t.Cleanup(func() { _ = d.engine.Close() })
	return d
}

// under makes the puller of a definition, as a restart with another contract would.
func (d *depot) under(definition string) {
	d.Helper()
	parsed, err := pipelines.Decode("quay.yaml", []byte(definition))
	if err != nil {
		d.Fatal(err)
	}
	project, err := models.Read(fstest.MapFS{})
	if err != nil {
		d.Fatal(err)
	}
	d.definition, d.starts = definition, d.starts+1
	holder := fmt.Sprint("test ", d.starts)
	defs := []pipelines.Pipeline{parsed}
	scratch, report := pipelines.Scratch(filepath.Join(d.dir, "stage")), pipelines.NewReporter(nil, nil)
	if d.inputs, err = inputs.New(inputs.Parts{Lake: d.lake, Ledger: d.book, Pipelines: defs, Scratch: scratch}); err != nil {
		d.Fatal(err)
	}
	d.puller = pull.New(pull.Parts{
		Lake: d.lake, Ledger: d.book, Leases: ledger.NewLeases(d.book, holder, func(other string) bool { return other != holder }, report.Log), Inputs: d.inputs, Models: project, Duck: d.engine,
		Loader: load.New(d.engine), Pipelines: defs, Scratch: scratch, Now: time.Now, Received: func() time.Time { return d.clock() }, Reporter: report,
		Open: func(_ context.Context, source string) (waybill.Connector, error) { return shelf(d.shelf[source]), nil },
	})
}

// shelf lists and gives files.
type shelf map[string]parcelFile

func (s shelf) List(context.Context, waybill.Request) ([]waybill.Item, error) {
	var items []waybill.Item
	for name, f := range s {
		items = append(items, waybill.Item{Name: name, Size: int64(len(f.text)), ModifiedAt: f.at})
	}
	return items, nil
}

func (s shelf) Open(_ context.Context, it waybill.Item) (io.ReadCloser, error) {
	return io.NopCloser(strings.NewReader(s[it.Name].text)), nil
}

func (s shelf) Close() error { return nil }

// pull pulls until everything is in; a first try may be cut off at some point.
func (d *depot) pull(cut time.Duration) {
	d.Helper()
	if cut > 0 {
		ctx, cancel := context.WithTimeout(d.Context(), cut)
		_, _ = d.puller.Pull(ctx, nil, d.asOf)
		cancel()
		d.under(d.definition)
	}
	got, err := d.puller.Pull(d.Context(), nil, d.asOf)
	for _, r := range got {
		err = errors.Join(err, r.Err)
	}
	if err != nil {
		d.Fatal(err)
	}
}

// reload loads every file again whose contract is another than today's.
func (d *depot) reload(cut time.Duration, pick func(ledger.File) bool) {
	d.Helper()
	files, err := d.book.Files(d.Context(), ledger.Filter{})
	if err != nil {
		d.Fatal(err)
	}
	for _, f := range files {
		if !pick(f) {
			continue
		}
		if cut > 0 {
			ctx, cancel := context.WithTimeout(d.Context(), cut)
			_, _ = d.puller.Replay(ctx, f)
			cancel()
			d.under(d.definition)
			d.pull(0) // what it began is finished by the next run
			again, err := d.book.Files(d.Context(), ledger.Filter{IDPrefix: f.ID})
			if err != nil || len(again) != 1 {
				d.Fatal(again, err)
			}
			f = again[0]
		}
		if _, err := d.puller.Replay(d.Context(), f); err != nil {
			d.Fatal(err)
		}
	}
}

// rows are what the table of lines holds, sorted.
func (d *depot) rows() []string {
	d.Helper()
	return d.rowsOf("quay_lines", "document || ',' || coalesce(sku, '')")
}

// rowsOf are the rows of a raw table as texts, sorted.
func (d *depot) rowsOf(table, text string) []string {
	d.Helper()
	var out []string
	err := d.inputs.Read(d.Context(), d.asOf, func(v *inputs.View) error {
		relation, err := v.Relation(d.Context(), waybill.TableName{Namespace: "raw", Name: table})
		if err != nil {
			return err
		}
		rows, err := d.engine.QueryContext(d.Context(), "select "+text+" from ("+relation+")")
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var row string
			if err := rows.Scan(&row); err != nil {
				return err
			}
			out = append(out, row)
		}
		return rows.Err()
	})
	if err != nil {
		d.Fatal(err)
	}
	sort.Strings(out)
	return out
}

const (
	depotHead = `pipeline: depot
sources: [quay, pier]
feeds:
  - feed: lines
    file: {match: ["*.csv"]}
    format: {type: csv, delimiter: ",", encoding: utf-8, header: true, null: [%s]}
    supersede: {mode: file%s}
    on_drift: {missing_column: hold}
    limits: {allow_empty: true}
    tables:
      raw.quay_lines:
        columns:
          document: {from: ["Document"], type: text, required: true}
          sku: {from: ["SKU"], type: text}
`
	header = "Document,SKU\n"
)

// history is what a sequence of events should come to, said in the simplest way: of each document the greatest version that is not held, and of files that
// nothing but their names tells apart each content once.
type history struct {
	way      string
	arrivals []version
	null     string // a SKU that the contract takes for none
}

type version struct {
	source, name, text, by string
}

// ways are what a feed may say of its documents.
var ways = map[string]string{
	"name": "", "identity": `, identity: '^(\w+)_v'`, "newest": `, identity: '^(\w+)_v', newest_by: '_v(\d+)'`, "columns": ", document: [document]",
}

func (h *history) rows() []string {
	counts := map[string][]string{} // rows by document
	switch h.way {
	case "columns":
		told := map[string][]string{} // documents by source and name
		for _, v := range h.arrivals {
			if !strings.HasPrefix(v.text, header) {
				continue
			}
			of := map[string][]string{}
			var order []string
			for _, row := range strings.Fields(strings.TrimPrefix(v.text, header)) {
				document, _, _ := strings.Cut(row, ",")
				if of[document] == nil {
					order = append(order, document)
				}
				of[document] = append(of[document], row)
			}
			key := v.source + "/" + v.name
			if len(order) == 0 { // says of the documents that it told of before that they are empty
				order = told[key]
			}
			for _, document := range order {
				counts[document] = of[document]
			}
			told[key] = order
		}
	default:
		newest := map[string]version{}
		var order []string
		for _, v := range h.arrivals {
			if !strings.HasPrefix(v.text, header) {
				continue
			}
			document := v.source + "/" + v.name
			if h.way != "name" {
				document = v.source + "/" + strings.SplitN(v.name, "_v", 2)[0]
			}
			last, known := newest[document]
			if known && h.way == "newest" && number(last.by) > number(v.by) {
				continue
			}
			newest[document] = v
			order = append(slices.DeleteFunc(order, func(o string) bool { return o == document }), document)
		}
		seen := map[string]bool{}
		for _, document := range order {
			v := newest[document]
			if key := v.source + v.text; h.way == "name" && v.text != header && seen[key] {
				continue
			} else {
				seen[key] = true
			}
			counts[document] = strings.Fields(strings.TrimPrefix(v.text, header))
		}
	}
	var out []string
	for _, rows := range counts {
		for _, row := range rows {
			if document, sku, _ := strings.Cut(row, ","); sku == h.null {
				row = document + ","
			}
			out = append(out, row)
		}
	}
	sort.Strings(out)
	return out
}

func number(text string) int {
	n, _ := strconv.Atoi(text)
	return n
}

// TestAnySequence: whatever comes, in whatever order, again and corrected, put back, held, under one contract and another, and cut off at any point, the
// tables hold what they would hold had only the last state ever come. WAYBILL_SEQUENCES says how many sequences; make torture tries a thousand.
func TestAnySequence(t *testing.T) {
	t.Parallel()
	sequences := 32
	if text := os.Getenv("WAYBILL_SEQUENCES"); text != "" {
		sequences = number(text)
	}
	for seed := range sequences {
		way := []string{"name", "identity", "newest", "columns"}[seed%4]
		t.Run(fmt.Sprintf("%s %d", way, seed), func(t *testing.T) { anySequence(t, way, rand.New(rand.NewPCG(uint64(seed), 7))) })
	}
}

func anySequence(t *testing.T, way string, r *rand.Rand) {
	t.Helper()
	d, h := newDepot(t), &history{way: way, null: "none"}
	contract := func() string { return fmt.Sprintf(depotHead, h.null, ways[way]) }
	d.under(contract())
	var log []string
	for step := range 9 {
		cut := time.Duration(0)
		if r.IntN(2) == 0 {
			cut = time.Duration(r.IntN(40)) * time.Millisecond
		}
		switch r.IntN(7) {
		case 0:
			h.null = []string{"none", "S1", "S2"}[r.IntN(3)]
			d.under(contract())
			log = append(log, "contract "+h.null)
		case 1:
			log = append(log, "reload")
			d.reload(cut, func(f ledger.File) bool { return f.KeptPath != "" && r.IntN(2) == 0 })
		default:
			v := version{source: []string{"quay", "pier"}[r.IntN(2)], by: strconv.Itoa(1 + r.IntN(3))}
			v.name = fmt.Sprintf("%s_v%s.csv", []string{"a", "b"}[r.IntN(2)], v.by)
			v.text = []string{header, "Colour\nred\n", header + "7,S1\n", header + "7,S2\n", header + "8,S1\n8,S3\n", header + "7,S1\n8,S2\n"}[r.IntN(6)]
			at := time.Date(2026, 4, 7, 5, r.IntN(3), 0, 0, time.UTC) // a file that is put back has its old time
			if last, ok := d.shelf[v.source][v.name]; ok && (last.at.Equal(at) || last.text == v.text) {
				at = last.at.Add(time.Hour + time.Duration(step)*time.Second)
			}
			if d.shelf[v.source][v.name].text != v.text {
				h.arrivals = append(h.arrivals, v) // the same bytes under the same name are no news
			}
			d.shelf[v.source][v.name] = parcelFile{v.text, at}
			log = append(log, fmt.Sprintf("%s/%s %q cut %s", v.source, v.name, v.text, cut))
			d.pull(cut)
		}
	}
	// Today's contract is every file's.
	d.reload(0, func(ledger.File) bool { return true })
	if got, want := d.rows(), h.rows(); !slices.Equal(got, want) {
		t.Errorf("%s\nthe table holds %q\nwant %q", strings.Join(log, "\n"), got, want)
	}
	d.accounts()
	d.rebuilt(contract())
}

// accounts holds the ledger against the tables: what counts is in, under its id, and nothing else is; and of every loaded file each record is somewhere.
func (d *depot) accounts() {
	d.Helper()
	loads, err := d.book.Loads(d.Context())
	if err != nil {
		d.Fatal(err)
	}
	ids := map[string]bool{}
	for _, l := range loads {
		if l.Counts != (l.LoadID != "") || l.Pending != "" {
			d.Errorf("a load is left half way: %+v", l)
		}
		if l.Counts {
			ids[l.LoadID] = true
		}
	}
	files, err := d.book.Files(d.Context(), ledger.Filter{})
	if err != nil {
		d.Fatal(err)
	}
	for _, f := range files {
		if f.Status == ledger.Loaded && f.Records != f.Loaded+f.Rejected+f.Elsewhere {
			d.Errorf("%s: %d records, %d loaded, %d rejected, %d count from other files", f.Name, f.Records, f.Loaded, f.Rejected, f.Elsewhere)
		}
	}
	err = d.inputs.Read(d.Context(), d.asOf, func(v *inputs.View) error {
		text, err := v.Relation(d.Context(), waybill.TableName{Namespace: "raw", Name: "quay_lines"})
		if err != nil {
			return err
		}
		rows, err := d.engine.QueryContext(d.Context(), "select distinct _load_id from ("+text+")")
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var id string
			if err := rows.Scan(&id); err != nil {
				return err
			}
			if !ids[id] {
				d.Errorf("rows of load %s are in the table, which does not count", id)
			}
		}
		return rows.Err()
	})
	if err != nil {
		d.Fatal(err)
	}
}
