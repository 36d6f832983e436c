// Package connectortest is what every file connector has to show, asked of the connector and a real server:
// the same listing twice, exact bytes, an end when the context ends, and never a short file for a whole one.
// It knows no protocol; each connector's test hands in how to connect and how a file gets onto the server. For connectors that ask
// questions it reads exchange logs.
package connectortest

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/fourmarketing/waybill"
	"github.com/fourmarketing/waybill/connectors/internal/bound"
)

// Silence is how long a server may say nothing in these tests: long beside a busy machine's pauses.
const Silence = 2 * time.Second

// Fixture is one connector with the server behind it.
type Fixture struct {
	// Connect returns a connector with the right credential, which takes a cut transfer up again at most twice,
	// counts a server that is silent for Silence as gone, and makes its connections with dial where that is not
	// nil. The suite closes it.
	Connect func(t *testing.T, dial Dial) waybill.Connector
	// Refused returns a connector whose credential is wrong; nil where the system asks for none.
	Refused func(t *testing.T) waybill.Connector
	// Put writes a file on the server, under a path relative to the connector's root.
	Put func(t *testing.T, name string, content []byte)
	// Forbid puts a file on the server that its account may not read; nil where that cannot be done.
	Forbid func(t *testing.T, name string)
	// Local says that there is no network that could be cut.
	Local bool
}

// Names are file names as partners write them.
var names = []string{
	"plain.csv", "with space.csv", "two  spaces.csv", "payouts_ent_x_20260701_20260702_1(1)-1.csv", "bracket[1].csv", "{brace}.csv",
	"Größe – £5.csv", "日本.csv", "semi;colon,comma.csv", "per%20cent+plus&and=.csv", "quote'd.csv", "#hash.csv", "~tilde.csv", "-dash.csv",
	"st*r.csv", "what?.csv", "UPPER.CSV", ".hidden.csv", "no-suffix",
}

// Run asks everything of one connector. It does not wait for a quiet machine, so only the order of time matters.
func Run(t *testing.T, f Fixture) {
	t.Helper()
	t.Run("list", f.list)
	t.Run("missing folder", f.missingFolder)
	t.Run("unknown file", f.unknown)
	t.Run("bytes", f.bytes)
	t.Run("changed since listed", f.changed)
	t.Run("concurrent", f.concurrent)
	t.Run("cancel", f.cancel)
	t.Run("check", f.check)
	if f.Forbid != nil {
		t.Run("one bad file", f.oneBadFile)
	}
	if !f.Local {
		t.Run("cut once", f.cutOnce)
		t.Run("cut again and again", f.cutForGood)
		t.Run("silent server", f.silent)
		t.Run("silent or torn at each step", f.muted)
	}
	if f.Refused != nil {
		t.Run("wrong credential", f.refused)
	}
}

func (f Fixture) connect(t *testing.T, dial Dial) waybill.Connector {
	t.Helper()
	c := bound.Within(f.Connect(t, dial), f.bounds())
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return c
}

// bounds are those that the connector itself is to have.
func (f Fixture) bounds() waybill.Bounds {
	return waybill.Bounds{Timeouts: waybill.Timeouts{Silence: Silence}}
}

