package run

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/fourmarketing/waybill/lake"
	"github.com/fourmarketing/waybill/pipelines"
	"github.com/fourmarketing/waybill/pipelines/build"
	"github.com/fourmarketing/waybill/pipelines/forget"
	"github.com/fourmarketing/waybill/pipelines/ledger"
)

// turnPause is how often a feed is asked for that another run has.
const turnPause = 500 * time.Millisecond

// turnMost is the longest wait for a feed: a run that has one for longer is stuck, and the request is gone on with by the next run.
const turnMost = 3 * time.Hour

// Forgot is what forgetting came to.
type Forgot struct {
	Request   ledger.Forgotten `json:"request"`
	Loaded    int              `json:"files_loaded_again"`
	Marts     int              `json:"marts_built"`
	Published []string         `json:"published"`
	Expired   int              `json:"snapshots_expired"`
	Orphans   int              `json:"orphans_removed"` // files that killed loads and builds had left behind
	Unread    []forget.Unread  `json:"unread"`          // files that could not be looked through
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
		if out.Loaded, err = r.loadAgain(ctx, out.Request); err != nil {
			return out, err
		}
		if err = r.closeBehind(ctx, out.Request); err != nil {
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
	gone, err := r.expireHistory(ctx)
	out.Expired, out.Orphans = gone.SnapshotsExpired, gone.OrphansRemoved
	if err != nil {
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
	all = slices.DeleteFunc(all, func(req ledger.Forgotten) bool { return req.Learned })
	if len(all) > 0 {
		problems = append(problems, r.parts.Lake.ClearCopies(all[len(all)-1].ID))
	}
	return errors.Join(problems...)
}

// loadAgain loads the files again whose kept bytes were rewritten. Of each the counts have to be what they were.
func (r *Runner) loadAgain(ctx context.Context, req ledger.Forgotten) (int, error) {
	files, err := r.parts.Ledger.Files(ctx, ledger.Filter{Status: ledger.Received})
	if err != nil {
		return 0, err
	}
	loaded := 0
	giveUp := r.parts.Now().Add(turnMost)
	for _, f := range files {
		if !slices.ContainsFunc(req.Replaced, func(of ledger.Replaced) bool { return of.File == f.ID }) {
			continue // another run is about to load it
		}
		after, err := r.parts.Puller.Replay(ctx, f)
		for errors.Is(err, ledger.ErrLeased) && ctx.Err() == nil && r.parts.Now().Before(giveUp) { // a run has the feed, and may load the file itself
			select {
			case <-ctx.Done():
			case <-time.After(turnPause):
			}
			after, err = r.parts.Puller.Replay(ctx, f)
		}
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

// closeBehind loads the files once more: the commit by which rows left lists their files as removed, with the least and the greatest value of each column, and the next
// one that takes files out does without that list.
func (r *Runner) closeBehind(ctx context.Context, req ledger.Forgotten) error {
	files, err := r.parts.Ledger.Files(ctx, ledger.Filter{Status: ledger.Loaded})
	if err != nil {
		return err
	}
	for _, f := range files {
		if !slices.ContainsFunc(req.Replaced, func(of ledger.Replaced) bool { return of.File == f.ID }) {
			continue
		}
		err := r.parts.Leases.InTurn(ctx, "feed:"+f.Source+"/"+f.Feed, func(ctx context.Context) error {
			f.Status = ledger.Received
			return r.parts.Ledger.Put(ctx, f)
		})
		if err != nil {
			return err
		}
	}
	_, err = r.loadAgain(ctx, req)
	return err
}

// newestAsOf is the instant as of which readers see the marts: nothing but the person is to change in them.
func (r *Runner) newestAsOf(ctx context.Context) (time.Time, error) {
	rel, ok, err := r.parts.Ledger.LatestRelease(ctx, ledger.Released)
	if err != nil || ok {
		return rel.AsOf, err
	}
	return r.parts.Now().UTC(), nil
}

// expireHistory takes the history off all tables: old rows of raw tables, rejects, and marts of earlier releases. What a killed load had left behind may tell of a person
// too, and can be told from what a load is just about to commit only while nobody loads.
func (r *Runner) expireHistory(ctx context.Context) (lake.Report, error) {
	names, err := r.parts.Lake.Tables(ctx)
	if err != nil {
		return lake.Report{}, err
	}
	tasks, err := pipelines.Pick(r.parts.Pipelines, nil)
	if err != nil {
		return lake.Report{}, err
	}
	leases := []string{"build"}
	for _, t := range tasks {
		leases = append(leases, "feed:"+t.String())
	}
	slices.Sort(leases) // so that two who want all of them never wait for one another
	var report lake.Report
	err = ledger.Together(ctx, r.parts.Leases.InTurn, slices.Compact(leases), func(ctx context.Context) error {
		report, err = r.parts.Maintainer.Expire(ctx, names...)
		return err
	})
	return report, err
}
