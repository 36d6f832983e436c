package run

import (
	"context"
	"time"

	"github.com/fourmarketing/waybill/pipelines/pull"
)

// Plan is what a run would do now.
type Plan struct {
	AsOf  time.Time       `json:"as_of"`
	Feeds []pull.FeedPlan `json:"feeds"`
	Stale []string        `json:"marts_to_rebuild"`

	Nameless []pull.Nameless `json:"feeds_without_definition"` // whose files are known
	Strays   []pull.Stray    `json:"files_without_feed"`
}

// Plan lists every selected feed and compares the marts with what is loaded. It changes nothing but makes missing raw tables, which
// worklists read.
func (r *Runner) Plan(ctx context.Context, o Options) (Plan, error) {
	plan := Plan{AsOf: o.Build.AsOf}
	var err error
	if plan.Feeds, err = r.parts.Puller.Plan(ctx, o.Select, o.Build.AsOf); err != nil {
		return plan, err
	}
	if plan.Nameless, err = r.parts.Puller.Nameless(ctx); err != nil {
		return plan, err
	}
	if plan.Strays, err = r.parts.Puller.Strays(ctx, o.Select); err != nil {
		return plan, err
	}
	stale, err := r.parts.Builder.Stale(ctx, o.Build)
	for _, name := range stale {
		plan.Stale = append(plan.Stale, name.String())
	}
	return plan, err
}