// list: every odd name is there with its size and a time, globs choose, and the second listing equals the first.
func (f Fixture) list(t *testing.T) {
	t.Parallel()
	for i, n := range names {
		f.Put(t, "list/"+n, content(i))
		f.Put(t, "list/sub [1]/"+n, content(100+i))
	}
	c := f.connect(t, nil)
	top := f.find(t, c, "list/*")
	if got := itemNames(top); !slices.Equal(got, sorted("list/", names)) {
		t.Errorf("list/*: got %q", got)
	}
	for _, it := range top {
		i := slices.Index(names, strings.TrimPrefix(it.Name, "list/"))
		if i < 0 || it.Size != int64(i) {
			t.Errorf("%s: size %d, want %d", it.Name, it.Size, i)
		}
		if age := time.Since(it.ModifiedAt); age < -25*time.Hour || age > 25*time.Hour { // LIST may be in any zone
			t.Errorf("%s: modified at %s, which is not about now", it.Name, it.ModifiedAt)
		}
	}
	if again := f.find(t, c, "list/*"); !slices.EqualFunc(top, again, same) {
		t.Errorf("the second listing differs:\n%v\n%v", top, again)
	}
	if got := itemNames(f.find(t, c, `list/sub \[1\]/*`)); !slices.Equal(got, sorted("list/sub [1]/", names)) {
		t.Errorf("folder with brackets: got %q", got)
	}
	if got := len(f.find(t, c, "list/**")); got != 2*len(names) {
		t.Errorf("list/**: %d files, want %d", got, 2*len(names))
	}
	want := []string{"list/payouts_ent_x_20260701_20260702_1(1)-1.csv", "list/plain.csv"}
	if got := itemNames(f.find(t, c, "list/p*s_*(1)-1.csv", "list/{plain,nothing}.csv")); !slices.Equal(got, want) {
		t.Errorf("two globs: got %q, want %q", got, want)
	}
	for i, n := range names {
		for _, it := range top {
			if it.Name == "list/"+n {
				f.read(t, c, it, content(i))
			}
		}
	}
	if _, err := c.List(t.Context(), waybill.Request{Match: []string{"list/[z"}}); err == nil {
		t.Error("a glob that is none was accepted")
	}
}

// missingFolder: a mistyped folder is no day without files. Object stores have no folders, so empty is right there too.
func (f Fixture) missingFolder(t *testing.T) {
	t.Parallel()
	items, err := f.connect(t, nil).List(t.Context(), waybill.Request{Match: []string{"nowhere/at all/*.csv"}})
	if len(items) > 0 || (err != nil && !errors.Is(err, waybill.ErrNotFound)) {
		t.Errorf("got %v, %v, want ErrNotFound", items, err)
	}
}

func (f Fixture) unknown(t *testing.T) {
	t.Parallel()
	f.Put(t, "unknown/there.csv", content(9))
	c := f.connect(t, nil)
	for _, name := range []string{"unknown/not there.csv", "no/such/folder/x.csv", "unknown", "../etc/passwd", "/etc/passwd"} {
		r, err := c.Open(t.Context(), waybill.Item{Name: name})
		if !errors.Is(err, waybill.ErrNotFound) {
			t.Errorf("open %s: %v, want ErrNotFound", name, err)
		}
		if err == nil {
			_ = r.Close()
		}
	}
	f.read(t, c, waybill.Item{Name: "unknown/there.csv"}, content(9)) // the connection lives on
}

// bytes: nothing, one byte, and sizes about the protocols' packets arrive as they are, whole or in small reads.
func (f Fixture) bytes(t *testing.T) {
	t.Parallel()
	c := f.connect(t, nil)
	for _, size := range []int{0, 1, 32<<10 - 1, 32 << 10, 32<<10 + 1, 3<<20 + 7} {
		f.Put(t, "bytes/file.bin", content(size))
		it := f.one(t, c, "bytes/file.bin")
		f.read(t, c, it, content(size))
		r, err := c.Open(t.Context(), it)
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(iotest.HalfReader(r))
		if err != nil || !bytes.Equal(got, content(size)) {
			t.Errorf("%d bytes in small reads: got %d, %v", size, len(got), err)
		}
		if n, err := r.Read(make([]byte, 8)); n != 0 || !errors.Is(err, io.EOF) {
			t.Errorf("read after the end: %d, %v", n, err)
		}
		if err := errors.Join(r.Close(), r.Close()); err != nil {
			t.Errorf("close: %v", err)
		}
	}
}

// changed: a file that has grown since it was listed is not the listed item.
func (f Fixture) changed(t *testing.T) {
	t.Parallel()
	c := f.connect(t, nil)
	f.Put(t, "changed/grows.csv", content(1000))
	it := f.one(t, c, "changed/grows.csv")
	f.Put(t, "changed/grows.csv", content(2000))
	r, err := c.Open(t.Context(), it)
	if err == nil {
		_, err = io.ReadAll(r)
		_ = r.Close()
	}
	if !errors.Is(err, waybill.ErrTemporary) {
		t.Errorf("got %v, want ErrTemporary", err)
	}
}

