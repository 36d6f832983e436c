// Package listing finds the files of a partner's folder tree that a feed's globs name, reading only the
// directories that can hold one. It knows no protocol: the connector hands in how one directory is read.
// Which files are ready, and which are to be ignored, is not its business.
package listing

import (
	"context"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/fourmarketing/waybill"
	"github.com/fourmarketing/waybill/connectors/internal/bound"
)

// Entry is one name in a directory.
type Entry struct {
	Name       string    // without its directory
	Dir        bool      // a directory, and not a symbolic link to one
	Size       int64     // bytes, -1 when the system does not say
	ModifiedAt time.Time // the system's own time, zero when it does not say
}

// A ReadDir returns what is in one directory, given relative to the connection's root ("." is the root
// itself), and waybill.ErrNotFound when there is no such directory. It must be safe for concurrent calls.
type ReadDir func(ctx context.Context, dir string) ([]Entry, error)

// Walk lists the files that the request's globs name, sorted by name, with at most parallel directories being
// read at a time. A directory that a glob spells out has to exist: ErrNotFound otherwise, because a mistyped
// folder must not look like a day without files. One that goes away during the walk is no error. More entries, or
// folders deeper below one that a glob spells out, than the limits let in are ErrLimit: half a listing would look like files that went.
func Walk(ctx context.Context, r waybill.Request, read ReadDir, parallel int, most waybill.Limits) ([]waybill.Item, error) {
	globs, err := Parse(r.Match)
	if err != nil {
		return nil, err
	}
	var items []waybill.Item
	seen := map[string]bool{}
	level, count := globs.Bases(), &tally{most: most.Entries}
	for depth := 0; len(level) > 0; depth++ {
		if depth > most.Depth {
			return nil, bound.TooDeep(level[0], most.Depth)
		}
		for _, dir := range level {
			seen[dir] = true
		}
		found, err := readLevel(ctx, level, count.of(read), parallel)
		if err != nil && (depth == 0 || !errors.Is(err, waybill.ErrNotFound)) {
			return nil, err
		}
		level = nil
		for _, f := range found {
			switch {
			case !f.entry.Dir && globs.Match(f.name):
				items = append(items, waybill.Item{Name: f.name, Size: f.entry.Size, ModifiedAt: f.entry.ModifiedAt, Request: r})
			case f.entry.Dir && !seen[f.name] && globs.Inside(f.name):
				level = append(level, f.name)
			}
		}
	}
	Sort(items)
	return items, nil
}

// tally counts the entries of one listing.
type tally struct {
	most int
	met  atomic.Int64
}

// of reads directories as long as the entries are not too many, and tells of each as a step.
func (t *tally) of(read ReadDir) ReadDir {
	return func(ctx context.Context, dir string) ([]Entry, error) {
		bound.Step(ctx, "read folder "+dir, 0)
		entries, err := read(ctx, dir)
		bound.Progress(ctx)
		if met := t.met.Add(int64(len(entries))); err == nil && met > int64(t.most) {
			return nil, bound.TooMany(int(met), t.most)
		}
		return entries, err
	}
}

// Sort puts items in the order of their names.
func Sort(items []waybill.Item) {
	slices.SortFunc(items, func(a, b waybill.Item) int { return strings.Compare(a.Name, b.Name) })
}

// found is an entry with its name relative to the connection's root.
type found struct {
	name  string
	entry Entry
}

// readLevel reads directories side by side. Directories that are gone are reported together with what the
// others hold; any other error ends it.
func readLevel(ctx context.Context, dirs []string, read ReadDir, parallel int) ([]found, error) {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(parallel)
	var mu sync.Mutex
	var all []found
	var gone error
	for _, dir := range dirs {
		group.Go(func() error {
			entries, err := read(ctx, dir)
			if err != nil && !errors.Is(err, waybill.ErrNotFound) {
				return err
			}
			names, bad := nameAll(dir, entries)
			if bad != nil {
				return bad
			}
			mu.Lock()
			defer mu.Unlock()
			all = append(all, names...)
			gone = errors.Join(gone, err)
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	return all, gone
}

// nameAll joins the directory to its entries. Some servers list the directory itself and its parent by their
// paths; a file with a slash in its name could lead out of the directory and is refused.
func nameAll(dir string, entries []Entry) ([]found, error) {
	all := make([]found, 0, len(entries))
	for _, e := range entries {
		odd := e.Name == "" || e.Name == "." || e.Name == ".." || strings.Contains(e.Name, "/")
		switch {
		case odd && e.Dir:
		case odd:
			return nil, fmt.Errorf("list %s: the server names a file %q, which is not a file name", dir, e.Name)
		default:
			all = append(all, found{path.Join(dir, e.Name), e})
		}
	}
	return all, nil
}
