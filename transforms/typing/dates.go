package typing

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/fourmarketing/waybill"
	"github.com/fourmarketing/waybill/transforms/duck"
)

// daysAhead is how long after its file's receipt a date may lie before it is a sign of day and month changed round: systems' clocks and zones differ, and what
// is to leave tomorrow may be told today. Changed round, a date moves by four weeks at least.
const daysAhead = 3

// Doubt is why a column's dates cannot be believed: the file seems to have day and month in another order than the contract. Those that can be read are as
// wrong as those that cannot (3/4 is a day either way), so the caller holds the file.
type Doubt struct {
	Rule   string // spreadsheet_dates, future_dates or ambiguous_dates
	Column string
	Line   int64 // of the first such date; 0 when it is about no line
	Detail string
}

// columnAt is a column of the contract.
type columnAt struct{ table, column int }

// Doubts looks at the dates of the whole file, after its last part: files are what all parts gave. Nil when nothing speaks against them. In a log of
// answers nothing does: Waybill writes it itself, and one answer holds up none of the others.
func (t *Typer) Doubts(ctx context.Context, files map[waybill.TableName][]waybill.StagedFile) (*Doubt, error) {
	if t.Contract.Format.Type == Exchange {
		return nil, nil
	}
	for i, table := range t.Contract.Tables {
		for k, col := range table.Columns {
			if !col.isTime() || col.order() == "" || col.PII == Drop {
				continue
			}
			c := dateColumn{typer: t, table: table.Name, col: col, swapped: t.swapped[columnAt{i, k}]}
			for _, f := range files[table.Name] {
				c.files = append(c.files, f.Path)
			}
			if d, err := c.doubt(ctx); d != nil || err != nil {
				return d, err
			}
		}
	}
	return nil, nil
}

// dateColumn is one column whose day and month can be mistaken for one another.
type dateColumn struct {
	typer   *Typer
	table   waybill.TableName
	col     Column
	files   []string // Parquet
	swapped int64    // rejected values that are dates in the other order alone
}

// proofs is how many dates have to prove the contract's order for each that speaks against it: a single date in the contract's order among those of another
// one is a bad value, as a single one in the other order is among many.
const proofs = 10

func (c dateColumn) doubt(ctx context.Context) (*Doubt, error) {
	limit := c.typer.Origin.ReceivedAt.AddDate(0, 0, daysAhead)
	newest, late, err := c.glance(ctx)
	if err != nil || (late && c.swapped == 0 && (c.col.Future || !newest.After(limit))) {
		return nil, err
	}
	seen, err := c.look(ctx, limit)
	if err != nil {
		return nil, err
	}
	ahead := int64(0)
	if !c.col.Future && seen.ahead >= seen.aheadAnyway {
		ahead = seen.ahead
	}
	other := map[string]string{dayFirst: monthFirst, monthFirst: dayFirst}[c.col.order()]
	switch against := c.swapped + ahead; {
	case against == 0 && seen.late == 0 && seen.turned > 0:
		return c.ambiguous(ctx, seen, other)
	case against == 0 || seen.late > against*proofs:
		return nil, nil
	case c.swapped > 0:
		return &Doubt{Rule: "spreadsheet_dates", Column: c.col.Name, Detail: fmt.Sprintf("%d can be %s alone and %d can be nothing but %s, as the contract has it; of the others nobody can tell: "+
			"a spreadsheet seems to have saved the file again; ask the partner for the original", c.swapped, other, seen.late, c.col.order())}, nil
	}
	return &Doubt{Rule: "future_dates", Column: c.col.Name, Line: seen.line, Detail: fmt.Sprintf("%d of %d dates lie more than %d days after the file was received, this one on %s; "+
		"%s none of these would; ask the partner in which order day and month stand, and if these dates may lie ahead, say future: true of the column",
		seen.ahead, seen.dates, daysAhead, seen.first, other)}, nil
}

