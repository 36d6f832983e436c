package main

import (
	"database/sql"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"os"
	"strings"
	"time"

	"github.com/duckdb/duckdb-go/v2"
	"github.com/spf13/cobra"

	"github.com/fourmarketing/waybill/pipelines"
	"github.com/fourmarketing/waybill/transforms/duck"
)

func newQuery(s *session) *cobra.Command {
	format := "table"
	c := &cobra.Command{
		Use:   "query SQL",
		Short: "Ask the published marts; read-only",
		Example: `  waybill query "select brand, status, count(*) from marts.fct_orders group by 1, 2 order by 1, 2"
  waybill query "show all tables"
  waybill query --format csv "select * from marts.fct_claimable_parcels" > claims.csv`,
		Args: oneArg("one SQL text in quotes"),
		RunE: func(c *cobra.Command, args []string) error {
			cfg, err := readConfig(s.configPath)
			if err != nil {
				return err
			}
			if s.json {
				format = "json"
			}
			db, err := openMarts(cfg)
			if err != nil {
				return err
			}
			defer db.Close()
			rows, err := db.QueryContext(c.Context(), args[0])
			if err != nil {
				return fmt.Errorf("query: %w", err)
			}
			defer rows.Close()
			return s.printRows(rows, format)
		},
	}
	c.Flags().StringVar(&format, "format", format, "table, csv or json")
	return c
}

// openMarts opens the published marts read-only.
func openMarts(cfg *config) (*sql.DB, error) {
	if cfg.Publish.DuckDB == nil {
		return nil, fmt.Errorf("%s: publish.duckdb is not set, so there is no local file of marts to read", cfg.path)
	}
	path := cfg.Publish.DuckDB.Path
	if _, err := os.Stat(path); errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("%s is not there yet; `waybill run` publishes it", path)
	}
	connector, err := duckdb.NewConnector("", nil)
	if err != nil {
		return nil, fmt.Errorf("open marts: %w", err)
	}
	db := sql.OpenDB(connector)
	db.SetMaxOpenConns(1)
	for _, setting := range []string{
		"attach " + duck.Literal(path) + " as marts (read_only)", "use marts", "set timezone = 'UTC'", "set enable_external_access = false", "set lock_configuration = true",
	} {
		if _, err := db.Exec(setting); err != nil { //nolint:noctx // settings of a file that is being opened
			return nil, errors.Join(fmt.Errorf("open marts: %w", err), db.Close())
		}
	}
	return db, nil
}

// readAll returns the columns and every row of a result.
func readAll(rows *sql.Rows) ([]string, [][]any, error) {
	columns, err := rows.Columns()
	if err != nil {
		return nil, nil, fmt.Errorf("read result: %w", err)
	}
	var all [][]any
	for rows.Next() {
		values := make([]any, len(columns))
		into := make([]any, len(columns))
		for i := range values {
			into[i] = &values[i]
		}
		if err := rows.Scan(into...); err != nil {
			return nil, nil, fmt.Errorf("read result: %w", err)
		}
		all = append(all, values)
	}
	return columns, all, rows.Err()
}

func (s *session) printRows(rows *sql.Rows, format string) error {
	columns, all, err := readAll(rows)
	if err != nil {
		return err
	}
	switch format {
	case "json":
		return s.printJSONRows(columns, all)
	case "csv":
		return s.printCSV(columns, all)
	case "table":
		text := make([][]string, len(all))
		for i, row := range all {
			for _, v := range row {
				text[i] = append(text[i], display1(v))
			}
		}
		grid(s.stdout, columns, text)
		fmt.Fprintln(s.stdout, plural(len(all), "row"))
		return nil
	default:
		return fmt.Errorf("%w: --format %q is none of table, csv, json", errUsage, format)
	}
}

func (s *session) printJSONRows(columns []string, all [][]any) error {
	out := make([]map[string]any, len(all))
	for i, row := range all {
		out[i] = map[string]any{}
		for j, v := range row {
			switch v := v.(type) {
			case duckdb.Decimal:
				out[i][columns[j]] = json.Number(exact(v)) // not as a float
			case time.Time:
				out[i][columns[j]] = display1(v)
			default:
				out[i][columns[j]] = v
			}
		}
	}
	return printJSON(s.stdout, out)
}

// printCSV escapes what a spreadsheet would run as a formula.
func (s *session) printCSV(columns []string, all [][]any) error {
	w := csv.NewWriter(s.stdout)
	if err := w.Write(columns); err != nil {
		return fmt.Errorf("write CSV: %w", err)
	}
	for _, row := range all {
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
	case time.Time:
		if v.Hour() == 0 && v.Minute() == 0 && v.Second() == 0 && v.Nanosecond() == 0 {
			return v.UTC().Format("2006-01-02")
		}
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

// oneArg wants exactly one argument and says which.
func oneArg(what string) cobra.PositionalArgs {
	return func(c *cobra.Command, args []string) error {
		if len(args) != 1 {
			return fmt.Errorf("%w: %s takes %s; see `%s --help`", errUsage, c.CommandPath(), what, c.CommandPath())
		}
		return nil
	}
}
