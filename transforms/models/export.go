package models

import (
	"context"
	"database/sql"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/fourmarketing/waybill"
	"github.com/fourmarketing/waybill/transforms/duck"
)

// Export writes a built mart as Parquet into dir, which must exist: one file, or one per partition; none if it has no rows.
// fieldIDs is DuckDB's FIELD_IDS text: {order_id: 1, brand: 2}. Rows are in the order of the key, so that a reader can skip row
// groups. Partition columns are text or dates; their values are those in the data, and the columns stay in the file.
func (s *Session) Export(ctx context.Context, m *Model, fieldIDs, dir string) ([]waybill.StagedFile, error) {
	if s.have[m.Name] != builtTable {
		return nil, fmt.Errorf("export %s: it was not built in this session", m.Name)
	}
	parts, err := s.partitions(ctx, m)
	if err != nil {
		return nil, fmt.Errorf("export %s: %w", m.Name, err)
	}
	defer func() { _ = s.exec(context.WithoutCancel(ctx), "drop table if exists "+partitionTable) }()
	var out []waybill.StagedFile
	for i, p := range parts {
		file := filepath.Join(dir, fmt.Sprintf("%s-%05d.parquet", m.Name.Name, i+1))
		from := "select t.* from " + quoted(m.Name) + " as t"
		if len(m.Head.PartitionBy) > 0 {
			from += " join " + partitionTable + " as p on p.n = " + fmt.Sprint(p.number)
			for j, c := range m.Head.PartitionBy {
				from += fmt.Sprintf(" and t.%s is not distinct from p.c%d", duck.Ident(c), j)
			}
		}
		if len(m.Head.Key) > 0 {
			from += " order by t." + strings.Join(idents(m.Head.Key), ", t.")
		}
		rows, err := copyTo(ctx, s.conn, from, fieldIDs, file)
		if err != nil {
			return nil, fmt.Errorf("export %s: %w", m.Name, err)
		}
		if rows > 0 {
			out = append(out, waybill.StagedFile{Path: file, Rows: rows, Partition: p.values})
		}
	}
	return out, nil
}

// Save writes a built model to one Parquet file, a model without rows too, for somebody to read aside of the lake.
func (s *Session) Save(ctx context.Context, m *Model, path string) error {
	if s.have[m.Name] != builtTable {
		return fmt.Errorf("save %s: it was not built in this session", m.Name)
	}
	if err := s.exec(ctx, "copy (from "+quoted(m.Name)+") to "+duck.Literal(path)+" (format parquet)"); err != nil {
		return fmt.Errorf("save %s: %w", m.Name, err)
	}
	return nil
}

// partitionTable numbers the partitions of the mart being exported. Joining to it rather than writing values into the SQL keeps
// every value exact, whatever is in it.
const partitionTable = "main.export_partitions"

type partition struct {
	number int64
	values map[string]any
}

// partitions lists the sets of partition values; a table without partition columns has one empty set, one without rows none.
func (s *Session) partitions(ctx context.Context, m *Model) ([]partition, error) {
	by := m.Head.PartitionBy
	if len(by) == 0 {
		var some bool
		err := s.conn.QueryRowContext(ctx, "select exists (select 1 from "+quoted(m.Name)+")").Scan(&some)
		if err != nil || !some {
			return nil, err
		}
		return []partition{{}}, nil
	}
	columns, err := s.describe(ctx, quoted(m.Name))
	if err != nil {
		return nil, err
	}
	for _, c := range columns {
		if contains(by, c.name) && c.duckType != "VARCHAR" && c.duckType != "DATE" {
			return nil, fmt.Errorf("%s: partition column %s is %s: text or a date is expected", m.Path, c.name, c.duckType)
		}
	}
	items, order := make([]string, len(by)), make([]string, len(by))
	for i, c := range by {
		items[i], order[i] = fmt.Sprintf("%s as c%d", duck.Ident(c), i), fmt.Sprintf("c%d", i)
	}
	err = s.exec(ctx, "create or replace table "+partitionTable+" as select row_number() over (order by "+
		strings.Join(order, ", ")+") as n, * from (select distinct "+strings.Join(items, ", ")+" from "+quoted(m.Name)+")")
	if err != nil {
		return nil, fmt.Errorf("list partitions: %w", err)
	}
	rows, err := s.conn.QueryContext(ctx, "select * from "+partitionTable+" order by n")
	if err != nil {
		return nil, fmt.Errorf("list partitions: %w", err)
	}
	defer rows.Close()
	var out []partition
	for rows.Next() {
		p := partition{values: map[string]any{}}
		got := make([]any, len(by))
		into := []any{&p.number}
		for i := range got {
			into = append(into, &got[i])
		}
		if err := rows.Scan(into...); err != nil {
			return nil, fmt.Errorf("list partitions: %w", err)
		}
		for i, c := range by {
			p.values[c] = got[i]
		}
		out = append(out, p)
	}
	return out, rows.Err()
}

// copyTo writes a select's rows to a Parquet file and returns their number.
func copyTo(ctx context.Context, conn *sql.Conn, query, fieldIDs, file string) (int64, error) {
	result, err := conn.ExecContext(ctx, "copy ("+query+") to "+duck.Literal(file)+
		" (format parquet, compression zstd, field_ids "+fieldIDs+")")
	if err != nil {
		return 0, fmt.Errorf("write %s: %w", filepath.Base(file), err)
	}
	rows, err := result.RowsAffected()
	if err != nil {
		return 0, fmt.Errorf("write %s: %w", filepath.Base(file), err)
	}
	return rows, nil
}
