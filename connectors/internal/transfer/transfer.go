// Package transfer reads one remote file to its exact size: it counts what arrives, takes a cut connection up
// again where it broke, gives up on a silent one, and never passes a short file as a whole one. It knows no
// protocol: the connector hands in how the bytes from an offset on are opened.
package transfer

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"syscall"
	"time"

	"github.com/fourmarketing/waybill"
	"github.com/fourmarketing/waybill/connectors/internal/bound"
)

// ErrChanged says that the file on the server is no longer the one that was listed or begun. The same call may
// work after the next listing, so it is joined with waybill.ErrTemporary; taking up the old transfer cannot.
var ErrChanged = errors.New("changed on the server while it was read")

// errSilent is the cause with which an attempt ends when nothing arrives.
var errSilent = fmt.Errorf("%w: the server sent nothing", waybill.ErrTemporary)

// Plan says how one file is fetched.
type Plan struct {
	Name    string        // for error texts
	Size    int64         // bytes that have to arrive; -1 when the system does not say
	Resumes int           // how often a cut transfer is taken up again; none when not above 0
	Pause   time.Duration // before the first time it is taken up again; doubles each time
	Silence time.Duration // the longest wait for the next bytes; no limit when 0

	// Open starts at an offset, which may be the size. The body ends with io.EOF and stops when ctx does; its
	// Close, after the last byte, reports whether the server counts the transfer as done. Errors after which
	// the same call may work wrap waybill.ErrTemporary; a file that is no longer the same is ErrChanged.
	Open func(ctx context.Context, offset int64) (io.ReadCloser, error)
}

// Reader is a file on its way. It is for one goroutine, as any io.Reader.
type Reader struct {
	plan    Plan
	ctx     context.Context
	body    io.ReadCloser
	cancel  context.CancelCauseFunc // of the attempt that body belongs to
	attempt context.Context
	silence *time.Timer
	offset  int64 // bytes handed out: the last good offset
	resumed int
	err     error // what every further Read returns
	cut     error // why the attempt ended, to be told after the bytes that came with it
}

// Start opens the file and returns its reader, which lives until Close or the end of ctx.
func Start(ctx context.Context, p Plan) (*Reader, error) {
	r := &Reader{plan: p, ctx: ctx}
	if err := r.open(); err != nil {
		return nil, fmt.Errorf("open %s: %w", p.Name, err)
	}
	return r, nil
}

// Read returns the next bytes. It returns io.EOF only when every byte has arrived and the server agrees.
func (r *Reader) Read(p []byte) (int, error) {
	for r.err == nil && len(p) > 0 {
		if err := r.ctx.Err(); err != nil { // also when bytes lie ready
			r.end(err)
			break
		}
		if r.cut != nil {
			r.resume()
			continue
		}
		n, err := r.readBody(p)
		r.offset += int64(n)
		if r.plan.Size >= 0 && r.offset > r.plan.Size {
			r.end(fmt.Errorf("%w: more than the %d bytes it had", ErrChanged, r.plan.Size))
			break
		}
		if errors.Is(err, io.EOF) {
			err = r.finish()
		}
		if err != nil && r.err == nil {
			r.stop()
			r.cut = err
		}
		if n > 0 {
			return n, nil
		}
	}
	return 0, r.err
}

// Close ends the transfer, wherever it is.
func (r *Reader) Close() error {
	if r.err == nil {
		r.err = fmt.Errorf("read %s: %w", r.plan.Name, net.ErrClosed)
	}
	r.stop()
	return nil
}

// readBody reads from the open attempt; an attempt that stays silent too long is cancelled.
func (r *Reader) readBody(p []byte) (int, error) {
	if r.silence != nil {
		r.silence.Reset(r.plan.Silence)
		defer r.silence.Stop()
	}
	n, err := r.body.Read(p)
	if err != nil && !errors.Is(err, io.EOF) && errors.Is(context.Cause(r.attempt), errSilent) {
		err = fmt.Errorf("%w for %s (timeouts.silence)", errSilent, r.plan.Silence)
	}
	return n, err
}

