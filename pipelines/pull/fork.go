package pull

import (
	"context"
	"errors"
	"io"
	"sync/atomic"
)

const (
	forkMost   = 256 << 10 // bytes of a block
	forkLeast  = 64 << 10  // of a smaller body's, whose size may be a mistake
	forkBlocks = 8         // that one reader may be ahead of the other
)

// fork lets two readers read one body, each at its own pace up to some blocks, so that a file is kept and loaded in one go.
type fork struct {
	body     io.ReadCloser
	size     int
	free     chan *forkBlock
	branches [2]*branch
}

// forkBlock is a piece of the body. It is free again when both readers have done with it.
type forkBlock struct {
	bytes   []byte
	readers atomic.Int32
}

// newFork forks a body of so many bytes, -1 where nobody knows.
func newFork(body io.ReadCloser, size int64) *fork {
	f := &fork{body: body, size: forkMost, free: make(chan *forkBlock, forkBlocks)}
	if size >= 0 {
		f.size = int(min(max(size+1, forkLeast), forkMost)) // one more, so that the end is seen with the last byte
	}
	for range forkBlocks {
		f.free <- &forkBlock{}
	}
	for i := range f.branches {
		f.branches[i] = &branch{blocks: make(chan *forkBlock, forkBlocks), free: f.free}
	}
	return f
}

// run reads the body to its end, or until ctx ends, and closes it. Both readers are told how that went: io.EOF itself when all is well, and
// nothing else that is like it, since a connection that cannot be taken up again may fail with an error that wraps io.EOF.
func (f *fork) run(ctx context.Context) {
	err := f.read(ctx)
	if closed := f.body.Close(); isEnd(err) && closed != nil {
		err = closed // a cut transfer says on Close again what it said on Read
	}
	if !isEnd(err) && errors.Is(err, io.EOF) {
		err = &cutError{err}
	}
	for _, b := range f.branches {
		b.err = err
		close(b.blocks)
	}
}

func (f *fork) read(ctx context.Context) error {
	for {
		var block *forkBlock
		select {
		case block = <-f.free:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
		if block.bytes == nil {
			block.bytes = make([]byte, f.size)
		}
		n, err := fill(f.body, block.bytes[:f.size])
		block.bytes = block.bytes[:n]
		block.readers.Store(int32(len(f.branches)))
		for _, b := range f.branches {
			b.blocks <- block
		}
		if err != nil {
			return err
		}
	}
}

// isEnd says whether a reader's error is that all has been read.
func isEnd(err error) bool {
	return err == io.EOF //nolint:errorlint // one that wraps it is a failure
}

// cutError is a failure that has io.EOF somewhere in it, and is not to be taken for the end of the file.
type cutError struct{ error }

// Is leaves io.EOF out of what the failure is.
func (e *cutError) Is(target error) bool { return target != io.EOF && errors.Is(e.error, target) }

// As finds the rest of it.
func (e *cutError) As(target any) bool { return errors.As(e.error, target) }

// fill reads until p is full or there is an error, which is io.EOF at the end: io.ReadFull gives a cut and a short last block the same error.
func fill(r io.Reader, p []byte) (int, error) {
	n := 0
	for n < len(p) {
		got, err := r.Read(p[n:])
		n += got
		if err != nil {
			return n, err
		}
	}
	return n, nil
}

// branch is one of the two readers. It is for one goroutine, as any io.Reader.
type branch struct {
	blocks  chan *forkBlock
	free    chan<- *forkBlock
	current *forkBlock
	rest    []byte
	err     error // how the body ended, once blocks is closed
}

// next moves on to the next block.
func (b *branch) next() error {
	if b.current != nil && b.current.readers.Add(-1) == 0 {
		b.free <- b.current
	}
	var ok bool
	b.current, ok = <-b.blocks
	if !ok {
		return b.err
	}
	b.rest = b.current.bytes
	return nil
}

// Read gives the next bytes of the body.
func (b *branch) Read(p []byte) (int, error) {
	for len(b.rest) == 0 {
		if err := b.next(); err != nil {
			return 0, err
		}
	}
	n := copy(p, b.rest)
	b.rest = b.rest[n:]
	return n, nil
}

// WriteTo writes the rest of the body without a copy.
func (b *branch) WriteTo(w io.Writer) (int64, error) {
	var total int64
	for {
		n, err := w.Write(b.rest)
		total += int64(n)
		b.rest = b.rest[n:]
		if err != nil {
			return total, err
		}
		if err := b.next(); err != nil {
			if isEnd(err) {
				err = nil
			}
			return total, err
		}
	}
}
