// Package run ties the rooms together: a run pulls what is new, builds, checks and publishes marts, and maintains the tables that changed. It also
// says beforehand what a run would do, and runs pipelines on their schedules.
package run

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"
	"go.uber.org/zap"

	"github.com/fourmarketing/waybill"
	"github.com/fourmarketing/waybill/lake"
	"github.com/fourmarketing/waybill/pipelines"
	"github.com/fourmarketing/waybill/pipelines/build"
	"github.com/fourmarketing/waybill/pipelines/forget"
	"github.com/fourmarketing/waybill/pipelines/ledger"
	"github.com/fourmarketing/waybill/pipelines/maintain"
	"github.com/fourmarketing/waybill/pipelines/publish"
	"github.com/fourmarketing/waybill/pipelines/pull"
)

// Parts are the rooms that a run goes through, and where it is written down.
type Parts struct {
	Pipelines  []pipelines.Pipeline
	Ledger     *ledger.Ledger
	Puller     *pull.Puller
	Builder    *build.Builder
	Publisher  *publish.Publisher
	Maintainer *maintain.Maintainer
	Forgetter  *forget.Forgetter
	Lake       *lake.Lake       // whose tables and copies lose what is forgotten
	Leases     *ledger.Leases   // under which they do
	Now        func() time.Time // the wall clock
	Reporter   pipelines.Reporter
}

// Runner takes files from connectors to published marts.
type Runner struct{ parts Parts }

// New makes a runner.
func New(p Parts) *Runner { return &Runner{parts: p} }

// Options choose what a run does.
type Options struct {
	Select  []string // pipelines, sources or source/feed; none = all
	Trigger string   // "command", "schedule", "catch-up"
	Build   build.Options
}

// Result is what a run came to.
type Result struct {
	ID        string
	AsOf      time.Time
	Took      time.Duration
	Feeds     []pull.Result
	Build     build.Result
	Published []string
}

// Count returns how many files of the run have a status.
func (r Result) Count(s ledger.Status) int {
	n := 0
	for _, f := range r.Feeds {
		for _, file := range f.Files {
			if file.Status == s {
				n++
			}
		}
	}
	return n
}

// News tells whether the run changed any table or what readers see.
func (r Result) News() bool {
	return r.Count(ledger.Loaded) > 0 || len(r.Build.Done) > 0 || len(r.Published) > 0
}

// Rows returns the records loaded and rejected in the run.
func (r Result) Rows() (loaded, rejected int64) {
	for _, f := range r.Feeds {
		for _, file := range f.Files {
			if file.Status == ledger.Loaded {
				loaded, rejected = loaded+file.Loaded, rejected+file.Rejected
			}
		}
	}
	return loaded, rejected
}

// Err joins what went wrong with single partners. A feed that another run is pulling is nothing wrong as long as there was anything left to pull, and
// that run has not had it for longer than its term (pull.StuckError).
func (r Result) Err() error {
	var problems []error
	for _, f := range r.Feeds {
		var busy *ledger.BusyError // a lease that was lost under way is no BusyError, and wrong
		if r.skipped() || !errors.As(f.Err, &busy) {
			problems = append(problems, f.Err)
		}
	}
	return errors.Join(problems...)
}

// skipped tells that the run found every feed of its selection with another run.
func (r Result) skipped() bool {
	for _, f := range r.Feeds {
		if !errors.Is(f.Err, ledger.ErrLeased) {
			return false
		}
	}
	return len(r.Feeds) > 0
}

