package typing

import (
	"context"
	"fmt"
	"strings"

	"github.com/fourmarketing/waybill/transforms/duck"
)

// dateTally counts the values of a date column that are not of its formats.
type dateTally struct{ wrong, monthFirst int64 }

func (t *Typer) tally(column int) *dateTally {
	if t.dates[column] == nil {
		t.dates[column] = &dateTally{}
	}
	return t.dates[column]
}

// spreadsheetDates finds day-first columns of which every value could be month-first and at least one can be nothing else: a
// spreadsheet has re-saved the file. The dates that parse are then as wrong as those that do not (3/4 is a valid day either way), so the
// caller holds the file.
func (t *Typer) spreadsheetDates(ctx context.Context, out *Typed) ([]string, error) {
	var swapped []string
	for i, col := range t.rel.table.Columns {
		d := t.dates[i]
		if d == nil || d.monthFirst < d.wrong || !col.dayFirst() {
			continue
		}
		late, err := t.lateInMonth(ctx, col, out)
		if err != nil {
			return nil, err
		}
		if !late {
			swapped = append(swapped, col.Name)
		}
	}
	return swapped, nil
}

// lateInMonth says whether a loaded date is of a day that is no month.
func (t *Typer) lateInMonth(ctx context.Context, col Column, out *Typed) (late bool, err error) {
	day := duck.Ident(col.Name)
	if col.Type == "timestamp" {
		day = fmt.Sprintf("timezone(%s, %s)", duck.Literal(col.Zone), day)
	}
	for _, f := range out.Files {
		query := fmt.Sprintf("select coalesce(bool_or(day(%s) > 12), false) from read_parquet(%s)", day, duck.Literal(f.Path))
		if err := t.conn.QueryRowContext(ctx, query).Scan(&late); err != nil {
			return false, fmt.Errorf("look at dates of %s: %w", col.Name, err)
		}
	}
	return late, nil
}

// couldBeMonthFirst is true for a text that is a date with day and month changed round.
func (col Column) couldBeMonthFirst(text string) string {
	return fmt.Sprintf("coalesce(try_strptime(trim(%s, %s), %s) is not null, false)", text, duck.Literal(" \t"+col.Strip), duck.List(monthFirst(col.Formats)))
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
