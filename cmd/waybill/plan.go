package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/fourmarketing/waybill/pipelines/build"
	"github.com/fourmarketing/waybill/pipelines/run"
)

func newPlan(l *commandLine) *cobra.Command {
	var sources []string
	c := &cobra.Command{
		Use:     "plan [MODEL…]",
		Short:   "Show what a run would fetch, load, rebuild and publish; writes nothing to the lake",
		Example: "  waybill plan\n  waybill plan --source northgate --json",
		RunE: func(c *cobra.Command, args []string) error {
			asOf, err := l.now()
			if err != nil {
				return err
			}
			p, err := l.open(c.Context(), nil)
			if err != nil {
				return err
			}
			defer p.Close()
			if err := modelsNotSources(p.Config, args); err != nil {
				return err
			}
			plan, err := p.Runner.Plan(c.Context(), run.Options{Select: sources, Build: build.Options{Select: args, AsOf: asOf}})
			if err != nil {
				return err
			}
			if err := p.Lake.Writable(c.Context()); err != nil {
				fmt.Fprintln(l.stderr, "waybill: warning: a run would be refused:", err)
			}
			return l.printPlan(plan)
		},
	}
	c.Flags().StringSliceVar(&sources, "source", nil, "only this pipeline, source or source/feed (repeatable)")
	return c
}

func (l *commandLine) printPlan(plan run.Plan) error {
	if l.json {
		return errors.Join(printJSON(l.stdout, plan), planned(plan))
	}
	rows := make([][]string, len(plan.Feeds))
	fetch, settling := 0, 0
	for i, f := range plan.Feeds {
		fetch += len(f.Fetch)
		settling += len(f.Waiting)
		state := ""
		if f.Error != "" {
			state = "failed"
		}
		rows[i] = []string{f.Source + "/" + f.Feed, count(f.Known), blank(len(f.Fetch)), blank(len(f.Waiting)), blank(f.Ask), state}
	}
	grid(l.stdout, []string{"feed", "known", "to fetch", "waiting", "to ask", ""}, rows)
	for _, f := range plan.Feeds {
		for _, name := range f.Fetch {
			fmt.Fprintf(l.stdout, "fetch %s/%s %s\n", f.Source, f.Feed, visible(name))
		}
		for _, w := range f.Waiting {
			fmt.Fprintf(l.stdout, "wait  %s/%s %s\n", f.Source, f.Feed, visible(w))
		}
	}
	for _, f := range plan.Feeds {
		if f.Outdated > 0 {
			fmt.Fprintln(l.stdout, sayOutdated(f.Source, f.Feed, f.Outdated))
		}
	}
	for _, n := range plan.Nameless {
		fmt.Fprintln(l.stdout, "nameless", visible(n.String()))
	}
	for _, s := range plan.Strays {
		fmt.Fprintln(l.stdout, "stray", visible(s.String()))
	}
	for _, m := range plan.Stale {
		fmt.Fprintln(l.stdout, "rebuild", m)
	}
	for _, f := range plan.Feeds {
		if f.Error != "" {
			fmt.Fprintf(l.stdout, "failed %s/%s: %s\n", f.Source, f.Feed, f.Error)
		}
	}
	waiting, next := "", "waybill run"
	if settling > 0 {
		waiting = fmt.Sprintf(" and %s to wait for", count(settling))
	}
	if l.asOf != "" {
		next += " --as-of " + l.asOf // without it the run would ask about today
	}
	fmt.Fprintf(l.stdout, "%s to fetch%s, %s to rebuild now (what a fetch brings may add more); next: %s\n",
		plural(fetch, "file"), waiting, plural(len(plan.Stale), "mart"), next)
	return planned(plan)
}

// planned is an error when a partner could not be asked.
func planned(plan run.Plan) error {
	failed := 0
	for _, f := range plan.Feeds {
		if f.Error != "" {
			failed++
		}
	}
	if failed > 0 {
		return fmt.Errorf("%s of %d could not be listed; next: waybill doctor", plural(failed, "feed"), len(plan.Feeds))
	}
	return nil
}
