package run

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/go-co-op/gocron/v2"
	"github.com/robfig/cron/v3"
	"go.uber.org/zap"

	"github.com/fourmarketing/waybill"
	"github.com/fourmarketing/waybill/pipelines"
	"github.com/fourmarketing/waybill/pipelines/build"
)

// Scheduler runs every pipeline on its own schedule until it is told to stop.
type Scheduler struct {
	runner *Runner
	done   func(pipeline string, res Result, err error) // after each run, for metrics
	asOf   func() time.Time
	drain  time.Duration

	stopping <-chan struct{} // ends the pauses before retries
}

// NewScheduler prepares a scheduler. asOf is what a run starting now asks about; done is told of every run; drain is how long a run may go on
// after the stop before its context ends.
func NewScheduler(r *Runner, asOf func() time.Time, drain time.Duration, done func(string, Result, error)) *Scheduler {
	return &Scheduler{runner: r, asOf: asOf, drain: drain, done: done}
}

// Retries of a run in which a partner failed in a way that may pass.
const (
	retryFirst = time.Minute
	retryMost  = 3
)

// Serve schedules until ctx ends, then waits for what is running. A pipeline whose last run was before its latest due time, because
// the process was down, runs at once.
func (s *Scheduler) Serve(ctx context.Context) error {
	runs, stopRuns := context.WithCancel(context.WithoutCancel(ctx))
	defer stopRuns()
	s.stopping = ctx.Done()
	sched, err := gocron.NewScheduler(gocron.WithStopTimeout(s.drain + time.Second))
	if err != nil {
		return fmt.Errorf("start scheduler: %w", err)
	}
	for _, p := range s.runner.parts.Pipelines {
		if p.Schedule.Cron == "" {
			continue
		}
		if err := s.add(runs, sched, p); err != nil {
			return errors.Join(err, sched.Shutdown())
		}
	}
	sched.Start()
	<-ctx.Done()
	overdue := time.AfterFunc(s.drain, stopRuns)
	defer overdue.Stop()
	if err := sched.Shutdown(); err != nil {
		return fmt.Errorf("drain: %w", err)
	}
	return nil
}

// add schedules one pipeline, at once if it is overdue. gocron skips a due time while the same pipeline still runs; leases keep
// other machines out.
func (s *Scheduler) add(ctx context.Context, sched gocron.Scheduler, p pipelines.Pipeline) error {
	overdue, err := s.overdue(ctx, p)
	if err != nil {
		return err
	}
	trigger := "schedule"
	if overdue {
		trigger = "catch-up"
		_, err := sched.NewJob(gocron.OneTimeJob(gocron.OneTimeJobStartImmediately()), gocron.NewTask(func() { s.run(ctx, p, trigger) }))
		if err != nil {
			return fmt.Errorf("%s: catch up: %w", p.Origin, err)
		}
	}
	_, err = sched.NewJob(gocron.CronJob(spec(p.Schedule), false), gocron.NewTask(func() { s.run(ctx, p, "schedule") }),
		gocron.WithName(p.Name), gocron.WithSingletonMode(gocron.LimitModeReschedule))
	if err != nil {
		return fmt.Errorf("%s: schedule.cron %q: %w", p.Origin, p.Schedule.Cron, err)
	}
	return nil
}

// spec is the schedule as cron libraries read it.
func spec(c pipelines.Schedule) string {
	zone := c.Zone
	if zone == "" {
		zone = "UTC"
	}
	return "CRON_TZ=" + zone + " " + c.Cron
}

// overdue tells whether a due time passed since the pipeline's last run began, or it never ran.
func (s *Scheduler) overdue(ctx context.Context, p pipelines.Pipeline) (bool, error) {
	due, err := cron.ParseStandard(spec(p.Schedule))
	if err != nil {
		return false, fmt.Errorf("%s: schedule.cron %q: %w", p.Origin, p.Schedule.Cron, err)
	}
	runs, err := s.runner.parts.Ledger.Runs(ctx, subject([]string{p.Name}), 1)
	if err != nil || len(runs) == 0 {
		return err == nil, err
	}
	return !due.Next(runs[0].StartedAt).After(s.runner.parts.Now()), nil
}

// run runs a pipeline and, where a partner failed in a way that may pass, tries again with growing pauses.
func (s *Scheduler) run(ctx context.Context, p pipelines.Pipeline, trigger string) {
	pause := retryFirst
	for attempt := 1; ; attempt++ {
		res, err := s.runner.Run(ctx, Options{Select: []string{p.Name}, Trigger: trigger, Build: build.Options{AsOf: s.asOf()}})
		if res.skipped() {
			s.runner.parts.Reporter.Log.Info("pipeline skipped: it runs elsewhere", zap.String("pipeline", p.Name))
			return
		}
		s.done(p.Name, res, err)
		if err == nil || !errors.Is(err, waybill.ErrTemporary) || attempt > retryMost {
			return
		}
		select {
		case <-ctx.Done():
			return
		case <-s.stopping:
			return
		case <-time.After(pause):
			pause, trigger = pause*2, "retry"
		}
	}
}
