package inputs

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/fourmarketing/waybill/transforms/duck"
)

// Querier runs statements; *sql.Conn and *sql.DB are Queriers.
type Querier interface {
	ExecContext(ctx context.Context, statement string, args ...any) (sql.Result, error)
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// Query lets look ask the raw and state tables as they are now, under their names raw.… and ops.…, in a database of its own.
func (i *Inputs) Query(ctx context.Context, asOf time.Time, look func(Querier) error) error {
	return i.Read(ctx, asOf, func(v *View) error { return v.query(ctx, look) })
}

func (v *View) query(ctx context.Context, look func(Querier) error) error {
	db := duck.Open(duck.Config{MemoryLimit: "1GB", TempDir: v.dir})
	defer db.Close()
	for _, schema := range []string{"raw", "ops"} {
		if _, err := db.ExecContext(ctx, "create schema "+schema); err != nil {
			return fmt.Errorf("look at the lake: %w", err)
		}
	}
	for name := range v.shapes {
		text, err := v.Relation(ctx, name)
		if err != nil {
			return err
		}
		q := fmt.Sprintf("create view %s.%s as %s", duck.Ident(name.Namespace), duck.Ident(name.Name), text)
		if _, err := db.ExecContext(ctx, q); err != nil {
			return fmt.Errorf("look at %s: %w", name, err)
		}
	}
	return look(db)
}
