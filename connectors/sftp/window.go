package sftp

import (
	"context"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/pkg/sftp"

	"github.com/fourmarketing/waybill"
	"github.com/fourmarketing/waybill/connectors/internal/transfer"
)

// pace is how a file is asked for. One request is for one packet; a server that answers with less is asked again for the rest, one request
// after another. What arrives is compared with the size, because larger packets have lost bytes without an error in the library's own
// parallel reads, which are not used.
type pace struct {
	packet   int // bytes
	requests int // that are on their way at a time
	blocks   int // packets on their way or waiting for the consumer
}

const (
	// promised is what every server answers, as the protocol has it.
	promised = 32 << 10
	// openSSHMost is the longest answer of OpenSSH's server, SFTP_MAX_MSG_LENGTH less its headers (sftp-server.c).
	openSSHMost = 255 << 10
)

// paceOf asks for as much at a time as the server is known to give: fewer and longer answers cost both sides less. Eight of them are the 2 MB
// that the SSH library lets be on their way. OpenSSH's servers from 8.5 name the extension that tells it.
func paceOf(client *sftp.Client) pace {
	if _, ok := client.HasExtension("limits@openssh.com"); ok {
		return pace{packet: openSSHMost, requests: 8, blocks: 12}
	}
	return pace{packet: promised, requests: 64, blocks: 128}
}

// window reads a file from an offset to its end: workers ask for packets out of turn, the consumer gets them
// in order. It ends with io.EOF at the size that the file had when it was opened.
type window struct {
	ctx     context.Context
	file    *sftp.File
	pace    pace
	lease   *lease
	item    waybill.Item // as listed
	silence time.Duration

	mu      sync.Mutex
	next    int64 // offset of the packet to ask for next
	free    chan *block
	ordered chan *block // in the order of the file
	stopped chan struct{}
	stop    sync.Once
	workers sync.WaitGroup

	current *block // partly handed out
	rest    []byte
	read    int64 // offset that the consumer has reached
}

// block is one packet's worth of the file.
type block struct {
	buffer []byte
	length int
	err    error
	filled chan struct{}
}

// start begins to ask for the file from an offset on.
func (w *window) start(offset int64) {
	w.next, w.read = offset, offset
	w.stopped = make(chan struct{})
	size := int64(w.pace.packet)
	packets := int((w.item.Size - offset + size - 1) / size)
	count := min(w.pace.blocks, packets)
	w.free, w.ordered = make(chan *block, count), make(chan *block, count)
	for range count {
		w.free <- &block{buffer: make([]byte, min(size, w.item.Size-offset)), filled: make(chan struct{}, 1)}
	}
	for range min(w.pace.requests, packets) {
		w.workers.Go(w.work)
	}
}

// work fetches packets until the file's end, an error or a stop.
func (w *window) work() {
	for {
		var b *block
		select {
		case b = <-w.free:
		case <-w.stopped:
			return
		}
		offset, ok := w.claim(b)
		if !ok {
			return
		}
		n, err := w.file.ReadAt(b.buffer[:b.length], offset)
		if err == nil && n < b.length {
			err = io.ErrUnexpectedEOF
		}
		b.length, b.err = n, err
		b.filled <- struct{}{} // from here on the block is the consumer's
		if err != nil {
			return
		}
	}
}

// claim gives a block its place in the file.
func (w *window) claim(b *block) (offset int64, ok bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.next >= w.item.Size {
		return 0, false
	}
	offset = w.next
	b.length, b.err = int(min(int64(w.pace.packet), w.item.Size-offset)), nil
	w.next += int64(b.length)
	w.ordered <- b
	return offset, true
}

// Read hands out the next bytes in the order of the file.
func (w *window) Read(p []byte) (int, error) {
	if len(w.rest) == 0 {
		if w.read >= w.item.Size {
			return 0, io.EOF
		}
		if err := w.advance(); err != nil {
			return 0, err
		}
	}
	n := copy(p, w.rest)
	w.rest = w.rest[n:]
	w.read += int64(n)
	if len(w.rest) == 0 && w.current.err != nil {
		return n, w.failed()
	}
	return n, nil
}

// advance waits for the next packet.
func (w *window) advance() error {
	if w.current != nil {
		w.free <- w.current
		w.current = nil
	}
	for _, wait := range []func() error{w.take, w.fill} {
		if err := wait(); err != nil {
			return err
		}
	}
	w.rest = w.current.buffer[:w.current.length]
	if len(w.rest) == 0 {
		return w.failed()
	}
	return nil
}

func (w *window) take() error {
	select {
	case w.current = <-w.ordered:
		return nil
	case <-w.ctx.Done():
		return w.ctx.Err()
	}
}

func (w *window) fill() error {
	select {
	case <-w.current.filled:
		return nil
	case <-w.ctx.Done():
		return w.ctx.Err()
	}
}

// failed is the current packet's error. The end of the file before its size is a cut.
func (w *window) failed() error {
	err := w.current.err
	if transfer.Cut(err) {
		return fmt.Errorf("%w after %d of %d bytes: %w", waybill.ErrTemporary, w.read, w.item.Size, err)
	}
	return translate(err)
}

// Close ends the reading. After the last byte it reports whether the file stayed the same; before that it does
// not wait for the requests under way, but a session that never answers them is closed.
func (w *window) Close() error {
	w.stop.Do(func() { close(w.stopped) })
	if w.read < w.item.Size {
		go func() {
			late := time.AfterFunc(w.silence, w.lease.session.close)
			defer late.Stop()
			w.workers.Wait()
			w.giveBack()
		}()
		return nil
	}
	w.workers.Wait()
	defer w.giveBack()
	return w.same()
}

// same compares the open file with what was listed.
func (w *window) same() error {
	info, err := await(w.ctx, w.lease.session, w.file.Stat, nil)
	if err != nil {
		return translate(err)
	}
	return transfer.Unchanged(w.item, waybill.Item{Size: info.Size(), ModifiedAt: modified(info)})
}

func (w *window) giveBack() {
	go func() {
		defer w.lease.release()
		late := time.AfterFunc(w.silence, w.lease.session.close)
		defer late.Stop()
		_ = w.file.Close() // nothing was written, so nothing can be lost by it
	}()
}