// Run pulls what is new, builds and checks the marts, publishes them, and maintains the tables it changed. A partner that fails
// does not stop the rest; the error then names it.
func (r *Runner) Run(ctx context.Context, o Options) (Result, error) {
	res := Result{ID: uuid.Must(uuid.NewV7()).String(), AsOf: o.Build.AsOf}
	start := r.parts.Now()
	if err := r.parts.Ledger.StartRun(ctx, ledger.Run{ID: res.ID, Trigger: o.Trigger, Subject: subject(o.Select), AsOf: o.Build.AsOf.UTC()}); err != nil {
		return res, err
	}
	log := r.parts.Reporter.Log.With(zap.String("run", res.ID), zap.String("subject", subject(o.Select)))
	log.Info("run started", zap.String("trigger", o.Trigger), zap.Time("as_of", o.Build.AsOf))
	err := r.steps(ctx, o, &res)
	res.Took = r.parts.Now().Sub(start)
	status, problem := ledger.RunDone, ""
	switch {
	case res.skipped():
		status, problem = ledger.RunSkipped, err.Error()
	case errors.Is(err, build.ErrWithheld):
		status, problem = ledger.RunWithheld, err.Error()
	case err != nil:
		status, problem = ledger.RunFailed, err.Error()
	}
	loaded, rejected := res.Rows()
	summary := fmt.Sprintf("%d files loaded, %d rows, %d rejected, %d held, %d marts built", res.Count(ledger.Loaded), loaded, rejected,
		res.Count(ledger.Held), len(res.Build.Done))
	err = errors.Join(err, r.parts.Ledger.EndRun(context.WithoutCancel(ctx), res.ID, status, summary, problem))
	ended := []zap.Field{
		zap.String("status", status), zap.Float64("seconds", res.Took.Seconds()), zap.Int("files", res.Count(ledger.Loaded)), zap.Int64("rows", loaded), zap.Int64("rejected", rejected),
		zap.Int("held", res.Count(ledger.Held)), zap.Int("marts", len(res.Build.Done)), zap.Int64("release", res.Build.Release.ID), zap.Strings("published", res.Published),
	}
	if err != nil && status != ledger.RunSkipped {
		log.Error("run ended", append(ended, zap.Error(err), zap.String("next", next(status)))...)
	} else {
		log.Info("run ended", ended...)
	}
	return res, err
}

// next is what to type about a run that did not end well; what its error names comes first.
func next(status string) string {
	if status == ledger.RunWithheld {
		return "waybill state held"
	}
	return "waybill doctor"
}

// subject names what a run is about in the run history.
func subject(selected []string) string {
	if len(selected) == 0 {
		return "all"
	}
	return strings.Join(selected, ",")
}

func (r *Runner) steps(ctx context.Context, o Options, res *Result) error {
	if _, err := r.parts.Builder.Pick(o.Build); err != nil { // before a partner is asked
		return err
	}
	forgotten := r.forgetOpen(ctx)
	var err error
	if res.Feeds, err = r.parts.Puller.Pull(ctx, o.Select, o.Build.AsOf); err != nil {
		return err
	}
	problems := []error{forgotten, res.Err()}
	res.Build, err = r.parts.Builder.Build(ctx, o.Build)
	problems = append(problems, err)
	if err != nil && !errors.Is(err, build.ErrWithheld) { // what is held holds back nothing else
		return errors.Join(problems...)
	}
	res.Published, err = r.parts.Publisher.Publish(ctx)
	problems = append(problems, err)
	if touched := res.touched(r.parts.Pipelines); len(touched) > 0 {
		_, err := r.parts.Maintainer.Maintain(ctx, touched...)
		problems = append(problems, err)
	}
	return errors.Join(problems...)
}

// touched are the tables that a run committed to.
func (r Result) touched(all []pipelines.Pipeline) []waybill.TableName {
	names := append([]waybill.TableName{}, r.Build.Done...)
	seen := map[waybill.TableName]bool{}
	for _, f := range r.Feeds {
		for _, file := range f.Files {
			if file.Status != ledger.Loaded {
				continue
			}
			t, err := pipelines.TaskOf(all, file.Source, file.Feed)
			if err != nil {
				continue // a feed that is gone from the definitions has no tables to look after
			}
			for _, name := range t.Feed.TableNames() {
				if !seen[name] {
					seen[name] = true
					names = append(names, name)
				}
			}
		}
	}
	return names
}
