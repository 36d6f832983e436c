package publish

import (
	"context"
	"database/sql"
	"fmt"
	"hash/fnv"
	"math/big"
	"strings"

	"github.com/duckdb/duckdb-go/v2"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"
	"go.uber.org/zap"

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
// release until the commit and the new one after it, with its comments, the readers' rights, and what others had over the old
// one: their grants, and their views in other schemas. What Waybill did not make and would have to drop makes it refuse.
func (p *Postgres) Publish(ctx context.Context, rel ledger.Release, marts []Mart, log *zap.Logger) error {
	if err := p.checkName(rel); err != nil {
		return err
	}
	conn, err := pgx.Connect(ctx, p.url.Reveal())
	if err != nil {
		return fmt.Errorf("connect to Postgres: %w", err)
	}
	defer conn.Close(context.WithoutCancel(ctx))
	tx, err := conn.BeginTx(ctx, pgx.TxOptions{IsoLevel: pgx.ReadCommitted}) // so that a second look sees what came in the meantime
	if err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	defer tx.Rollback(context.WithoutCancel(ctx)) // after a commit there is nothing to roll back
	// Without a search path Postgres writes every name in full: view definitions, grants, descriptions.
	if _, err := tx.Exec(ctx, "set local search_path = ''"); err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	if _, err := tx.Exec(ctx, "select pg_advisory_xact_lock($1)", lockKey(p.schema)); err != nil {
		return fmt.Errorf("lock schema %s: %w", p.schema, err)
	}
	if err := p.makeShadow(ctx, tx, log); err != nil {
		return err
	}
	for _, m := range marts {
		if err := p.copyMart(ctx, tx, p.shadow(), m); err != nil {
			return fmt.Errorf("copy %s: %w", m.Model.Name, err)
		}
	}
	if err := writeRelease(ctx, tx, p.shadow(), rel, marts); err != nil {
		return err
	}
	if err := p.swap(ctx, tx, rel); err != nil {
		return err
	}
	if err := tx.Commit(ctx); err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	p.dropFormer(ctx, conn, log)
	return nil
}

// shadow is the schema that a release is filled in. Nobody but the transaction that makes it ever sees it.
func (p *Postgres) shadow() string { return p.schema + "_next" }

// makeShadow makes the shadow schema, if the schema in whose place it is to come may be replaced.
func (p *Postgres) makeShadow(ctx context.Context, tx pgx.Tx, log *zap.Logger) error {
	var taken bool
	if err := tx.QueryRow(ctx, "select exists (select 1 from pg_namespace where nspname = $1)", p.shadow()).Scan(&taken); err != nil {
		return fmt.Errorf("look for schema %s: %w", p.shadow(), err)
	}
	if taken {
		return fmt.Errorf("schema %[1]s is there and is not Waybill's, which needs the name while it publishes: rename it (alter schema %[2]s rename to …) or set publish.postgres.schema to another name, then run again",
			p.shadow(), ident(p.shadow()))
	}
	old, err := p.replaceable(ctx, tx)
	if err != nil {
		return err
	}
	if err := p.needReaders(ctx, tx, log); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, "create schema "+ident(p.shadow())); err != nil {
		return fmt.Errorf("make schema %s: %w", p.shadow(), err)
	}
	return keepDefaultPrivileges(ctx, tx, old, p.shadow())
}

// writeRelease says in the schema which release it shows and which tables are of it: they are what the next release may drop.
func writeRelease(ctx context.Context, tx pgx.Tx, schema string, rel ledger.Release, marts []Mart) error {
	table := pgx.Identifier{schema, releaseTable}.Sanitize()
	if _, err := tx.Exec(ctx, "create table "+table+" (release_id bigint, released_at timestamptz, as_of timestamptz, tables text[])"); err != nil {
		return fmt.Errorf("make table %s: %w", releaseTable, err)
	}
	if _, err := tx.Exec(ctx, "insert into "+table+" values ($1, $2, $3, $4)", rel.ID, rel.At, rel.AsOf, tableNames(marts)); err != nil {
		return fmt.Errorf("write %s: %w", releaseTable, err)
	}
	return nil
}

// swap renames the old schema away and the shadow into its place, which waits for no reader of the marts, and gives the new one what
// others had over the old one. The old schema is looked at again: copying may have taken minutes.
func (p *Postgres) swap(ctx context.Context, tx pgx.Tx, rel ledger.Release) error {
	old, err := p.replaceable(ctx, tx)
	if err != nil {
		return err
	}
	if err := lockViews(ctx, tx, old.views); err != nil {
		return err
	}
	if err := readViews(ctx, tx, old, p.shadow()); err != nil {
		return err
	}
	grants, err := readGrants(ctx, tx, old, p.schema, p.shadow())
	if err != nil {
		return err
	}
	away, err := p.moveAway(ctx, tx, old, rel)
	if err != nil {
		return err
	}
	statements := append(away,
		fmt.Sprintf("alter schema %s rename to %s", ident(p.shadow()), ident(p.schema)),
		fmt.Sprintf("comment on schema %s is %s", ident(p.schema), literal(fmt.Sprintf("%s%d. Replaced whole at each release.", mark, rel.ID))))
	if p.readers != "" {
		statements = append(statements, fmt.Sprintf("grant usage on schema %[1]s to %[2]s; grant select on all tables in schema %[1]s to %[2]s", ident(p.schema), ident(p.readers)))
	}
	for _, s := range append(statements, grants...) {
		if _, err := tx.Exec(ctx, s); err != nil {
			return fmt.Errorf("swap schema %s: %s: %w", p.schema, s, err)
		}
	}
	return rebind(ctx, tx, old.views, rel)
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
