package publish

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"hash/fnv"
	"math/big"
	"strings"

	"github.com/duckdb/duckdb-go/v2"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/fourmarketing/waybill"
	"github.com/fourmarketing/waybill/pipelines/ledger"
)

// Postgres publishes to one schema of a PostgreSQL database, for BI tools.
type Postgres struct {
	db      *sql.DB
	url     waybill.Secret
	schema  string
	readers string
}

// NewPostgres publishes to a schema; readers is a role that gets the right to read it, empty for none.
func NewPostgres(db *sql.DB, url waybill.Secret, schema, readers string) *Postgres {
	return &Postgres{db: db, url: url, schema: schema, readers: readers}
}

// Name names the schema in the ledger.
func (p *Postgres) Name() string { return "postgres:" + p.schema }

// Shows tells whether the schema is there.
func (p *Postgres) Shows(ctx context.Context) bool {
	conn, err := pgx.Connect(ctx, p.url.Reveal())
	if err != nil {
		return true // publishing would fail alike; the ledger's word stands until the server is back
	}
	defer conn.Close(context.WithoutCancel(ctx))
	var there bool
	err = conn.QueryRow(ctx, "select exists (select 1 from information_schema.tables where table_schema = $1 and table_name = 'waybill_release')", p.schema).Scan(&there)
	return err != nil || there
}

// Publish copies every mart into a shadow schema and swaps it for the old one in a single transaction: readers see the old
// release until the commit and the new one after it, with its comments and the readers' rights.
func (p *Postgres) Publish(ctx context.Context, rel ledger.Release, marts []Mart) error {
	conn, err := pgx.Connect(ctx, p.url.Reveal())
	if err != nil {
		return fmt.Errorf("connect to Postgres: %w", err)
	}
	defer conn.Close(context.WithoutCancel(ctx))
	tx, err := conn.Begin(ctx)
	if err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	defer tx.Rollback(context.WithoutCancel(ctx)) // after a commit there is nothing to roll back
	if _, err := tx.Exec(ctx, "select pg_advisory_xact_lock($1)", lockKey(p.schema)); err != nil {
		return fmt.Errorf("lock schema %s: %w", p.schema, err)
	}
	shadow := p.schema + "_next"
	if err := errors.Join(refuseStrangers(ctx, tx, p.schema), refuseStrangers(ctx, tx, shadow)); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, fmt.Sprintf("drop schema if exists %[1]s cascade; create schema %[1]s", ident(shadow))); err != nil {
		return fmt.Errorf("make schema %s: %w", shadow, err)
	}
	for _, m := range marts {
		if err := p.copyMart(ctx, tx, shadow, m); err != nil {
			return fmt.Errorf("copy %s: %w", m.Model.Name, err)
		}
	}
	if err := p.swap(ctx, tx, shadow, rel); err != nil {
		return err
	}
	if err := tx.Commit(ctx); err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	return p.dropFormer(ctx, conn)
}

// lockNotAvailable is Postgres' SQLSTATE for a lock that was not got within lock_timeout.
const lockNotAvailable = "55P03"

// dropFormer removes the schemas that were swapped out. One that a reader still has open stays until the next release.
func (p *Postgres) dropFormer(ctx context.Context, conn *pgx.Conn) error {
	rows, err := conn.Query(ctx, "select nspname from pg_namespace where starts_with(nspname, $1)", p.schema+"_was_")
	if err != nil {
		return fmt.Errorf("look for former schemas: %w", err)
	}
	names, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return fmt.Errorf("look for former schemas: %w", err)
	}
	for _, name := range names {
		_, err := conn.Exec(ctx, fmt.Sprintf("set lock_timeout = '2s'; drop schema %s cascade", ident(name)))
		var pgErr *pgconn.PgError
		if errors.As(err, &pgErr) && pgErr.Code == lockNotAvailable {
			continue
		}
		if err != nil {
			return fmt.Errorf("drop former schema %s: %w", name, err)
		}
	}
	return nil
}

// swap renames the old schema away and the shadow into its place, which waits for no reader, and gives the readers their rights.
func (p *Postgres) swap(ctx context.Context, tx pgx.Tx, shadow string, rel ledger.Release) error {
	statements := []string{
		fmt.Sprintf("create table %s.waybill_release as select %d::bigint as release_id, timestamptz '%s' as released_at, timestamptz '%s' as as_of",
			ident(shadow), rel.ID, rel.At.Format("2006-01-02T15:04:05.999999Z07:00"), rel.AsOf.Format("2006-01-02T15:04:05.999999Z07:00")),
		fmt.Sprintf("create schema if not exists %s", ident(p.schema)),
		fmt.Sprintf("alter schema %s rename to %s", ident(p.schema), ident(fmt.Sprintf("%s_was_%d", p.schema, rel.ID))),
		fmt.Sprintf("alter schema %s rename to %s", ident(shadow), ident(p.schema)),
		fmt.Sprintf("comment on schema %s is 'Waybill marts, release %d. Replaced whole at each release.'", ident(p.schema), rel.ID),
	}
	for _, s := range statements {
		if _, err := tx.Exec(ctx, s); err != nil {
			return fmt.Errorf("swap schema %s: %w", p.schema, err)
		}
	}
	if p.readers == "" {
		return nil
	}
	var known bool
	if err := tx.QueryRow(ctx, "select exists (select 1 from pg_roles where rolname = $1)", p.readers).Scan(&known); err != nil {
		return fmt.Errorf("look up role %s: %w", p.readers, err)
	}
	if !known {
		if _, err := tx.Exec(ctx, fmt.Sprintf("create role %s nologin", ident(p.readers))); err != nil {
			return fmt.Errorf("make role %s: %w", p.readers, err)
		}
	}
	grant := fmt.Sprintf("grant usage on schema %[1]s to %[2]s; grant select on all tables in schema %[1]s to %[2]s", ident(p.schema), ident(p.readers))
	if _, err := tx.Exec(ctx, grant); err != nil {
		return fmt.Errorf("let %s read: %w", p.readers, err)
	}
	return nil
}

