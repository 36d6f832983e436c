package pull

import (
	"context"
	"errors"
	"sort"
	"time"

	"github.com/fourmarketing/waybill"
	"github.com/fourmarketing/waybill/pipelines"
)

// FeedPlan is what a run would do with one feed.
type FeedPlan struct {
	Source   string   `json:"source"`
	Feed     string   `json:"feed"`
	Known    int      `json:"known"`
	Outdated int      `json:"outdated"` // files that were judged under another contract
	Fetch    []string `json:"fetch"`
	Waiting  []string `json:"waiting"`
	Ask      int      `json:"ask"` // entries of the worklist
	Error    string   `json:"error,omitempty"`
}

// Plan lists every selected feed. It changes nothing but makes missing raw tables, which worklists read.
func (p *Puller) Plan(ctx context.Context, selectors []string, asOf time.Time) ([]FeedPlan, error) {
	waves, err := p.tasks(selectors)
	if err != nil {
		return nil, err
	}
	if err := p.inputs.Ensure(ctx); err != nil {
		return nil, err
	}
	var plans []FeedPlan
	for _, wave := range waves {
		for _, t := range wave {
			fp := FeedPlan{Source: t.Source, Feed: t.Feed.Name}
			err := p.planFeed(ctx, t, asOf, &fp)
			switch {
			case errors.Is(err, waybill.ErrQuota):
				fp.Waiting = append(fp.Waiting, err.Error())
			case err != nil:
				fp.Error = err.Error()
			}
			plans = append(plans, fp)
		}
	}
	sort.Slice(plans, func(i, j int) bool {
		return plans[i].Source+"/"+plans[i].Feed < plans[j].Source+"/"+plans[j].Feed
	})
	return plans, nil
}

func (p *Puller) planFeed(ctx context.Context, t pipelines.Task, asOf time.Time, fp *FeedPlan) error {
	files, err := p.ledger.FilesOf(ctx, t.Source, t.Feed.Name)
	if err != nil {
		return err
	}
	old, err := outdated(t.Feed, files)
	if err != nil {
		return err
	}
	fp.Outdated = len(old)
	req, err := p.lister.request(ctx, t, asOf, files)
	if err != nil {
		return err
	}
	fp.Ask = len(req.Work)
	if t.Feed.Worklist != "" && len(req.Work) == 0 {
		return nil
	}
	conn, err := p.open(ctx, t.Source)
	if err != nil {
		return err
	}
	defer conn.Close()
	seen, err := p.ledger.Sightings(ctx, t.Source, t.Feed.Name)
	if err != nil {
		return err
	}
	items, err := conn.List(ctx, req)
	if err != nil {
		return err
	}
	o := sortListing(t.Feed, t.Source, items, seen, p.lister.now())
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
