package publish

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/fourmarketing/waybill/transforms/duck"
)

// replaceable tells whether there is a file at the path, and refuses when it is none of marts or holds what Waybill did not make.
func (d *DuckDB) replaceable(ctx context.Context) (there bool, err error) {
	info, err := os.Stat(d.path)
	if errors.Is(err, os.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return true, fmt.Errorf("look at %s: %w", d.path, err)
	}
	if !info.Mode().IsRegular() {
		return true, fmt.Errorf("%s is no file: set publish.duckdb.path to that of a file", d.path)
	}
	others, err := d.others(ctx)
	if err != nil {
		return true, fmt.Errorf("%s was not published by Waybill, or this cannot be seen: %w. Close what has it open for writing, move it away, or set publish.duckdb.path to another file; then run again", d.path, err)
	}
	if len(others) > 0 {
		return true, fmt.Errorf("publishing replaces %s and would drop what Waybill did not make: %s. Keep that in a file of its own (attach %s there to read the marts), then run again",
			d.path, firstOf(others), duck.Literal(d.path))
	}
	return true, nil
}

// errNoRelease says that a DuckDB file is not one of marts.
var errNoRelease = errors.New("it has no ops.release")

// others is what a published file holds besides its release.
func (d *DuckDB) others(ctx context.Context) (others []string, err error) {
	conn, err := d.db.Conn(ctx)
	if err != nil {
		return nil, fmt.Errorf("connect: %w", err)
	}
	defer conn.Close()
	const name = "published"
	if _, err := conn.ExecContext(ctx, fmt.Sprintf("attach %s as %s (type duckdb, read_only)", duck.Literal(d.path), name)); err != nil {
		return nil, fmt.Errorf("open it: %w", err)
	}
	defer func() {
		_, detach := conn.ExecContext(context.WithoutCancel(ctx), "detach "+name)
		err = errors.Join(err, detach)
	}()
	var there, listed bool
	err = conn.QueryRowContext(ctx, `select count(*) > 0, count(*) filter (column_name = 'tables') > 0 from duckdb_columns()
		where database_name = 'published' and schema_name = 'ops' and table_name = 'release'`).Scan(&there, &listed)
	if err != nil {
		return nil, fmt.Errorf("look for ops.release: %w", err)
	}
	if !there {
		return nil, errNoRelease
	}
	own := "comment like '% Grain: one row per %'" // of a release that did not name its tables yet: the comment that publishing gives
	if listed {
		own = "table_name in (select unnest(tables) from published.ops.release)"
	}
	rows, err := conn.QueryContext(ctx, fmt.Sprintf(inFile, own))
	if err != nil {
		return nil, fmt.Errorf("read what is in it: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var what string
		if err := rows.Scan(&what); err != nil {
			return nil, fmt.Errorf("read what is in it: %w", err)
		}
		others = append(others, what)
	}
	return others, rows.Err()
}

// inFile asks for everything in the attached database but ops.release and the marts.
const inFile = `
select 'table ' || schema_name || '.' || table_name from duckdb_tables()
where database_name = 'published' and not internal and (schema_name, table_name) <> ('ops', 'release') and not (schema_name = 'main' and coalesce(%s, false))
union all select 'view ' || schema_name || '.' || view_name from duckdb_views() where database_name = 'published' and not internal
union all select distinct 'macro ' || schema_name || '.' || function_name from duckdb_functions() where database_name = 'published' and not internal
union all select 'sequence ' || schema_name || '.' || sequence_name from duckdb_sequences() where database_name = 'published'
union all select 'type ' || schema_name || '.' || type_name from duckdb_types() where database_name = 'published' and not internal
union all select 'index ' || schema_name || '.' || index_name from duckdb_indexes() where database_name = 'published'
union all select 'schema ' || schema_name from duckdb_schemas() where database_name = 'published' and not internal and schema_name not in ('main', 'ops')
order by 1`
