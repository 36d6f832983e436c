package publish

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"hash/fnv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
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
	origin  Origin
}

// NewPostgres publishes an origin's releases to a schema; readers is a role that gets the right to read it, empty for none.
func NewPostgres(db *sql.DB, url waybill.Secret, schema, readers string, origin Origin) *Postgres {
	return &Postgres{db: db, url: url, schema: schema, readers: readers, origin: origin}
}

// Name names the schema in the ledger.
func (p *Postgres) Name() string { return "postgres:" + p.schema }

// A server has so long to let somebody in, and to say which release it shows: that is one row.
const (
	connectWithin = 20 * time.Second
	showsWithin   = time.Minute
)

// connect takes the time for it from the URL (connect_timeout), where that says one.
func (p *Postgres) connect(ctx context.Context) (*pgx.Conn, error) {
	config, err := pgx.ParseConfig(p.url.Reveal())
	if err != nil {
		return nil, err
	}
	if config.ConnectTimeout == 0 {
		config.ConnectTimeout = connectWithin
	}
	return pgx.ConnectConfig(ctx, config)
}

// Shows tells whether the schema shows the release, whatever the ledger says: it may have been dropped, restored, or never be of this database.
func (p *Postgres) Shows(ctx context.Context, rel ledger.Release) bool {
	ctx, stop := context.WithTimeout(ctx, showsWithin)
	defer stop()
	conn, err := p.connect(ctx)
	if err != nil {
		return true // publishing would fail alike; the ledger's word stands until the server is back
	}
	defer conn.Close(context.WithoutCancel(ctx))
	var shown released
	err = pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) (err error) {
		shown, err = readRelease(ctx, tx, p.schema)
		return err
	})
	return err == nil && shown.is(rel)
}

// Publish copies every mart into a shadow schema and swaps it for the old one in a single transaction: readers see the old
// release until the commit and the new one after it, with its comments, the readers' rights, and what others had over the old
// one: their grants, and their views in other schemas. What Waybill did not make and would have to drop makes it refuse.
func (p *Postgres) Publish(ctx context.Context, rel ledger.Release, marts []Mart, log *zap.Logger) error {
	if err := p.checkName(rel); err != nil {
		return err
	}
	conn, err := p.connect(ctx)
	if err != nil {
		return fmt.Errorf("connect to Postgres: %w; %s, then run again", err, toConnect(err))
	}
	defer conn.Close(context.WithoutCancel(ctx))
	tx, err := conn.BeginTx(ctx, pgx.TxOptions{IsoLevel: pgx.ReadCommitted}) // so that a second look sees what came in the meantime
	if err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	defer tx.Rollback(context.WithoutCancel(ctx)) // after a commit there is nothing to roll back
	// Without a search path Postgres writes every name in full: view definitions, grants, descriptions.
	if _, err := tx.Exec(ctx, "set local search_path = ''; set local lock_timeout = '1min'"); err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	if _, err := tx.Exec(ctx, "select pg_advisory_xact_lock($1)", lockKey(p.schema)); isCode(err, lockNotAvailable) {
		return fmt.Errorf("another run has been publishing to schema %s for a minute: run again when it has ended: %w", p.schema, err)
	} else if err != nil {
		return fmt.Errorf("lock schema %s: %w", p.schema, err)
	}
	if err := p.makeShadow(ctx, tx); err != nil {
		return err
	}
	for _, m := range marts {
		if err := p.copyMart(ctx, tx, m, log); err != nil {
			return fmt.Errorf("copy %s: %w", m.Model.Name, err)
		}
	}
	if err := p.describe(ctx, tx, marts, log); err != nil {
		return err
	}
	if err := p.writeRelease(ctx, tx, rel, marts); err != nil {
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

// toConnect says what to do about a connection that was refused, by the server's code (PostgreSQL, appendix "Error Codes").
func toConnect(err error) string {
	switch {
	case isCode(err, "3D000"):
		return "correct the database's name in publish.postgres.url, or let an administrator make the database (create database … encoding UTF8)"
	case isCode(err, "28P01"), isCode(err, "28000"):
		return "correct user and password in publish.postgres.url, or let an administrator let that user in (create role … login, pg_hba.conf)"
	case isCode(err, "53300"):
		return "let others end their connections, or raise the server's max_connections"
	case errors.As(err, new(*pgconn.PgError)):
		return "mend what the server says of publish.postgres.url"
	}
	return "check host, port and sslmode of publish.postgres.url (sslmode=disable for a server without TLS), and that the server runs and takes connections from here"
}

// shadow is the schema that a release is filled in. Nobody but the transaction that makes it ever sees it.
func (p *Postgres) shadow() string { return p.schema + "_next" }

// makeShadow makes the shadow schema, if the schema in whose place it is to come may be replaced.
func (p *Postgres) makeShadow(ctx context.Context, tx pgx.Tx) error {
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
	if err := p.needReaders(ctx, tx); err != nil {
		return err
	}
	if err := mayMakeSchemas(ctx, tx); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, "create schema "+ident(p.shadow())); err != nil {
		return fmt.Errorf("make schema %s: %w", p.shadow(), err)
	}
	return keepDefaultPrivileges(ctx, tx, old, p.shadow())
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
	comment := fmt.Sprintf("%s%d of lake %s. Replaced whole at each release.", mark, rel.ID, p.origin.Lake)
	if old.comment != "" && !strings.HasPrefix(old.comment, mark) {
		comment = old.comment // somebody's
	}
	statements := append(away,
		fmt.Sprintf("alter schema %s rename to %s", ident(p.shadow()), ident(p.schema)),
		fmt.Sprintf("comment on schema %s is %s", ident(p.schema), literal(comment)))
	if p.readers != "" {
		statements = append(statements, fmt.Sprintf("grant usage on schema %[1]s to %[2]s; grant select on all tables in schema %[1]s to %[2]s", ident(p.schema), ident(p.readers)))
	}
	for _, s := range append(statements, grants...) {
		if _, err := tx.Exec(ctx, s); err != nil {
			return fmt.Errorf("swap schema %s: %s: %w", p.schema, s, err)
		}
	}
	if err := keepComments(ctx, tx, old, p.schema); err != nil {
		return err
	}
	return rebind(ctx, tx, old.views, rel)
}

func ident(name string) string { return pgx.Identifier{name}.Sanitize() }

func literal(text string) string { return "'" + strings.ReplaceAll(text, "'", "''") + "'" }

// lockKey keeps two publishers of one schema apart.
func lockKey(schema string) int64 {
	h := fnv.New64a()
	h.Write([]byte("waybill:" + schema))
	return int64(h.Sum64() >> 1)
}
