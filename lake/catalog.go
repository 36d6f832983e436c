package lake

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/apache/iceberg-go"
	icecatalog "github.com/apache/iceberg-go/catalog"
	icesql "github.com/apache/iceberg-go/catalog/sql"
	icebergio "github.com/apache/iceberg-go/io"
	_ "github.com/apache/iceberg-go/io/gocloud/s3" // registers s3:// for metadata files
	"github.com/apache/iceberg-go/table"
	"github.com/apache/iceberg-go/utils"
	"github.com/uptrace/bun"
	"github.com/uptrace/bun/dialect/pgdialect"
	"github.com/uptrace/bun/dialect/sqlitedialect"
	_ "modernc.org/sqlite" // registers the database/sql driver "sqlite"

	"github.com/fourmarketing/waybill"
)

// catalogName is what other engines have to call the catalog to find the same tables.
const catalogName = "lake"

// catalogIO is the SQL catalog with two corrections: a requirement that does not hold is a conflict (iceberg-go 0.7.0
// returns it as a plain error), and every metadata file goes through one S3 configuration with its connections.
type catalogIO struct {
	sql     *icesql.Catalog
	db      *sql.DB
	bun     *bun.DB
	dialect Dialect
	objects objects
}

func openCatalog(ctx context.Context, cfg Config, obj objects) (*catalogIO, error) {
	s3 := cfg.S3
	db, dialect, err := openDB(cfg.Catalog, cfg.Timeouts)
	if err != nil {
		return nil, err
	}
	if err := db.PingContext(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("connect to the catalog: %w", temporary(err)), db.Close())
	}
	props := iceberg.Properties{icesql.SchemaVersionKey: icesql.SchemaVersionV1}
	if !obj.local() {
		props[icebergio.S3Region] = s3.Region
		props[icebergio.S3ForceVirtualAddressing] = strconv.FormatBool(!s3.pathStyle())
		if s3.Endpoint != "" {
			props[icebergio.S3EndpointURL] = s3.Endpoint
		}
	}
	var cat *icesql.Catalog
	for range 3 { // processes that start together create the same tables: the loser finds them on the next try
		if cat, err = icesql.NewCatalog(catalogName, db, icesql.SupportedDialect(dialect), props); err == nil {
			return &catalogIO{sql: cat, db: db, bun: speaking(db, dialect), dialect: dialect, objects: obj}, nil
		}
	}
	return nil, errors.Join(fmt.Errorf("prepare the catalog's tables: %w", temporary(err)), db.Close())
}

// speaking is the database with the dialect that waybill_lake is written in.
func speaking(db *sql.DB, d Dialect) *bun.DB {
	if d == Postgres {
		return bun.NewDB(db, pgdialect.New())
	}
	return bun.NewDB(db, sqlitedialect.New())
}

func openDB(address string, t waybill.Timeouts) (*sql.DB, Dialect, error) {
	if file, ok := strings.CutPrefix(address, "sqlite:"); ok {
		if err := makePrivate(file); err != nil {
			return nil, "", temporary(err)
		}
		dsn := "file:" + (&url.URL{Path: file}).EscapedPath() +
			"?_pragma=journal_mode(WAL)&_pragma=busy_timeout(10000)&_txlock=immediate"
		db, err := sql.Open("sqlite", dsn)
		if err != nil {
			return nil, "", fmt.Errorf("open catalog %s: %w", file, err)
		}
		return db, SQLite, nil
	}
	if strings.HasPrefix(address, "postgres://") || strings.HasPrefix(address, "postgresql://") {
		db, err := openPostgres(address, t)
		if err != nil {
			return nil, "", fmt.Errorf("open the Postgres catalog: %w", err)
		}
		db.SetMaxOpenConns(16) // several processes share a server's hundred
		db.SetConnMaxIdleTime(5 * time.Minute)
		return db, Postgres, nil
	}
	return nil, "", errors.New("a catalog is sqlite:<path> or a postgres:// URL")
}

func (c *catalogIO) close() error { return errors.Join(c.sql.Close(), c.db.Close()) }

// reach adds the S3 configuration that iceberg-go looks for in a context.
func (c *catalogIO) reach(ctx context.Context) context.Context {
	if c.objects.aws == nil {
		return ctx
	}
	return utils.WithAwsConfig(ctx, c.objects.aws)
}

// LoadTable reads a table's current metadata; its commits come back to this catalog.
func (c *catalogIO) LoadTable(ctx context.Context, id table.Identifier) (*table.Table, error) {
	t, err := reading(func() (*table.Table, error) { return c.sql.LoadTable(c.reach(ctx), id) })
	if err != nil {
		return nil, err
	}
	fs := func(ctx context.Context) (icebergio.IO, error) { return t.FS(c.reach(ctx)) }
	return table.New(id, t.Metadata(), t.MetadataLocation(), fs, c), nil
}

// CommitTable swaps a table's metadata if all requirements hold; table.ErrCommitFailed says that one did not.
func (c *catalogIO) CommitTable(ctx context.Context, id table.Identifier, reqs []table.Requirement, updates []table.Update) (table.Metadata, string, error) {
	marked := make([]table.Requirement, len(reqs))
	for i, r := range reqs {
		marked[i] = requirement{r}
	}
	meta, location, err := c.sql.CommitTable(c.reach(ctx), id, marked, updates)
	if err == nil {
		if key, ok := c.objects.key(meta.Location()); ok {
			c.objects.seal(key)
		}
	}
	return meta, location, err
}

// requirement marks its failure as a conflict.
type requirement struct{ table.Requirement }

func (r requirement) Validate(m table.Metadata) error {
	if err := r.Requirement.Validate(m); err != nil {
		return fmt.Errorf("%w: %w", table.ErrCommitFailed, err)
	}
	return nil
}

// load is LoadTable by a lake name, with an error that says what and whether to try again.
func (c *catalogIO) load(ctx context.Context, name waybill.TableName) (*table.Table, error) {
	t, err := c.LoadTable(ctx, ident(name))
	if err != nil {
		return nil, fmt.Errorf("load table %s: %w", name, temporary(err))
	}
	return t, nil
}

func ident(name waybill.TableName) table.Identifier {
	return table.Identifier{name.Namespace, name.Name}
}

func (c *catalogIO) makeNamespace(ctx context.Context, name string) error {
	id := table.Identifier{name}
	ok, err := reading(func() (bool, error) { return c.sql.CheckNamespaceExists(ctx, id) })
	if err != nil {
		return fmt.Errorf("look for namespace %s: %w", name, temporary(err))
	}
	if ok {
		return nil
	}
	err = c.sql.CreateNamespace(ctx, id, iceberg.Properties{})
	if err == nil || errors.Is(err, icecatalog.ErrNamespaceAlreadyExists) {
		return nil
	}
	if ok, again := c.sql.CheckNamespaceExists(ctx, id); again == nil && ok {
		return nil // another process made it between the two looks
	}
	return fmt.Errorf("create namespace %s: %w", name, temporary(err))
}
