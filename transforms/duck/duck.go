// Package duck opens DuckDB the way Waybill uses it: in memory, in UTC, within a memory limit, and without ever
// fetching an extension. It also quotes names and values for SQL text. It knows nothing of feeds, models or the lake.
package duck

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"sync"

	"github.com/duckdb/duckdb-go/v2"
)

// Config is what one DuckDB may use of the machine.
type Config struct {
	MemoryLimit string // as DuckDB writes it: "512MB", "4GB"; empty leaves DuckDB's default of 80 % of the memory
	Threads     int    // worker threads, 0 for one per core
	TempDir     string // folder for what does not fit in memory; empty means such a query fails instead of spilling
}

// Open prepares an in-memory DuckDB. It starts with the first query, which is the one to fail if it cannot: starting takes 20 ms, and
// many a command asks it nothing. Every connection of the pool sees the same database and works in UTC. Closing the pool frees it.
func Open(cfg Config) *sql.DB {
	settings := url.Values{}
	settings.Set("autoinstall_known_extensions", "false")
	settings.Set("autoload_known_extensions", "false")
	settings.Set("temp_directory", cfg.TempDir)
	if cfg.MemoryLimit != "" {
		settings.Set("memory_limit", cfg.MemoryLimit)
	}
	if cfg.Threads > 0 {
		settings.Set("threads", strconv.Itoa(cfg.Threads))
	}
	return sql.OpenDB(&database{settings: settings})
}

// database is the driver's connector, made when it is first needed.
type database struct {
	settings url.Values

	mu      sync.Mutex
	started *duckdb.Connector
}

// Connect opens a connection.
func (d *database) Connect(ctx context.Context) (driver.Conn, error) {
	connector, err := d.start()
	if err != nil {
		return nil, err
	}
	return connector.Connect(ctx)
}

func (d *database) start() (*duckdb.Connector, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.started == nil {
		connector, err := duckdb.NewConnector("?"+d.settings.Encode(), inUTC)
		if err != nil {
			return nil, fmt.Errorf("start DuckDB: %w", err)
		}
		d.started = connector
	}
	return d.started, nil
}

func inUTC(conn driver.ExecerContext) error {
	_, err := conn.ExecContext(context.Background(), "SET TimeZone = 'UTC'", nil)
	return err
}

// Driver is DuckDB's.
func (d *database) Driver() driver.Driver { return duckdb.Driver{} }

// Close frees the database, if there is one.
func (d *database) Close() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.started == nil {
		return nil
	}
	return d.started.Close()
}

// Ident quotes a name for SQL: order_id becomes "order_id".
func Ident(name string) string {
	return `"` + strings.ReplaceAll(name, `"`, `""`) + `"`
}

// Literal quotes a text value for SQL: it's becomes 'it”s' with the quote doubled.
func Literal(value string) string {
	return "'" + strings.ReplaceAll(value, "'", "''") + "'"
}

// List quotes text values as a DuckDB list: ['a', 'b'], as read_parquet takes files.
func List(values []string) string {
	quoted := make([]string, len(values))
	for i, v := range values {
		quoted[i] = Literal(v)
	}
	return "[" + strings.Join(quoted, ", ") + "]"
}
