package pipelines

import (
	"context"
	"errors"
	"sort"
	"time"

	"github.com/fourmarketing/waybill"
)

// Plan is what a run would do now.
type Plan struct {
	AsOf  time.Time  `json:"as_of"`
	Feeds []FeedPlan `json:"feeds"`
	Stale []string   `json:"marts_to_rebuild"`
}

// FeedPlan is what a run would do with one feed.
type FeedPlan struct {
	Source  string   `json:"source"`
	Feed    string   `json:"feed"`
	Known   int      `json:"known"`
	Fetch   []string `json:"fetch"`
	Waiting []string `json:"waiting"`
	Ask     int      `json:"ask"` // entries of the worklist
	Error   string   `json:"error,omitempty"`
}

// Plan lists every selected feed and compares the marts with what is loaded. It changes nothing but makes missing raw tables, which
// worklists read.
func (r *Runner) Plan(ctx context.Context, o RunOptions) (Plan, error) {
	plan := Plan{AsOf: o.Build.AsOf}
	waves, err := r.tasks(o.Select)
	if err != nil {
		return plan, err
	}
	if err := r.ensureTables(ctx); err != nil {
		return plan, err
	}
	for _, wave := range waves {
		for _, t := range wave {
			fp := FeedPlan{Source: t.source, Feed: t.feed.Name}
			err := r.planFeed(ctx, t, o.Build.AsOf, &fp)
			switch {
			case errors.Is(err, waybill.ErrQuota):
				fp.Waiting = append(fp.Waiting, err.Error())
			case err != nil:
				fp.Error = err.Error()
			}
			plan.Feeds = append(plan.Feeds, fp)
		}
	}
	sort.Slice(plan.Feeds, func(i, j int) bool {
		return plan.Feeds[i].Source+"/"+plan.Feeds[i].Feed < plan.Feeds[j].Source+"/"+plan.Feeds[j].Feed
	})
	stale, err := r.Stale(ctx, o.Build)
	for _, name := range stale {
		plan.Stale = append(plan.Stale, name.String())
	}
	return plan, err
}

func (r *Runner) planFeed(ctx context.Context, t task, asOf time.Time, fp *FeedPlan) error {
	files, err := r.Ledger.FilesOf(ctx, t.source, t.feed.Name)
	if err != nil {
		return err
	}
	req, err := r.request(ctx, t, asOf, files)
	if err != nil {
		return err
	}
	fp.Ask = len(req.Work)
	if t.feed.Worklist != "" && len(req.Work) == 0 {
		return nil
	}
	conn, err := r.Open(ctx, t.source)
	if err != nil {
		return err
	}
	defer conn.Close()
	seen, err := r.Ledger.Sightings(ctx, t.source, t.feed.Name)
	if err != nil {
		return err
	}
	items, err := conn.List(ctx, req)
	if err != nil {
		return err
	}
	o := judge(t.feed, t.source, items, seen, r.Now())
	fp.Known = o.known
	sortByAge(o.fetch)
	for _, it := range o.fetch {
		fp.Fetch = append(fp.Fetch, it.Name)
	}
	for _, w := range o.waiting {
		fp.Waiting = append(fp.Waiting, w.String())
	}
	return nil
}
