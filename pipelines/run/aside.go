package run

import (
	"context"
	"time"

	"github.com/fourmarketing/waybill/pipelines/build"
	"github.com/fourmarketing/waybill/pipelines/ledger"
	"github.com/fourmarketing/waybill/pipelines/publish"
)

// Aside builds marts as of an earlier instant than the newest release's and shows them on a target of their own. No partner is asked, and what
// readers see and the next run compares itself with stays as it is.
func (r *Runner) Aside(ctx context.Context, o build.Options, target publish.Target) (Result, error) {
	res := Result{ID: "build", AsOf: o.AsOf}
	start := r.parts.Now()
	var err error
	res.Build, err = r.parts.Builder.Aside(ctx, o, func(rel ledger.Release, selected []build.Selected) error {
		marts := make([]publish.Mart, len(selected))
		for i, s := range selected {
			marts[i] = publish.Mart{Model: s.Model, Select: s.Select}
		}
		if err := target.Publish(ctx, rel, marts, r.parts.Reporter.Log); err != nil {
			return err
		}
		res.Published = []string{target.Name()}
		return nil
	})
	res.Took = r.parts.Now().Sub(start).Round(time.Millisecond)
	return res, err
}
