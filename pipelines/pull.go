package pipelines

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sort"
	"sync"
	"time"

	"go.uber.org/zap"
	"golang.org/x/sync/errgroup"

	"github.com/fourmarketing/waybill"
	"github.com/fourmarketing/waybill/pipelines/ledger"
)

// leaseTerm is how long a feed stays reserved without a renewal; the holder renews at a third of it.
const leaseTerm = 2 * time.Minute

// maxSources is how many partners are pulled at once. Loading shares one DuckDB, so more would only queue.
const maxSources = 4

// FeedResult is what pulling one feed of one source came to.
type FeedResult struct {
	Source, Feed string
	Known        int           // files on offer that were fetched before
	Files        []ledger.File // files received in this run, whatever became of them
	Waiting      []Waiting
	Err          error
}

// Pull lists, fetches and loads what is new in the selected feeds. A partner that fails does not stop the others: its error is in
// its FeedResult.
func (r *Runner) Pull(ctx context.Context, selectors []string, asOf time.Time) ([]FeedResult, error) {
	waves, err := r.tasks(selectors)
	if err != nil {
		return nil, err
	}
	if err := r.ensureTables(ctx); err != nil {
		return nil, err
	}
	var results []FeedResult
	for _, wave := range waves {
		got, err := r.pullWave(ctx, wave, asOf)
		results = append(results, got...)
		if err != nil {
			return results, err
		}
	}
	return results, nil
}

// pullWave pulls the sources of a wave side by side and the feeds of one source in turn, so that a partner's server sees few
// sessions.
func (r *Runner) pullWave(ctx context.Context, wave []task, asOf time.Time) ([]FeedResult, error) {
	bySource := map[string][]task{}
	var order []string
	for _, t := range wave {
		if bySource[t.source] == nil {
			order = append(order, t.source)
		}
		bySource[t.source] = append(bySource[t.source], t)
	}
	var mu sync.Mutex
	var results []FeedResult
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(maxSources)
	for _, source := range order {
		g.Go(func() error {
			got := r.pullSource(gctx, source, bySource[source], asOf)
			mu.Lock()
			results = append(results, got...)
			mu.Unlock()
			return gctx.Err()
		})
	}
	err := g.Wait()
	sort.Slice(results, func(i, j int) bool {
		return results[i].Source+"/"+results[i].Feed < results[j].Source+"/"+results[j].Feed
	})
	return results, err
}

func (r *Runner) pullSource(ctx context.Context, source string, tasks []task, asOf time.Time) []FeedResult {
	conn, err := r.Open(ctx, source)
	if err != nil {
		return failed(tasks, err)
	}
	results := make([]FeedResult, 0, len(tasks))
	for _, t := range tasks {
		res := FeedResult{Source: source, Feed: t.feed.Name}
		res.Err = r.leased(ctx, "feed:"+t.String(), func(ctx context.Context) error {
			return r.pullFeed(ctx, conn, t, asOf, &res)
		})
		if errors.Is(res.Err, waybill.ErrQuota) { // what was fetched so far counts; the rest is asked for when there is allowance again
			res.Waiting = append(res.Waiting, Waiting{Reason: res.Err.Error()})
			res.Err = nil
		}
		if errors.Is(res.Err, waybill.ErrAuth) {
			res.Err = fmt.Errorf("%w; next: waybill doctor %s", res.Err, source)
		}
		if res.Err != nil {
			r.Log.Warn("feed failed", zap.String("feed", t.String()), zap.Error(res.Err))
		}
		results = append(results, res)
	}
	if err := conn.Close(); err != nil && len(results) > 0 {
		last := &results[len(results)-1]
		last.Err = errors.Join(last.Err, fmt.Errorf("close %s: %w", source, err))
	}
	return results
}

func failed(tasks []task, err error) []FeedResult {
	results := make([]FeedResult, len(tasks))
	for i, t := range tasks {
		results[i] = FeedResult{Source: t.source, Feed: t.feed.Name, Err: err}
	}
	return results
}

