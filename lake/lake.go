// Package lake keeps what partners sent and the Iceberg tables made of it, on a local folder or any S3 endpoint:
// kept bytes, tables with exactly-once commits, scans with a bounded read cache, and maintenance. The catalog is a
// standard Iceberg SQL catalog named "lake" in SQLite or Postgres, so other engines read the same tables.
//
// It does not know what a row means, who wrote a Parquet file or how one is rewritten: DuckDB is injected by callers.
package lake

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/fourmarketing/waybill"
)

// Config says where a lake is.
type Config struct {
	Root       string           // "s3://bucket/prefix" or a folder
	Catalog    string           // "sqlite:<path>" or a postgres:// URL; empty: catalog.db in the folder
	S3         S3               // how to reach the bucket; unused for a folder
	CacheDir   string           // local folder for cached objects and temporary files; empty: .cache in the folder
	CacheBytes int64            // upper bound of the read cache in bytes; 0: 20 GiB
	Timeouts   waybill.Timeouts // of its store and of a catalog in Postgres; what is not set is by default
	Now        func() time.Time // the process clock (not a run's as-of); required
}

// S3 is an S3 endpoint and its credential. Without keys the SDK's default chain is asked.
type S3 struct {
	Endpoint  string // "https://host:port"; empty: AWS
	Region    string // empty: us-east-1
	AccessKey waybill.Secret
	SecretKey waybill.Secret
	PathStyle bool // bucket in the path instead of the host name; always so with an Endpoint
}

func (c S3) pathStyle() bool { return c.PathStyle || c.Endpoint != "" }

// Dialect is the SQL spoken by the catalog's database.
type Dialect string

// The databases that can hold a catalog.
const (
	SQLite   Dialect = "sqlite"
	Postgres Dialect = "postgres"
)

const defaultCacheBytes = 20 << 30

// Lake is an open lake. It is safe for use by several goroutines, and several processes may share one.
type Lake struct {
	objects       objects
	catalog       *catalogIO
	cache         *cache
	catalogInside bool // the catalog is a file below the root, and goes with it when the root is copied

	tmp string // folder for temporary files, on local disk
	now func() time.Time

	filling atomic.Bool // this process is the rebuild that fills tables

	mu    sync.Mutex
	may   bool                // this process may change the lake, and has raised its epoch
	lists map[string][]string // immutable load lists already read, by key
}

// Open connects to a lake and makes the catalog's tables and local folders where they are missing.
func Open(ctx context.Context, cfg Config) (*Lake, error) {
	if cfg.Root == "" {
		return nil, errors.New("open lake: no root is set; give a folder or s3://bucket/prefix")
	}
	if cfg.Now == nil {
		return nil, errors.New("open lake: no clock is set; give time.Now")
	}
	if cfg.CacheBytes == 0 {
		cfg.CacheBytes = defaultCacheBytes
	}
	if cfg.S3.Region == "" {
		cfg.S3.Region = "us-east-1"
	}
	cfg.Timeouts = waybill.Bounds{Timeouts: cfg.Timeouts}.Or(waybill.DefaultBounds()).Timeouts
	obj, err := openObjects(ctx, &cfg)
	if err != nil {
		return nil, fmt.Errorf("open lake %s: %w", cfg.Root, err)
	}
	tmp := filepath.Join(cfg.CacheDir, "tmp")
	if err := os.MkdirAll(tmp, privateFolder); err != nil {
		return nil, fmt.Errorf("open lake %s: %w", cfg.Root, temporary(err))
	}
	cat, err := openCatalog(ctx, cfg, obj)
	if err != nil {
		return nil, fmt.Errorf("open lake %s: %w", cfg.Root, err)
	}
	file, isFile := strings.CutPrefix(cfg.Catalog, "sqlite:")
	return &Lake{
		objects:       obj,
		catalog:       cat,
		catalogInside: isFile && obj.local() && strings.HasPrefix(filepath.Clean(file), obj.dir+string(filepath.Separator)),
		cache:         newCache(filepath.Join(cfg.CacheDir, "files"), cfg.CacheBytes, cfg.Now, obj),
		tmp:           tmp,
		now:           cfg.Now,
		lists:         map[string][]string{},
	}, nil
}

// Close gives back the catalog's connections. Files handed out by Local stay where they are.
func (l *Lake) Close() error {
	if err := l.catalog.close(); err != nil {
		return fmt.Errorf("close lake: %w", err)
	}
	return nil
}

// temp makes a temporary file; its folder comes back where somebody has cleared the cache.
func (l *Lake) temp(pattern string) (*os.File, error) {
	if err := os.MkdirAll(l.tmp, privateFolder); err != nil {
		return nil, err
	}
	return os.CreateTemp(l.tmp, pattern)
}

// CatalogDB is the catalog's database, where pipelines keep their own control state too.
func (l *Lake) CatalogDB() (*sql.DB, Dialect) { return l.catalog.db, l.catalog.dialect }

// Root is the lake's folder as an absolute path, or its s3:// address.
func (l *Lake) Root() string {
	if l.objects.local() {
		return l.objects.dir
	}
	return l.objects.base
}

// openObjects picks the store by the root's spelling and fills the defaults that depend on it.
func openObjects(ctx context.Context, cfg *Config) (objects, error) {
	if strings.HasPrefix(cfg.Root, "s3://") {
		if cfg.CacheDir == "" {
			return objects{}, errors.New("a lake on S3 needs a cache folder; set CacheDir")
		}
		if cfg.Catalog == "" {
			return objects{}, errors.New("a lake on S3 needs a catalog; set sqlite:<path> or a postgres:// URL")
		}
		return openBucket(ctx, cfg.Root, cfg.S3, cfg.Timeouts)
	}
	root, err := filepath.Abs(cfg.Root)
	if err != nil {
		return objects{}, err
	}
	if err := os.MkdirAll(root, privateFolder); err != nil {
		return objects{}, temporary(err)
	}
	if cfg.CacheDir == "" {
		cfg.CacheDir = filepath.Join(root, ".cache")
	}
	if cfg.Catalog == "" {
		cfg.Catalog = "sqlite:" + filepath.Join(root, "catalog.db")
	}
	return openFolder(root), nil
}
