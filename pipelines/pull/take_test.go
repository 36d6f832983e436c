package pull_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"testing/fstest"
	"testing/iotest"
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

// quay is a partner with a file, or several, which come as it says.
type quay struct {
	size  int64
	files int // 1 if not set
	body  func(ctx context.Context, name string) io.ReadCloser
	cache string // the lake's
	stage string // the puller's
}

func (q *quay) List(context.Context, waybill.Request) ([]waybill.Item, error) {
	var items []waybill.Item
	for i := range max(q.files, 1) {
		items = append(items, waybill.Item{Name: fmt.Sprintf("lines-%03d.csv", i), Size: q.size, ModifiedAt: time.Date(2026, 4, 7, 5, i, 0, 0, time.UTC)})
	}
	return items, nil
}

func (q *quay) Open(ctx context.Context, it waybill.Item) (io.ReadCloser, error) {
	return q.body(ctx, it.Name), nil
}

func (q *quay) Close() error { return nil }

// ending closes with an error.
type ending struct {
	io.Reader
	err error
}

func (e ending) Close() error { return e.err }

const quayPipeline = `pipeline: quay
sources: [quay]
feeds:
  - feed: lines
    file: {match: ["*.csv"]}
    format: {type: csv, delimiter: ",", encoding: utf-8, header: true}
    supersede: {mode: file}
    on_drift: {missing_column: hold}
    tables:
      raw.quay_lines:
        columns:
          order_ref: {from: ["Order"], type: text, required: true}
          sku: {from: ["SKU"], type: text, required: true}
`

// takes pulls from a quay and says what the ledger and the kept bytes have of it.
func takes(t *testing.T, q *quay) (pull.Result, []ledger.File, []lake.KeptObject) {
	t.Helper()
	dir := t.TempDir()
	q.cache, q.stage = filepath.Join(dir, "cache"), filepath.Join(dir, "stage")
	l, err := lake.Open(t.Context(), lake.Config{Root: filepath.Join(dir, "lake"), CacheDir: q.cache, Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	db, dialect := l.CatalogDB()
	book, err := ledger.Open(t.Context(), db, string(dialect), time.Now)
	if err != nil {
		t.Fatal(err)
	}
	project, err := models.Read(fstest.MapFS{})
	if err != nil {
		t.Fatal(err)
	}
	definition, err := pipelines.Decode("quay.yaml", []byte(quayPipeline))
	if err != nil {
		t.Fatal(err)
	}
	engine := duck.Open(duck.Config{MemoryLimit: "256MB", TempDir: dir})
	t.Cleanup(func() { _ = engine.Close() })
	defs := []pipelines.Pipeline{definition}
	scratch, report := pipelines.Scratch(q.stage), pipelines.NewReporter(nil, nil)
	in, err := inputs.New(inputs.Parts{Lake: l, Ledger: book, Pipelines: defs, Scratch: scratch})
	if err != nil {
		t.Fatal(err)
	}
	p := pull.New(pull.Parts{
		Lake: l, Ledger: book, Leases: ledger.NewLeases(book, "test", nil, report.Log), Inputs: in, Models: project, Duck: engine,
		Loader: load.New(engine), Pipelines: defs, Scratch: scratch, Now: time.Now, Received: time.Now, Reporter: report,
		Open: func(context.Context, string) (waybill.Connector, error) { return q, nil },
	})
	got, err := p.Pull(t.Context(), nil, time.Date(2026, 4, 8, 6, 0, 0, 0, time.UTC))
	if err != nil || len(got) != 1 {
		t.Fatalf("%d feeds, %v", len(got), err)
	}
	files, err := book.FilesOf(t.Context(), "quay", "lines")
	if err != nil {
		t.Fatal(err)
	}
	kept, err := l.ListKept(t.Context(), "quay", "lines")
	if err != nil {
		t.Fatal(err)
	}
	return got[0], files, kept
}

// TestCutBodies: however a transfer fails, at the end of a line or of the file, nothing of it counts. An error that wraps io.EOF, as a
// connection that cannot be made again gives it, is no end of the file.
func TestCutBodies(t *testing.T) {
	t.Parallel()
	text := "Order,SKU\nAV1001,AV-1-S\n"
	refused := fmt.Errorf("%w: handshake failed: %w", waybill.ErrTemporary, io.EOF)
	for name, body := range map[string]io.ReadCloser{
		"cut":               ending{Reader: io.MultiReader(strings.NewReader(text), iotest.ErrReader(io.ErrUnexpectedEOF))},
		"not taken up":      ending{Reader: io.MultiReader(strings.NewReader(text), iotest.ErrReader(refused))},
		"refused at close":  ending{Reader: strings.NewReader(text), err: refused},
		"cut within a line": ending{Reader: io.MultiReader(strings.NewReader(text[:len(text)-3]), iotest.ErrReader(refused))},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			feed, files, kept := takes(t, &quay{size: 100, body: func(context.Context, string) io.ReadCloser { return body }})
			if feed.Err == nil || len(files) != 0 || len(kept) != 0 {
				t.Errorf("error %v, ledger %+v, kept %+v", feed.Err, files, kept)
			}
		})
	}
}

