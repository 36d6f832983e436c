package inputs

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"time"

	"github.com/fourmarketing/waybill/transforms/duck"
)

// Typed says of each load that has rows in a raw table when they were typed: the rows alone know it.
func (i *Inputs) Typed(ctx context.Context) (map[string]time.Time, error) {
	typed := map[string]time.Time{}
	err := i.Read(ctx, time.Time{}, func(v *View) error {
		return v.query(ctx, func(q Querier) error {
			var selects []string
			for _, name := range v.rawTables() {
				selects = append(selects, "select distinct _load_id, _loaded_at from "+duck.Ident(name.Namespace)+"."+duck.Ident(name.Name))
			}
			if len(selects) == 0 {
				return nil
			}
			rows, err := q.QueryContext(ctx, strings.Join(selects, " union all "))
			if err != nil {
				return fmt.Errorf("look when rows were typed: %w", err)
			}
			defer rows.Close()
			return readTyped(rows, typed)
		})
	})
	return typed, err
}

func readTyped(rows *sql.Rows, typed map[string]time.Time) error {
	for rows.Next() {
		var load string
		var at time.Time
		if err := rows.Scan(&load, &at); err != nil {
			return fmt.Errorf("look when rows were typed: %w", err)
		}
		typed[load] = at.UTC()
	}
	return rows.Err()
}
