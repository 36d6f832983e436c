package listing_test

import (
	"context"
	"errors"
	"path"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/bmatcuk/doublestar/v4"
	"pgregory.net/rapid"

	"github.com/fourmarketing/waybill"
	"github.com/fourmarketing/waybill/connectors/internal/listing"
)

// tree is a folder tree: paths of files, and which directories were read.
type tree struct {
	files []string
	mu    sync.Mutex
	read  []string
}

func (d *tree) readDir(_ context.Context, dir string) ([]listing.Entry, error) {
	d.mu.Lock()
	d.read = append(d.read, dir)
	d.mu.Unlock()
	var entries []listing.Entry
	prefix := dir + "/"
	if dir == "." {
		prefix = ""
	}
	for _, f := range d.files {
		rest, below := strings.CutPrefix(f, prefix)
		if !below {
			continue
		}
		name, deeper, isDir := strings.Cut(rest, "/")
		if !slices.ContainsFunc(entries, func(e listing.Entry) bool { return e.Name == name }) {
			entries = append(entries, listing.Entry{Name: name, Dir: isDir && deeper != "", Size: 1})
		}
	}
	if len(entries) == 0 && dir != "." {
		return nil, waybill.ErrNotFound
	}
	return entries, nil
}

func walk(t testing.TB, d *tree, globs ...string) ([]string, error) {
	t.Helper()
	items, err := listing.Walk(t.Context(), waybill.Request{Match: globs}, d.readDir, 3, waybill.DefaultBounds().Limits)
	var names []string
	for _, it := range items {
		names = append(names, it.Name)
	}
	return names, err
}

// What the walk finds, by reading only some directories, is what the globs match among all files.
func TestWalkFindsWhatGlobsMatch(t *testing.T) {
	t.Parallel()
	name := rapid.SampledFrom([]string{"a", "b", "ab", "x.csv", "[1]"})
	part := rapid.SampledFrom([]string{"a", "b", "*", "**", "?", "a*", "[ab]", "{a,b}", "{a/b,ab}", "x.csv", `\[1\]`, "*.csv"})
	rapid.Check(t, func(rt *rapid.T) {
		d := &tree{}
		for _, parts := range rapid.SliceOfN(rapid.SliceOfN(name, 1, 4), 1, 20).Draw(rt, "files") {
			f := path.Join(parts...) + ".f" // a suffix, so that no file is also a directory
			d.files = append(d.files, f)
		}
		slices.Sort(d.files)
		d.files = slices.Compact(d.files)
		globs := rapid.SliceOfN(rapid.Custom(func(rt *rapid.T) string {
			return strings.Join(rapid.SliceOfN(part, 1, 4).Draw(rt, "parts"), "/") + rapid.SampledFrom([]string{"", ".f", "*"}).Draw(rt, "end")
		}), 1, 2).Draw(rt, "globs")
		var want []string
		for _, f := range d.files {
			for _, g := range globs {
				if ok, err := doublestar.Match(g, f); err == nil && ok {
					want = append(want, f)
					break
				}
			}
		}
		got, err := walk(t, d, globs...)
		if errors.Is(err, waybill.ErrNotFound) {
			return // a directory that a glob spells out is not there
		}
		if err != nil || !slices.Equal(got, want) {
			rt.Fatalf("globs %q over %q: got %q, want %q: %v", globs, d.files, got, want, err)
		}
	})
}

func TestWalkReadsOnlyWhereAFileCanBe(t *testing.T) {
	t.Parallel()
	files := []string{"in/x.csv", "out/2026/11/a.csv", "out/2026/12/b.csv", "out/archive/2025/c.csv", "out/d.csv", "top.csv"}
	for _, c := range []struct {
		glob string
		read []string
	}{
		{"top.csv", []string{"."}},
		{"out/*.csv", []string{"out"}},
		{"out/20??/*/*.csv", []string{"out", "out/2026", "out/2026/11", "out/2026/12"}},
		{"out/2026/12/*", []string{"out/2026/12"}},
		{"*/d.csv", []string{".", "in", "out"}},
		{"out/archive/**", []string{"out/archive", "out/archive/2025"}},
	} {
		d := &tree{files: files}
		if _, err := walk(t, d, c.glob); err != nil {
			t.Errorf("%s: %v", c.glob, err)
		}
		slices.Sort(d.read)
		if !slices.Equal(d.read, c.read) {
			t.Errorf("%s: read %q, want %q", c.glob, d.read, c.read)
		}
	}
}

func TestWalkErrors(t *testing.T) {
	t.Parallel()
	d := &tree{files: []string{"out/a.csv", "out/sub/b.csv"}}
	if _, err := walk(t, d, "out/*.csv", "ouT/*.csv"); !errors.Is(err, waybill.ErrNotFound) {
		t.Errorf("mistyped folder: %v", err)
	}
	for _, glob := range []string{"", "/out/*.csv", "out//x", "./x", "../x", "out/[", "out/{a"} {
		if _, err := walk(t, d, glob); err == nil {
			t.Errorf("glob %q was accepted", glob)
		}
	}
	if _, err := walk(t, d); err == nil {
		t.Error("no glob was accepted")
	}
	vanishing := func(ctx context.Context, dir string) ([]listing.Entry, error) {
		if dir == "out/sub" {
			return nil, waybill.ErrNotFound
		}
		return d.readDir(ctx, dir)
	}
	items, err := listing.Walk(t.Context(), waybill.Request{Match: []string{"out/**"}}, vanishing, 1, waybill.DefaultBounds().Limits)
	if err != nil || len(items) != 1 {
		t.Errorf("directory gone during the walk: %v, %v", items, err)
	}
	odd := func(context.Context, string) ([]listing.Entry, error) {
		return []listing.Entry{{Name: ".", Dir: true}, {Name: "/out", Dir: true}, {Name: "../../etc/passwd", ModifiedAt: time.Unix(1, 0)}}, nil
	}
	if _, err := listing.Walk(t.Context(), waybill.Request{Match: []string{"**"}}, odd, 1, waybill.DefaultBounds().Limits); err == nil {
		t.Error("a file name with slashes was accepted")
	}
}

// FuzzParse: no glob makes the walk panic or hang.
func FuzzParse(f *testing.F) {
	for _, glob := range []string{"out/*.csv", "**", "{a/b,c}/x", `\[1\]`, "[!a]*", "{{a,b},c}/**/?"} {
		f.Add(glob, "out/a.csv")
	}
	f.Fuzz(func(t *testing.T, glob, name string) {
		g, err := listing.Parse([]string{glob})
		if err != nil {
			return
		}
		g.Bases()
		g.Prefix(0)
		if g.Match(name) && strings.Contains(name, "/") && !g.Inside(path.Dir(name)) && path.Clean(name) == name {
			t.Errorf("%q matches %q, but its directory would not be read", glob, name)
		}
	})
}
