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
// the line numbers. A filter that is not pushed down also leaves every value computed once.
const noPruning = "unused_columns,filter_pushdown"

// scan lets one statement read records, as the view t.view. They can be read once.
func (t *Typer) scan(ctx context.Context, records array.RecordReader, statement func() error) error {
	var release func()
	err := t.conn.Raw(func(conn any) error {
		view, err := duckdb.NewArrowFromConn(conn.(driver.Conn))
		if err != nil {
			return err
		}
		release, err = view.RegisterView(records, t.view)
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
