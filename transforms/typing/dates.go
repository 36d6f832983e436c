package typing

import (
	"context"
	"fmt"
	"strings"

	"github.com/fourmarketing/waybill/transforms/duck"
)

// spreadsheetDates finds day-first columns of which every value could be month-first and at least one can be nothing else: a
// spreadsheet has re-saved the file. The dates that parse are then as wrong as those that do not (3/4 is a valid day either way), so the
// caller holds the file. It is asked only where a date was rejected.
func (t *Typer) spreadsheetDates(ctx context.Context, ch Chunk, rel relation, rejects []Reject) ([]string, error) {
	suspects := map[int]bool{}
	for _, r := range rejects {
		if r.Rule == "format" && rel.table.Columns[r.Column].dayFirst() {
			suspects[r.Column] = true
		}
	}
	var swapped []string
	for i, col := range rel.table.Columns {
		if !suspects[i] {
			continue
		}
		text := fmt.Sprintf("trim(c%d, %s)", i, duck.Literal(" \t"+col.Strip))
		query := fmt.Sprintf(`select count(*) filter (where month_first is null) = 0 and count(*) filter (where day_first is null) > 0
			from (select try_strptime(x, %s) as day_first, try_strptime(x, %s) as month_first from (select %s as x from (%s)) where x <> '')`,
			duck.List(col.Formats), duck.List(monthFirst(col.Formats)), text, rel.values)
		var is bool
		if err := t.scan(ctx, ch, func() error { return t.conn.QueryRowContext(ctx, query).Scan(&is) }); err != nil {
			return nil, fmt.Errorf("look at dates of %s: %w", col.Name, err)
		}
		if is {
			swapped = append(swapped, col.Name)
		}
	}
	return swapped, nil
}

// dayFirst says whether all of a column's formats put the day before the month, both as numbers.
func (col Column) dayFirst() bool {
	for _, f := range col.Formats {
		d, m := strings.Index(f, "%d"), strings.Index(f, "%m")
		if d < 0 || m < 0 || d > m || hasOffset(f) || fixedLength(f) > 0 {
			return false
		}
	}
	return col.isTime()
}

// monthFirst are the same formats with day and month changed round, with and without seconds, as spreadsheets write them.
func monthFirst(formats []string) []string {
	var out []string
	for _, f := range formats {
		swapped := strings.NewReplacer("%d", "%m", "%m", "%d").Replace(f)
		out = append(out, swapped)
		if short, ok := strings.CutSuffix(swapped, ":%S"); ok {
			out = append(out, short)
		}
	}
	return out
}
