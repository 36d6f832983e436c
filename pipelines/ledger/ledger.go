// Package ledger keeps Waybill's control state: which file was received when and what became of it, what the partners'
// listings showed, the runs, the leases and the releases. It lives in the catalog's database (SQLite beside a local lake,
// Postgres for a shared one), never in DuckDB. Everything about files can be rebuilt from the kept bytes and the lake.
package ledger

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/uptrace/bun"
	"github.com/uptrace/bun/dialect/pgdialect"
	"github.com/uptrace/bun/dialect/sqlitedialect"
)

// Ledger is the control state of one lake. It is safe for use by several goroutines and processes.
type Ledger struct {
	db        *bun.DB
	now       func() time.Time
	journal   Journal  // nil: none is kept
	contracts sync.Map // hashes of those that are known to be in it
}

// Open prepares the ledger's tables in the catalog's database; dialect is "sqlite" or "postgres". The database stays the
// caller's to close. now is the wall clock, of run times: they are real time,
// whatever a run's as-of is. Leases go by the database's own clock.
func Open(ctx context.Context, db *sql.DB, dialect string, now func() time.Time) (*Ledger, error) {
	l := &Ledger{now: now}
	switch dialect {
	case "sqlite":
		l.db = bun.NewDB(db, sqlitedialect.New())
	case "postgres":
		l.db = bun.NewDB(db, pgdialect.New())
	default:
		return nil, fmt.Errorf("open ledger: unknown database dialect %q", dialect)
	}
	return l, l.migrate(ctx)
}

// tables are the structs that bun maps; a new column is added by migrate when an older database lacks it.
func tables() []any {
	return []any{
		(*File)(nil), (*Load)(nil), (*Sighting)(nil), (*Run)(nil), (*lease)(nil), (*tenure)(nil), (*Release)(nil), (*Area)(nil), (*HeldUnit)(nil), (*Publication)(nil),
		(*counter)(nil), (*Forgotten)(nil),
	}
}

func (l *Ledger) migrate(ctx context.Context) error {
	for _, t := range tables() {
		if _, err := l.db.NewCreateTable().Model(t).IfNotExists().Exec(ctx); err != nil {
			return fmt.Errorf("prepare ledger: %w", err)
		}
		if err := l.addColumns(ctx, t); err != nil {
			return fmt.Errorf("prepare ledger: %w", err)
		}
	}
	for name, on := range map[string]string{
		"waybill_files_sha":   "waybill_files (source, feed, sha256)",
		"waybill_files_id":    "waybill_files (file_id)",
		"waybill_loads_scope": "waybill_loads (scope)",
	} {
		q := fmt.Sprintf("CREATE INDEX IF NOT EXISTS %s ON %s", name, on)
		if _, err := l.db.ExecContext(ctx, q); err != nil {
			return fmt.Errorf("prepare ledger: index %s: %w", name, err)
		}
	}
	return nil
}

// notFound turns the database's empty answer into ok=false.
func notFound(err error) (bool, error) {
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	return err == nil, err
}
