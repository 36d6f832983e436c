package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"github.com/fourmarketing/waybill/pipelines"
	"github.com/fourmarketing/waybill/pipelines/build"
	"github.com/fourmarketing/waybill/pipelines/inputs"
	"github.com/fourmarketing/waybill/pipelines/run"
	"github.com/fourmarketing/waybill/project"
	"github.com/fourmarketing/waybill/transforms/models"
)

type checkResult = models.CheckResult

// checkRow is a check as --json prints it.
type checkRow struct {
	Model    string     `json:"model"`
	Check    string     `json:"check"`
	Severity string     `json:"severity"`
	Failing  int64      `json:"failing"`
	Columns  []string   `json:"columns,omitempty"`
	Sample   [][]string `json:"sample,omitempty"`
	SQL      string     `json:"sql"`
}

func checkRows(results []checkResult) []checkRow {
	rows := make([]checkRow, 0, len(results))
	for _, c := range results {
		rows = append(rows, checkRow{
			Model: c.Model.String(), Check: c.Check, Severity: string(c.Severity), Failing: c.Failing,
			Columns: c.Columns, Sample: c.Sample, SQL: c.SQL,
		})
	}
	return rows
}

func newBuild(l *commandLine) *cobra.Command {
	var o build.Options
	c := &cobra.Command{
		Use:   "build [MODEL…]",
		Short: "Rebuild, check and publish marts from what is loaded; asks no partner",
		Long: `Rebuild the marts that differ from what is loaded, check them and publish them together.

With --as-of an instant that is earlier than the published marts' they are built as of then into a DuckDB file of their own, which the last
lines name: nothing later is in it but columns of state without a time (docs/meanings.md). What readers see and the next run stay as they are.
What checks hold is in no mart of that file, since nothing of before stands in its place.`,
		Example: `  waybill build
  waybill build --as-of 2026-04-01T06:00:00Z
  waybill build +fct_shipments tag:finance
  waybill build --release-by "Ana" --why "known duplicate, partner informed"`,
		RunE: func(c *cobra.Command, args []string) error {
			if (o.ReleasedBy == "") != (o.Why == "") {
				return fmt.Errorf("%w: --release-by and --why go together: who lets it through, and why", errUsage)
			}
			var err error
			if o.AsOf, err = l.now(); err != nil {
				return err
			}
			o.Select = args
			d := l.newDisplay()
			p, err := l.open(c.Context(), d.watch)
			if err != nil {
				return err
			}
			defer p.Close()
			if _, earlier, err := p.Builder.Before(c.Context(), o.AsOf); err != nil || (earlier && l.asOf != "") {
				return errors.Join(err, l.buildAside(c.Context(), p, d, o))
			}
			res := run.Result{AsOf: o.AsOf}
			start := time.Now()
			res.Build, err = p.Builder.Build(c.Context(), o)
			if err == nil || errors.Is(err, build.ErrWithheld) { // what is held holds back nothing else
				var publishing error
				res.Published, publishing = p.Publisher.Publish(c.Context())
				err = errors.Join(err, publishing)
			}
			d.stop()
			res.ID, res.Took = "build", time.Since(start)
			return errors.Join(l.printRun(res), err)
		},
	}
	c.Flags().StringSliceVar(&o.Exclude, "exclude", nil, "selectors of models to leave out")
	c.Flags().BoolVar(&o.Full, "full-refresh", false, "build even what has not changed")
	c.Flags().StringVar(&o.ReleasedBy, "release-by", "", "your name: release in spite of failing checks")
	c.Flags().StringVar(&o.Why, "why", "", "the reason, kept with the release")
	return c
}

// buildAside builds as of an instant that is past, and says where that is.
func (l *commandLine) buildAside(ctx context.Context, p *project.Project, d *display, o build.Options) error {
	target, path := p.Aside(o.AsOf)
	res, err := p.Runner.Aside(ctx, o, target)
	d.stop()
	if l.json {
		report := reportRun(res)
		if len(res.Published) > 0 {
			report.Aside = path
		}
		return errors.Join(printJSON(l.stdout, report), err)
	}
	printed := l.printRun(res)
	if len(res.Published) > 0 {
		fmt.Fprintf(l.stdout, "as of %s, earlier than what is published, which stays as it is: %s\n", display1(o.AsOf), path)
	}
	return errors.Join(printed, err)
}

