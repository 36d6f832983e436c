package lake

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"
	"path"
	"regexp"
	"strings"
	"time"

	"github.com/klauspost/compress/zstd"

	"github.com/fourmarketing/waybill"
)

// KeepAs says where received bytes belong.
type KeepAs struct {
	Source string    // the partner's name in the configuration
	Feed   string    // the feed's name
	Day    time.Time // the day they are filed under, read in its own zone
}

// Kept is what is known of bytes that are kept.
type Kept struct {
	SHA256 string // hex, of the bytes as received
	Size   int64  // of the bytes as received
	Path   string // below the lake's root: kept/<source>/<feed>/<yyyy>/<mm>/<dd>/<sha256>.zst
}

// KeptObject is one entry of the kept bytes' listing.
type KeptObject struct {
	SHA256  string
	Path    string
	Day     time.Time // midnight UTC of the day it is filed under
	Stored  int64     // compressed size
	Written time.Time
}

const keptRoot = "kept"

// pathName is what may stand as one part of an object's key.
var pathName = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$`)

// Keep stores r's bytes exactly as they come, compressed, under their SHA-256. It reads r once. The same bytes on the
// same day are the same object and are not written again. When r or the store fails nothing is at the final path.
func (l *Lake) Keep(ctx context.Context, as KeepAs, r io.Reader) (Kept, error) {
	if !pathName.MatchString(as.Source) || !pathName.MatchString(as.Feed) || as.Day.IsZero() {
		return Kept{}, fmt.Errorf("keep bytes of %q/%q: source and feed are letters, digits, '.', '_', '-', and a day is needed", as.Source, as.Feed)
	}
	if err := l.mayWrite(ctx); err != nil {
		return Kept{}, fmt.Errorf("keep bytes of %s/%s: %w", as.Source, as.Feed, err)
	}
	tmp, err := l.temp("keep-*.zst")
	if err != nil {
		return Kept{}, fmt.Errorf("keep bytes of %s/%s: %w", as.Source, as.Feed, temporary(err))
	}
	kept, err := l.keepVia(ctx, tmp, as, r)
	rmErr := os.Remove(tmp.Name())
	if err = errors.Join(err, rmErr); err != nil {
		return Kept{}, fmt.Errorf("keep bytes of %s/%s: %w", as.Source, as.Feed, temporary(err))
	}
	return kept, nil
}

// keepVia fills and closes tmp, then puts it at its place.
func (l *Lake) keepVia(ctx context.Context, tmp *os.File, as KeepAs, r io.Reader) (Kept, error) {
	sum := sha256.New()
	n, err := compress(ctx, tmp, sum, r)
	if err := errors.Join(err, tmp.Close()); err != nil {
		return Kept{}, err
	}
	hexed := hex.EncodeToString(sum.Sum(nil))
	k := Kept{SHA256: hexed, Size: n, Path: path.Join(keptRoot, as.Source, as.Feed, as.Day.Format("2006/01/02"), hexed+".zst")}
	stored, err := l.objects.size(ctx, k.Path)
	if err == nil && stored > 0 {
		return k, nil
	}
	if err != nil && !errors.Is(err, waybill.ErrNotFound) {
		return Kept{}, fmt.Errorf("look for %s: %w", k.Path, err)
	}
	if err := l.objects.put(ctx, k.Path, tmp.Name()); err != nil {
		return Kept{}, fmt.Errorf("put %s: %w", l.objects.uri(k.Path), err)
	}
	return k, nil
}

// Mend puts kept bytes back in their place, where they are damaged or missing: r has to give the bytes that their name says. What lay there goes to the
// trash.
func (l *Lake) Mend(ctx context.Context, keptPath string, r io.Reader) error {
	want, ok := keptSum(keptPath)
	if !ok {
		return fmt.Errorf("mend kept bytes: %q is not a path of kept bytes", keptPath)
	}
	if err := l.mayWrite(ctx); err != nil {
		return fmt.Errorf("mend kept bytes %s: %w", keptPath, err)
	}
	tmp, err := os.CreateTemp(l.tmp, "keep-*.zst")
	if err != nil {
		return fmt.Errorf("mend kept bytes %s: %w", keptPath, temporary(err))
	}
	sum := sha256.New()
	_, err = compress(ctx, tmp, sum, r)
	err = errors.Join(err, tmp.Close())
	if err == nil && !bytes.Equal(sum.Sum(nil), want) {
		err = errors.New("the bytes that came are others than those that were received then")
	}
	if err == nil {
		err = l.trash(ctx, keptPath)
	}
	if err == nil {
		err = l.objects.put(ctx, keptPath, tmp.Name())
	}
	if err = errors.Join(err, os.Remove(tmp.Name())); err != nil {
		return fmt.Errorf("mend kept bytes %s: %w", keptPath, temporary(err))
	}
	return nil
}

// compress packs r's bytes into w and adds them to sum. Where r writes itself, in large pieces, they are not copied on the way.
func compress(ctx context.Context, w, sum io.Writer, r io.Reader) (int64, error) {
	packed := &frames{w: w}
	buffered := bufio.NewWriterSize(packed, frameBytes/2) // for readers that give little at a time
	n, err := io.Copy(contextWriter{ctx, io.MultiWriter(buffered, sum)}, r)
	if err == nil {
		err = buffered.Flush()
	}
	if err == nil {
		err = packed.Close()
	}
	return n, err
}

// contextWriter stops a stream when its context ends.
type contextWriter struct {
	ctx context.Context
	w   io.Writer
}

func (c contextWriter) Write(p []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	return c.w.Write(p)
}

// OpenKept gives back the bytes kept at a path from Keep or ListKept. Reading to the end proves them: bytes that do
// not have the SHA-256 of their name end in an error instead of io.EOF.
func (l *Lake) OpenKept(ctx context.Context, keptPath string) (io.ReadCloser, error) {
	want, ok := keptSum(keptPath)
	if !ok {
		return nil, fmt.Errorf("open kept bytes: %q is not a path of kept bytes", keptPath)
	}
	body, _, err := l.objects.open(ctx, keptPath)
	if err != nil {
		return nil, fmt.Errorf("open kept bytes %s: %w", keptPath, err)
	}
	dec, err := zstd.NewReader(body, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true))
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open kept bytes %s: %w", keptPath, err), body.Close())
	}
	return &keptReader{path: keptPath, want: want, body: body, zstd: dec, sum: sha256.New()}, nil
}

// keptSum takes the SHA-256 out of a kept path.
func keptSum(keptPath string) ([]byte, bool) {
	if !strings.HasPrefix(keptPath, keptRoot+"/") || path.Clean(keptPath) != keptPath {
		return nil, false
	}
	name, ok := strings.CutSuffix(path.Base(keptPath), ".zst")
	sum, err := hex.DecodeString(name)
	return sum, ok && err == nil && len(sum) == sha256.Size
}

// keptReader unpacks kept bytes and compares them with their name at the end.
type keptReader struct {
	path string
	want []byte
	body io.ReadCloser
	zstd *zstd.Decoder
	sum  hash.Hash
}

func (k *keptReader) Read(p []byte) (int, error) {
	n, err := k.zstd.Read(p)
	k.sum.Write(p[:n])
	if errors.Is(err, io.EOF) {
		if !bytes.Equal(k.sum.Sum(nil), k.want) {
			return n, fmt.Errorf("read kept bytes %s: the bytes do not have the SHA-256 of their name; restore the object", k.path)
		}
		return n, io.EOF
	}
	if err != nil {
		return n, fmt.Errorf("read kept bytes %s: %w", k.path, temporary(err))
	}
	return n, nil
}

func (k *keptReader) Close() error {
	k.zstd.Close()
	return k.body.Close()
}

// ListKept lists what is kept of a feed, oldest day first, so that the ledger can be rebuilt from the lake.
func (l *Lake) ListKept(ctx context.Context, source, feed string) ([]KeptObject, error) {
	if !pathName.MatchString(source) || !pathName.MatchString(feed) {
		return nil, fmt.Errorf("list kept bytes: %q/%q is not a source and a feed", source, feed)
	}
	prefix := path.Join(keptRoot, source, feed)
	var out []KeptObject
	for o, err := range l.objects.list(ctx, prefix) {
		if err != nil {
			return nil, fmt.Errorf("list kept bytes of %s/%s: %w", source, feed, err)
		}
		sum, ok := keptSum(o.key)
		day, err := time.Parse("2006/01/02", strings.TrimPrefix(path.Dir(o.key), prefix+"/"))
		if !ok || err != nil {
			continue // a temporary file, or something that is not ours
		}
		out = append(out, KeptObject{SHA256: hex.EncodeToString(sum), Path: o.key, Day: day, Stored: o.bytes, Written: o.modified})
	}
	return out, nil
}

// RemoveKept removes kept bytes for good, whose place others have taken. None there is no error.
func (l *Lake) RemoveKept(ctx context.Context, keptPath string) error {
	if _, ok := keptSum(keptPath); !ok {
		return fmt.Errorf("remove kept bytes: %q is not a path of kept bytes", keptPath)
	}
	if err := l.objects.remove(ctx, keptPath); err != nil {
		return fmt.Errorf("remove kept bytes %s: %w", keptPath, temporary(err))
	}
	return nil
}
