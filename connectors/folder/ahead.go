package folder

import (
	"context"
	"io"
	"os"
	"sync"
)

// aheadBytes are read from the disk at a time.
const aheadBytes = 256 << 10

// ahead reads a file in a goroutine of its own, a piece ahead of the consumer: a read from a share whose server has gone cannot be stopped, only
// left behind.
type ahead struct {
	pieces  chan piece
	free    chan []byte
	stopped chan struct{}
	once    sync.Once
	current piece
	rest    []byte
}

type piece struct {
	bytes []byte
	err   error
}

// newAhead begins to read; the file is closed when its end was read or nobody reads any more.
func newAhead(f *os.File) *ahead {
	a := &ahead{pieces: make(chan piece, 1), free: make(chan []byte, 2), stopped: make(chan struct{})}
	a.free <- nil
	a.free <- nil
	go a.work(f)
	return a
}

func (a *ahead) work(f io.ReadCloser) {
	defer f.Close()
	for {
		var buffer []byte
		select {
		case buffer = <-a.free:
		case <-a.stopped:
			return
		}
		if buffer == nil {
			buffer = make([]byte, aheadBytes)
		}
		n, err := f.Read(buffer[:aheadBytes])
		select {
		case a.pieces <- piece{buffer[:n], err}:
		case <-a.stopped:
			return
		}
		if err != nil {
			return
		}
	}
}

func (a *ahead) read(ctx context.Context, p []byte) (int, error) {
	for len(a.rest) == 0 {
		if a.current.err != nil {
			return 0, a.current.err
		}
		if a.current.bytes != nil {
			a.free <- a.current.bytes
			a.current.bytes = nil
		}
		select {
		case a.current = <-a.pieces:
			a.rest = a.current.bytes
		case <-ctx.Done():
			return 0, ctx.Err()
		}
	}
	n := copy(p, a.rest)
	a.rest = a.rest[n:]
	return n, nil
}

func (a *ahead) stop() { a.once.Do(func() { close(a.stopped) }) }
