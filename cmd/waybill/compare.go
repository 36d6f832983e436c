package main

import (
	"context"
	"database/sql"
	"encoding/csv"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/fourmarketing/waybill/pipelines/inputs"
	"github.com/fourmarketing/waybill/sandbox/world"
	"github.com/fourmarketing/waybill/transforms/duck"
)

// comparison is one mart beside the truth.
type comparison struct {
	Mart      string   `json:"mart"`
	Rows      int64    `json:"rows"`       // in the truth
	Columns   int      `json:"columns"`    // compared
	OnlyTruth int64    `json:"only_truth"` // what the mart lacks
	OnlyMart  int64    `json:"only_mart"`  // what never happened
	Different int64    `json:"different"`  // rows with another value
	Examples  []string `json:"examples,omitempty"`
}

func (c comparison) differs() bool { return c.OnlyTruth+c.OnlyMart+c.Different > 0 }

// maxExamples bounds what is printed of one mart's differences; they are all counted.
const maxExamples = 5

// compareTruth lays each truth table beside the published mart of its name, cell by cell.
func compareTruth(ctx context.Context, q inputs.Querier, marts string, truth []world.TruthTable, dir string) ([]comparison, error) {
	if _, err := q.ExecContext(ctx, fmt.Sprintf("attach %s as published (read_only)", duck.Literal(marts))); err != nil {
		return nil, fmt.Errorf("open published marts: %w", err)
	}
	all := make([]comparison, 0, len(truth))
	for _, t := range truth {
		path := filepath.Join(dir, t.Mart+".csv")
		if err := writeTruth(path, t); err != nil {
			return nil, err
		}
		relation := t.Mart
		if name, ok := strings.CutPrefix(relation, "marts."); ok {
			relation = "published.main." + name
		}
		c, err := compareTable(ctx, q, path, relation, t)
		if err != nil {
			return nil, fmt.Errorf("compare %s: %w", t.Mart, err)
		}
		all = append(all, c)
	}
	return all, nil
}

func writeTruth(path string, t world.TruthTable) error {
	f, err := os.Create(path)
	if err != nil {
		return fmt.Errorf("write truth: %w", err)
	}
	defer f.Close()
	w := csv.NewWriter(f)
	if err := w.Write(t.Columns); err != nil {
		return fmt.Errorf("write truth: %w", err)
	}
	if err := w.WriteAll(t.Rows); err != nil {
		return fmt.Errorf("write truth: %w", err)
	}
	return f.Close()
}

// queryer asks for rows.
type queryer interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// compareTable joins truth and a relation on the key, both as text in the truth's spelling. Rows of one key meet in the order of their values, so
// that one told twice is one too many.
func compareTable(ctx context.Context, q queryer, path, relation string, t world.TruthTable) (comparison, error) {
	c := comparison{Mart: t.Mart, Rows: int64(len(t.Rows)), Columns: len(t.Columns)}
	types, err := columnTypes(ctx, q, relation)
	if err != nil {
		c.OnlyTruth, c.Examples = c.Rows, []string{err.Error()}
		return c, nil //nolint:nilerr // a mart that is not there lacks every row; the comparison says so
	}
	var texts, on, diffs []string
	for _, col := range t.Columns {
		kind, ok := types[col]
		if !ok {
			return c, fmt.Errorf("%s has no column %s", t.Mart, col)
		}
		texts = append(texts, asText(duck.Ident(col), kind)+" as "+duck.Ident(col))
		diffs = append(diffs, fmt.Sprintf("case when t.%[1]s is distinct from m.%[1]s and t.%[1]s <> %[3]s then %[2]s || '=' || t.%[1]s || ' not ' || m.%[1]s end",
			duck.Ident(col), duck.Literal(col), duck.Literal(world.Untold)))
	}
	for _, k := range append([]string{"nth"}, t.Key...) {
		on = append(on, fmt.Sprintf("t.%[1]s = m.%[1]s", duck.Ident(k)))
	}
	nth := fmt.Sprintf("row_number() over (partition by %s order by %s) as nth", idents(t.Key), idents(t.Columns))
	text := fmt.Sprintf(`with t as (select *, %[9]s, 1 as here from read_csv(%[1]s, header = true, all_varchar = true, nullstr = '<none>', delim = ',', quote = '"', escape = '"', auto_detect = false, columns = {%[2]s})),
		told as (select %[3]s from %[4]s %[5]s), m as (select *, %[9]s, 1 as here from told)
		select coalesce(concat_ws('|', %[6]s), '') as k, t.here is null as only_mart, m.here is null as only_truth, concat_ws(', ', %[7]s) as diff
		from t full outer join m on %[8]s
		where t.here is null or m.here is null or diff <> '' order by k`,
		duck.Literal(path), varchars(t.Columns), strings.Join(texts, ", "), relation, within(t), coalesced(t.Key), strings.Join(diffs, ", "), strings.Join(on, " and "), nth)
	return c, c.read(ctx, q, text)
}

