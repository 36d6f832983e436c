package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/fourmarketing/waybill/pipelines"
	"github.com/fourmarketing/waybill/pipelines/ledger"
)

func newRejects(s *session) *cobra.Command {
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
	c.AddCommand(newRejectsList(s), newRejectsRows(s, "show", "Show rejected rows with file, line, column, rule and the original text", "table"),
		newRejectsRows(s, "report", "Write rejected rows as a CSV for the partner", "csv"), newRejectsReplay(s))
	return c
}

// rejectFlags narrow what is looked at.
type rejectFlags struct{ source, feed, file string }

func (f *rejectFlags) add(c *cobra.Command) {
	c.Flags().StringVar(&f.source, "source", "", "only this source")
	c.Flags().StringVar(&f.feed, "feed", "", "only this feed")
	c.Flags().StringVar(&f.file, "file", "", "only this file (start of its id)")
}

// query runs a select over ops.rejects of files that are loaded now.
func (f rejectFlags) query(ctx context.Context, a *app, selection, rest string, done func(*sql.Rows) error) error {
	asOf := a.runner.Now()
	return a.runner.Leaves(ctx, asOf, func(q pipelines.Querier) error {
		text := fmt.Sprintf(`select %s from ops.rejects as r join ops.files as f on f.file = r.file and f.status = 'loaded'
			where ($1 = '' or r.source = $1) and ($2 = '' or r.feed = $2) and ($3 = '' or starts_with(r.file, $3)) %s`, selection, rest)
		rows, err := q.QueryContext(ctx, text, f.source, f.feed, f.file)
		if err != nil {
			return fmt.Errorf("read rejects: %w", err)
		}
		defer rows.Close()
		return errors.Join(done(rows), rows.Err())
	})
}

func newRejectsList(s *session) *cobra.Command {
	var f rejectFlags
	c := &cobra.Command{
		Use:     "list",
		Short:   "Count rejected rows by feed, column and rule",
		Example: "  waybill rejects list --source northgate",
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			a, err := s.open(c.Context(), nil)
			if err != nil {
				return err
			}
			defer a.Close()
			return f.query(c.Context(), a,
				`r.source || '/' || r.feed as feed, r."column" as "column", r.rule as rule, count(*) as rejected, count(distinct r.file) as files, min(r.detail) as example`,
				`group by all order by rejected desc, feed, "column", rule`,
				func(rows *sql.Rows) error { return s.printRows(rows, s.format("table")) })
		},
	}
	f.add(c)
	return c
}

func newRejectsRows(s *session, verb, short, format string) *cobra.Command {
	var f rejectFlags
	c := &cobra.Command{
		Use:     verb,
		Short:   short,
		Example: "  waybill rejects " + verb + " --source northgate",
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			a, err := s.open(c.Context(), nil)
			if err != nil {
				return err
			}
			defer a.Close()
			return f.query(c.Context(), a, `r.source, r.feed, r.name, r.line, r."column", r.rule, r.detail, r.original`, "order by all",
				func(rows *sql.Rows) error { return s.printRows(rows, s.format(format)) })
		},
	}
	f.add(c)
	return c
}

func (s *session) format(otherwise string) string {
	if s.json {
		return "json"
	}
	return otherwise
}

func newRejectsReplay(s *session) *cobra.Command {
	var f rejectFlags
	c := &cobra.Command{
		Use:   "replay",
		Short: "After a contract fix: load held files and files with rejects again, from the kept bytes",
		Long: `Load again, from the kept bytes and under today's contracts, every file that is held or has rejected rows.
The partner is not asked. A file's rows take the place of those of its earlier load in one commit.`,
		Example: "  waybill rejects replay --source northgate --feed despatch && waybill build",
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			a, err := s.open(c.Context(), nil)
			if err != nil {
				return err
			}
			defer a.Close()
			all, err := a.ledger.Files(c.Context(), ledger.Filter{Source: f.source, Feed: f.feed, IDPrefix: f.file})
			if err != nil {
				return err
			}
			var files []ledger.File
			for _, file := range all {
				if file.Status == ledger.Held || (file.Status == ledger.Loaded && (file.Rejected > 0 || f.file != "")) {
					files = append(files, file)
				}
			}
			return s.replay(c, a, files)
		},
	}
	f.add(c)
	return c
}
