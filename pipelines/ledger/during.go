package ledger

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"go.uber.org/zap"
)

// leaseTerm is how long a feed stays reserved without a renewal; the holder renews at a third of it.
const leaseTerm = 2 * time.Minute

// Leases takes leases in the name of one process, for the length of some work.
type Leases struct {
	ledger *Ledger
	holder string
	gone   func(holder string) bool
	log    *zap.Logger
	term   time.Duration
	now    func() time.Time
	pause  time.Duration // between two tries of one that waits for its turn
	others
}

// NewLeases names this process in leases. gone tells of another holder that it surely lives no more; nil: nobody can tell.
func NewLeases(l *Ledger, holder string, gone func(holder string) bool, log *zap.Logger) *Leases {
	if gone == nil {
		gone = func(string) bool { return false }
	}
	return &Leases{
		ledger: l, holder: holder, gone: gone, log: log, term: leaseTerm, pause: turnPause,
		now: time.Now, //nolint:forbidigo // how long ago a lease was renewed: no date, and of no other clock
	}
}

// During runs work under a lease that is renewed meanwhile; when the lease is lost the work's context ends. What the work writes to the ledger is
// written only while the lease is its own.
func (l *Leases) During(ctx context.Context, name string, work func(context.Context) error) error {
	asked := l.now()
	lease, err := l.acquire(ctx, name)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancelCause(under(ctx, lease))
	var renewing sync.WaitGroup
	renewing.Go(func() { l.renew(ctx, lease, asked, cancel) })
	err = work(ctx)
	if cause := context.Cause(ctx); err != nil && cause != nil {
		err = fmt.Errorf("%w (%w)", err, cause)
	}
	cancel(nil)
	renewing.Wait()
	l.giveBack(context.WithoutCancel(ctx), lease)
	return err
}

// renew keeps a lease until ctx ends. A database that does not answer for a while loses nobody a lease: it is tried again until little is left of the term
// that began when it last answered, and only then the work is told to end.
func (l *Leases) renew(ctx context.Context, lease *Lease, asked time.Time, lost context.CancelCauseFunc) {
	next, last := l.term/3, asked.Add(l.term*5/6)
	for {
		select {
		case <-ctx.Done():
			return
		case <-time.After(next):
		}
		asked = l.now()
		trying, stop := context.WithTimeout(ctx, l.term/6)
		err := lease.Renew(trying)
		stop()
		switch {
		case ctx.Err() != nil:
			return
		case err == nil:
			next, last = l.term/3, asked.Add(l.term*5/6)
		case errors.Is(err, ErrLeased):
			lost(err)
			return
		case l.now().Add(l.term / 12).After(last):
			lost(fmt.Errorf("%w, for so long that its term of %s nearly ended", err, l.term))
			return
		default:
			l.log.Warn("a lease could not be renewed, it is tried again", zap.String("lease", lease.Name), zap.Error(err))
			next = l.term / 12
		}
	}
}

// giveBack ends a lease whose work is done. Where that fails nothing is lost but time: it ends by itself.
func (l *Leases) giveBack(ctx context.Context, lease *Lease) {
	ctx, stop := context.WithTimeout(ctx, l.term/6)
	defer stop()
	if err := lease.Release(ctx); err != nil {
		l.log.Warn("a lease stays until its term has ended", zap.String("lease", lease.Name), zap.Duration("term", l.term), zap.Error(err))
	}
}

// acquire takes a lease, also from a holder that was killed: its rows are found and finished, so nobody needs to wait for it.
func (l *Leases) acquire(ctx context.Context, name string) (*Lease, error) {
	lease, err := l.ledger.Acquire(ctx, name, l.holder, l.term)
	var busy *BusyError
	if !errors.As(err, &busy) || !l.gone(busy.Holder) {
		return lease, err
	}
	l.log.Warn("taking over from a run that was killed", zap.String("lease", name), zap.String("holder", busy.Holder))
	if err := l.ledger.Evict(ctx, name, busy.Holder); err != nil {
		return nil, err
	}
	return l.ledger.Acquire(ctx, name, l.holder, l.term)
}

// InTurn is During for work that waits until the lease is free.
func (l *Leases) InTurn(ctx context.Context, name string, work func(context.Context) error) error {
	giveUp := time.After(turnMost)
	for waited := false; ; waited = true {
		began := false
		err := l.During(ctx, name, func(ctx context.Context) error { began = true; return work(ctx) })
		if began || !errors.Is(err, ErrLeased) {
			return err
		}
		if !waited {
			l.log.Info("waiting for another run", zap.String("lease", name), zap.Error(err))
		}
		select {
		case <-ctx.Done():
			return errors.Join(err, ctx.Err())
		case <-giveUp:
			return fmt.Errorf("waited %s for its turn: %w; see what that run does, end it if it is stuck, and run again", turnMost, err)
		case <-time.After(l.pause):
		}
	}
}

// Together does work under all of the leases, taken one after another: by During, or by InTurn where each is waited for.
func Together(ctx context.Context, take func(context.Context, string, func(context.Context) error) error, names []string, work func(context.Context) error) error {
	if len(names) == 0 {
		return work(ctx)
	}
	return take(ctx, names[0], func(ctx context.Context) error { return Together(ctx, take, names[1:], work) })
}

// turnPause is how often a waiting run asks for its turn.
const turnPause = 500 * time.Millisecond
