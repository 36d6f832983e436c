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
	others
}

// NewLeases names this process in leases. gone tells of another holder that it surely lives no more; nil: nobody can tell.
func NewLeases(l *Ledger, holder string, gone func(holder string) bool, log *zap.Logger) *Leases {
	if gone == nil {
		gone = func(string) bool { return false }
	}
	return &Leases{ledger: l, holder: holder, gone: gone, log: log}
}

// During runs work under a lease that is renewed meanwhile; when the lease is lost the work's context ends.
func (l *Leases) During(ctx context.Context, name string, work func(context.Context) error) error {
	lease, err := l.acquire(ctx, name)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancelCause(ctx)
	var renewing sync.WaitGroup
	renewing.Go(func() {
		tick := time.NewTicker(leaseTerm / 3)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
				if err := lease.Renew(ctx); err != nil {
					cancel(err)
					return
				}
			}
		}
	})
	err = work(ctx)
	if cause := context.Cause(ctx); err != nil && cause != nil {
		err = fmt.Errorf("%w (%w)", err, cause)
	}
	cancel(nil)
	renewing.Wait()
	return errors.Join(err, lease.Release(context.WithoutCancel(ctx)))
}

// acquire takes a lease, also from a holder that was killed: its rows are found and finished, so nobody needs to wait for it.
func (l *Leases) acquire(ctx context.Context, name string) (*Lease, error) {
	lease, err := l.ledger.Acquire(ctx, name, l.holder, leaseTerm)
	var busy *BusyError
	if !errors.As(err, &busy) || !l.gone(busy.Holder) {
		return lease, err
	}
	l.log.Warn("taking over from a run that was killed", zap.String("lease", name), zap.String("holder", busy.Holder))
	if err := l.ledger.Evict(ctx, name, busy.Holder); err != nil {
		return nil, err
	}
	return l.ledger.Acquire(ctx, name, l.holder, leaseTerm)
}

// InTurn is During for work that waits until the lease is free.
func (l *Leases) InTurn(ctx context.Context, name string, work func(context.Context) error) error {
	giveUp := time.After(turnMost)
	for {
		began := false
		err := l.During(ctx, name, func(ctx context.Context) error { began = true; return work(ctx) })
		if began || !errors.Is(err, ErrLeased) {
			return err
		}
		l.log.Info("waiting for another run", zap.String("lease", name), zap.Error(err))
		select {
		case <-ctx.Done():
			return errors.Join(err, ctx.Err())
		case <-giveUp:
			return fmt.Errorf("waited %s for its turn: %w; see what that run does, end it if it is stuck, and run again", turnMost, err)
		case <-time.After(turnPause):
		}
	}
}

// turnPause is how often a waiting run asks for its turn.
const turnPause = 500 * time.Millisecond