// ambiguous compares dates that could be of either order with what the file's name and the feed's earlier files let expect. The file is in doubt where some
// date as the contract reads it is not to be expected, and all would be with day and month changed round.
func (c dateColumn) ambiguous(ctx context.Context, s sight, other string) (*Doubt, error) {
	windows, err := c.windows(ctx)
	if err != nil {
		return nil, err
	}
	for _, w := range windows {
		if w.has(s.earliest, s.latest) || !w.has(s.otherwise[0], s.otherwise[1]) {
			continue
		}
		return &Doubt{Rule: "ambiguous_dates", Column: c.col.Name, Detail: fmt.Sprintf("no date is of a day after the 12th, so they could be of either order. Read %s, as the contract has it, they are of %s; "+
			"read %s they are of %s, %s; ask the partner in which order day and month stand; if it is the contract's, load the file again with on_drift.date_order: warn",
			c.col.order(), days(s.earliest.Time, s.latest.Time), other, days(s.otherwise[0].Time, s.otherwise[1].Time), w.why)}, nil
	}
	return nil, nil
}

// windows are where the file's dates are expected.
func (c dateColumn) windows(ctx context.Context) ([]window, error) {
	var all []window
	if w, ok := c.typer.Contract.NameDate.window(c.typer.Name); ok {
		all = append(all, w)
	}
	if c.typer.Neighbours == nil {
		return all, nil
	}
	reach, err := c.typer.Neighbours(ctx, c.table, c.col.Name)
	if err != nil {
		return nil, fmt.Errorf("look at the feed's earlier %s: %w", c.col.Name, err)
	}
	if reach.Files >= fewNeighbours {
		received := c.typer.Origin.ReceivedAt.UTC().Truncate(24 * time.Hour)
		all = append(all, window{
			received.AddDate(0, 0, -reach.Most-daysAhead), received.AddDate(0, 0, -reach.Least+daysAhead),
			fmt.Sprintf("as near to their receipt as those of the feed's last %d files", reach.Files),
		})
	}
	return all, nil
}

// has says whether all dates of a range are to be expected.
func (w window) has(earliest, latest sql.NullTime) bool {
	return earliest.Valid && latest.Valid && !earliest.Time.Before(w.from) && !latest.Time.After(w.to)
}

// days is a range of days in words.
func days(first, last time.Time) string {
	if first.Equal(last) {
		return first.Format("2 January 2006")
	}
	return first.Format("2 January 2006") + " to " + last.Format("2 January 2006")
}

// The orders of day and month where both are numbers and the year stands behind them.
const (
	dayFirst   = "day-first"
	monthFirst = "month-first"
)

// orders are those of day and month in the column's formats in which they could be mistaken for one another.
func (col Column) orders() []string {
	var found []string
	for _, f := range col.mistakable() {
		this := dayFirst
		if strings.Index(f, "%d") > strings.Index(f, "%m") {
			this = monthFirst
		}
		if !slices.Contains(found, this) {
			found = append(found, this)
		}
	}
	return found
}

// order is the one order of a column; empty where day and month cannot be mistaken.
func (col Column) order() string {
	if found := col.orders(); len(found) == 1 {
		return found[0]
	}
	return ""
}

// hasBothOrders says whether a text could be read in either of two orders.
func (col Column) hasBothOrders() bool { return len(col.orders()) > 1 }

// mistakable are the formats with day and month as numbers before the year. With the year in front nobody writes the day before the month.
func (col Column) mistakable() []string {
	return slices.DeleteFunc(slices.Clone(col.Formats), func(f string) bool {
		d, m, y := strings.Index(f, "%d"), strings.Index(f, "%m"), max(strings.Index(f, "%Y"), strings.Index(f, "%y"))
		return d < 0 || m < 0 || (y >= 0 && y < max(d, m)) || hasOffset(f) || fixedLength(f) > 0
	})
}

// couldBeSwapped is true for a text that is a date with day and month changed round.
func (col Column) couldBeSwapped(text string) string {
	return fmt.Sprintf("coalesce(try_strptime(trim(%s, %s), %s) is not null, false)", text, duck.Literal(" \t"+col.Strip), duck.List(swapped(col.mistakable())))
}

// swapped are the same formats with day and month changed round, with and without seconds, as spreadsheets write them.
func swapped(formats []string) []string {
	var out []string
	for _, f := range formats {
		other := strings.NewReplacer("%d", "%m", "%m", "%d").Replace(f)
		out = append(out, other)
		if short, ok := strings.CutSuffix(other, ":%S"); ok {
			out = append(out, short)
		}
	}
	return out
}