func idents(columns []string) string {
	out := make([]string, len(columns))
	for i, c := range columns {
		out[i] = duck.Ident(c)
	}
	return strings.Join(out, ", ")
}

func (c *comparison) read(ctx context.Context, q queryer, text string) error {
	rows, err := q.QueryContext(ctx, text)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var key, diff string
		var onlyMart, onlyTruth bool
		if err := rows.Scan(&key, &onlyMart, &onlyTruth, &diff); err != nil {
			return err
		}
		switch {
		case onlyMart:
			c.OnlyMart++
			diff = "is in the mart only"
		case onlyTruth:
			c.OnlyTruth++
			diff = "is in the truth only"
		default:
			c.Different++
		}
		if len(c.Examples) < maxExamples {
			c.Examples = append(c.Examples, key+": "+diff)
		}
	}
	return rows.Err()
}

func varchars(columns []string) string {
	out := make([]string, len(columns))
	for i, c := range columns {
		out[i] = duck.Literal(c) + ": 'VARCHAR'"
	}
	return strings.Join(out, ", ")
}

func coalesced(columns []string) string {
	out := make([]string, len(columns))
	for i, c := range columns {
		out[i] = fmt.Sprintf("coalesce(t.%[1]s, m.%[1]s)", duck.Ident(c))
	}
	return strings.Join(out, ", ")
}

func columnTypes(ctx context.Context, q queryer, relation string) (map[string]string, error) {
	rows, err := q.QueryContext(ctx, "describe select * from "+relation)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	types := map[string]string{}
	for rows.Next() {
		var name, kind string
		var rest [4]any
		if err := rows.Scan(&name, &kind, &rest[0], &rest[1], &rest[2], &rest[3]); err != nil {
			return nil, err
		}
		types[name] = kind
	}
	return types, rows.Err()
}

// asText spells a value as the truth does (world.TruthTable).
func asText(column, kind string) string {
	switch {
	case kind == "TIMESTAMP WITH TIME ZONE":
		column = fmt.Sprintf("strftime(%s at time zone 'UTC', '%%Y-%%m-%%dT%%H:%%M:%%SZ')", column)
	case strings.HasPrefix(kind, "DECIMAL"):
		// two places as money has them, and all of them where there are more
		column = fmt.Sprintf("case when %[1]s = cast(%[1]s as decimal(38, 2)) then cast(cast(%[1]s as decimal(38, 2)) as varchar) else rtrim(cast(%[1]s as varchar), '0') end", column)
	case kind == "DOUBLE":
		column = fmt.Sprintf("printf('%%.6f', %s)", column)
	case kind == "TIMESTAMP":
		column = fmt.Sprintf("strftime(%s, '%%Y-%%m-%%dT%%H:%%M:%%S')", column)
	default:
		column = fmt.Sprintf("cast(%s as varchar)", column)
	}
	return "coalesce(" + column + ", '')"
}

// within restricts a table to what the truth tells of at all.
func within(t world.TruthTable) string {
	conditions := make([]string, len(t.Within))
	for i, c := range t.Within {
		conditions[i] = fmt.Sprintf("cast(%[1]s as varchar) in (select %[1]s from t)", duck.Ident(c))
	}
	if len(conditions) == 0 {
		return ""
	}
	return "where " + strings.Join(conditions, " and ")
}
