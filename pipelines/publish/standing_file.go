package publish

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/fourmarketing/waybill/transforms/duck"
)

// standingFile is a file as it stands before a release takes its place.
type standingFile struct {
	path   string      // where it is, links followed
	there  bool        // else there is no file yet
	mode   fs.FileMode // its rights, which the next one gets
	shown  released
	others []string          // what is in it that Waybill did not make
	said   map[string]string // comments that others gave to marts ("fct_orders") and columns ("fct_orders.status")
}

// replaceable looks at the file that the release is to replace, and refuses when it is none of this lake's marts or holds what Waybill did not make.
func (d *DuckDB) replaceable(ctx context.Context) (standingFile, error) {
	s, err := d.find()
	if err != nil || !s.there {
		return s, err
	}
	if err := d.look(ctx, &s); err != nil {
		return s, fmt.Errorf("%s was not published by Waybill, or this cannot be seen: %w. Close what has it open for writing, move it away, or set publish.duckdb.path to another file; then run again", d.path, err)
	}
	if len(s.others) > 0 {
		return s, fmt.Errorf("publishing replaces %s and would drop what Waybill did not make: %s. Keep that in a file of its own (attach %s there to read the marts), then run again",
			d.path, firstOf(s.others), duck.Literal(d.path))
	}
	if err := d.origin.owns(ctx, s.shown, d.path); err != nil {
		return s, fmt.Errorf("%w. Set publish.duckdb.path to a file that no other project has; if it was this lake's and its catalog was made anew, move the file away; then run again", err)
	}
	return s, nil
}

// find follows links to the file, so that a link stays one and its file is what is replaced.
func (d *DuckDB) find() (standingFile, error) {
	s := standingFile{path: d.path}
	linked, err := filepath.EvalSymlinks(d.path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		if _, err := os.Lstat(d.path); err == nil {
			return s, fmt.Errorf("%s is a link to a file that is not there: make the link anew or remove it, then run again", d.path)
		}
		if _, err := os.Lstat(d.path + ".wal"); err == nil {
			return s, fmt.Errorf("%[1]s.wal is there without %[1]s, and DuckDB would take it for the new file's: move it away, then run again", d.path)
		}
		return s, nil
	case err != nil:
		return s, fmt.Errorf("look at %s: %w: let the user who runs waybill get there, or set publish.duckdb.path to another file; then run again", d.path, err)
	}
	s.path = linked
	info, err := os.Stat(linked)
	if err != nil {
		return s, fmt.Errorf("look at %s: %w", d.path, err)
	}
	if !info.Mode().IsRegular() {
		return s, fmt.Errorf("%s is no file: set publish.duckdb.path to that of a file", d.path)
	}
	s.there, s.mode = true, info.Mode()
	return s, nil
}

// errNoRelease says that a DuckDB file is not one of marts.
var errNoRelease = errors.New("it has no ops.release")

// look reads what is in a file.
func (d *DuckDB) look(ctx context.Context, s *standingFile) (err error) {
	conn, err := d.db.Conn(ctx)
	if err != nil {
		return fmt.Errorf("connect: %w", err)
	}
	defer conn.Close()
	if _, err := conn.ExecContext(ctx, fmt.Sprintf("attach %s as published (type duckdb, read_only)", duck.Literal(s.path))); err != nil {
		return fmt.Errorf("open it: %w", err)
	}
	defer func() {
		_, detach := conn.ExecContext(context.WithoutCancel(ctx), "detach published")
		err = errors.Join(err, detach)
	}()
	f := inFile{conn: conn}
	if err := f.release(ctx, &s.shown); err != nil {
		return err
	}
	if s.others, err = f.strangers(ctx); err != nil {
		return fmt.Errorf("read what is in it: %w", err)
	}
	if s.said, err = f.comments(ctx); err != nil {
		return fmt.Errorf("read its comments: %w", err)
	}
	return nil
}

// inFile asks the attached database `published`.
type inFile struct {
	conn *sql.Conn
	has  map[string]bool // columns of its ops.release, of which earlier versions have fewer
}

