// Package pull brings what partners offer into the lake: it lists a feed, sorts the listing, fetches what is new, keeps its bytes, has them typed,
// and commits what counts. It reaches partners only through the root's Connector and knows none of them by name. What rows mean to a mart is
// no matter of its own.
package pull

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sort"
	"sync"
	"time"

	"go.uber.org/zap"
	"golang.org/x/sync/errgroup"

	"github.com/fourmarketing/waybill"
	"github.com/fourmarketing/waybill/lake"
	"github.com/fourmarketing/waybill/pipelines"
	"github.com/fourmarketing/waybill/pipelines/inputs"
	"github.com/fourmarketing/waybill/pipelines/ledger"
	"github.com/fourmarketing/waybill/pipelines/load"
	"github.com/fourmarketing/waybill/pipelines/parquet"
	"github.com/fourmarketing/waybill/transforms/models"
)

// Parts are what a Puller works with. All are the caller's to close.
type Parts struct {
	Lake      *lake.Lake
	Ledger    *ledger.Ledger
	Leases    *ledger.Leases
	Inputs    *inputs.Inputs
	Models    *models.Project // their worklists
	Duck      *sql.DB         // runs worklists, and rewrites files where a load is retracted
	Loader    *load.Loader
	Open      func(ctx context.Context, source string) (waybill.Connector, error)
	Bounds    func(source string) waybill.Bounds // of its connection; nil for the default ones
	Pipelines []pipelines.Pipeline
	Scratch   pipelines.Scratch
	Salt      waybill.Secret   // of hashed personal data
	Now       func() time.Time // the wall clock
	Received  func() time.Time // the wall clock of what arrives and of partners' daily allowances: a simulated world has one of its own
	Reporter  pipelines.Reporter
}

// Puller takes files from connectors to raw tables.
type Puller struct {
	pipelines []pipelines.Pipeline
	models    *models.Project
	inputs    *inputs.Inputs
	ledger    *ledger.Ledger
	leases    *ledger.Leases
	open      func(ctx context.Context, source string) (waybill.Connector, error)
	bounds    func(source string) waybill.Bounds
	lister    lister
	intake    intake
	pipelines.Reporter
}

// New makes a puller.
func New(p Parts) *Puller {
	return &Puller{
		pipelines: p.Pipelines, models: p.Models, inputs: p.Inputs, ledger: p.Ledger, leases: p.Leases, open: p.Open, bounds: p.Bounds, Reporter: p.Reporter,
		lister: lister{ledger: p.Ledger, worklists: worklists{inputs: p.Inputs, models: p.Models, duck: p.Duck}, now: p.Now, received: p.Received},
		intake: intake{
			lake: p.Lake, ledger: p.Ledger, leases: p.Leases, duck: p.Duck, rewrite: parquet.Rewriter(p.Duck), received: p.Received, Reporter: p.Reporter,
			typist: typist{loader: p.Loader, inputs: p.Inputs, scratch: p.Scratch, salt: p.Salt},
		},
	}
}

// maxSources is how many partners are pulled at once. Loading shares one DuckDB, so more would only queue.
const maxSources = 4

// Result is what pulling one feed of one source came to.
type Result struct {
	Source, Feed string
	Known        int           // files on offer that were fetched before
	Touched      int           // files on offer again under another time or size, whose bytes are those that are known
	Outdated     int           // files that were judged under another contract than today's
	Files        []ledger.File // files received in this run, whatever became of them
	Waiting      []Waiting
	Err          error
}

// Pull lists, fetches and loads what is new in the selected feeds. A partner that fails does not stop the others: its error is in
// its Result.
func (p *Puller) Pull(ctx context.Context, selectors []string, asOf time.Time) ([]Result, error) {
	waves, err := p.tasks(selectors)
	if err != nil {
		return nil, err
	}
	if err := p.intake.lake.Writable(ctx); err != nil { // before a partner is asked
		return nil, err
	}
	if err := p.inputs.Ensure(ctx); err != nil {
		return nil, err
	}
	var results []Result
	for _, wave := range waves {
		got, err := p.pullWave(ctx, wave, asOf)
		results = append(results, got...)
		if err != nil {
			return results, err
		}
	}
	return results, nil
}