// finish is called at the end of a body: complete, or cut off.
func (r *Reader) finish() error {
	if r.plan.Size >= 0 && r.offset < r.plan.Size {
		return fmt.Errorf("%d of %d bytes: %w", r.offset, r.plan.Size, io.ErrUnexpectedEOF)
	}
	if r.silence != nil {
		r.silence.Reset(r.plan.Silence)
		defer r.silence.Stop()
	}
	body := r.body
	r.body = nil
	if err := body.Close(); err != nil {
		return fmt.Errorf("end of transfer after %d bytes: %w", r.offset, err)
	}
	r.stop()
	r.err = io.EOF
	return nil
}

// resume takes the transfer up again after a cut, or ends it for good.
func (r *Reader) resume() {
	cut := r.cut
	switch {
	case errors.Is(cut, ErrChanged), !Cut(cut):
		r.end(cut)
		return
	case r.resumed >= r.plan.Resumes:
		r.end(fmt.Errorf("cut off at byte %d, taken up again %d times: %w", r.offset, r.resumed, cut))
		return
	}
	bound.Step(r.ctx, fmt.Sprintf("take %s up again from byte %d", r.plan.Name, r.offset), r.plan.Pause<<r.resumed)
	pause := time.NewTimer(r.plan.Pause << r.resumed)
	defer pause.Stop()
	select {
	case <-pause.C:
	case <-r.ctx.Done():
		return
	}
	r.resumed++
	r.cut = r.open()
}

// open starts an attempt at the present offset.
func (r *Reader) open() error {
	if err := r.ctx.Err(); err != nil {
		return err
	}
	bound.Step(r.ctx, fmt.Sprintf("open %s from byte %d", r.plan.Name, r.offset), r.plan.Silence)
	r.attempt, r.cancel = context.WithCancelCause(r.ctx)
	if r.plan.Silence > 0 {
		cancel := r.cancel
		r.silence = time.AfterFunc(r.plan.Silence, func() { cancel(errSilent) })
		defer r.silence.Stop()
	}
	body, err := r.plan.Open(r.attempt, r.offset)
	if err != nil {
		if errors.Is(context.Cause(r.attempt), errSilent) {
			err = fmt.Errorf("%w for %s (timeouts.silence)", errSilent, r.plan.Silence)
		}
		r.cancel(nil)
		return err
	}
	r.body = body
	bound.Step(r.ctx, fmt.Sprintf("read %s from byte %d", r.plan.Name, r.offset), r.plan.Silence)
	return nil
}

// stop gives the attempt back. What its Close says no longer matters: the transfer is over or cut already.
func (r *Reader) stop() {
	r.cancel(nil)
	if r.body != nil {
		_ = r.body.Close()
		r.body = nil
	}
}

// end makes err the answer to every further Read.
func (r *Reader) end(err error) {
	r.stop()
	if errors.Is(err, ErrChanged) || (Cut(err) && r.ctx.Err() == nil) {
		err = fmt.Errorf("%w (%w)", err, waybill.ErrTemporary)
	}
	r.err = fmt.Errorf("read %s: %w", r.plan.Name, err)
}

// Cut says whether err means that a connection broke or the server is not well for now, so that the same call
// may work on a new connection.
func Cut(err error) bool {
	var network net.Error
	return errors.Is(err, waybill.ErrTemporary) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) ||
		errors.Is(err, net.ErrClosed) || errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE) ||
		(errors.As(err, &network) && !errors.Is(err, context.Canceled))
}

// Unchanged compares what the server says of a file now with what it said before; a time it does not say, or
// did not say, is not compared.
func Unchanged(before, now waybill.Item) error {
	if before.Size >= 0 && now.Size >= 0 && before.Size != now.Size {
		return fmt.Errorf("%w: %d bytes before, %d now (%w)", ErrChanged, before.Size, now.Size, waybill.ErrTemporary)
	}
	if !before.ModifiedAt.IsZero() && !now.ModifiedAt.IsZero() && !before.ModifiedAt.Equal(now.ModifiedAt) {
		return fmt.Errorf("%w: written at %s before, %s now (%w)", ErrChanged,
			before.ModifiedAt.Format(time.RFC3339Nano), now.ModifiedAt.Format(time.RFC3339Nano), waybill.ErrTemporary)
	}
	return nil
}
