package publish

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/fourmarketing/waybill/pipelines/ledger"
)

// Origin is the lake whose releases a target shows. What another lake published is not this one's to replace, though it bears Waybill's mark.
type Origin struct {
	Lake     string // its root
	Released func(ctx context.Context, release int64, at time.Time) (bool, error)
}

// owns refuses a place that shows a release of another lake: one of another root (a copied lake has the ledger of what it was copied from),
// or one that the ledger does not know.
func (o Origin) owns(ctx context.Context, shown released, place string) error {
	made := shown.At.UTC().Format(time.RFC3339)
	if shown.Lake != "" && shown.Lake != o.Lake {
		return fmt.Errorf("%s shows release %d of lake %s, made %s, and this is lake %s: another project publishes there", place, shown.ID, shown.Lake, made, o.Lake)
	}
	ours, err := o.Released(ctx, shown.ID, shown.At)
	if err != nil {
		return fmt.Errorf("look up release %d that %s shows: %w", shown.ID, place, err)
	}
	if !ours {
		return fmt.Errorf("%s shows release %d, made %s, which the ledger of lake %s does not know: another project publishes there, or the lake's catalog was made anew", place, shown.ID, made, o.Lake)
	}
	return nil
}

// released is what waybill_release and ops.release say: which release a place shows, whose it is, and what of the place Waybill made.
type released struct {
	ID     int64     `json:"release_id"`
	At     time.Time `json:"released_at"`
	Lake   string    `json:"lake"`   // empty: written before it was said
	Tables *[]string `json:"tables"` // nil: written before they were named
	Made   *made     `json:"made"`   // nil: written before it was noted
}

// is tells whether it is that release. Targets keep instants to the microsecond, and round or cut what is finer.
func (r released) is(rel ledger.Release) bool {
	return r.ID == rel.ID && r.At.Sub(rel.At).Abs() <= time.Microsecond
}

// made is what publishing made in a schema, so that what others add or say there can be told from it.
type made struct {
	Database uint32               `json:"database"` // oid; in a database that was restored from a copy oids are others
	Tables   map[string]madeTable `json:"tables"`
}

// madeTable is one table as publishing left it.
type madeTable struct {
	OID     uint32            `json:"oid"`
	Comment string            `json:"comment"`
	Columns map[string]string `json:"columns"` // with their comments
	Keys    []string          `json:"keys"`    // names of constraints
}

// readRelease reads waybill_release, of which earlier versions have fewer columns.
func readRelease(ctx context.Context, tx pgx.Tx, schema string) (released, error) {
	var text string
	var r released
	query := fmt.Sprintf("select coalesce((select to_jsonb(r)::text from %s as r limit 1), '{}')", pgx.Identifier{schema, releaseTable}.Sanitize())
	if err := tx.QueryRow(ctx, query).Scan(&text); err != nil {
		return r, fmt.Errorf("read %s.%s: %w", schema, releaseTable, err)
	}
	if err := json.Unmarshal([]byte(text), &r); err != nil {
		return r, fmt.Errorf("read %s.%s: %w", schema, releaseTable, err)
	}
	return r, nil
}

// writeRelease says in the schema which release it shows, of which lake, and what is Waybill's there: that is what the next release may drop.
func (p *Postgres) writeRelease(ctx context.Context, tx pgx.Tx, rel ledger.Release, marts []Mart) error {
	table := pgx.Identifier{p.shadow(), releaseTable}.Sanitize()
	if _, err := tx.Exec(ctx, "create table "+table+" (release_id bigint, released_at timestamptz, as_of timestamptz, tables text[], lake text, made jsonb)"); err != nil {
		return fmt.Errorf("make table %s: %w", releaseTable, err)
	}
	var noted string
	if err := tx.QueryRow(ctx, noteMade, p.shadow()).Scan(&noted); err != nil {
		return fmt.Errorf("note what was made: %w", err)
	}
	row := []any{rel.ID, rel.At, rel.AsOf, tableNames(marts), p.origin.Lake, noted}
	if err := copyFrozen(ctx, tx, table, []string{"release_id", "released_at", "as_of", "tables", "lake", "made"}, pgx.CopyFromRows([][]any{row})); err != nil {
		return fmt.Errorf("write %s: %w", releaseTable, err)
	}
	return nil
}

// noteMade describes the tables of a schema ($1) in the form of made.
const noteMade = `
select jsonb_build_object(
    'database', (select oid::bigint from pg_database where datname = current_database()),
    'tables', jsonb_object_agg(c.relname, jsonb_build_object(
        'oid', c.oid::bigint,
        'comment', coalesce(obj_description(c.oid, 'pg_class'), ''),
        'columns', (select jsonb_object_agg(a.attname, coalesce(col_description(c.oid, a.attnum), '')) from pg_attribute as a where a.attrelid = c.oid and a.attnum > 0),
        'keys', (select coalesce(jsonb_agg(k.conname), '[]') from pg_constraint as k where k.conrelid = c.oid))))::text
from pg_class as c
where c.relnamespace = (select oid from pg_namespace where nspname = $1) and c.relkind = 'r'`
