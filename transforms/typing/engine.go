package typing

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/duckdb/duckdb-go/v2"
	"github.com/google/uuid"
)

// Engine is a DuckDB that types records. It gives DuckDB a function which a statement calls for each record that breaks a rule, so that
// rejects are found in the one pass that also writes the good rows.
type Engine struct {
	db       *sql.DB
	function string // its name in DuckDB
	once     sync.Once
	failed   error

	mu     sync.Mutex
	typers map[int64]*Typer
	last   int64
}

// NewEngine makes an engine over a DuckDB that is the caller's to close.
func NewEngine(db *sql.DB) *Engine {
	return &Engine{db: db, function: "reject-" + uuid.NewString(), typers: map[int64]*Typer{}}
}

// connect opens a connection on which the function is known.
func (e *Engine) connect(ctx context.Context) (*sql.Conn, error) {
	conn, err := e.db.Conn(ctx)
	if err != nil {
		return nil, fmt.Errorf("open DuckDB connection: %w", err)
	}
	e.once.Do(func() { e.failed = e.prepare(context.WithoutCancel(ctx), conn) })
	if e.failed != nil {
		return nil, errors.Join(fmt.Errorf("prepare DuckDB: %w", e.failed), conn.Close())
	}
	return conn, nil
}

// prepare is for the whole database, before it types anything. A setting that holds for all connections is set once and never again: DuckDB reads the list
// of optimizers without a lock while it prepares a statement, and another connection that sets it then takes it away under its hands (a crash in
// duckdb_prepare_extracted_statement, seen when many files were loaded side by side).
func (e *Engine) prepare(ctx context.Context, conn *sql.Conn) error {
	if err := duckdb.RegisterScalarUDF(conn, e.function, rejectFunction{e}); err != nil {
		return err
	}
	var off string
	if err := conn.QueryRowContext(ctx, "select current_setting('disabled_optimizers')").Scan(&off); err != nil {
		return err
	}
	if list := strings.Split(off, ","); slices.Contains(list, "unused_columns") && slices.Contains(list, "filter_pushdown") {
		return nil // another engine of this database did it
	}
	for _, q := range []string{"set global preserve_insertion_order = false", "set global disabled_optimizers = '" + noPruning + "'"} {
		if _, err := conn.ExecContext(ctx, q); err != nil {
			return err
		}
	}
	return nil
}

// enter gives a typer its number, by which statements name it.
func (e *Engine) enter(t *Typer) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.last++
	t.number = e.last
	e.typers[t.number] = t
}

func (e *Engine) leave(t *Typer) {
	e.mu.Lock()
	defer e.mu.Unlock()
	delete(e.typers, t.number)
}

func (e *Engine) typer(number int64) *Typer {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.typers[number]
}

// rejectFunction is reject(typer, line, rule, detail, addend, swapped), which is false. DuckDB calls it from any of its threads.
type rejectFunction struct{ engine *Engine }

// Config says which types it takes. It is volatile so that DuckDB calls it once for each record.
func (rejectFunction) Config() duckdb.ScalarFuncConfig {
	var problems []error
	info := func(t duckdb.Type) duckdb.TypeInfo {
		i, err := duckdb.NewTypeInfo(t)
		problems = append(problems, err)
		return i
	}
	config := duckdb.ScalarFuncConfig{
		InputTypeInfos: []duckdb.TypeInfo{
			info(duckdb.TYPE_BIGINT), info(duckdb.TYPE_BIGINT), info(duckdb.TYPE_INTEGER),
			info(duckdb.TYPE_VARCHAR), info(duckdb.TYPE_VARCHAR), info(duckdb.TYPE_BIGINT),
		},
		ResultTypeInfo: info(duckdb.TYPE_BOOLEAN), Volatile: true, SpecialNullHandling: true,
	}
	if errors.Join(problems...) != nil {
		return duckdb.ScalarFuncConfig{} // which DuckDB refuses by name
	}
	return config
}

// Executor tells the typer.
func (f rejectFunction) Executor() duckdb.ScalarFuncExecutor {
	return duckdb.ScalarFuncExecutor{RowExecutor: func(values []driver.Value) (any, error) {
		number, _ := values[0].(int64)
		t := f.engine.typer(number)
		if t == nil {
			return nil, fmt.Errorf("typer %d is closed; report this as a defect", number)
		}
		line, _ := values[1].(int64)
		rule, _ := values[2].(int32)
		detail, _ := values[3].(string)
		addend, _ := values[4].(string)
		swapped, _ := values[5].(int64)
		return false, t.reject(Reject{Line: line, Detail: detail, Addend: addend}, int(rule), swapped)
	}}
}
