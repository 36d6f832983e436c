package lake

import (
	"context"
	"io"
	"iter"
	"path"
	"path/filepath"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// reader gets objects by key, a slash-separated path below the lake's root.
type reader interface {
	open(ctx context.Context, key string) (io.ReadCloser, int64, error)
	size(ctx context.Context, key string) (int64, error) // waybill.ErrNotFound when there is none
	list(ctx context.Context, prefix string) iter.Seq2[object, error]
}

// writer puts whole objects: either all of an object is at its key or nothing.
type writer interface {
	put(ctx context.Context, key, file string) error // file may be moved, linked or copied; it must not be changed later
	remove(ctx context.Context, key string) error    // no error when there is none
	move(ctx context.Context, from, to string) error // no error when it was moved before
}

type object struct {
	key      string
	bytes    int64
	modified time.Time
}

// objects is one store: a folder or a bucket with a prefix.
type objects struct {
	reader
	writer
	register
	base string // address of the root as Iceberg metadata writes it, without a trailing slash
	dir  string // the root's folder, empty for a bucket
	aws  *aws.Config
}

func (o objects) local() bool { return o.dir != "" }

// file is where a folder keeps an object.
func (o objects) file(key string) string { return filepath.Join(o.dir, filepath.FromSlash(key)) }

// uri is the address of a key as Iceberg metadata writes it.
func (o objects) uri(key string) string { return o.base + "/" + key }

// key is the inverse of uri; ok is false for an address outside the lake.
func (o objects) key(uri string) (string, bool) {
	key, ok := strings.CutPrefix(uri, o.base+"/")
	return key, ok && path.Clean(key) == key && !strings.HasPrefix(key, "../")
}
