package typing

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"

	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/duckdb/duckdb-go/v2"

	"github.com/fourmarketing/waybill/transforms/duck"
)

// noPruning switches off what DuckDB would do to the scan of an Arrow stream. Its C interface makes the view of arrow_scan, which takes
// for granted that the stream gives only the columns that the query needs; ours gives all of them, and DuckDB would read texts out of
// the line numbers.
const noPruning = "set global disabled_optimizers = 'unused_columns,filter_pushdown'"

// scan lets one statement read a chunk, as the view t.view. DuckDB reads an Arrow stream once, so every statement has a scan of its own.
func (t *Typer) scan(ctx context.Context, ch Chunk, statement func() error) error {
	if len(ch.Batches) == 0 {
		return errors.New("scan a chunk without records; report this as a defect")
	}
	stream, err := array.NewRecordReader(ch.Batches[0].Schema(), ch.Batches)
	if err != nil {
		return fmt.Errorf("scan records: %w", err)
	}
	defer stream.Release()
	var release func()
	err = t.conn.Raw(func(conn any) error {
		view, err := duckdb.NewArrowFromConn(conn.(driver.Conn))
		if err != nil {
			return err
		}
		release, err = view.RegisterView(stream, t.view)
		return err
	})
	if err != nil {
		return fmt.Errorf("scan records: %w", err)
	}
	defer release()
	err = statement()
	_, dropErr := t.conn.ExecContext(context.WithoutCancel(ctx), "drop view "+duck.Ident(t.view)) // it points to memory that goes
	return errors.Join(err, dropErr)
}
