package ledger

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/uptrace/bun"
	"github.com/uptrace/bun/schema"
)

// addColumns gives a table of an older ledger the columns that its struct has since: empty ones, which say that nothing was noted then.
func (l *Ledger) addColumns(ctx context.Context, model any) error {
	table := l.db.Dialect().Tables().Get(reflect.TypeOf(model))
	have, err := l.columns(ctx, table)
	if err != nil {
		return err
	}
	for _, f := range table.Fields {
		if slices.Contains(have, f.Name) {
			continue
		}
		_, err := l.db.ExecContext(ctx, "ALTER TABLE ? ADD COLUMN ? ?", table.SQLName, f.SQLName, bun.Safe(definition(f)))
		if err == nil {
			continue
		}
		if now, again := l.columns(ctx, table); again == nil && slices.Contains(now, f.Name) {
			continue // another process was quicker
		}
		return fmt.Errorf("add column %s to %s: %w", f.Name, table.Name, err)
	}
	return nil
}

func (l *Ledger) columns(ctx context.Context, table *schema.Table) (names []string, err error) {
	rows, err := l.db.QueryContext(ctx, "SELECT * FROM ? LIMIT 0", table.SQLName)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close(), rows.Err()) }()
	return rows.Columns()
}

// definition is a column's type, with what it is in rows that are there already.
func definition(f *schema.Field) string {
	if !f.NotNull {
		return f.CreateTableSQLType
	}
	empty := "''"
	switch {
	case strings.Contains(strings.ToUpper(f.CreateTableSQLType), "INT"):
		empty = "0"
	case strings.ToUpper(f.CreateTableSQLType) == "BOOLEAN":
		empty = "FALSE"
	case strings.Contains(strings.ToUpper(f.CreateTableSQLType), "TIME"):
		empty = "'1970-01-01 00:00:00+00:00'"
	}
	return f.CreateTableSQLType + " NOT NULL DEFAULT " + empty
}
