package pull

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/fourmarketing/waybill"
	"github.com/fourmarketing/waybill/pipelines"
	"github.com/fourmarketing/waybill/pipelines/ledger"
)

// termError ends a feed that takes longer than its term. What of it was entered counts, and the next run goes on behind it.
type termError struct {
	feed string
	term time.Duration
}

func (e *termError) Error() string {
	return fmt.Sprintf("%s: %s: not done within timeouts.feed, %s; what came counts and the next run goes on, so raise it only where one file takes longer", e.feed, waybill.ErrTemporary, e.term)
}

func (e *termError) Unwrap() error { return waybill.ErrTemporary }

// StuckError is of a feed that another run has held for longer than its term: it may be stuck, and nobody would know.
type StuckError struct {
	Feed, Holder string
	Since        time.Time
	Term         time.Duration
}

// Error says who holds what since when and what to do.
func (e *StuckError) Error() string {
	return fmt.Sprintf("%s: another run, %s, holds it since %s, longer than timeouts.feed of %s; see what that process does, end it if it is stuck, and run again",
		e.Feed, e.Holder, e.Since.UTC().Format(time.RFC3339), e.Term)
}

// within pulls a feed under its lease and within its term.
func (p *Puller) within(ctx context.Context, t pipelines.Task, work func(context.Context) error) error {
	term := waybill.DefaultBounds().Timeouts.Feed
	if p.bounds != nil {
		term = p.bounds(t.Source).Timeouts.Feed
	}
	err := p.leases.Patiently(ctx, "feed:"+t.String(), func(ctx context.Context) error {
		limited, stop := context.WithTimeoutCause(ctx, term, &termError{feed: t.String(), term: term})
		defer stop()
		err := p.intake.scratch.Cleared(work(limited))
		var over *termError
		if err != nil && ctx.Err() == nil && errors.As(context.Cause(limited), &over) {
			return over
		}
		return err
	})
	var busy *ledger.BusyError
	switch {
	case !errors.As(err, &busy):
	case !busy.Since.IsZero() && p.lister.now().Sub(busy.Since) > term:
		err = &StuckError{Feed: t.String(), Holder: busy.Holder, Since: busy.Since, Term: term}
	default:
		return err // the other run tells how it ended
	}
	p.Watch(pipelines.Event{Stage: pipelines.StagePulled, Subject: t.String(), Err: err})
	return err
}
