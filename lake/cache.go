package lake

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
	"golang.org/x/sync/singleflight"

	"github.com/fourmarketing/waybill"
)

// others is how long a file that another process used last is left alone.
const others = time.Hour

// cache holds copies of data files, which never change, under the hash of their address. Several processes may share
// the folder: a copy appears by rename, its modification time is when it was used last.
type cache struct {
	dir     string
	limit   int64
	now     func() time.Time
	objects objects
	flight  singleflight.Group

	mu   sync.Mutex
	pins map[string]int       // copies in use by this process
	used map[string]time.Time // when this process used a copy last, as its modification time says
}

func newCache(dir string, limit int64, now func() time.Time, obj objects) *cache {
	return &cache{dir: dir, limit: limit, now: now, objects: obj, pins: map[string]int{}, used: map[string]time.Time{}}
}

// LocalFiles are the files of a scan on local disk. Until Close none of them is evicted by this process.
type LocalFiles struct {
	Paths   []string // in the order of the scan's files
	release func()
}

// Close lets the cache evict the files again. It can be called twice.
func (f *LocalFiles) Close() {
	if f.release != nil {
		f.release()
		f.release = nil
	}
}

// Local brings the files of a scan to local disk, eight at a time, and says where they are. A local lake's files are
// used where they lie.
func (l *Lake) Local(ctx context.Context, files []DataFile) (*LocalFiles, error) {
	out := &LocalFiles{Paths: make([]string, len(files))}
	if l.objects.local() {
		for i, f := range files {
			key, ok := l.objects.key(f.Path)
			if !ok {
				return nil, fmt.Errorf("file %s is not in the lake %s", f.Path, l.Root())
			}
			out.Paths[i] = l.objects.file(key)
		}
		return out, nil
	}
	for i, f := range files {
		out.Paths[i] = l.cache.path(f.Path)
	}
	l.cache.pin(out.Paths)
	out.release = sync.OnceFunc(func() { l.cache.unpin(out.Paths) })
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(transfers)
	for i, f := range files {
		g.Go(func() error { return l.cache.fetch(gctx, f, out.Paths[i]) })
	}
	if err := g.Wait(); err != nil {
		out.Close()
		return nil, err
	}
	if err := l.cache.evict(); err != nil {
		out.Close()
		return nil, fmt.Errorf("keep the cache %s within its bound: %w", l.cache.dir, temporary(err))
	}
	return out, nil
}

func (c *cache) path(address string) string {
	sum := sha256.Sum256([]byte(address))
	name := hex.EncodeToString(sum[:])
	return filepath.Join(c.dir, name[:2], name+".parquet")
}

func (c *cache) pin(paths []string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, p := range paths {
		c.pins[p]++
	}
}

func (c *cache) unpin(paths []string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, p := range paths {
		if c.pins[p]--; c.pins[p] <= 0 {
			delete(c.pins, p)
		}
	}
}

// fetch makes sure that a copy is there and whole, and notes that it is used.
func (c *cache) fetch(ctx context.Context, f DataFile, dst string) error {
	_, err, _ := c.flight.Do(dst, func() (any, error) {
		if size, err := c.touch(dst); err == nil && size == f.Bytes {
			return nil, nil
		}
		if err := c.download(ctx, f, dst); err != nil {
			return nil, err
		}
		_, err := c.touch(dst)
		return nil, err
	})
	if err != nil {
		return fmt.Errorf("fetch %s into the cache: %w", f.Path, temporary(err))
	}
	return nil
}

// touch notes that a copy is used now, and tells its size.
func (c *cache) touch(path string) (int64, error) {
	at := c.now()
	if err := os.Chtimes(path, at, at); err != nil {
		return 0, err
	}
	st, err := os.Stat(path)
	if err != nil {
		return 0, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.used[path] = st.ModTime()
	return st.Size(), nil
}

func (c *cache) download(ctx context.Context, f DataFile, dst string) error {
	key, ok := c.objects.key(f.Path)
	if !ok {
		return fmt.Errorf("it is not in the lake %s", c.objects.base)
	}
	if err := os.MkdirAll(filepath.Dir(dst), privateFolder); err != nil {
		return err
	}
	var err error
	for attempt := range s3Attempts { // the SDK repeats a call, not a body that was cut
		var tmp *os.File
		if tmp, err = os.CreateTemp(filepath.Dir(dst), ".tmp-*"); err != nil {
			return err
		}
		err = c.pull(ctx, key, f.Bytes, tmp)
		if err = errors.Join(err, tmp.Close()); err == nil {
			return os.Rename(tmp.Name(), dst)
		}
		err = errors.Join(err, os.Remove(tmp.Name()))
		if !errors.Is(temporary(err), waybill.ErrTemporary) || pause(ctx, attempt) != nil {
			return err
		}
	}
	return err
}

func (c *cache) pull(ctx context.Context, key string, want int64, w io.Writer) error {
	body, _, err := c.objects.open(ctx, key)
	if err != nil {
		return err
	}
	n, err := io.Copy(w, body)
	if err = errors.Join(err, body.Close()); err != nil {
		return err
	}
	if n != want {
		return fmt.Errorf("%w: %d of %d bytes came", waybill.ErrTemporary, n, want)
	}
	return nil
}

type cached struct {
	path  string
	bytes int64
	used  time.Time
}

// evict removes the copies used longest ago until the cache is within its bound. It spares what this process has
// pinned and what another one may still be reading; the bound gives way to both.
func (c *cache) evict() error {
	entries, total, err := c.entries()
	if err != nil || total <= c.limit {
		return err
	}
	slices.SortFunc(entries, func(a, b cached) int { return a.used.Compare(b.used) })
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, e := range entries {
		if total <= c.limit {
			break
		}
		mine := c.used[e.path].Equal(e.used)
		if c.pins[e.path] > 0 || !mine && c.now().Sub(e.used) < others {
			continue
		}
		if err := os.Remove(e.path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		delete(c.used, e.path)
		total -= e.bytes
	}
	return nil
}

func (c *cache) entries() ([]cached, int64, error) {
	var out []cached
	var total int64
	err := filepath.WalkDir(c.dir, func(name string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil || d.IsDir() {
			return err
		}
		st, err := d.Info()
		if errors.Is(err, fs.ErrNotExist) {
			return nil // evicted by another process
		}
		if err != nil {
			return err
		}
		out = append(out, cached{path: name, bytes: st.Size(), used: st.ModTime()})
		total += st.Size()
		return nil
	})
	return out, total, err
}

// clearedFor names the file in the cache folder that says for which reason all copies were removed last.
const clearedFor = "cleared-for"

// ClearCopies removes all copies of the lake's files on this machine, once for each reason: some of them may be of files that are gone from the lake for good. What
// is in use in this process stays until it is closed and evicted.
func (l *Lake) ClearCopies(reason string) error {
	if err := l.cache.clear(reason); err != nil {
		return fmt.Errorf("clear the cache %s: %w", l.cache.dir, temporary(err))
	}
	return nil
}

func (c *cache) clear(reason string) error {
	note := filepath.Join(filepath.Dir(c.dir), clearedFor)
	last, err := os.ReadFile(note)
	if err == nil && string(last) == reason {
		return nil
	}
	entries, _, err := c.entries()
	if err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, e := range entries {
		if c.pins[e.path] > 0 {
			continue
		}
		if err := os.Remove(e.path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		delete(c.used, e.path)
	}
	return os.WriteFile(note, []byte(reason), privateFile)
}
