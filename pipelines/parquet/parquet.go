// Package parquet is the SQL over the lake's Parquet files, for DuckDB: a table's files as a select, and one file written out of others.
package parquet

import (
	"context"
	"database/sql"
	"fmt"
	"strings"

	"github.com/fourmarketing/waybill"
	"github.com/fourmarketing/waybill/lake"
	"github.com/fourmarketing/waybill/transforms/duck"
)

// SelectScan reads a table's files by field id, so that columns added later are null in older files. The local files stay in the cache
// until they are closed.
func SelectScan(ctx context.Context, l *lake.Lake, scan lake.Scan) (string, *lake.LocalFiles, error) {
	files, err := l.Local(ctx, scan.Files)
	if err != nil {
		return "", nil, err
	}
	if len(files.Paths) > 0 {
		return selectFiles(files.Paths, scan.Columns), files, nil
	}
	nulls := make([]string, len(scan.Columns))
	for i, c := range scan.Columns {
		nulls[i] = fmt.Sprintf("cast(null as %s) as %s", c.Type, duck.Ident(c.Name))
	}
	return "select " + strings.Join(nulls, ", ") + " where false", files, nil
}

func selectFiles(paths []string, columns []lake.Field) string {
	var fields, items []string
	field := func(id int, name string, t waybill.Type) string {
		fields = append(fields, fmt.Sprintf("%d: {name: %s, type: %s, default_value: NULL}", id, duck.Literal(name), duck.Literal(string(t))))
		return duck.Ident(name)
	}
	changed := false
	for _, c := range columns {
		now := field(c.ID, c.Name, c.Type)
		item := now
		for _, f := range c.Former {
			changed = true
			cast := "cast"
			if f.Type == "VARCHAR" { // of a mart, whose rows are all replaced: only what was released before is read so
				cast = "try_cast"
			}
			item += fmt.Sprintf(", %s(%s as %s)", cast, field(f.ID, fmt.Sprintf("%s of field %d", c.Name, f.ID), f.Type), c.Type)
		}
		if len(c.Former) > 0 {
			item = "coalesce(" + item + ") as " + now
		}
		items = append(items, item)
	}
	list := "*"
	if changed {
		list = strings.Join(items, ", ")
	}
	return fmt.Sprintf("select %s from read_parquet(%s, schema = MAP {%s})", list, duck.List(paths), strings.Join(fields, ", "))
}

// Rewriter writes one Parquet file out of others with DuckDB.
func Rewriter(db *sql.DB) lake.Rewrite {
	return func(ctx context.Context, job lake.RewriteJob) (int64, error) { return rewrite(ctx, db, job) }
}

func rewrite(ctx context.Context, db *sql.DB, job lake.RewriteJob) (int64, error) {
	where := ""
	if job.Where != "" {
		where = " where " + job.Where
	}
	q := fmt.Sprintf("copy (%s%s) to %s (format parquet, compression zstd, field_ids %s)",
		selectFiles(job.Sources, job.Columns), where, duck.Literal(job.Dest), job.FieldIDs)
	var rows int64
	if err := db.QueryRowContext(ctx, q).Scan(&rows); err != nil {
		return 0, fmt.Errorf("rewrite %d files: %w", len(job.Sources), err)
	}
	return rows, nil
}