// TestManyFiles: files are received ahead of those that are committed, and still taken in their order: of two files with the same bytes the
// later is the duplicate. A failure ends the feed at its file.
func TestManyFiles(t *testing.T) {
	t.Parallel()
	const files, repeats, fails = 40, 30, 35
	q := &quay{size: -1, files: files}
	q.body = func(_ context.Context, name string) io.ReadCloser {
		switch name {
		case fmt.Sprintf("lines-%03d.csv", repeats):
			name = fmt.Sprintf("lines-%03d.csv", repeats-1)
		case fmt.Sprintf("lines-%03d.csv", fails):
			return ending{Reader: iotest.ErrReader(io.ErrUnexpectedEOF)}
		}
		return ending{Reader: strings.NewReader("Order,SKU\nAV1001," + name + "\n")}
	}
	feed, known, kept := takes(t, q)
	if !errors.Is(feed.Err, io.ErrUnexpectedEOF) || len(feed.Files) != fails || len(known) != fails || len(kept) != fails-1 {
		t.Fatalf("error %v, %d files, %d in the ledger, %d kept", feed.Err, len(feed.Files), len(known), len(kept))
	}
	for i, f := range feed.Files {
		want := ledger.Loaded
		if i == repeats {
			want = ledger.Duplicate
		}
		if f.Name != fmt.Sprintf("lines-%03d.csv", i) || f.Status != want {
			t.Errorf("file %d is %s, %s; want %s", i, f.Name, f.Status, want)
		}
	}
	left, err := os.ReadDir(q.stage)
	if err != nil || len(left) != 0 {
		t.Errorf("left in the stage folder: %v, %v", left, err)
	}
}

// noting is a body with something to say.
type noting struct {
	io.Reader
	notes []string
}

func (noting) Close() error { return nil }

func (n noting) Notes() []string { return n.notes }

// TestNotesOfAnswers: what a body has to say is shown by the run and kept with the file.
func TestNotesOfAnswers(t *testing.T) {
	t.Parallel()
	body := noting{strings.NewReader("Order,SKU,New\nAV1001,AV-1-S,1\n"), []string{"1 of 2 questions got no answer", "cut short"}}
	feed, files, _ := takes(t, &quay{size: -1, body: func(context.Context, string) io.ReadCloser { return body }})
	var said []string
	for _, w := range feed.Waiting {
		said = append(said, w.String())
	}
	if want := []string{"lines-000.csv: 1 of 2 questions got no answer", "lines-000.csv: cut short"}; feed.Err != nil || !slices.Equal(said, want) {
		t.Errorf("%q, %v", said, feed.Err)
	}
	if want := "answers: 1 of 2 questions got no answer\nanswers: cut short\nnew_column: the contract does not know [\"New\"]"; len(files) != 1 || files[0].Notes != want {
		t.Errorf("%+v, want notes %q", files, want)
	}
}

// TestHeldEarly: a large file that is held at its header is still kept to its last byte.
func TestHeldEarly(t *testing.T) {
	t.Parallel()
	text := append([]byte("Order,Colour\n"), bytes.Repeat([]byte("AV1001,blue\n"), 1<<20)...)
	feed, files, kept := takes(t, &quay{size: int64(len(text)), body: func(context.Context, string) io.ReadCloser { return ending{Reader: bytes.NewReader(text)} }})
	sum := sha256.Sum256(text)
	want := hex.EncodeToString(sum[:])
	if feed.Err != nil || len(files) != 1 || files[0].Status != ledger.Held || files[0].SHA256 != want || len(kept) != 1 || kept[0].SHA256 != want {
		t.Errorf("error %v, ledger %+v, kept %+v; want it held, sha256 %s", feed.Err, files, kept, want)
	}
}

// TestBodyStopsWithItsKeeper: where bytes cannot be kept while the partner is silent, the transfer is given up and the feed ends.
func TestBodyStopsWithItsKeeper(t *testing.T) {
	t.Parallel()
	q := &quay{size: -1}
	q.body = func(ctx context.Context, _ string) io.ReadCloser {
		tmp := filepath.Join(q.cache, "tmp") // where Keep writes
		if err := errors.Join(os.RemoveAll(tmp), os.WriteFile(tmp, nil, 0o600)); err != nil {
			t.Error(err)
		}
		return ending{Reader: readerFunc(func([]byte) (int, error) {
			<-ctx.Done()
			return 0, context.Cause(ctx)
		})}
	}
	feed, files, kept := takes(t, q)
	if !errors.Is(feed.Err, syscall.ENOTDIR) || len(files) != 0 || len(kept) != 0 {
		t.Errorf("error %v, ledger %+v, kept %+v", feed.Err, files, kept)
	}
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }
