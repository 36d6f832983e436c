// Package duck opens DuckDB the way Waybill uses it: in memory, in UTC, within a memory limit, and without ever
// fetching an extension. It also quotes names and values for SQL text. It knows nothing of feeds, models or the lake.
package duck

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"fmt"
	"strconv"
	"strings"

	"github.com/duckdb/duckdb-go/v2"
)

// Config is what one DuckDB may use of the machine.
type Config struct {
	MemoryLimit string // as DuckDB writes it: "512MB", "4GB"; empty leaves DuckDB's default of 80 % of the memory
	Threads     int    // worker threads, 0 for one per core
	TempDir     string // folder for what does not fit in memory; empty means such a query fails instead of spilling
}

// Open starts an in-memory DuckDB. Every connection of the pool sees the same database and works in UTC. Closing the
// pool frees the database.
func Open(cfg Config) (*sql.DB, error) {
	settings := []string{
		"SET GLOBAL autoinstall_known_extensions = false",
		"SET GLOBAL autoload_known_extensions = false",
		"SET GLOBAL temp_directory = " + Literal(cfg.TempDir),
	}
	if cfg.MemoryLimit != "" {
		settings = append(settings, "SET GLOBAL memory_limit = "+Literal(cfg.MemoryLimit))
	}
	if cfg.Threads > 0 {
		settings = append(settings, "SET GLOBAL threads = "+strconv.Itoa(cfg.Threads))
	}
	connector, err := duckdb.NewConnector("", func(conn driver.ExecerContext) error {
		_, err := conn.ExecContext(context.Background(), "SET TimeZone = 'UTC'", nil)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("start DuckDB: %w", err)
	}
	db := sql.OpenDB(connector)
	for _, s := range settings {
		if _, err := db.ExecContext(context.Background(), s); err != nil {
			_ = db.Close()
			return nil, fmt.Errorf("start DuckDB: %s: %w", s, err)
		}
	}
	return db, nil
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
