package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/goccy/go-yaml"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"github.com/fourmarketing/waybill"
	"github.com/fourmarketing/waybill/connectors"
	"github.com/fourmarketing/waybill/lake"
	"github.com/fourmarketing/waybill/pipelines"
	"github.com/fourmarketing/waybill/pipelines/ledger"
	"github.com/fourmarketing/waybill/pipelines/load"
	"github.com/fourmarketing/waybill/pipelines/publish"
	waybillsql "github.com/fourmarketing/waybill/sql"
	"github.com/fourmarketing/waybill/transforms/duck"
	"github.com/fourmarketing/waybill/transforms/models"
)

// app is an opened configuration: everything that a command on the lake works with.
type app struct {
	cfg    *config
	lake   *lake.Lake
	ledger *ledger.Ledger
	runner *pipelines.Runner
	close  []func() error
}

// open reads the configuration and opens lake, ledger, models and DuckDB. watch may be nil.
func (s *session) open(ctx context.Context, watch func(pipelines.Event)) (*app, error) {
	cfg, err := readConfig(s.configPath)
	if err != nil {
		return nil, err
	}
	return s.openConfig(ctx, cfg, watch)
}

func (s *session) openConfig(ctx context.Context, cfg *config, watch func(pipelines.Event)) (*app, error) {
	a := &app{cfg: cfg}
	restore := zap.RedirectStdLog(s.logger()) // what libraries print there belongs to the log of --verbose
	a.close = append(a.close, func() error { restore(); return nil })
	if err := a.openState(ctx); err != nil {
		return nil, errors.Join(err, a.Close())
	}
	parts, err := a.parts(s, watch)
	if err != nil {
		return nil, errors.Join(err, a.Close())
	}
	if a.runner, err = pipelines.New(parts); err != nil {
		return nil, errors.Join(err, a.Close())
	}
	return a, nil
}

// openState opens the lake and the ledger in its catalog's database.
func (a *app) openState(ctx context.Context) error {
	c := a.cfg.Lake
	var err error
	a.lake, err = lake.Open(ctx, lake.Config{
		Root: c.Root, Catalog: c.Catalog, CacheDir: c.Cache, CacheBytes: c.CacheLimit, Now: time.Now,
		S3: lake.S3{Endpoint: c.S3.Endpoint, Region: c.S3.Region, AccessKey: c.S3.AccessKey, SecretKey: c.S3.SecretKey, PathStyle: c.S3.PathStyle},
	})
	if err != nil {
		return err
	}
	a.close = append(a.close, a.lake.Close)
	db, dialect := a.lake.CatalogDB()
	a.ledger, err = ledger.Open(ctx, db, string(dialect), time.Now)
	return err
}

func (a *app) parts(s *session, watch func(pipelines.Event)) (pipelines.Parts, error) {
	defs, err := a.cfg.definitions()
	if err != nil {
		return pipelines.Parts{}, err
	}
	project, err := models.Read(a.cfg.models())
	if err != nil {
		return pipelines.Parts{}, err
	}
	who, err := newHolder(a.cfg.Lake.Cache)
	if err != nil {
		return pipelines.Parts{}, err
	}
	a.close = append(a.close, who.Close)
	stage := who.stage()
	builds, err := a.duck(filepath.Join(stage, "spill-build"))
	if err != nil {
		return pipelines.Parts{}, err
	}
	loads, err := a.duck(filepath.Join(stage, "spill-load"))
	if err != nil {
		return pipelines.Parts{}, err
	}
	return pipelines.Parts{
		Lake: a.lake, Ledger: a.ledger, Project: project, Duck: builds, Loader: load.New(loads),
		Open: a.connector, Pipelines: defs, Brands: a.cfg.Brands, Sites: a.cfg.Sites, Publishers: a.publishers(builds),
		StageDir: stage, Salt: a.cfg.PIISalt, Holder: who.name, Gone: who.gone, Now: time.Now, Log: s.logger(), Watch: watch,
	}, nil
}

func (a *app) duck(spill string) (*sql.DB, error) {
	if err := os.MkdirAll(spill, 0o755); err != nil {
		return nil, fmt.Errorf("make folder for DuckDB: %w", err)
	}
	db := duck.Open(duck.Config{MemoryLimit: a.cfg.Memory, TempDir: spill})
	a.close = append(a.close, db.Close)
	return db, nil
}

func (a *app) publishers(builds *sql.DB) []pipelines.Publisher {
	var all []pipelines.Publisher
	if t := a.cfg.Publish.DuckDB; t != nil {
		all = append(all, publish.NewDuckDB(builds, t.Path))
	}
	if t := a.cfg.Publish.Postgres; t != nil {
		all = append(all, publish.NewPostgres(builds, t.URL, t.Schema, t.Readers))
	}
	return all
}

// connector opens a source's connection by its kind.
func (a *app) connector(_ context.Context, source string) (waybill.Connector, error) {
	node, ok := a.cfg.Connections[source]
	if !ok {
		return nil, fmt.Errorf("source %s has no connection in %s", source, a.cfg.path)
	}
	var kind struct {
		Kind string `yaml:"kind"`
	}
	if err := yaml.NodeToValue(node, &kind); err != nil {
		return nil, pipelines.Describe(a.cfg.path, err)
	}
	build, ok := connectors.Kinds()[kind.Kind]
	if !ok {
		return nil, fmt.Errorf("%s: connection %s: kind %q is none of those there are; the nearest is %q", a.cfg.path, source, kind.Kind, nearestKind(kind.Kind))
	}
	conn, err := build(func(into any) error { return decodeConnection(a.cfg.path, node, into) }, time.Now)
	if err != nil {
		return nil, fmt.Errorf("connection %s: %w", source, err)
	}
	return conn, nil
}

func nearestKind(word string) string {
	var kinds []string
	for k := range connectors.Kinds() {
		kinds = append(kinds, k)
	}
	return pipelines.Nearest(word, kinds)
}

// models is the project's SQL: a folder of the user's, or what is built in.
func (c *config) models() fs.FS {
	if c.SQL != "" {
		return os.DirFS(c.SQL)
	}
	return waybillsql.Files
}

func (s *session) logger() *zap.Logger {
	if !s.verbose {
		return zap.NewNop()
	}
	enc := zapcore.NewConsoleEncoder(zap.NewDevelopmentEncoderConfig())
	return zap.New(zapcore.NewCore(enc, zapcore.AddSync(s.stderr), zapcore.DebugLevel))
}

// Close gives everything back, last opened first.
func (a *app) Close() error {
	var problems []error
	for i := len(a.close) - 1; i >= 0; i-- {
		problems = append(problems, a.close[i]())
	}
	return errors.Join(problems...)
}

// clockStep is how coarse the default "now" is, so that two runs shortly after one another ask about the same instant.
const clockStep = 15 * time.Minute

// now is the run's as-of: the flag, or the last full quarter of an hour.
func (s *session) now() (time.Time, error) {
	if s.asOf == "" {
		return time.Now().UTC().Truncate(clockStep), nil
	}
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04Z07:00", "2006-01-02"} {
		if t, err := time.Parse(layout, s.asOf); err == nil {
			return t.UTC(), nil
		}
	}
	return time.Time{}, fmt.Errorf("%w: --as-of %q is no instant such as 2026-04-08T07:00:00+01:00", errUsage, s.asOf)
}
