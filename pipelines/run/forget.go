package run

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/fourmarketing/waybill/pipelines/build"
	"github.com/fourmarketing/waybill/pipelines/forget"
	"github.com/fourmarketing/waybill/pipelines/ledger"
)

// Forgot is what forgetting came to.
type Forgot struct {
	Request   ledger.Forgotten `json:"request"`
	Loaded    int              `json:"files_loaded_again"`
	Marts     int              `json:"marts_built"`
	Published []string         `json:"published"`
	Expired   int              `json:"snapshots_expired"`
	Unread    []forget.Unread  `json:"unread"` // files that could not be looked through
}

// Forget carries out a request: kept bytes, raw tables, marts, targets, and then the history of all tables. Each step is durable by itself and finds nothing to do a
// second time, so what was cut off is carried out by calling it again.
func (r *Runner) Forget(ctx context.Context, req ledger.Forgotten) (Forgot, error) {
	out := Forgot{Request: req}
	if req.State == ledger.ForgetAsked {
		var err error
		if out.Unread, err = r.parts.Forgetter.Erase(ctx, &out.Request); err != nil {
			return out, err
		}
		if out.Loaded, err = r.loadReceived(ctx); err != nil {
			return out, err
		}
		out.Request.State = ledger.ForgetErased
		if err := r.parts.Ledger.Forget(ctx, out.Request); err != nil {
			return out, err
		}
	}
	asOf, err := r.newestAsOf(ctx)
	if err != nil {
		return out, err
	}
	built, err := r.parts.Builder.Build(ctx, build.Options{AsOf: asOf})
	if err != nil && !errors.Is(err, build.ErrWithheld) {
		return out, err
	}
	withheld := err
	out.Marts = len(built.Done)
	if out.Published, err = r.parts.Publisher.Publish(ctx); err != nil {
		return out, err
	}
	if out.Expired, err = r.expireHistory(ctx); err != nil {
		return out, err
	}
	if err := r.parts.Lake.ClearCopies(out.Request.ID); err != nil {
		return out, err
	}
	out.Request.State, out.Request.DoneAt = ledger.ForgetDone, r.parts.Now().UTC()
	return out, errors.Join(r.parts.Ledger.Forget(ctx, out.Request), withheld)
}

// forgetOpen carries out what an earlier process was asked and did not finish, and clears this machine's copies of what another one has forgotten.
func (r *Runner) forgetOpen(ctx context.Context) error {
	all, err := r.parts.Ledger.Forgotten(ctx)
	if err != nil {
		return err
	}
	var problems []error
	for _, req := range all {
		if req.State == ledger.ForgetDone {
			continue
		}
		if _, err := r.Forget(ctx, req); err != nil {
			problems = append(problems, fmt.Errorf("forget (request %s): %w; next: waybill forget --resume", req.ID, err))
		}
	}
	if len(all) > 0 {
		problems = append(problems, r.parts.Lake.ClearCopies(all[len(all)-1].ID))
	}
	return errors.Join(problems...)
}

// loadReceived loads the files again whose kept bytes were rewritten. Of each the counts have to be what they were.
func (r *Runner) loadReceived(ctx context.Context) (int, error) {
	files, err := r.parts.Ledger.Files(ctx, ledger.Filter{Status: ledger.Received})
	if err != nil {
		return 0, err
	}
	loaded := 0
	for _, f := range files {
		if f.KeptPath == "" {
			continue
		}
		after, err := r.parts.Puller.Replay(ctx, f, r.parts.Now().UTC())
		if err != nil {
			return loaded, fmt.Errorf("load %s again: %w", f.Name, err)
		}
		loaded++
		if after.Contract == f.Contract && (after.Loaded != f.Loaded || after.Rejected != f.Rejected) {
			return loaded, fmt.Errorf("%s had %d rows and %d rejects, and without the person %d and %d; next: waybill files why %s", f.Name, f.Loaded, f.Rejected, after.Loaded, after.Rejected, f.ID)
		}
	}
	return loaded, nil
}

// newestAsOf is the instant as of which readers see the marts: nothing but the person is to change in them.
func (r *Runner) newestAsOf(ctx context.Context) (time.Time, error) {
	rel, ok, err := r.parts.Ledger.LatestRelease(ctx, ledger.Released)
	if err != nil || ok {
		return rel.AsOf, err
	}
	return r.parts.Now().UTC(), nil
}

// expireHistory takes the history off all tables: old rows of raw tables, rejects, and marts of earlier releases. Builds read at fixed snapshots, so they wait.
func (r *Runner) expireHistory(ctx context.Context) (int, error) {
	names, err := r.parts.Lake.Tables(ctx)
	if err != nil {
		return 0, err
	}
	expired := 0
	err = r.parts.Leases.InTurn(ctx, "build", func(ctx context.Context) error {
		expired, err = r.parts.Maintainer.Expire(ctx, names...)
		return err
	})
	return expired, err
}