// copyMart streams one mart from DuckDB into a new table with COPY.
func (p *Postgres) copyMart(ctx context.Context, tx pgx.Tx, schema string, m Mart) error {
	rows, err := p.db.QueryContext(ctx, m.Select)
	if err != nil {
		return fmt.Errorf("read: %w", err)
	}
	defer rows.Close()
	types, err := rows.ColumnTypes()
	if err != nil {
		return fmt.Errorf("read: %w", err)
	}
	names := make([]string, len(types))
	defs := make([]string, len(types))
	for i, t := range types {
		names[i] = t.Name()
		defs[i] = ident(t.Name()) + " " + postgresType(t.DatabaseTypeName())
	}
	table := pgx.Identifier{schema, m.Model.Name.Name}
	if _, err := tx.Exec(ctx, fmt.Sprintf("create table %s (%s)", table.Sanitize(), strings.Join(defs, ", "))); err != nil {
		return fmt.Errorf("make table: %w", err)
	}
	if _, err := tx.CopyFrom(ctx, table, names, &copySource{rows: rows, width: len(names)}); err != nil {
		return fmt.Errorf("COPY: %w", err)
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("read: %w", err)
	}
	return describe(ctx, tx, table.Sanitize(), m)
}

// describe carries keys and comments over, so that BI tools show what a column means.
func describe(ctx context.Context, tx pgx.Tx, table string, m Mart) error {
	statements := []string{fmt.Sprintf("comment on table %s is %s", table, literal(tableComment(m.Model)))}
	if key := m.Model.Head.Key; len(key) > 0 {
		quoted := make([]string, len(key))
		for i, k := range key {
			quoted[i] = ident(k)
		}
		statements = append(statements, fmt.Sprintf("alter table %s add primary key (%s)", table, strings.Join(quoted, ", ")))
	}
	for _, c := range m.Model.Head.Columns {
		if c.Description != "" {
			statements = append(statements, fmt.Sprintf("comment on column %s.%s is %s", table, ident(c.Name), literal(c.Description)))
		}
	}
	for _, s := range statements {
		if _, err := tx.Exec(ctx, s); err != nil {
			return fmt.Errorf("describe: %w", err)
		}
	}
	return nil
}

// postgresType is the Postgres name of a DuckDB type.
func postgresType(duckType string) string {
	switch t := strings.ToUpper(duckType); {
	case strings.HasPrefix(t, "DECIMAL"):
		return "numeric" + strings.TrimPrefix(t, "DECIMAL")
	case t == "VARCHAR":
		return "text"
	case t == "TINYINT", t == "SMALLINT", t == "INTEGER", t == "USMALLINT", t == "UTINYINT":
		return "integer"
	case t == "BIGINT", t == "UINTEGER":
		return "bigint"
	case t == "HUGEINT", t == "UBIGINT", t == "UHUGEINT":
		return "numeric(38,0)"
	case t == "DOUBLE", t == "FLOAT":
		return "double precision"
	case t == "TIMESTAMP WITH TIME ZONE", t == "TIMESTAMPTZ":
		return "timestamptz"
	default:
		return strings.ToLower(t) // boolean, date, timestamp, time, uuid are spelt alike
	}
}

// copySource feeds COPY row by row.
type copySource struct {
	rows  *sql.Rows
	width int
}

// Next moves to the next row (pgx.CopyFromSource).
func (c *copySource) Next() bool { return c.rows.Next() }

// Values reads the current row; decimals go over exactly.
func (c *copySource) Values() ([]any, error) {
	values := make([]any, c.width)
	into := make([]any, c.width)
	for i := range values {
		into[i] = &values[i]
	}
	if err := c.rows.Scan(into...); err != nil {
		return nil, fmt.Errorf("read row: %w", err)
	}
	for i, v := range values {
		switch v := v.(type) {
		case duckdb.Decimal:
			values[i] = pgtype.Numeric{Int: v.Value, Exp: -int32(v.Scale), Valid: true}
		case *big.Int:
			values[i] = pgtype.Numeric{Int: v, Valid: true}
		}
	}
	return values, nil
}

// Err is what ended the rows early.
func (c *copySource) Err() error { return c.rows.Err() }

func ident(name string) string { return pgx.Identifier{name}.Sanitize() }

func literal(text string) string { return "'" + strings.ReplaceAll(text, "'", "''") + "'" }

// lockKey keeps two publishers of one schema apart.
func lockKey(schema string) int64 {
	h := fnv.New64a()
	h.Write([]byte("waybill:" + schema))
	return int64(h.Sum64() >> 1)
}
