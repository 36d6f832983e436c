// Package questions answers what people ask of a project: where is this order, how does the group stand, who is late, why is a file as it is,
// what was rejected. It reads the published marts, the ledger and the lake's input tables, and changes nothing. It prints nothing either:
// an answer is data, which the command line shows as text or JSON.
package questions

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/duckdb/duckdb-go/v2"

	"github.com/fourmarketing/waybill/transforms/duck"
)

// Marts are the published marts as readers see them: read-only, and without a way to other files.
type Marts struct{ *sql.DB }

// OpenMarts opens a DuckDB file of published marts. Close gives it back.
func OpenMarts(path string) (*Marts, error) {
	if _, err := os.Stat(path); errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("%s is not there yet; `waybill run` publishes it", path)
	}
	connector, err := duckdb.NewConnector("", nil)
	if err != nil {
		return nil, fmt.Errorf("open marts: %w", err)
	}
	db := sql.OpenDB(connector)
	db.SetMaxOpenConns(1)
	if err := attach(db, path); err != nil {
		return nil, errors.Join(fmt.Errorf("open marts: %w", err), db.Close())
	}
	return &Marts{db}, nil
}

// attach makes a file's marts marts.<name>, by their schema, or in a file without one by the name that it is attached under. Both would be ambiguous.
func attach(db *sql.DB, path string) error {
	run := func(statements ...string) error {
		for _, s := range statements {
			if _, err := db.Exec(s); err != nil { //nolint:noctx // settings of a file that is being opened
				return err
			}
		}
		return nil
	}
	open := "attach " + duck.Literal(path) + " as %s (read_only)"
	if err := run(fmt.Sprintf(open, "waybill"), "use waybill"); err != nil {
		return err
	}
	var schema bool
	err := db.QueryRow("select count(*) > 0 from duckdb_schemas() where database_name = 'waybill' and schema_name = 'marts'").Scan(&schema) //nolint:noctx // as above
	if err != nil {
		return err
	}
	if !schema {
		if err := run("use memory", "detach waybill", fmt.Sprintf(open, "marts"), "use marts"); err != nil {
			return err
		}
	}
	return run("set timezone = 'UTC'", "set enable_external_access = false", "set lock_configuration = true")
}

// Querier asks a database; *sql.DB is one.
type Querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// Day is a date: the driver gives it as an instant, which could be a midnight.
type Day struct{ time.Time }

// Table is an answer of any shape, with values as the database's driver gives them, but for days.
type Table struct {
	Columns []string
	Rows    [][]any
}

// Ask runs one SQL text of a person's.
func (m *Marts) Ask(ctx context.Context, text string) (Table, error) { return Ask(ctx, m, text) }

// ErrStatements says that a SQL text has several statements.
var ErrStatements = errors.New("the text has several statements, of which only the last would be answered; ask them one by one")

// OneStatement refuses a SQL text of several statements. Of what is wrong with one, who runs it says more.
func OneStatement(ctx context.Context, text string) error {
	db := duck.Open(duck.Config{Threads: 1})
	defer db.Close()
	conn, err := db.Conn(ctx)
	if err != nil {
		return fmt.Errorf("query: %w", err)
	}
	defer conn.Close()
	return conn.Raw(func(c any) error {
		s, err := c.(driver.Conn).Prepare(text)
		if err == nil {
			return s.Close()
		}
		if inDuck := new(duckdb.Error); !errors.As(err, &inDuck) && strings.Contains(text, ";") { // it prepares one alone
			return ErrStatements
		}
		return nil
	})
}

// Ask runs one SQL text of a person's, on the marts or whatever else answers SQL.
func Ask(ctx context.Context, q Querier, text string) (Table, error) {
	rows, err := q.QueryContext(ctx, text)
	if err != nil {
		return Table{}, fmt.Errorf("query: %w", err)
	}
	defer rows.Close()
	return readTable(rows)
}

// readTable returns the columns and every row of a result.
func readTable(rows *sql.Rows) (Table, error) {
	var t Table
	var err error
	if t.Columns, err = rows.Columns(); err != nil {
		return t, fmt.Errorf("read result: %w", err)
	}
	types, err := rows.ColumnTypes()
	if err != nil {
		return t, fmt.Errorf("read result: %w", err)
	}
	for rows.Next() {
		values := make([]any, len(t.Columns))
		into := make([]any, len(t.Columns))
		for i := range values {
			into[i] = &values[i]
		}
		if err := rows.Scan(into...); err != nil {
			return t, fmt.Errorf("read result: %w", err)
		}
		for i, v := range values {
			if day, ok := v.(time.Time); ok && types[i].DatabaseTypeName() == "DATE" {
				values[i] = Day{day}
			}
		}
		t.Rows = append(t.Rows, values)
	}
	return t, rows.Err()
}

// collect reads every row of a query into a slice.
func collect[T any](ctx context.Context, q Querier, query string, scan func(*sql.Rows, *T) error) ([]T, error) {
	rows, err := q.QueryContext(ctx, query)
	if err != nil {
		return nil, fmt.Errorf("sum up: %w", err)
	}
	defer rows.Close()
	var all []T
	for rows.Next() {
		var one T
		if err := scan(rows, &one); err != nil {
			return nil, fmt.Errorf("sum up: %w", err)
		}
		all = append(all, one)
	}
	return all, rows.Err()
}
