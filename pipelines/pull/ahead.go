package pull

import (
	"context"
	"fmt"
	"os"
	"sync"

	"github.com/fourmarketing/waybill"
	"github.com/fourmarketing/waybill/pipelines"
	"github.com/fourmarketing/waybill/pipelines/ledger"
	"github.com/fourmarketing/waybill/pipelines/load"
)

// arrival is an item whose bytes are kept and typed, and of which nothing is committed yet.
type arrival struct {
	item  waybill.Item
	file  ledger.File
	typed load.Result
	stage string // folder of the typed files
	notes []string
	err   error

	forgotten load.Erased // what came of people who are to be forgotten
}

// discard removes what was typed. What cannot be removed is swept by a later start.
func (a arrival) discard() { _ = os.RemoveAll(a.stage) }

// underway is how many files of a feed may be received or committed at a time. A small file takes as long to commit as to fetch and to type,
// so the next one is received meanwhile. In turn come files that are measured against the one before, and answers to a worklist, which cost an
// allowance and should be in the ledger before more is asked.
func (t *taker) underway() int {
	if t.Feed.Worklist != "" || t.Feed.Limits.MinRowsVsLast != nil {
		return 1
	}
	return 2
}

// each takes items in their order and tells of each that is done. At the first that fails it stops.
func (t *taker) each(ctx context.Context, items []waybill.Item, done func(arrival, ledger.File) error) error {
	ctx, stop := context.WithCancel(ctx)
	turns, arrivals := make(chan struct{}, t.underway()), make(chan arrival)
	var receiving sync.WaitGroup
	receiving.Go(func() {
		defer close(arrivals)
		for i, it := range items {
			select {
			case turns <- struct{}{}:
			case <-ctx.Done():
				return
			}
			t.Watch(pipelines.Event{Stage: pipelines.StageFetch, Subject: t.String(), Detail: it.Name, Done: i, Total: len(items)})
			a := t.receive(ctx, it)
			select {
			case arrivals <- a:
			case <-ctx.Done():
				a.discard()
				return
			}
			if a.err != nil {
				return
			}
		}
	})
	defer receiving.Wait()
	defer stop()
	for a := range arrivals {
		f, err := t.enter(ctx, a)
		if err != nil {
			return fmt.Errorf("%s: %s: %w", t, a.item.Name, err)
		}
		if err := done(a, f); err != nil {
			return err
		}
		<-turns
	}
	return ctx.Err()
}
