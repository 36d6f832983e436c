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
	Rule   string // spreadsheet_dates or future_dates
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
			c := dateColumn{typer: t, col: col, swapped: t.swapped[columnAt{i, k}]}
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
	col     Column
	files   []string // Parquet
	swapped int64    // rejected values that are dates in the other order alone
}

func (c dateColumn) doubt(ctx context.Context) (*Doubt, error) {
	limit := c.typer.Origin.ReceivedAt.AddDate(0, 0, daysAhead)
	newest, err := c.newest(ctx)
	if err != nil {
		return nil, err
	}
	ahead := !c.col.Future && newest.After(limit)
	if c.swapped == 0 && !ahead {
		return nil, nil
	}
	seen, err := c.look(ctx, limit)
	other := map[string]string{dayFirst: monthFirst, monthFirst: dayFirst}[c.col.order()]
	switch {
	case err != nil || seen.late: // the day of some date is no month, so the order is the contract's
		return nil, err
	case c.swapped > 0:
		return &Doubt{Rule: "spreadsheet_dates", Column: c.col.Name, Detail: fmt.Sprintf("every date could be %s and some can be nothing else: "+
			"a spreadsheet seems to have saved the file again; ask the partner for the original", other)}, nil
	case ahead && !seen.aheadToo:
		return &Doubt{Rule: "future_dates", Column: c.col.Name, Line: seen.line, Detail: fmt.Sprintf("%d of %d dates lie more than %d days after the file was received, this one on %s; "+
			"every date could be %s, and none would lie there then; ask the partner in which order day and month stand, and if these dates may lie ahead, say future: true of the column",
			seen.ahead, seen.dates, daysAhead, seen.first, other)}, nil
	}
	return nil, nil
}

// newest is the latest of the loaded dates; the zero time where there is none.
func (c dateColumn) newest(ctx context.Context) (time.Time, error) {
	var at sql.NullTime
	if len(c.files) == 0 {
		return at.Time, nil
	}
	query := fmt.Sprintf("select max(%s) from read_parquet(%s)", duck.Ident(c.col.Name), duck.List(c.files))
	if err := c.typer.conn.QueryRowContext(ctx, query).Scan(&at); err != nil {
		return at.Time, fmt.Errorf("look at dates of %s: %w", c.col.Name, err)
	}
	return at.Time, nil
}

// sight is what the loaded dates of a column show.
type sight struct {
	late         bool // some date is of a day that is no month
	dates, ahead int64
	line         int64  // of the first that lies ahead
	first        string // that date
	aheadToo     bool   // some of them would lie ahead in the other order, too
}

func (c dateColumn) look(ctx context.Context, limit time.Time) (sight, error) {
	var s sight
	if len(c.files) == 0 {
		return s, nil
	}
	value := duck.Ident(c.col.Name)
	wall := value
	if c.col.Type == "timestamp" {
		wall = fmt.Sprintf("timezone(%s, %s)", duck.Literal(c.col.Zone), value)
	}
	query := fmt.Sprintf(`
		select count(wall), coalesce(bool_or(day(wall) > 12), false), count(*) filter (ahead), coalesce(min(_line) filter (ahead), 0),
			coalesce(arg_min(strftime(wall, '%%-d %%B %%Y'), _line) filter (ahead), ''),
			coalesce(bool_or(ahead and case when day(wall) <= 12 then make_date(year(wall), day(wall), month(wall)) > date '%[4]s' end), false)
		from (select _line, %[1]s as wall, %[2]s > timestamptz '%[5]s+00' as ahead from read_parquet(%[3]s))`,
		wall, value, duck.List(c.files), limit.UTC().Format(time.DateOnly), limit.UTC().Format(sqlTime))
	if err := c.typer.conn.QueryRowContext(ctx, query).Scan(&s.dates, &s.late, &s.ahead, &s.line, &s.first, &s.aheadToo); err != nil {
		return s, fmt.Errorf("look at dates of %s: %w", c.col.Name, err)
	}
	return s, nil
}

// The orders of day and month where both are numbers and the year stands behind them.
const (
	dayFirst   = "day-first"
	monthFirst = "month-first"
)

// order is that of day and month in all of a column's formats in which they could be mistaken for one another; empty where they cannot be, or where the
// contract has both orders.
func (col Column) order() string {
	var found string
	for _, f := range col.mistakable() {
		this := dayFirst
		if strings.Index(f, "%d") > strings.Index(f, "%m") {
			this = monthFirst
		}
		if found != "" && found != this {
			return ""
		}
		found = this
	}
	return found
}

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
