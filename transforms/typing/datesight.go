package typing

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/fourmarketing/waybill"
	"github.com/fourmarketing/waybill/transforms/duck"
)

// Reach is how far from their receipt the dates of a column were in earlier files of the feed: from Least days before it to Most, negative behind it.
type Reach struct {
	Files       int
	Least, Most int
}

// Neighbours tells of the feed's files that count and that came before, what their dates were. A file is asked for them only where its dates could be of
// either order.
type Neighbours func(ctx context.Context, table waybill.TableName, column string) (Reach, error)

// fewNeighbours are enough to know a feed's habit by.
const fewNeighbours = 3

// window is the days within which dates are expected, and why.
type window struct {
	from, to time.Time
	why      string
}

// sight is what the loaded dates of a column show. The other order is the one with day and month changed round.
type sight struct {
	dates int64
	late  int64 // of a day that is no month: they prove the contract's order
	// Those that lie ahead of the receipt in the contract's order: the ones that would not in the other order, and the rest.
	ahead, aheadAnyway int64
	line               int64  // of the first of ahead
	first              string // that date
	turned             int64  // would be other days in the other order
	earliest, latest   sql.NullTime
	otherwise          [2]sql.NullTime // the same in the other order; null unless all dates have one
}

// glance reads what settles the matter for nearly every file, at little cost: the newest date, from the statistics that DuckDB has written into the file, and
// whether some is surely of a day that is no month.
func (c dateColumn) glance(ctx context.Context) (newest time.Time, late bool, err error) {
	var at sql.NullTime
	if len(c.files) == 0 {
		return newest, false, nil
	}
	value, files := duck.Ident(c.col.Name), duck.List(c.files)
	day := value
	if c.col.Type == "timestamp" { // in UTC, which is a day off at most: a look at each zone would take as long as typing
		day = fmt.Sprintf("make_timestamp(epoch_us(%s))", value)
	}
	query := fmt.Sprintf(`
		select (select max(cast(stats_max_value as %[1]s)) from parquet_metadata(%[2]s) where path_in_schema = %[3]s),
			(select count(*) > 0 from (from read_parquet(%[2]s) where day(%[4]s) between 14 and 30 limit 1))`,
		map[bool]string{true: "date", false: "timestamptz"}[c.col.Type == "date"], files, duck.Literal(c.col.Name), day)
	if err := c.typer.conn.QueryRowContext(ctx, query).Scan(&at, &late); err != nil {
		return newest, false, fmt.Errorf("look at dates of %s: %w", c.col.Name, err)
	}
	return at.Time, late, nil
}

// look reads the dates of the column from the files that were typed.
func (c dateColumn) look(ctx context.Context, limit time.Time) (sight, error) {
	var s sight
	if len(c.files) == 0 {
		return s, nil
	}
	value := duck.Ident(c.col.Name)
	query := fmt.Sprintf(`
		select count(wall), count(*) filter (day(wall) > 12), count(*) filter (alone), count(*) filter (ahead and not alone),
			coalesce(min(_line) filter (alone), 0), coalesce(arg_min(strftime(wall, '%%-d %%B %%Y'), _line) filter (alone), ''),
			count(*) filter (other <> cast(wall as date)), min(cast(wall as date)), max(cast(wall as date)), min(other), max(other)
		from (select *, ahead and other is not null and other <= date '%[4]s' as alone from
			(select *, case when day(wall) <= 12 then make_date(year(wall), day(wall), month(wall)) end as other from
			(select _line, %[1]s as wall, coalesce(%[2]s > timestamptz '%[5]s+00', false) as ahead from read_parquet(%[3]s))))`,
		c.wall(value), value, duck.List(c.files), limit.UTC().Format(time.DateOnly), limit.UTC().Format(sqlTime))
	err := c.typer.conn.QueryRowContext(ctx, query).Scan(&s.dates, &s.late, &s.ahead, &s.aheadAnyway, &s.line, &s.first, &s.turned,
		&s.earliest, &s.latest, &s.otherwise[0], &s.otherwise[1])
	if err != nil {
		return s, fmt.Errorf("look at dates of %s: %w", c.col.Name, err)
	}
	return s, nil
}

// wall is the SQL of what a clock at the sender showed. Where each row names its zone it is taken for UTC's, which may be a day off.
func (c dateColumn) wall(value string) string {
	switch {
	case c.col.Type == "date":
		return value
	case c.col.Zone == "":
		return fmt.Sprintf("timezone('UTC', %s)", value)
	}
	return fmt.Sprintf("timezone(%s, %s)", duck.Literal(c.col.Zone), value)
}