// pullWave pulls the sources of a wave side by side and the feeds of one source in turn, so that a partner's server sees few
// sessions.
func (p *Puller) pullWave(ctx context.Context, wave []pipelines.Task, asOf time.Time) ([]Result, error) {
	bySource := map[string][]pipelines.Task{}
	var order []string
	for _, t := range wave {
		if bySource[t.Source] == nil {
			order = append(order, t.Source)
		}
		bySource[t.Source] = append(bySource[t.Source], t)
	}
	var mu sync.Mutex
	var results []Result
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(maxSources)
	for _, source := range order {
		g.Go(func() error {
			got := p.pullSource(gctx, source, bySource[source], asOf)
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

func (p *Puller) pullSource(ctx context.Context, source string, tasks []pipelines.Task, asOf time.Time) []Result {
	conn, err := p.open(ctx, source)
	if err != nil {
		out := failed(tasks, err)
		for i, t := range tasks {
			p.say(t, out[i])
		}
		return out
	}
	results := make([]Result, 0, len(tasks))
	for _, t := range tasks {
		res := Result{Source: source, Feed: t.Feed.Name}
		res.Err = p.within(ctx, t, func(ctx context.Context) error {
			return errors.Join(p.pullFeed(ctx, conn, t, asOf, &res), res.unread())
		})
		if errors.Is(res.Err, waybill.ErrQuota) { // what was fetched so far counts; the rest is asked for when there is allowance again
			res.Waiting = append(res.Waiting, Waiting{Reason: res.Err.Error()})
			res.Err = nil
		}
		if errors.Is(res.Err, waybill.ErrAuth) && !errors.Is(res.Err, lake.ErrRefused) {
			res.Err = fmt.Errorf("%w; next: waybill doctor %s", res.Err, source)
		}
		p.say(t, res)
		results = append(results, res)
	}
	if err := conn.Close(); err != nil && len(results) > 0 {
		last := &results[len(results)-1]
		last.Err = errors.Join(last.Err, fmt.Errorf("close %s: %w", source, err))
	}
	return results
}

// note counts what became of an item, and tells whether its bytes were fetched.
func (r *Result) note(a arrival, f ledger.File) (fetched bool) {
	if f.Rule == ruleGone {
		r.Waiting = append(r.Waiting, Waiting{Item: a.item, Reason: "it was listed and is not there: " + f.Detail})
		return false
	}
	if f.ID == a.file.ID {
		r.Files = append(r.Files, f)
	} else { // the version that was there before
		r.Touched++
	}
	for _, note := range a.notes {
		r.Waiting = append(r.Waiting, Waiting{Item: a.item, Reason: note, Told: true})
	}
	return f.KeptPath != "" // else every run tries again
}

// say logs what pulling a feed came to.
func (p *Puller) say(t pipelines.Task, res Result) {
	fields := []zap.Field{zap.String("feed", t.String()), zap.Int("known", res.Known), zap.Int("touched", res.Touched), zap.Int("outdated", res.Outdated), zap.Int("waiting", len(res.Waiting))}
	files := map[ledger.Status]int{}
	var rows, rejected int64
	for _, f := range res.Files {
		files[f.Status]++
		if f.Status == ledger.Loaded {
			rows, rejected = rows+f.Loaded, rejected+f.Rejected
		}
	}
	fields = append(fields, zap.Int("loaded", files[ledger.Loaded]), zap.Int("held", files[ledger.Held]), zap.Int("duplicate", files[ledger.Duplicate]),
		zap.Int("superseded", files[ledger.Superseded]), zap.Int64("rows", rows), zap.Int64("rejected", rejected))
	busy := new(ledger.BusyError)
	switch {
	case res.Err == nil:
		p.Log.Info("feed ended", fields...)
	case errors.As(res.Err, &busy):
		p.Log.Info("feed is busy", append(fields, zap.Error(res.Err))...)
	default:
		next := "waybill doctor " + t.Source
		if errors.Is(res.Err, waybill.ErrTemporary) {
			next = "waybill run --source " + t.String()
		}
		p.Log.Error("feed failed", append(fields, zap.Error(res.Err), zap.String("next", next))...)
	}
}

func failed(tasks []pipelines.Task, err error) []Result {
	results := make([]Result, len(tasks))
	for i, t := range tasks {
		results[i] = Result{Source: t.Source, Feed: t.Feed.Name, Err: err}
	}
	return results
}

// checkFeed has a connector look at what the feed asks of it.
func checkFeed(conn waybill.Connector, t pipelines.Task) error {
	c, ok := conn.(waybill.FeedChecker)
	if !ok {
		return nil
	}
	if err := c.CheckFeed(t.Feed.Pull.Resource, t.Feed.Pull.Settings); err != nil {
		return fmt.Errorf("%s: feed %s: %w", t.Pipeline.Origin, t.Feed.Name, err)
	}
	return nil
}

func (p *Puller) pullFeed(ctx context.Context, conn waybill.Connector, t pipelines.Task, asOf time.Time, res *Result) error {
	p.Watch(pipelines.Event{Stage: pipelines.StageList, Subject: t.String()})
	if err := errors.Join(checkFeed(conn, t), p.inputs.Fit(ctx, t.Feed.TableNames()...)); err != nil {
		return fmt.Errorf("%s: %w", t, err)
	}
	files, err := p.ledger.FilesOf(ctx, t.Source, t.Feed.Name)
	if err != nil {
		return err
	}
	taker := p.intake.taker(t, conn, files)
	if err := errors.Join(taker.readLoads(ctx), taker.readForgotten(ctx)); err != nil {
		return err
	}
	if res.Files, err = taker.finish(ctx); err != nil {
		return fmt.Errorf("%s: %w", t, err)
	}
	old, err := outdated(t.Feed, taker.files)
	res.Outdated = len(old)
	if err != nil {
		return err
	}
	o, err := p.lister.survey(ctx, conn, t, asOf, taker.files)
	if err == nil {
		err = p.ledger.See(ctx, o.seen...)
	}
	if err != nil {
		return err
	}
	res.Known, res.Waiting = o.known, o.waiting
	if taker.isOfFiles() {
		unnamed, err := taker.holdNames(ctx, o.unnamed)
		if err := errors.Join(err, taker.letGo(ctx, o.listed)); err != nil {
			return err
		}
		res.Files = append(res.Files, unnamed...)
	}
	entered := 0
	err = taker.each(ctx, o.fetch, func(a arrival, f ledger.File) error {
		it := a.item
		if !res.note(a, f) {
			return nil
		}
		if entered++; entered%trimEvery == 0 {
			if err := p.intake.trim(ctx, t); err != nil {
				return err
			}
		}
		return p.ledger.See(ctx, ledger.Sighting{Source: t.Source, Feed: t.Feed.Name, Name: it.Name, Size: it.Size, ModifiedAt: it.ModifiedAt, FirstSeenAt: p.lister.now(), Fetched: true})
	})
	if err != nil {
		return err
	}
	p.Watch(pipelines.Event{Stage: pipelines.StageFetch, Subject: t.String(), Done: len(o.fetch), Total: len(o.fetch)})
	return nil
}
