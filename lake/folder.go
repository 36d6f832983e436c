package lake

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"net/url"
	"os"
	"path/filepath"
)

// folder keeps objects as files.
type folder struct{ root string }

// openFolder addresses the folder as a file URI: iceberg-go parses locations as URLs, and a space in a plain path would
// put the metadata into another folder than the data.
func openFolder(root string) objects {
	f := folder{root: root}
	u := url.URL{Scheme: "file", Path: filepath.ToSlash(root)}
	return objects{reader: f, writer: f, register: f, base: u.String(), dir: root}
}

func (f folder) file(key string) string { return filepath.Join(f.root, filepath.FromSlash(key)) }

func (f folder) open(_ context.Context, key string) (io.ReadCloser, int64, error) {
	h, err := os.Open(f.file(key))
	if err != nil {
		return nil, 0, temporary(err)
	}
	st, err := h.Stat()
	if err != nil {
		return nil, 0, errors.Join(temporary(err), h.Close())
	}
	return h, st.Size(), nil
}

func (f folder) size(_ context.Context, key string) (int64, error) {
	st, err := os.Stat(f.file(key))
	if err != nil {
		return 0, temporary(err)
	}
	return st.Size(), nil
}

func (f folder) list(ctx context.Context, prefix string) iter.Seq2[object, error] {
	return func(yield func(object, error) bool) {
		err := filepath.WalkDir(f.file(prefix), func(name string, d fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			if d.IsDir() {
				return ctx.Err()
			}
			st, err := d.Info()
			if errors.Is(err, fs.ErrNotExist) {
				return nil // removed while listing
			}
			if err != nil {
				return err
			}
			rel, err := filepath.Rel(f.root, name)
			if err != nil {
				return err
			}
			if !yield(object{key: filepath.ToSlash(rel), bytes: st.Size(), modified: st.ModTime()}, nil) {
				return fs.SkipAll
			}
			return nil
		})
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			yield(object{}, fmt.Errorf("list %s: %w", f.file(prefix), temporary(err)))
		}
	}
}

// put makes the bytes durable before the name appears. A file on the same disk is linked, so that the caller's copy
// stays; otherwise it is copied beside its place first.
func (f folder) put(_ context.Context, key, file string) error {
	dst := f.file(key)
	if err := os.MkdirAll(filepath.Dir(dst), privateFolder); err != nil {
		return temporary(err)
	}
	if err := errors.Join(os.Chmod(file, privateFile), syncFile(file)); err != nil { // DuckDB wrote it for whom the umask says
		return temporary(err)
	}
	err := os.Link(file, dst)
	if err == nil || errors.Is(err, fs.ErrExist) {
		return err2nil(err, fs.ErrExist)
	}
	tmp, err := os.CreateTemp(filepath.Dir(dst), ".tmp-*")
	if err != nil {
		return temporary(err)
	}
	if err := copyInto(tmp, file); err != nil {
		return temporary(errors.Join(err, os.Remove(tmp.Name())))
	}
	if err := os.Rename(tmp.Name(), dst); err != nil {
		return temporary(errors.Join(err, os.Remove(tmp.Name())))
	}
	return nil
}

func (f folder) remove(_ context.Context, key string) error {
	return temporary(err2nil(os.Remove(f.file(key)), fs.ErrNotExist))
}

func (f folder) move(_ context.Context, from, to string) error {
	if err := os.MkdirAll(filepath.Dir(f.file(to)), privateFolder); err != nil {
		return temporary(err)
	}
	return temporary(err2nil(os.Rename(f.file(from), f.file(to)), fs.ErrNotExist))
}

// err2nil drops the one error that means the work is already done.
func err2nil(err, fine error) error {
	if errors.Is(err, fine) {
		return nil
	}
	return err
}

func syncFile(name string) error {
	h, err := os.Open(name)
	if err != nil {
		return err
	}
	return errors.Join(h.Sync(), h.Close())
}

// copyInto fills dst with a file's bytes, makes them durable and closes dst.
func copyInto(dst *os.File, file string) error {
	src, err := os.Open(file)
	if err != nil {
		return errors.Join(err, dst.Close())
	}
	_, err = io.Copy(dst, src)
	return errors.Join(err, dst.Sync(), dst.Close(), src.Close())
}

func localSize(name string) (int64, error) {
	st, err := os.Stat(name)
	if err != nil {
		return 0, temporary(err)
	}
	return st.Size(), nil
}
