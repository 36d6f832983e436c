// Package folder offers the files of a local directory, for partners whose files are brought by something else
// (a mounted share, rsync, a person). It only reads, and knows nothing of readiness or of what is in the files.
package folder

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/fourmarketing/waybill"
	"github.com/fourmarketing/waybill/connectors/internal/bound"
	"github.com/fourmarketing/waybill/connectors/internal/listing"
	"github.com/fourmarketing/waybill/connectors/internal/transfer"
)

// parallelReads is how many directories are read at a time: enough for a network share to answer meanwhile.
const parallelReads = 4

// Config is a connection's block of settings.
type Config struct {
	waybill.Bounds `yaml:",inline"`

	Root string `yaml:"root"` // the directory, absolute or relative to where the program was started; required
}

// Validate says what is missing.
func (c Config) Validate() error {
	if c.Root == "" {
		return errors.New("folder: root is missing: set it to the directory to read")
	}
	return nil
}

// Connector reads one directory tree.
type Connector struct {
	root   string
	limits waybill.Limits
}

// New makes a connector. The directory need not exist yet. It asks no clock.
func New(c Config, _ func() time.Time) (*Connector, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	return &Connector{root: c.Root, limits: c.Or(waybill.DefaultBounds()).Limits}, nil
}

// List returns the files that the request's globs name. Symbolic links to files count as files; a link to a
// directory is read only when a glob spells it out.
func (c *Connector) List(ctx context.Context, r waybill.Request) ([]waybill.Item, error) {
	items, err := listing.Walk(ctx, r, c.readDir, parallelReads, c.limits)
	if err != nil {
		return nil, fmt.Errorf("list %s: %w", c.root, err)
	}
	return items, nil
}

// Open returns the bytes of one file. It fails with ErrTemporary when the file is no longer as it was listed.
func (c *Connector) Open(ctx context.Context, it waybill.Item) (io.ReadCloser, error) {
	path, err := c.path(it.Name)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", it.Name, err)
	}
	listed := it
	if now, err := stat(path); err == nil && it.ModifiedAt.IsZero() {
		listed.Size = now.Size
	}
	return transfer.Start(ctx, transfer.Plan{
		Name: it.Name, Size: listed.Size,
		Open: func(ctx context.Context, offset int64) (io.ReadCloser, error) { return open(ctx, path, listed, offset) },
	})
}

// Close has nothing to give back.
func (c *Connector) Close() error { return nil }

// Check says whether the directory can be read.
func (c *Connector) Check(ctx context.Context) []waybill.Finding {
	f := waybill.Finding{Subject: "folder " + c.root + ": readable"}
	entries, err := c.readDir(ctx, ".")
	switch {
	case errors.Is(err, waybill.ErrNotFound):
		f.Detail, f.Remedy = err.Error(), "create the directory, mount the share, or correct root"
	case err != nil:
		f.Detail, f.Remedy = err.Error(), "let the user who runs waybill read it: chmod o+rx, or its group"
	default:
		f.OK, f.Detail = true, fmt.Sprintf("entries: %d", len(entries))
	}
	return []waybill.Finding{f}
}

func (c *Connector) readDir(ctx context.Context, dir string) ([]listing.Entry, error) {
	path, err := c.path(dir)
	if err != nil {
		return nil, err
	}
	names, err := c.names(path)
	if err != nil {
		return nil, err
	}
	entries := make([]listing.Entry, 0, len(names))
	for _, n := range names {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		bound.Progress(ctx)
		info, err := n.Info()
		link := err == nil && info.Mode()&fs.ModeSymlink != 0
		if link {
			info, err = os.Stat(filepath.Join(path, n.Name()))
		}
		switch {
		case errors.Is(err, fs.ErrNotExist): // gone since the directory was read, or a link to nowhere
		case err != nil:
			return nil, translate(err)
		case info.Mode().IsRegular() || (info.IsDir() && !link):
			entries = append(entries, listing.Entry{Name: n.Name(), Dir: info.IsDir(), Size: info.Size(), ModifiedAt: info.ModTime().UTC()})
		}
	}
	return entries, nil
}

// names reads what is in a directory, up to the limit.
func (c *Connector) names(path string) ([]fs.DirEntry, error) {
	dir, err := os.Open(path)
	if err != nil {
		return nil, translate(err)
	}
	defer dir.Close()
	names, err := dir.ReadDir(c.limits.Entries + 1)
	switch {
	case err != nil && !errors.Is(err, io.EOF):
		return nil, translate(err)
	case len(names) > c.limits.Entries:
		return nil, bound.TooMany(len(names), c.limits.Entries)
	}
	return names, nil
}

// path leads from the root to a name, never out of it by way of the name.
func (c *Connector) path(name string) (string, error) {
	if !fs.ValidPath(name) {
		return "", fmt.Errorf("%w: %q is not a path below the root", waybill.ErrNotFound, name)
	}
	return filepath.Join(c.root, filepath.FromSlash(name)), nil
}

func stat(path string) (waybill.Item, error) {
	info, err := os.Stat(path)
	if err != nil {
		return waybill.Item{}, translate(err)
	}
	if !info.Mode().IsRegular() {
		return waybill.Item{}, fmt.Errorf("%w: not a regular file", waybill.ErrNotFound)
	}
	return waybill.Item{Size: info.Size(), ModifiedAt: info.ModTime().UTC()}, nil
}

func open(ctx context.Context, path string, listed waybill.Item, offset int64) (io.ReadCloser, error) {
	now, err := stat(path)
	if err != nil {
		return nil, err
	}
	if err := transfer.Unchanged(listed, now); err != nil {
		return nil, err
	}
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrPermission) {
		return nil, fmt.Errorf("%w: %w; let the user who runs waybill read it", waybill.ErrUnreadable, translate(err))
	}
	if err != nil {
		return nil, translate(err)
	}
	if _, err := f.Seek(offset, io.SeekStart); err != nil {
		return nil, errors.Join(translate(err), f.Close())
	}
	return &body{ahead: newAhead(f), ctx: ctx, path: path, begun: now}, nil
}

// body is an open file that stops with its context and tells at its end whether it stayed the same.
type body struct {
	ahead *ahead
	ctx   context.Context
	path  string
	begun waybill.Item
}

func (b *body) Read(p []byte) (int, error) {
	if err := b.ctx.Err(); err != nil {
		return 0, err
	}
	n, err := b.ahead.read(b.ctx, p)
	if err != nil && !errors.Is(err, io.EOF) {
		err = translate(err)
	}
	return n, err
}

func (b *body) Close() error {
	b.ahead.stop()
	if err := b.ctx.Err(); err != nil {
		return err
	}
	now, err := stat(b.path)
	if err != nil {
		return err
	}
	return transfer.Unchanged(b.begun, now)
}

// translate gives the system's errors the meaning that callers act on.
func translate(err error) error {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("%w: %w", waybill.ErrNotFound, err)
	case errors.Is(err, fs.ErrPermission):
		return fmt.Errorf("%w: %w", waybill.ErrAuth, err)
	}
	return err
}
