package load

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"

	"github.com/fourmarketing/waybill/pipelines/decode"
	"github.com/fourmarketing/waybill/transforms/typing"
)

// chunkWriter writes records with their line numbers to one file after another.
type chunkWriter struct {
	dir    string
	delim  byte
	quote  byte
	limit  int // of the chunk at hand
	most   int // of any
	file   *os.File
	buf    []byte
	size   int
	chunk  typing.Chunk
	number int
}

const writeBuffer = 256 << 10

func newChunkWriter(dir string, d decode.Dialect, limit int) *chunkWriter {
	return &chunkWriter{dir: dir, delim: d.Delim, quote: d.Quote, limit: min(firstChunk, limit), most: limit}
}

// add appends a record. full means that the chunk should be handed on.
func (w *chunkWriter) add(rec decode.Record) (full bool, err error) {
	if w.file == nil {
		if err := w.open(); err != nil {
			return false, err
		}
	}
	w.buf = strconv.AppendInt(w.buf, rec.Line, 10)
	w.buf = append(w.buf, w.delim)
	w.buf = append(w.buf, rec.Bytes...)
	w.buf = append(w.buf, '\n')
	w.chunk.Records++
	w.chunk.Longest = max(w.chunk.Longest, len(rec.Bytes)+24)
	if len(w.buf) < min(writeBuffer, w.limit-w.size) {
		return false, nil
	}
	err = w.flush()
	return w.size >= w.limit, err
}

func (w *chunkWriter) open() error {
	w.number++
	f, err := os.Create(filepath.Join(w.dir, fmt.Sprintf("chunk-%d.txt", w.number)))
	if err != nil {
		return fmt.Errorf("write chunk: %w", err)
	}
	w.file, w.size, w.chunk = f, 0, typing.Chunk{Path: f.Name()}
	return nil
}

func (w *chunkWriter) flush() error {
	look(&w.chunk.Traits, w.buf, w.delim, w.quote)
	n, err := w.file.Write(w.buf)
	w.size += n
	w.buf = w.buf[:0]
	if err != nil {
		return fmt.Errorf("write chunk: %w", err)
	}
	return nil
}

// take closes the chunk at hand; false when it is empty.
func (w *chunkWriter) take() (typing.Chunk, bool, error) {
	if w.file == nil {
		return typing.Chunk{}, false, nil
	}
	err := w.flush()
	if closeErr := w.file.Close(); closeErr != nil {
		err = errors.Join(err, fmt.Errorf("write chunk: %w", closeErr))
	}
	w.file = nil
	w.limit = min(2*w.limit, w.most)
	return w.chunk, true, err
}

// look notes what occurs in a piece of a chunk. Each search ends for good once it has found something.
func look(t *typing.Traits, piece []byte, delim, quote byte) {
	t.Equals = t.Equals || bytes.IndexByte(piece, '=') >= 0
	t.Plus = t.Plus || bytes.IndexByte(piece, '+') >= 0
	t.Spaces = t.Spaces || bytes.IndexByte(piece, '\t') >= 0 || spaceAtEdge(piece, delim, quote)
	t.Apostrophes = t.Apostrophes || openApostrophe(piece, delim, quote)
}

// spaceAtEdge says whether a space stands beside what may be the edge of a field.
func spaceAtEdge(piece []byte, delim, quote byte) bool {
	for i := 0; i < len(piece); i++ {
		n := bytes.IndexByte(piece[i:], ' ')
		if n < 0 {
			return false
		}
		i += n
		if i == 0 || i+1 == len(piece) {
			return true
		}
		before, after := edge(piece[i-1], delim, quote), edge(piece[i+1], delim, quote)
		if (before && piece[i-1] != delim) || (after && piece[i+1] != delim) {
			return true
		}
		if (before || after) && !quoted(piece, i, delim, quote) {
			return true
		}
	}
	return false
}

// quoted says whether a place surely lies inside a quoted field, where a delimiter is text: "Linen shirt, white". It looks from the start of
// the line; in a later line of a field with line breaks it may say no, which only costs time.
func quoted(piece []byte, at int, delim, quote byte) bool {
	inside, fresh := false, true // fresh: at the start of a field
	for i := bytes.LastIndexByte(piece[:at], '\n') + 1; i < at; i++ {
		switch b := piece[i]; {
		case quote == 0:
			return false
		case inside && b == quote && piece[i+1] == quote:
			i++
		case inside && b == quote:
			inside = false
		case inside:
		case b == delim:
			fresh = true
			continue
		case b == quote && fresh:
			inside = true
		}
		fresh = false
	}
	return inside
}

func edge(b, delim, quote byte) bool {
	return b == delim || b == '\n' || b == '\r' || b == '\'' || b == '=' || (b == quote && quote != 0)
}

// openApostrophe says whether a field may begin with an apostrophe and not end with one.
func openApostrophe(piece []byte, delim, quote byte) bool {
	for i := 0; i < len(piece); i++ {
		n := bytes.IndexByte(piece[i:], '\'')
		if n < 0 {
			return false
		}
		i += n
		if i > 0 && piece[i-1] != delim && piece[i-1] != '\n' && (piece[i-1] != quote || quote == 0) {
			continue
		}
		closing := bytes.IndexByte(piece[i+1:], '\'')
		end := i + 1 + closing + 1
		if closing < 0 || end == len(piece) || (piece[end] != delim && piece[end] != '\n') || bytes.IndexByte(piece[i:end], delim) >= 0 {
			return true
		}
		i = end - 1
	}
	return false
}

// abandon closes a chunk that nobody will type.
func (w *chunkWriter) abandon() error {
	if w.file == nil {
		return nil
	}
	f := w.file
	w.file = nil
	return f.Close()
}
