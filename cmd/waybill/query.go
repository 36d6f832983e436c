package main

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"math"
	"math/big"
	"slices"
	"strings"
	"time"

	"github.com/duckdb/duckdb-go/v2"
	"github.com/spf13/cobra"

	"github.com/fourmarketing/waybill/pipelines"
	"github.com/fourmarketing/waybill/project"
	"github.com/fourmarketing/waybill/questions"
)

// formats are what a table can be printed as.
var formats = []string{"table", "csv", "json"}

func newQuery(l *commandLine) *cobra.Command {
	format := "table"
	c := &cobra.Command{
		Use:   "query SQL",
		Short: "Ask the published marts, or any other table of the lake; read-only",
		Long: `Where the SQL names marts alone, the published file answers at once. Where it names raw, ops, seeds, staging, canonical or intermediate
tables too, what they need is built aside from the lake's newest state, which takes as long as that part of a build; marts beside
them are read as they were last committed. --as-of builds marts too, as of that instant. Nothing is changed.`,
		Example: `  waybill query "select brand, goods_status, count(*) from marts.fct_orders group by 1, 2 order by 1, 2"
  waybill query "show all tables"
  waybill query "select source, count(*) from canonical.parcel_scans group by source"
  waybill query "describe raw.wms_despatch"
  waybill query --as-of 2026-04-01T06:00:00Z "select goods_status, count(*) from marts.fct_orders group by goods_status"
  waybill query --format csv "select * from marts.fct_claimable_parcels" > claims.csv`,
		Args: oneArg("one SQL text in quotes"),
		RunE: func(c *cobra.Command, args []string) error {
			if l.json {
				format = "json"
			}
			if !slices.Contains(formats, format) {
				return fmt.Errorf("%w: --format %q is none of %s", errUsage, format, strings.Join(formats, ", "))
			}
			answer, err := l.ask(c.Context(), args[0])
			if err != nil {
				return err
			}
			return l.printTable(answer, format)
		},
	}
	c.Flags().StringVar(&format, "format", format, "table, csv or json")
	return c
}

// openMarts opens the published marts that the configuration names.
func openMarts(cfg *project.Config) (*questions.Marts, error) {
	path, err := cfg.MartsFile()
	if err != nil {
		return nil, err
	}
	return questions.OpenMarts(path)
}

func (l *commandLine) openMarts() (*questions.Marts, error) {
	cfg, err := l.readConfig()
	if err != nil {
		return nil, err
	}
	return openMarts(cfg)
}

func (l *commandLine) printTable(t questions.Table, format string) error {
	switch format {
	case "json":
		return l.printJSONRows(t)
	case "csv":
		return l.printCSV(t)
	case "table":
		text := make([][]string, len(t.Rows))
		for i, row := range t.Rows {
			for _, v := range row {
				text[i] = append(text[i], display1(v))
			}
		}
		grid(l.stdout, t.Columns, text)
		fmt.Fprintln(l.stdout, plural(len(t.Rows), "row"))
		return nil
	default:
		return fmt.Errorf("%w: --format %q is none of table, csv, json", errUsage, format)
	}
}

func (l *commandLine) printJSONRows(t questions.Table) error {
	out := make([]map[string]any, len(t.Rows))
	for i, row := range t.Rows {
		out[i] = map[string]any{}
		for j, v := range row {
			switch v := v.(type) {
			case duckdb.Decimal:
				out[i][t.Columns[j]] = json.Number(exact(v)) // not as a float
			case time.Time, questions.Day:
				out[i][t.Columns[j]] = display1(v)
			case float64:
				out[i][t.Columns[j]] = v
				if math.IsNaN(v) || math.IsInf(v, 0) {
					out[i][t.Columns[j]] = display1(v) // JSON has no number for it
				}
			default:
				out[i][t.Columns[j]] = v
			}
		}
	}
	return printJSON(l.stdout, out)
}

// printCSV escapes what a spreadsheet would run as a formula.
func (l *commandLine) printCSV(t questions.Table) error {
	w := csv.NewWriter(unescaped(l.stdout))
	if err := w.Write(t.Columns); err != nil {
		return fmt.Errorf("write CSV: %w", err)
	}
	for _, row := range t.Rows {
		text := make([]string, len(row))
		for i, v := range row {
			text[i] = display1(v)
			if _, isText := v.(string); isText && text[i] != "" && strings.ContainsRune("=+-@\t\r", rune(text[i][0])) {
				text[i] = "'" + text[i]
			}
		}
		if err := w.Write(text); err != nil {
			return fmt.Errorf("write CSV: %w", err)
		}
	}
	w.Flush()
	return w.Error()
}

// display1 is one value as people read it: instants in UTC, days as days, nothing for null.
func display1(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case questions.Day:
		return v.UTC().Format("2006-01-02")
	case time.Time:
		return v.UTC().Format("2006-01-02 15:04:05Z")
	case duckdb.Decimal:
		return exact(v)
	case []byte:
		return string(v)
	default:
		return fmt.Sprint(v)
	}
}

// oneOf answers for a command that only has others under it: their list, or what was mistyped.
func oneOf(c *cobra.Command, args []string) error {
	if len(args) == 0 {
		return c.Help()
	}
	var names []string
	for _, sub := range c.Commands() {
		names = append(names, sub.Name())
	}
	text := fmt.Sprintf("%s has no %q; it has %s", c.CommandPath(), args[0], strings.Join(names, ", "))
	if near := pipelines.Nearest(args[0], names); near != "" {
		text += fmt.Sprintf("; did you mean %q?", near)
	}
	return fmt.Errorf("%w: %s", errUsage, text)
}

// exact writes a decimal with all places of its scale: 12.50, not 12.5.
func exact(d duckdb.Decimal) string {
	scale := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(d.Scale)), nil)
	return new(big.Rat).SetFrac(d.Value, scale).FloatString(int(d.Scale))
}

// noWords refuses what stands behind a command that flags alone tell what to do.
func noWords(c *cobra.Command, args []string) error {
	if len(args) > 0 {
		return fmt.Errorf("%w: %s takes no %q; see `%s --help`", errUsage, c.CommandPath(), args[0], c.CommandPath())
	}
	return nil
}

// oneArg wants exactly one argument and says which.
func oneArg(what string) cobra.PositionalArgs {
	return func(c *cobra.Command, args []string) error {
		if len(args) != 1 {
			return fmt.Errorf("%w: %s takes %s; see `%s --help`", errUsage, c.CommandPath(), what, c.CommandPath())
		}
		return nil
	}
}