// concurrent: more readers than sessions get their own bytes, half of them giving up on the way.
func (f Fixture) concurrent(t *testing.T) {
	t.Parallel()
	c := f.connect(t, nil)
	const files = 12
	for i := range files {
		f.Put(t, "concurrent/"+string(rune('a'+i)), content(200_000+i))
	}
	group, ctx := errgroup.WithContext(t.Context())
	for i := range 3 * files {
		it := waybill.Item{Name: "concurrent/" + string(rune('a'+i%files))}
		group.Go(func() error {
			r, err := c.Open(ctx, it)
			if err != nil {
				return err
			}
			defer r.Close()
			want := content(200_000 + i%files)
			if i%2 == 1 {
				want = want[:1000]
			}
			got := make([]byte, len(want))
			if _, err := io.ReadFull(r, got); err != nil {
				return err
			}
			if !bytes.Equal(got, want) {
				t.Errorf("%s: other bytes", it.Name)
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		t.Error(err)
	}
}

// cancel: the end of the context ends a listing and a download, and is what they report.
func (f Fixture) cancel(t *testing.T) {
	t.Parallel()
	c := f.connect(t, nil)
	f.Put(t, "cancel/large.bin", content(4<<20))
	it := f.one(t, c, "cancel/large.bin")
	ctx, cancel := context.WithCancel(t.Context())
	r, err := c.Open(ctx, it)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(r, make([]byte, 1000)); err != nil {
		t.Fatal(err)
	}
	cancel()
	if _, err := io.ReadAll(r); !errors.Is(err, context.Canceled) {
		t.Errorf("read after cancel: %v", err)
	}
	if err := r.Close(); err != nil {
		t.Errorf("close after cancel: %v", err)
	}
	if _, err := c.List(ctx, waybill.Request{Match: []string{"cancel/*"}}); !errors.Is(err, context.Canceled) {
		t.Errorf("list after cancel: %v", err)
	}
	if _, err := c.Open(ctx, it); !errors.Is(err, context.Canceled) {
		t.Errorf("open after cancel: %v", err)
	}
	f.read(t, c, it, content(4<<20)) // the connector is none the worse for it
}

// check: doctor finds a good connection good, and says what it looked at.
func (f Fixture) check(t *testing.T) {
	t.Parallel()
	checker, ok := f.connect(t, nil).(waybill.Checker)
	if !ok {
		t.Fatal("the connector is no waybill.Checker")
	}
	findings := checker.Check(t.Context())
	if len(findings) == 0 {
		t.Error("nothing was checked")
	}
	for _, finding := range findings {
		if !finding.OK || finding.Subject == "" || finding.Detail == "" {
			t.Errorf("finding %+v", finding)
		}
	}
}

// cutOnce: after one cut the bytes are exact, or there is an error.
func (f Fixture) cutOnce(t *testing.T) {
	t.Parallel()
	for _, after := range []int64{1, 100_000, brokenSize - 5<<20} {
		f.broken(t, func(c *Cutter) { c.Cut(after, 1) })
	}
}

// silent: a server that stops sending without closing the connection is left for a new connection.
func (f Fixture) silent(t *testing.T) {
	t.Parallel()
	f.broken(t, func(c *Cutter) { c.Hang(500_000) })
}

// brokenSize is the size of the file that the network breaks in: more than a connector may have fetched ahead by then.
const brokenSize = 12 << 20

// broken reads a file over a network that breaks once, after the file was opened.
func (f Fixture) broken(t *testing.T, fail func(*Cutter)) {
	t.Helper()
	want, name := content(brokenSize), t.Name()+".bin"
	f.Put(t, name, want)
	var cutter Cutter
	c := f.connect(t, cutter.Dial)
	r, err := c.Open(t.Context(), f.one(t, c, name))
	if err != nil {
		t.Fatal(err)
	}
	fail(&cutter)
	got, err := io.ReadAll(r)
	_ = r.Close()
	if err != nil {
		t.Errorf("not taken up again after %d bytes: %v", len(got), err)
	} else if len(got) < len(want) {
		t.Errorf("%d of %d bytes passed for the whole file", len(got), len(want))
	}
	if !bytes.HasPrefix(want, got) {
		t.Error("bytes differ")
	}
	if cutter.Left() != 0 {
		t.Error("the network never broke")
	}
}

// cutForGood: a connection that breaks every time ends in ErrTemporary, with nothing wrong handed out.
func (f Fixture) cutForGood(t *testing.T) {
	t.Parallel()
	const size = 8 << 20
	f.Put(t, "cut/for good.bin", content(size))
	var cutter Cutter
	c := f.connect(t, cutter.Dial)
	it := f.one(t, c, "cut/for good.bin")
	cutter.Cut(400_000, 1000)
	r, err := c.Open(t.Context(), it)
	if err == nil {
		var got []byte
		got, err = io.ReadAll(r)
		if !bytes.HasPrefix(content(size), got) || len(got) == size {
			t.Errorf("%d bytes, which are not the beginning of the file", len(got))
		}
		_ = r.Close()
	}
	if !errors.Is(err, waybill.ErrTemporary) {
		t.Errorf("got %v, want ErrTemporary", err)
	}
}

// refused: a wrong credential is ErrAuth from every call, and doctor says so with a remedy.
func (f Fixture) refused(t *testing.T) {
	t.Parallel()
	c := f.Refused(t)
	defer c.Close()
	if _, err := c.List(t.Context(), waybill.Request{Match: []string{"*"}}); !errors.Is(err, waybill.ErrAuth) {
		t.Errorf("list: %v, want ErrAuth", err)
	}
	if _, err := c.Open(t.Context(), waybill.Item{Name: "x"}); !errors.Is(err, waybill.ErrAuth) {
		t.Errorf("open: %v, want ErrAuth", err)
	}
	checker, ok := c.(waybill.Checker)
	if !ok {
		t.Fatal("the connector is no waybill.Checker")
	}
	told := slices.ContainsFunc(checker.Check(t.Context()), func(f waybill.Finding) bool { return !f.OK && f.Detail != "" && f.Remedy != "" })
	if !told {
		t.Error("doctor finds nothing wrong")
	}
}

func (f Fixture) find(t *testing.T, c waybill.Connector, globs ...string) []waybill.Item {
	t.Helper()
	items, err := c.List(t.Context(), waybill.Request{Feed: "test", Match: globs})
	if err != nil {
		t.Fatalf("list %q: %v", globs, err)
	}
	slices.SortFunc(items, func(a, b waybill.Item) int { return strings.Compare(a.Name, b.Name) })
	return items
}

func (f Fixture) one(t *testing.T, c waybill.Connector, name string) waybill.Item {
	t.Helper()
	items := f.find(t, c, name)
	if len(items) != 1 || items[0].Name != name {
		t.Fatalf("list %s: got %v", name, items)
	}
	return items[0]
}

func (f Fixture) read(t *testing.T, c waybill.Connector, it waybill.Item, want []byte) {
	t.Helper()
	r, err := c.Open(t.Context(), it)
	if err != nil {
		t.Errorf("open %s: %v", it.Name, err)
		return
	}
	defer r.Close()
	got, err := io.ReadAll(r)
	if err != nil || !bytes.Equal(got, want) {
		t.Errorf("read %s: %d bytes, want %d: %v", it.Name, len(got), len(want), err)
	}
}

// content is the same bytes for the same size, and others for another.
func content(size int) []byte {
	b := make([]byte, size)
	_, _ = rand.NewChaCha8([32]byte{byte(size), byte(size >> 8)}).Read(b) // never fails
	return b
}

func same(a, b waybill.Item) bool {
	return a.Name == b.Name && a.Size == b.Size && a.ModifiedAt.Equal(b.ModifiedAt) && a.Cursor == b.Cursor
}

func itemNames(items []waybill.Item) []string {
	var all []string
	for _, it := range items {
		all = append(all, it.Name)
	}
	return all
}

func sorted(prefix string, names []string) []string {
	var all []string
	for _, n := range names {
		all = append(all, prefix+n)
	}
	slices.Sort(all)
	return all
}
