// Package project opens what a waybill.yaml describes: it reads the configuration, the pipeline definitions and the models, and opens lake,
// ledger, DuckDB and connectors. The command line, measurements and tests open a project through it, and so all alike. It reads no flags and, but
// for ${file:…}, no secrets by itself: the environment is handed in as a function.
package project

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"go.uber.org/zap"

	"github.com/fourmarketing/waybill"
	"github.com/fourmarketing/waybill/lake"
	"github.com/fourmarketing/waybill/pipelines"
	"github.com/fourmarketing/waybill/pipelines/build"
	"github.com/fourmarketing/waybill/pipelines/changes"
	"github.com/fourmarketing/waybill/pipelines/forget"
	"github.com/fourmarketing/waybill/pipelines/inputs"
	"github.com/fourmarketing/waybill/pipelines/ledger"
	"github.com/fourmarketing/waybill/pipelines/load"
	"github.com/fourmarketing/waybill/pipelines/maintain"
	"github.com/fourmarketing/waybill/pipelines/publish"
	"github.com/fourmarketing/waybill/pipelines/pull"
	"github.com/fourmarketing/waybill/pipelines/run"
	"github.com/fourmarketing/waybill/transforms/duck"
	"github.com/fourmarketing/waybill/transforms/models"
)

// Project is an opened configuration: everything that works on one lake.
type Project struct {
	Config     *Config
	Lake       *lake.Lake
	Ledger     *ledger.Ledger
	Pipelines  []pipelines.Pipeline
	Models     *models.Project
	Inputs     *inputs.Inputs
	Puller     *pull.Puller
	Builder    *build.Builder
	Publisher  *publish.Publisher
	Aside      func(asOf time.Time) (target publish.Target, path string) // where marts as of an earlier instant go
	Maintainer *maintain.Maintainer
	Forgetter  *forget.Forgetter
	Changes    *changes.Changes
	Runner     *run.Runner

	options Options
	close   []func() error
}

// Options are what the opener decides, not the configuration.
type Options struct {
	Log   *zap.Logger           // nil: none
	Watch func(pipelines.Event) // is told of a run's progress, from several goroutines; nil: nobody
	Now   func() time.Time      // the wall clock

	Received func() time.Time // the wall clock of what arrives, where a simulated world has one of its own; nil: Now
}

func (o Options) received() func() time.Time {
	if o.Received != nil {
		return o.Received
	}
	return o.Now
}

// Open opens lake, ledger, models and DuckDB. Close gives them back.
func Open(ctx context.Context, cfg *Config, o Options) (*Project, error) {
	p := &Project{Config: cfg, options: o}
	defs, err := cfg.Load(o.Now)
	if err != nil {
		return nil, err
	}
	p.Pipelines, p.Models = defs.Pipelines, defs.Active()
	if err := p.openState(ctx); err != nil {
		return nil, errors.Join(err, p.Close())
	}
	if err := p.openRooms(); err != nil {
		return nil, errors.Join(err, p.Close())
	}
	return p, nil
}

// openState opens the lake and the ledger in its catalog's database.
func (p *Project) openState(ctx context.Context) error {
	var err error
	if p.Lake, err = p.Config.openLake(ctx, p.options.Now); err != nil {
		return err
	}
	p.close = append(p.close, p.Lake.Close)
	db, dialect := p.Lake.CatalogDB()
	if p.Ledger, err = ledger.Open(ctx, db, string(dialect), p.options.Now); err != nil {
		return err
	}
	p.Ledger.KeepJournal(p.Lake)
	return nil
}

func (c *Config) openLake(ctx context.Context, now func() time.Time) (*lake.Lake, error) {
	l := c.Lake
	if err := lakeRoot(l.Root); err != nil {
		return nil, c.doc.Fault("lake.root", "%w", err) // a folder of that name would be made
	}
	return lake.Open(ctx, lake.Config{
		Root: l.Root, Catalog: l.Catalog, CacheDir: l.Cache, CacheBytes: l.CacheLimit, Timeouts: c.Timeouts.Timeouts, Now: now,
		S3: lake.S3{Endpoint: l.S3.Endpoint, Region: l.S3.Region, AccessKey: l.S3.AccessKey, SecretKey: l.S3.SecretKey, PathStyle: l.S3.PathStyle},
	})
}

// LakeTables opens the lake and its catalog alone and lists the tables: whether both can be reached, whatever else is wrong.
func (c *Config) LakeTables(ctx context.Context, now func() time.Time) (names []waybill.TableName, err error) {
	l, err := c.openLake(ctx, now)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, l.Close()) }()
	return l.Tables(ctx)
}

// LakeStanding opens the lake and its catalog alone and says how the two stand to one another.
func (c *Config) LakeStanding(ctx context.Context, now func() time.Time) (s lake.Standing, err error) {
	l, err := c.openLake(ctx, now)
	if err != nil {
		return s, err
	}
	defer func() { err = errors.Join(err, l.Close()) }()
	return l.Standing(ctx)
}

// NamelessFeeds opens the lake's ledger alone and finds the feeds that files are known of and that no definition names.
func (c *Config) NamelessFeeds(ctx context.Context, defs []pipelines.Pipeline, now func() time.Time) (found []pull.Nameless, err error) {
	p := &Project{Config: c, options: Options{Now: now}}
	defer func() { err = errors.Join(err, p.Close()) }()
	if err := p.openState(ctx); err != nil {
		return nil, err
	}
	return pull.NamelessOf(ctx, p.Ledger, defs)
}