// leased runs work under a lease that is renewed meanwhile; when the lease is lost the work's context ends.
func (r *Runner) leased(ctx context.Context, name string, work func(context.Context) error) error {
	lease, err := r.acquire(ctx, name)
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
func (r *Runner) acquire(ctx context.Context, name string) (*ledger.Lease, error) {
	lease, err := r.Ledger.Acquire(ctx, name, r.Holder, leaseTerm)
	var held *ledger.HeldError
	if !errors.As(err, &held) || !r.Gone(held.Holder) {
		return lease, err
	}
	r.Log.Warn("taking over from a run that was killed", zap.String("lease", name), zap.String("holder", held.Holder))
	if err := r.Ledger.Evict(ctx, name, held.Holder); err != nil {
		return nil, err
	}
	return r.Ledger.Acquire(ctx, name, r.Holder, leaseTerm)
}

// queued is leased for work that waits its turn.
func (r *Runner) queued(ctx context.Context, name string, work func(context.Context) error) error {
	for {
		began := false
		err := r.leased(ctx, name, func(ctx context.Context) error { began = true; return work(ctx) })
		if began || !errors.Is(err, ledger.ErrLeased) {
			return err
		}
		r.Log.Info("waiting for another run", zap.String("lease", name), zap.Error(err))
		select {
		case <-ctx.Done():
			return errors.Join(err, ctx.Err())
		case <-time.After(queuePause):
		}
	}
}

// queuePause is how often a queued run asks for its turn.
const queuePause = 500 * time.Millisecond

func (r *Runner) pullFeed(ctx context.Context, conn waybill.Connector, t task, asOf time.Time, res *FeedResult) error {
	r.Watch(Event{Stage: StageList, Subject: t.String()})
	if c, ok := conn.(waybill.FeedChecker); ok {
		if err := c.CheckFeed(t.feed.Pull.Resource, t.feed.Pull.Settings); err != nil {
			return fmt.Errorf("%s: feed %s: %w", t.pipeline.Origin, t.feed.Name, err)
		}
	}
	files, err := r.Ledger.FilesOf(ctx, t.source, t.feed.Name)
	if err != nil {
		return err
	}
	taker := r.newTaker(t, conn, asOf, files)
	if res.Files, err = taker.finish(ctx); err != nil {
		return fmt.Errorf("%s: %w", t, err)
	}
	o, err := r.survey(ctx, conn, t, asOf, taker.files)
	if err != nil {
		return err
	}
	if err := r.Ledger.See(ctx, o.seen...); err != nil {
		return err
	}
	res.Known, res.Waiting = o.known, o.waiting
	entered := 0
	err = taker.each(ctx, o.fetch, func(it waybill.Item, f ledger.File) error {
		res.Files = append(res.Files, f)
		if entered++; entered%trimEvery == 0 {
			if err := r.trim(ctx, t); err != nil {
				return err
			}
		}
		return r.Ledger.See(ctx, ledger.Sighting{Source: t.source, Feed: t.feed.Name, Name: it.Name, Size: it.Size, ModifiedAt: it.ModifiedAt, FirstSeenAt: r.Now(), Fetched: true})
	})
	if err != nil {
		return err
	}
	r.Watch(Event{Stage: StageFetch, Subject: t.String(), Done: len(o.fetch), Total: len(o.fetch)})
	return nil
}

// survey lists a feed and judges what it shows. Where files have to settle and the wait is short, it waits and looks again.
func (r *Runner) survey(ctx context.Context, conn waybill.Connector, t task, asOf time.Time, files []ledger.File) (offer, error) {
	req, err := r.request(ctx, t, asOf, files)
	if err != nil || (t.feed.Worklist != "" && len(req.Work) == 0) {
		return offer{}, err
	}
	seen, err := r.Ledger.Sightings(ctx, t.source, t.feed.Name)
	if err != nil {
		return offer{}, err
	}
	items, err := conn.List(ctx, req)
	if err != nil {
		return offer{}, fmt.Errorf("list %s: %w", t, err)
	}
	o := judge(t.feed, t.source, items, seen, r.Now())
	settle := time.Duration(t.feed.File.Ready.StableFor)
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
		o = judge(t.feed, t.source, items, seen, r.Now())
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
func (r *Runner) request(ctx context.Context, t task, asOf time.Time, files []ledger.File) (waybill.Request, error) {
	req := waybill.Request{
		Feed: t.feed.Name, Resource: t.feed.Pull.Resource, Match: t.feed.match(), Now: asOf,
		Settings: map[string]any{},
	}
	for k, v := range t.feed.Pull.Settings {
		req.Settings[k] = v
	}
	for _, f := range files {
		if f.Cursor != "" && f.Status != ledger.Received {
			req.Cursor = f.Cursor // files come oldest first: the newest committed cursor stays
		}
	}
	if t.feed.Worklist == "" {
		return req, nil
	}
	work, err := r.worklist(ctx, t, asOf)
	if err != nil {
		return req, fmt.Errorf("worklist %s: %w", t.feed.Worklist, err)
	}
	req.Work = work
	req.Settings["calls_today"] = callsToday(files, asOf)
	return req, nil
}

// callsToday counts the answers kept since 00:00 GMT, when carriers' daily allowances begin anew.
func callsToday(files []ledger.File, asOf time.Time) int64 {
	midnight := asOf.UTC().Truncate(24 * time.Hour)
	var calls int64
	for _, f := range files {
		if !f.ReceivedAt.Before(midnight) {
			calls += f.Records
		}
	}
	return calls
}

// ensureTables makes every raw table that a contract names, so that models can read a table before its first file.
func (r *Runner) ensureTables(ctx context.Context) error {
	if err := os.MkdirAll(r.StageDir, 0o755); err != nil {
		return fmt.Errorf("make folder for staged files: %w", err)
	}
	_, err := r.fieldIDs(ctx)
	return err
}
