package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/fourmarketing/waybill/pipelines/inputs"
	"github.com/fourmarketing/waybill/pipelines/ledger"
	"github.com/fourmarketing/waybill/project"
	"github.com/fourmarketing/waybill/questions"
)

func newRejects(l *commandLine) *cobra.Command {
	c := &cobra.Command{
		Use:   "rejects",
		Args:  cobra.ArbitraryArgs,
		RunE:  oneOf,
		Short: "Rows that broke their contract: list, show, report for the partner, replay after a fix",
		Example: `  waybill rejects list
  waybill rejects show --file 3f2a9c
  waybill rejects report --source northgate > northgate-rejects.csv
  waybill rejects replay --source northgate`,
	}
	c.AddCommand(newRejectsList(l), newRejectsRows(l, "show", "Show rejected rows with file, line, column, rule and the text, personal and unmapped values as stars", "table"),
		newRejectsRows(l, "report", "Write rejected rows as a CSV for the partner", "csv"), newRejectsReplay(l))
	return c
}

// addFilter adds the flags that narrow what is looked at.
func addFilter(c *cobra.Command, r *questions.Rejects) {
	c.Flags().StringVar(&r.Source, "source", "", "only this source, or source/feed")
	c.Flags().StringVar(&r.Feed, "feed", "", "only this feed")
	c.Flags().StringVar(&r.File, "file", "", "only this file: the start of its id, or its name")
}

// askRejects opens the project and prints what a question about its rejects gives.
func (l *commandLine) askRejects(ctx context.Context, r *questions.Rejects, ask func(questions.Rejects, context.Context, questions.Querier) (questions.Table, error), format string) error {
	p, err := l.open(ctx, nil)
	if err != nil {
		return err
	}
	defer p.Close()
	if err := narrow(ctx, p, &r.Source, &r.Feed); err != nil {
		return err
	}
	files, err := filesOf(ctx, p, r)
	if err != nil {
		return err
	}
	held, clear, err := l.heldRejects(ctx, p, files)
	defer clear()
	if err != nil {
		return err
	}
	r.Held = held
	return p.Inputs.Query(ctx, time.Now(), func(q inputs.Querier) error {
		answer, err := ask(*r, ctx, q)
		if err != nil {
			return err
		}
		return l.printTable(answer, l.format(format))
	})
}

// filesOf are the files that the filter lets through. One that --file means is found as everywhere, and stands in r by its id then.
func filesOf(ctx context.Context, p *project.Project, r *questions.Rejects) ([]ledger.File, error) {
	if r.File != "" {
		f, err := oneFile(ctx, p, r.File)
		if errors.Is(err, questions.ErrNoFile) {
			err = fmt.Errorf("%w: --file %w", errUsage, err)
		}
		if err != nil {
			return nil, err
		}
		r.File = f.ID
	}
	return p.Ledger.Files(ctx, ledger.Filter{Source: r.Source, Feed: r.Feed, IDPrefix: r.File})
}

// heldRejects types the held ones among files again, whose rejects are in no table, and returns their rejects as Parquet files, until clear is called.
func (l *commandLine) heldRejects(ctx context.Context, p *project.Project, files []ledger.File) (paths []string, clear func(), err error) {
	dir, err := os.MkdirTemp("", "waybill-held-*")
	if err != nil {
		return nil, func() {}, fmt.Errorf("look at held files: %w", err)
	}
	rejects, without, err := p.Puller.HeldRejects(ctx, files, dir)
	for _, f := range rejects {
		paths = append(paths, f.Path)
	}
	if len(without) > 0 {
		fmt.Fprintf(l.stderr, "not among them: what is wrong with %s that %s held and of feeds that no definition has, such as %s; next: waybill doctor\n",
			plural(len(without), "file"), isOrAre(len(without)), visible(without[0]))
	}
	return paths, func() { _ = os.RemoveAll(dir) }, err
}

func isOrAre(n int) string {
	if n == 1 {
		return "is"
	}
	return "are"
}

func newRejectsList(l *commandLine) *cobra.Command {
	var r questions.Rejects
	c := &cobra.Command{
		Use:     "list",
		Short:   "Count rejected rows by feed, column and rule",
		Example: "  waybill rejects list --source northgate",
		Args:    noWords,
		RunE: func(c *cobra.Command, _ []string) error {
			return l.askRejects(c.Context(), &r, questions.Rejects.Count, "table")
		},
	}
	addFilter(c, &r)
	return c
}

func newRejectsRows(l *commandLine, verb, short, format string) *cobra.Command {
	var r questions.Rejects
	c := &cobra.Command{
		Use:     verb,
		Short:   short,
		Example: "  waybill rejects " + verb + " --source northgate",
		Args:    noWords,
		RunE: func(c *cobra.Command, _ []string) error {
			if err := l.askRejects(c.Context(), &r, questions.Rejects.List, format); err != nil {
				return err
			}
			if l.format(format) == "table" {
				fmt.Fprintln(l.stdout, "*** stands for what is personal and for what no column takes; the exact text is on that line of: waybill files show NAME")
			}
			return nil
		},
	}
	addFilter(c, &r)
	return c
}

func (l *commandLine) format(otherwise string) string {
	if l.json {
		return "json"
	}
	return otherwise
}

func newRejectsReplay(l *commandLine) *cobra.Command {
	var r questions.Rejects
	c := &cobra.Command{
		Use:   "replay",
		Short: "After a contract fix: load held files and files with rejects again, from the kept bytes",
		Long: `Load again, from the kept bytes and under today's contracts, every file that is held or has rejected rows.
The partner is not asked. A file's rows take the place of those of its earlier load in one commit.`,
		Example: "  waybill rejects replay --source northgate --feed despatch && waybill build",
		Args:    noWords,
		RunE: func(c *cobra.Command, _ []string) error {
			p, err := l.open(c.Context(), nil)
			if err != nil {
				return err
			}
			defer p.Close()
			if err := narrow(c.Context(), p, &r.Source, &r.Feed); err != nil {
				return err
			}
			all, err := filesOf(c.Context(), p, &r)
			if err != nil {
				return err
			}
			var files []ledger.File
			for _, file := range all {
				if (file.Status == ledger.Held && file.KeptPath != "") || (file.Status == ledger.Loaded && (file.Rejected > 0 || r.File != "")) {
					files = append(files, file)
				}
			}
			return l.replay(c, p, files)
		},
	}
	addFilter(c, &r)
	return c
}
