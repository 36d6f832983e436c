// Package parquet is the SQL over the lake's Parquet files, for DuckDB: a table's files as a select, and one file written out of others.
package parquet

import (
	"context"
	"database/sql"
	"fmt"
	"strings"

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
		return currentTypes(selectFiles(files.Paths, scan.Columns), scan.Columns), files, nil
	}
	nulls := make([]string, len(scan.Columns))
	for i, c := range scan.Columns {
		nulls[i] = fmt.Sprintf("cast(null as %s) as %s", c.Type, duck.Ident(c.Name))
	}
	return currentTypes("select "+strings.Join(nulls, ", ")+" where false", scan.Columns), files, nil
}

// currentTypes gives columns whose type changed their values of before, as they are written in the type of now, and leaves out the fields of before.
func currentTypes(text string, columns []lake.Field) string {
	byID := map[int]lake.Field{}
	for _, c := range columns {
		byID[c.ID] = c
	}
	var gone, values []string
	for _, c := range columns {
		value := duck.Ident(c.Name)
		for _, id := range c.Former {
			if was, ok := byID[id]; ok {
				gone = append(gone, duck.Ident(was.Name))
				cast := "cast"
				if was.Type == "VARCHAR" { // of a mart, whose rows are all replaced: only what was released before is read so
					cast = "try_cast"
				}
				value += fmt.Sprintf(", %s(%s as %s)", cast, duck.Ident(was.Name), c.Type)
			}
		}
		if len(c.Former) > 0 {
			values = append(values, fmt.Sprintf("coalesce(%s) as %s", value, duck.Ident(c.Name)))
		}
	}
	if len(gone) == 0 {
		return text
	}
	return fmt.Sprintf("select * exclude (%s) replace (%s) from (%s)", strings.Join(gone, ", "), strings.Join(values, ", "), text)
}

func selectFiles(paths []string, columns []lake.Field) string {
	fields := make([]string, len(columns))
	for i, c := range columns {
		fields[i] = fmt.Sprintf("%d: {name: %s, type: %s, default_value: NULL}", c.ID, duck.Literal(c.Name), duck.Literal(string(c.Type)))
	}
	return fmt.Sprintf("select * from read_parquet(%s, schema = MAP {%s})", duck.List(paths), strings.Join(fields, ", "))
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