func newCheck(l *commandLine) *cobra.Command {
	return &cobra.Command{
		Use:   "check [MODEL…]",
		Short: "Run the checks over freshly built marts; publishes nothing",
		Long: `Build the selected marts aside, run their checks and those of sql/checks, and show the first rows that should not be. A check that is
named alone is tried on the marts that it reads. --json has the SQL of each, which gives all its rows.
Exit codes: 0 all passed · 3 a check of severity error failed`,
		Example: "  waybill check\n  waybill check fct_settlements --json\n  waybill check carrier_codes_all_mapped",
		RunE: func(c *cobra.Command, args []string) error {
			asOf, err := l.now()
			if err != nil {
				return err
			}
			d := l.newDisplay()
			p, err := l.open(c.Context(), d.watch)
			if err != nil {
				return err
			}
			defer p.Close()
			results, err := p.Builder.Check(c.Context(), build.Options{Select: args, AsOf: asOf})
			d.stop()
			if err != nil {
				return err
			}
			return l.printChecks(results)
		},
	}
}

func (l *commandLine) printChecks(results []checkResult) error {
	var failed []checkResult
	warned, withheld := 0, false
	for _, r := range results {
		if r.Failing == 0 {
			continue
		}
		if r.Severity == models.SeverityError {
			withheld = true
		} else {
			warned++
		}
		failed = append(failed, r)
	}
	if l.json {
		if err := printJSON(l.stdout, checkRows(results)); err != nil {
			return err
		}
	} else {
		printFailedChecks(l.stdout, failed)
		fmt.Fprintf(l.stdout, "%s passed, %d failed, %d warned\n", plural(len(results)-len(failed), "check"), len(failed)-warned, warned)
	}
	if withheld {
		return build.ErrWithheld
	}
	return nil
}

func newTest(l *commandLine) *cobra.Command {
	var dir string
	c := &cobra.Command{
		Use:     "test",
		Short:   "Run the model tests: case folders of inputs over several days and the mart expected after each",
		Example: "  waybill test\n  waybill test --cases testdata/models",
		RunE: func(c *cobra.Command, _ []string) error {
			results, err := l.modelTests(c.Context(), dir)
			if err != nil {
				return err
			}
			failed := 0
			for _, r := range results {
				if r.Err == nil && r.Diff == "" {
					continue
				}
				failed++
				fmt.Fprintf(l.stdout, "FAIL %s/%s day %d\n", r.Model, r.Case, r.Day)
				if r.Err != nil {
					fmt.Fprintln(l.stdout, "  "+r.Err.Error())
				}
				fmt.Fprint(l.stdout, r.Diff)
			}
			fmt.Fprintf(l.stdout, "%s passed, %d failed\n", plural(len(results)-failed, "case"), failed)
			if failed > 0 {
				return fmt.Errorf("%s differ from what is expected", plural(failed, "case"))
			}
			return nil
		},
	}
	c.Flags().StringVar(&dir, "cases", filepath.Join("testdata", "models"), "folder of case folders <model>/<case>/")
	return c
}

// modelTests needs no lake: only the definitions, for the shapes of raw tables, and the models.
func (l *commandLine) modelTests(ctx context.Context, dir string) ([]models.CaseResult, error) {
	cfg, err := l.readConfig()
	if err != nil {
		return nil, err
	}
	defs, err := cfg.ReadPipelines()
	if err != nil {
		return nil, err
	}
	sql, err := cfg.ReadModels()
	if err != nil {
		return nil, err
	}
	if _, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%w: there is no folder %s; --cases names another", errUsage, dir)
	}
	shapes, err := inputs.Shapes(defs, sql.Raw())
	if err != nil {
		return nil, err
	}
	return models.RunCases(ctx, sql.Active(pipelines.Written(defs)), os.DirFS(dir), shapes), nil
}
