package pull

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"testing"
	"testing/iotest"

	"pgregory.net/rapid"
)

// forkBody gives its bytes in pieces as a connection does, then an error.
type forkBody struct {
	io.Reader
	closing error
	closed  int
}

func (b *forkBody) Close() error {
	b.closed++
	return b.closing
}

var errForkCut = errors.New("cut")

// However the body comes and ends, and whichever way each reader reads, both see the same bytes and the same end.
func TestForkGivesBothTheSame(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		want := bytes.Repeat([]byte("0123456789abcdef\n"), rapid.IntRange(0, 300).Draw(rt, "lines"))
		size := rapid.SampledFrom([]int64{-1, int64(len(want)), int64(len(want)) / 2}).Draw(rt, "size")
		endings := []error{nil, errForkCut, fmt.Errorf("%w: handshake failed: %w", errForkCut, io.EOF)}
		end := rapid.SampledFrom(endings).Draw(rt, "end")
		body := &forkBody{Reader: bytes.NewReader(want), closing: rapid.SampledFrom(endings).Draw(rt, "closing")}
		if end != nil {
			body.Reader = io.MultiReader(body.Reader, iotest.ErrReader(end))
		}
		if rapid.Bool().Draw(rt, "halves") {
			body.Reader = iotest.HalfReader(body.Reader)
		}
		f := newFork(body, size)
		f.size = rapid.IntRange(1, 100).Draw(rt, "block") // so that blocks are used again and again
		go f.run(t.Context())
		got := make(chan error, len(f.branches))
		for i, b := range f.branches {
			first := rapid.IntRange(0, len(want)+1).Draw(rt, "first")
			go func() {
				var out bytes.Buffer
				_, err := io.CopyN(&out, b, int64(first))
				if err == nil {
					_, err = b.WriteTo(&out)
				}
				if isEnd(err) { // already at the first bytes
					err = nil
				}
				if !bytes.Equal(out.Bytes(), want) {
					rt.Errorf("reader %d got %d bytes of %d", i, out.Len(), len(want))
				}
				got <- err
			}()
		}
		for range f.branches {
			if err := <-got; errors.Is(err, errForkCut) != (end != nil || body.closing != nil) || errors.Is(err, io.EOF) {
				rt.Errorf("the body ended with %v and closed with %v, a reader was told %v", end, body.closing, err)
			}
		}
		if body.closed != 1 {
			rt.Errorf("closed %d times", body.closed)
		}
	})
}

// A reader that gives up does not leave the other waiting.
func TestForkEndsWithItsContext(t *testing.T) {
	t.Parallel()
	ctx, stop := context.WithCancelCause(t.Context())
	f := newFork(&forkBody{Reader: neverEnding{}}, -1)
	go f.run(ctx)
	if _, err := f.branches[0].Read(make([]byte, 10)); err != nil {
		t.Fatal(err)
	}
	stop(errForkCut)
	if _, err := io.Copy(io.Discard, f.branches[1]); !errors.Is(err, errForkCut) {
		t.Errorf("the other reader was told %v", err)
	}
}

type neverEnding struct{}

func (neverEnding) Read(p []byte) (int, error) { return len(p), nil }
