package pull

import (
	"context"
	"fmt"
	"sort"
	"time"

	"github.com/fourmarketing/waybill"
	"github.com/fourmarketing/waybill/pipelines"
	"github.com/fourmarketing/waybill/pipelines/ledger"
)

// lister finds out what a partner offers of a feed.
type lister struct {
	ledger    *ledger.Ledger
	worklists worklists
	now       func() time.Time
	received  func() time.Time
}

// survey lists a feed and sorts what it shows. Where files have to settle and the wait is short, it waits and looks again.
func (l *lister) survey(ctx context.Context, conn waybill.Connector, t pipelines.Task, asOf time.Time, files []ledger.File) (offer, error) {
	req, err := l.request(ctx, t, asOf, files)
	if err != nil || (t.Feed.Worklist != "" && len(req.Work) == 0) {
		return offer{}, err
	}
	seen, err := l.ledger.Sightings(ctx, t.Source, t.Feed.Name)
	if err != nil {
		return offer{}, err
	}
	items, err := conn.List(ctx, req)
	if err != nil {
		return offer{}, fmt.Errorf("list %s: %w", t, err)
	}
	o := sortListing(t.Feed, t.Source, items, seen, l.now())
	settle := time.Duration(t.Feed.File.Ready.StableFor)
	if len(o.waiting) > 0 && settle > 0 && settle <= maxSettle {
		for _, s := range o.seen {
			seen[s.Name] = s
		}
		first := o.seen
		select {
		case <-ctx.Done():
			return o, ctx.Err()
		case <-time.After(settle):
		}
		if items, err = conn.List(ctx, req); err != nil {
			return offer{}, fmt.Errorf("list %s: %w", t, err)
		}
		o = sortListing(t.Feed, t.Source, items, seen, l.now())
		o.seen = append(first, o.seen...)
	}
	sortByAge(o.fetch)
	return o, nil
}

// maxSettle is the longest wait inside a run; slower partners' files are looked at again by the next run.
const maxSettle = 2 * time.Minute

// sortByAge puts older files first, so that a later version of a document comes after the earlier one. What has no time keeps the order of
// the listing: batches of questions come most urgent first.
func sortByAge(items []waybill.Item) {
	sort.SliceStable(items, func(i, j int) bool {
		if !items[i].ModifiedAt.Equal(items[j].ModifiedAt) {
			return items[i].ModifiedAt.Before(items[j].ModifiedAt)
		}
		return !items[i].ModifiedAt.IsZero() && items[i].Name < items[j].Name
	})
}

// request asks for what the feed needs now: globs, cursor and worklist.
func (l *lister) request(ctx context.Context, t pipelines.Task, asOf time.Time, files []ledger.File) (waybill.Request, error) {
	req := waybill.Request{
		Feed: t.Feed.Name, Resource: t.Feed.Pull.Resource, Match: globs(t.Feed), Now: asOf,
		Settings: map[string]any{},
	}
	for k, v := range t.Feed.Pull.Settings {
		req.Settings[k] = v
	}
	for _, f := range files {
		if f.Cursor != "" && f.Status != ledger.Received {
			req.Cursor = f.Cursor // files come oldest first: the newest committed cursor stays
		}
	}
	if t.Feed.Worklist == "" {
		return req, nil
	}
	work, err := l.worklists.ask(ctx, t, asOf)
	if err != nil {
		return req, fmt.Errorf("look up what to ask: %w", err)
	}
	req.Work = work
	req.Settings["calls_today"] = callsToday(files, l.received())
	return req, nil
}

// callsToday counts the answers kept since 00:00 GMT, when carriers' daily allowances begin anew.
func callsToday(files []ledger.File, now time.Time) int64 {
	midnight := now.UTC().Truncate(24 * time.Hour)
	var calls int64
	for _, f := range files {
		if !f.ReceivedAt.Before(midnight) {
			calls += f.Records
		}
	}
	return calls
}
