package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/fourmarketing/waybill/pipelines"
)

func newPlan(s *session) *cobra.Command {
	var sources []string
	c := &cobra.Command{
		Use:     "plan [MODEL…]",
		Short:   "Show what a run would fetch, load, rebuild and publish; writes nothing to the lake",
		Example: "  waybill plan\n  waybill plan --source northgate --json",
		RunE: func(c *cobra.Command, args []string) error {
			asOf, err := s.now()
			if err != nil {
				return err
			}
			a, err := s.open(c.Context(), nil)
			if err != nil {
				return err
			}
			defer a.Close()
			plan, err := a.runner.Plan(c.Context(), pipelines.RunOptions{Select: sources, Build: pipelines.BuildOptions{Select: args, AsOf: asOf}})
			if err != nil {
				return err
			}
			return s.printPlan(plan)
		},
	}
	c.Flags().StringSliceVar(&sources, "source", nil, "only this pipeline, source or source/feed (repeatable)")
	return c
}

func (s *session) printPlan(plan pipelines.Plan) error {
	if s.json {
		return printJSON(s.stdout, plan)
	}
	rows := make([][]string, len(plan.Feeds))
	fetch := 0
	for i, f := range plan.Feeds {
		fetch += len(f.Fetch)
		rows[i] = []string{f.Source + "/" + f.Feed, count(f.Known), blank(len(f.Fetch)), blank(len(f.Waiting)), blank(f.Ask), f.Error}
	}
	grid(s.stdout, []string{"feed", "known", "to fetch", "waiting", "to ask", ""}, rows)
	for _, f := range plan.Feeds {
		for _, name := range f.Fetch {
			fmt.Fprintf(s.stdout, "fetch %s/%s %s\n", f.Source, f.Feed, name)
		}
		for _, w := range f.Waiting {
			fmt.Fprintf(s.stdout, "wait  %s/%s %s\n", f.Source, f.Feed, w)
		}
	}
	for _, m := range plan.Stale {
		fmt.Fprintln(s.stdout, "rebuild", m)
	}
	fmt.Fprintf(s.stdout, "%s to fetch, %s differ from what is loaded now (what a fetch brings may add more); next: waybill run\n",
		plural(fetch, "file"), plural(len(plan.Stale), "mart"))
	return nil
}
