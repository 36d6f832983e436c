// Package bound ends what a partner's system would not end by itself. It is the one place for it: every connector is put into a Connector of
// this package, which knows no protocol. A connector tells what it is about to wait for (Step) and that something came (Progress); when nothing
// comes for timeouts.silence its context ends, and the error names the step. A call that does not heed its context is left behind.
package bound

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/fourmarketing/waybill"
)

// SilentError says what was waited for in vain. It is waybill.ErrTemporary.
type SilentError struct {
	Step string // "read folder out/despatch"
	For  time.Duration
}

// Error names the step and what to do.
func (e *SilentError) Error() string {
	return fmt.Sprintf("%s: nothing came for %s in the step: %s; ask the partner whether the server is well, or raise timeouts.silence", waybill.ErrTemporary, e.For, e.Step)
}

// Unwrap makes it waybill.ErrTemporary.
func (e *SilentError) Unwrap() error { return waybill.ErrTemporary }

type watchKey struct{}

// watch is the clock of one call of a connector. It runs while something is waited for.
type watch struct {
	silence time.Duration
	cancel  context.CancelCauseFunc
	timer   *time.Timer

	mu    sync.Mutex
	step  string
	grant time.Duration // how long the step may be silent
	off   bool
}

// slack is what a step's own bound may come later than planned before this one does; it then tells more.
func slack(d time.Duration) time.Duration { return d + d/4 + 500*time.Millisecond }

// newWatch begins to wait for a step. Its context ends with a SilentError as cause.
func newWatch(ctx context.Context, silence time.Duration, step string) (context.Context, *watch) {
	ctx, cancel := context.WithCancelCause(ctx)
	w := &watch{silence: silence, cancel: cancel, step: step, grant: silence}
	w.timer = time.AfterFunc(slack(silence), w.giveUp)
	return context.WithValue(ctx, watchKey{}, w), w
}

func (w *watch) giveUp() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.off {
		w.cancel(&SilentError{Step: w.step, For: w.grant})
	}
}

// begin starts the clock for a step; an empty name goes on with the one at hand.
func (w *watch) begin(step string, atMost time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if step != "" {
		w.step, w.grant = step, max(atMost, w.silence)
	}
	if !w.off {
		w.timer.Reset(slack(w.grant))
	}
}

// pause stops the clock while nobody waits, and resume starts it.
func (w *watch) pause() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.off = true
	w.timer.Stop()
}

func (w *watch) resume() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.off = false
	w.timer.Reset(slack(w.grant))
}

// end lets go of the context.
func (w *watch) end() {
	w.pause()
	w.cancel(nil)
}

// Step says what a connector waits for from now on. It may be silent for atMost, if that is longer than timeouts.silence: a pause that the partner
// asked for, a request with a bound of its own.
func Step(ctx context.Context, step string, atMost time.Duration) {
	if w, ok := ctx.Value(watchKey{}).(*watch); ok {
		w.begin(step, atMost)
	}
}

// Aside stops the clock until back is called: what is waited for is our own, a place among the sessions, of which each is within bounds.
func Aside(ctx context.Context) (back func()) {
	if w, ok := ctx.Value(watchKey{}).(*watch); ok {
		w.pause()
		return w.resume
	}
	return func() {}
}

// Progress says that something came.
func Progress(ctx context.Context) {
	if w, ok := ctx.Value(watchKey{}).(*watch); ok {
		w.begin("", 0)
	}
}

// silent is why a context ended, if it was silence.
func silent(ctx context.Context) *SilentError {
	var s *SilentError
	if errors.As(context.Cause(ctx), &s) {
		return s
	}
	return nil
}
