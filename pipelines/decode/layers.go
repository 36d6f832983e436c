// Package decode turns the bytes of a file into numbered records: it opens byte layers (gzip, zip), turns the character
// set into UTF-8 without ever guessing or dropping a character, and finds where records begin and end. It knows no contract
// and no table.
package decode

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"strings"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zip"
)

// LayerError says that the bytes are not what a layer should be: a damaged archive, or one with several files in it.
type LayerError struct {
	Layer string
	Err   error
}

// Error names the layer.
func (e *LayerError) Error() string { return e.Layer + ": " + e.Err.Error() }

// Unwrap gives what the layer's reader said.
func (e *LayerError) Unwrap() error { return e.Err }

// Layers opens byte layers, outermost first: gzip (several members are one text) or zip (exactly one file in it, spooled to scratchDir
// because its index is at the end). Damage is a *LayerError, more than the growth lets in a *GrowthError; an error of r itself comes back as it is.
func Layers(r io.Reader, layers []string, scratchDir string, most Growth) (io.ReadCloser, error) {
	source := &remembering{r: r}
	out := io.NopCloser(io.Reader(source))
	for _, layer := range layers {
		next, err := openLayer(out, layer, scratchDir)
		if err != nil {
			return nil, errors.Join(source.blame(layer, err), out.Close())
		}
		out = &layerReader{ReadCloser: next, inner: out, layer: layer, source: source, most: most}
	}
	return out, nil
}

func openLayer(r io.Reader, layer, scratchDir string) (io.ReadCloser, error) {
	switch layer {
	case "gzip":
		return gzip.NewReader(r)
	case "zip":
		return openZip(r, scratchDir)
	}
	return nil, fmt.Errorf("%q is no byte layer; use gzip or zip", layer)
}

// remembering keeps the error of the bytes' source apart from what a layer makes of it.
type remembering struct {
	r    io.Reader
	err  error
	read int64
}

func (s *remembering) Read(p []byte) (int, error) {
	n, err := s.r.Read(p)
	s.read += int64(n)
	if err != nil && !errors.Is(err, io.EOF) {
		s.err = err
	}
	return n, err
}

func (s *remembering) blame(layer string, err error) error {
	if s.err != nil {
		return s.err
	}
	if beyond := new(GrowthError); errors.As(err, &beyond) {
		return beyond
	}
	return &LayerError{Layer: layer, Err: err}
}

type layerReader struct {
	io.ReadCloser
	inner  io.Closer
	layer  string
	source *remembering
	most   Growth
	gave   int64
}

func (l *layerReader) Read(p []byte) (int, error) {
	n, err := l.ReadCloser.Read(p)
	l.gave += int64(n)
	if beyond := l.most.look(l.gave, l.source.read); beyond != nil {
		return 0, beyond
	}
	var inner *LayerError
	if err != nil && !errors.Is(err, io.EOF) && !errors.As(err, &inner) {
		err = l.source.blame(l.layer, err)
	}
	return n, err
}

func (l *layerReader) Close() error { return errors.Join(l.ReadCloser.Close(), l.inner.Close()) }

// zipEntry is the one file of an archive; closing it removes the spooled archive.
type zipEntry struct {
	io.ReadCloser
	archive *zip.ReadCloser
	spool   string
}

func (z *zipEntry) Close() error {
	return errors.Join(z.ReadCloser.Close(), z.archive.Close(), os.Remove(z.spool))
}

func openZip(r io.Reader, scratchDir string) (io.ReadCloser, error) {
	spool, err := os.CreateTemp(scratchDir, "archive-*.zip")
	if err != nil {
		return nil, err
	}
	_, err = io.Copy(spool, r)
	if err = errors.Join(err, spool.Close()); err != nil {
		return nil, errors.Join(err, os.Remove(spool.Name()))
	}
	archive, err := zip.OpenReader(spool.Name())
	if err != nil {
		return nil, errors.Join(err, os.Remove(spool.Name()))
	}
	entry, err := onlyFile(archive)
	if err == nil {
		var body io.ReadCloser
		if body, err = entry.Open(); err == nil {
			return &zipEntry{ReadCloser: body, archive: archive, spool: spool.Name()}, nil
		}
	}
	return nil, errors.Join(err, archive.Close(), os.Remove(spool.Name()))
}

// onlyFile is the archive's one file, leaving aside folders and what macOS adds.
func onlyFile(archive *zip.ReadCloser) (*zip.File, error) {
	var files []*zip.File
	for _, f := range archive.File {
		if f.FileInfo().IsDir() || strings.HasPrefix(f.Name, "__MACOSX/") || path.Base(f.Name) == ".DS_Store" {
			continue
		}
		files = append(files, f)
	}
	if len(files) != 1 {
		return nil, fmt.Errorf("the archive holds %d files, exactly one is expected", len(files))
	}
	return files[0], nil
}