// release reads which release the file shows.
func (f *inFile) release(ctx context.Context, r *released) error {
	columns, err := pairs(ctx, f.conn, "select column_name, '' from duckdb_columns() where database_name = 'published' and schema_name = 'ops' and table_name = 'release'")
	if err != nil {
		return fmt.Errorf("look for ops.release: %w", err)
	}
	f.has = map[string]bool{}
	for name := range columns {
		f.has[name] = true
	}
	if !f.has["release_id"] || !f.has["released_at"] {
		return errNoRelease
	}
	from := "''"
	if f.has["lake"] {
		from = "lake"
	}
	err = f.conn.QueryRowContext(ctx, "select release_id, released_at, "+from+" from published.ops.release").Scan(&r.ID, &r.At, &r.Lake)
	if errors.Is(err, sql.ErrNoRows) {
		return errNoRelease
	}
	if err != nil {
		return fmt.Errorf("read ops.release: %w", err)
	}
	return nil
}

// strangers are everything in the file but ops.release, the marts with their columns, and the views upon them.
func (f *inFile) strangers(ctx context.Context) ([]string, error) {
	own := "comment like '% Grain: one row per %'" // of a release that did not name its tables yet: the comment that publishing gives
	if f.has["tables"] {
		own = "table_name in (select unnest(tables) from published.ops.release)"
	}
	columns := ""
	if f.has["made"] {
		columns = foreignColumns
	}
	found, err := pairs(ctx, f.conn, fmt.Sprintf(foreign, own)+columns)
	if err != nil {
		return nil, err
	}
	return sortedKeys(found), nil
}

// foreign asks for everything but ops.release, the marts (%s), and the views upon them as publishing writes them.
const foreign = `
select 'table ' || schema_name || '.' || table_name, '' from duckdb_tables()
where database_name = 'published' and not internal and (schema_name, table_name) <> ('ops', 'release') and not (schema_name = 'main' and coalesce(%s, false))
union all
select 'view ' || schema_name || '.' || view_name, '' from duckdb_views()
where database_name = 'published' and not internal and not (schema_name = 'marts'
    and replace(lower(sql), '"', '') = lower(format('create view marts.{0} as select * from main.{0};', replace(view_name, '"', ''))))
union all select distinct 'macro ' || schema_name || '.' || function_name, '' from duckdb_functions() where database_name = 'published' and not internal
union all select 'sequence ' || schema_name || '.' || sequence_name, '' from duckdb_sequences() where database_name = 'published'
union all select 'type ' || schema_name || '.' || type_name, '' from duckdb_types() where database_name = 'published' and not internal
union all select 'index ' || schema_name || '.' || index_name, '' from duckdb_indexes() where database_name = 'published'
union all select 'schema ' || schema_name, '' from duckdb_schemas() where database_name = 'published' and not internal and schema_name not in ('main', 'ops', 'marts')`

// foreignColumns asks for columns that were added to a mart.
const foreignColumns = `
union all
select 'column ' || table_name || '.' || column_name, '' from duckdb_columns()
where database_name = 'published' and schema_name = 'main' and not internal and table_name in (select unnest(tables) from published.ops.release)
    and not list_contains((select map_keys(made) from published.ops.release), table_name || '.' || column_name)`

// comments are those that are not as publishing left them.
func (f *inFile) comments(ctx context.Context) (map[string]string, error) {
	if !f.has["made"] {
		return nil, nil
	}
	return pairs(ctx, f.conn, `
		with given as (
			select table_name as name, comment from duckdb_tables() where database_name = 'published' and schema_name = 'main'
			union all
			select table_name || '.' || column_name, comment from duckdb_columns() where database_name = 'published' and schema_name = 'main'
		)
		select name, comment from given, published.ops.release where comment is not null and comment is distinct from made[name]`)
}

// pairs are the rows of a query of two texts.
func pairs(ctx context.Context, conn *sql.Conn, query string) (map[string]string, error) {
	rows, err := conn.QueryContext(ctx, query)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	all := map[string]string{}
	for rows.Next() {
		var name, value string
		if err := rows.Scan(&name, &value); err != nil {
			return nil, err
		}
		all[name] = value
	}
	return all, rows.Err()
}