// openRooms makes the rooms that work with definitions and models. Two DuckDBs run in a process, one for loads and one for
// builds, so that neither can take the other's memory.
func (p *Project) openRooms() error {
	who, err := newHolder(p.Config.Lake.Cache)
	if err != nil {
		return err
	}
	p.close = append(p.close, who.Close)
	builds, err := p.duck(filepath.Join(who.stage(), "spill-build"))
	if err != nil {
		return err
	}
	loads, err := p.duck(filepath.Join(who.stage(), "spill-load"))
	if err != nil {
		return err
	}
	return p.connectRooms(who, builds, loads)
}

// connectRooms gives each room what it works with.
func (p *Project) connectRooms(who *holder, builds, loads *sql.DB) error {
	scratch, report := pipelines.Scratch(who.stage()), pipelines.NewReporter(p.options.Log, p.options.Watch)
	leases := ledger.NewLeases(p.Ledger, who.name, who.gone, report.Log)
	leases.Witness(who.lives)
	var err error
	p.Inputs, err = inputs.New(inputs.Parts{
		Lake: p.Lake, Ledger: p.Ledger, Pipelines: p.Pipelines, Group: p.Config.Group, Declared: p.Models.Raw(), Scratch: scratch,
	})
	if err != nil {
		return err
	}
	p.Puller = pull.New(pull.Parts{
		Lake: p.Lake, Ledger: p.Ledger, Leases: leases, Inputs: p.Inputs, Models: p.Models, Duck: builds, Loader: load.New(loads),
		Open: p.connect, Bounds: p.Config.BoundsOf, Pipelines: p.Pipelines, Scratch: scratch, Salt: p.Config.PIISalt, Now: p.options.Now, Received: p.options.received(), Reporter: report,
	})
	p.Builder = build.New(build.Parts{
		Lake: p.Lake, Ledger: p.Ledger, Leases: leases, Inputs: p.Inputs, Models: p.Models, Duck: builds, Scratch: scratch, Reporter: report,
	})
	p.Aside = func(asOf time.Time) (publish.Target, string) {
		path := p.Config.AsideFile(asOf)
		return publish.NewDuckDB(builds, path, p.origin()), path
	}
	p.Publisher = publish.New(publish.Parts{
		Lake: p.Lake, Ledger: p.Ledger, Leases: leases, Models: p.Models, Targets: p.targets(builds), Within: p.Config.Timeouts.Publish, Reporter: report,
	})
	p.Maintainer = maintain.New(p.Lake, p.Ledger, builds, p.Models.ListTables(), report)
	p.Changes = changes.New(changes.Parts{Lake: p.Lake, Ledger: p.Ledger, Models: p.Models, Scratch: scratch, Memory: p.Config.Memory})
	p.Forgetter = forget.New(forget.Parts{
		Lake: p.Lake, Ledger: p.Ledger, Leases: leases, Inputs: p.Inputs, Models: p.Models, Pipelines: p.Pipelines, Scratch: scratch,
		Salt: p.Config.PIISalt, Memory: p.Config.Memory, Now: p.options.Now, Reporter: report,
	})
	p.Runner = run.New(run.Parts{
		Pipelines: p.Pipelines, Ledger: p.Ledger, Puller: p.Puller, Builder: p.Builder, Publisher: p.Publisher, Maintainer: p.Maintainer,
		Forgetter: p.Forgetter, Lake: p.Lake, Leases: leases, Now: p.options.Now, Reporter: report,
	})
	return nil
}

func (p *Project) duck(spill string) (*sql.DB, error) {
	if err := os.MkdirAll(spill, 0o700); err != nil {
		return nil, fmt.Errorf("make folder for DuckDB: %w", err)
	}
	db := duck.Open(duck.Config{MemoryLimit: p.Config.Memory, TempDir: spill})
	p.close = append(p.close, db.Close)
	return db, nil
}

// origin is the lake as targets know it. Without a ledger, when places are only looked at, every release there counts as ours.
func (p *Project) origin() publish.Origin {
	o := publish.Origin{Lake: lakeName(p.Config.Lake.Root), Released: func(context.Context, int64, time.Time) (bool, error) { return true, nil }}
	if p.Ledger != nil {
		o.Released = p.Ledger.Released
	}
	return o
}

// targets are the places that marts are shown in.
func (p *Project) targets(builds *sql.DB) []publish.Target {
	var all []publish.Target
	if t := p.Config.Publish.DuckDB; t != nil {
		all = append(all, publish.NewDuckDB(builds, t.Path, p.origin()))
	}
	if t := p.Config.Publish.Postgres; t != nil {
		all = append(all, publish.NewPostgres(builds, t.URL, t.Schema, t.Readers, p.origin()))
	}
	return all
}

// lakeName is a root in one spelling, from whatever folder it is reached: a lake is another one when its name is.
func lakeName(root string) string {
	if strings.Contains(root, "://") {
		return strings.TrimRight(root, "/")
	}
	if absolute, err := filepath.Abs(root); err == nil {
		return absolute
	}
	return root
}

func (p *Project) connect(_ context.Context, source string) (waybill.Connector, error) {
	return p.Config.Connect(source, p.options.Now)
}

// Close gives everything back, last opened first.
func (p *Project) Close() error {
	var problems []error
	for i := len(p.close) - 1; i >= 0; i-- {
		problems = append(problems, p.close[i]())
	}
	return errors.Join(problems...)
}
