package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/fourmarketing/waybill"
	"github.com/fourmarketing/waybill/pipelines/inputs"
	"github.com/fourmarketing/waybill/transforms/models"
)

// pairsOf are the columns of a relation that name a row of a raw table together: _file_id with _line, paid_file_id with paid_line.
func pairsOf(types map[string]string) [][2]string {
	var out [][2]string
	for c := range types {
		if stem, ok := strings.CutSuffix(c, "file_id"); ok && types[stem+"line"] != "" {
			out = append(out, [2]string{c, stem + "line"})
		}
	}
	return out
}

// lostPairs counts the rows of a relation that name a file and a line which are in pairs not together, or half of a place. A file as a whole has no
// line: one that is held, or the one that shows a gap in a count.
func lostPairs(ctx context.Context, q queryer, relation waybill.TableName, pairs func(column string) string) (int64, error) {
	types, err := columnTypes(ctx, q, relation.String())
	if err != nil {
		return 0, err
	}
	var lost int64
	for _, p := range pairsOf(types) {
		var n int64
		text := fmt.Sprintf(`with pairs as (%s) select count(*) from %s as m where (%[3]s is null and %[4]s is not null)
			or (%[3]s is not null and %[4]s is not null and not exists (select 1 from pairs as r where r._file_id = m.%[3]s and r._line = m.%[4]s))`,
			pairs(p[1]), relation, p[0], p[1])
		if err := scanOne(ctx, q, text, &n); err != nil {
			return 0, fmt.Errorf("look for the lines of %s: %w", relation, err)
		}
		lost += n
	}
	return lost, nil
}

func scanOne(ctx context.Context, q queryer, text string, into any) error {
	rows, err := q.QueryContext(ctx, text)
	if err != nil {
		return err
	}
	defer rows.Close()
	if rows.Next() {
		if err := rows.Scan(into); err != nil {
			return err
		}
	}
	return rows.Err()
}

// everyPairStands wants every file and line that a fact, an intermediate model or a mart names to be those of one row of a raw table that its column
// is made of.
func everyPairStands(t *testing.T, p *office, asOf time.Time) {
	t.Helper()
	opened := p.open()
	l, err := opened.Models.Lineage(t.Context(), caseShapes(t, opened.Models))
	if err != nil {
		t.Fatal(err)
	}
	var names, all []waybill.TableName
	for _, m := range opened.Models.Models() {
		if slices.Contains([]string{models.Canonical, models.Intermediate, models.Marts}, m.Name.Namespace) {
			names = append(names, m.Name)
		}
	}
	all = append(all, names...)
	for _, name := range opened.Inputs.Tables() {
		if name.Namespace == "raw" {
			all = append(all, name)
		}
	}
	looked := 0
	err = opened.Inputs.Ask(t.Context(), inputs.Question{Models: opened.Models, Tables: all, AsOf: asOf, Fresh: true, Memory: "1GB"}, func(s *models.Session) error {
		for _, name := range names {
			n, err := lostPairs(t.Context(), s, name, func(column string) string {
				looked++
				return rowsOf(t, l, models.ColumnName{Table: name, Name: column})
			})
			if err != nil {
				return err
			}
			if n > 0 {
				t.Errorf("%s: %d rows name a file and a line that no raw table has together", name, n)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if looked < 40 {
		t.Errorf("only %d pairs of columns were looked at", looked)
	}
}

// rowsOf are the rows of the raw tables that a column is made of.
func rowsOf(t *testing.T, l *models.Lineage, c models.ColumnName) string {
	t.Helper()
	up, err := l.Upstream(c)
	if err != nil {
		t.Fatal(err)
	}
	texts := []string{"select cast(null as varchar) as _file_id, cast(null as bigint) as _line"}
	for _, s := range up {
		if text := fmt.Sprintf("select _file_id, _line from %s", s.Column.Table); s.Column.Table.Namespace == "raw" && !slices.Contains(texts, text) {
			texts = append(texts, text)
		}
	}
	return strings.Join(texts, " union all ")
}
