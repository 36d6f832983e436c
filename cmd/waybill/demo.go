package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"github.com/fourmarketing/waybill/pipelines/build"
	"github.com/fourmarketing/waybill/pipelines/run"
	"github.com/fourmarketing/waybill/project"
	"github.com/fourmarketing/waybill/sandbox"
	"github.com/fourmarketing/waybill/sandbox/world"
)

// demoFlags are what `waybill demo` takes.
type demoFlags struct {
	seed         uint64
	days, orders int
	defects      float64
	lake         string
	catalog      string
	dir          string
	serve        bool
	postgres     string
}

// errDiffers: marts and truth differ.
var errDiffers = errors.New("the marts differ from the truth")

func newDemo(l *commandLine) *cobra.Command {
	var f demoFlags
	c := &cobra.Command{
		Use:   "demo",
		Short: "Everything, against a sandbox on this machine, compared with the truth",
		Long: `Start a small world of five brands, three warehouses, two carriers, two payment providers and web shops on loopback, pull from it
through the real connectors into a lake, build the marts, check and publish them, and compare them with what really happened.
The folder --dir is made anew. For --lake s3://… the endpoint and keys come from WAYBILL_S3_ENDPOINT, AWS_ACCESS_KEY_ID,
AWS_SECRET_ACCESS_KEY; the prefix must be empty.

Exit codes: 0 nothing differs · 1 something differs or failed`,
		Example: `  waybill demo
  waybill demo --seed 7 --days 30 --orders-per-day 200
  waybill demo --defects 0
  waybill demo --lake s3://bucket/demo --catalog postgres://…
  waybill demo --serve            leave the sandbox running for run, serve and doctor`,
		Args: noWords,
		RunE: func(c *cobra.Command, _ []string) error { return l.demo(c.Context(), f) },
	}
	c.Flags().Uint64Var(&f.seed, "seed", 1, "which world")
	c.Flags().IntVar(&f.days, "days", 21, "days of it, at least 10")
	c.Flags().IntVar(&f.orders, "orders-per-day", 60, "web orders a day over all brands, at least 10")
	c.Flags().Float64Var(&f.defects, "defects", 1, "density of planted problems, 0 for none")
	c.Flags().StringVar(&f.dir, "dir", "demo", "folder for the configuration, the sandbox's files and a local lake")
	c.Flags().StringVar(&f.lake, "lake", "", "lake: a folder or s3://bucket/prefix (default: lake in the folder)")
	c.Flags().StringVar(&f.catalog, "catalog", "", "catalog: sqlite:<path> or postgres://… (default: SQLite in the folder)")
	c.Flags().StringVar(&f.postgres, "publish-postgres", "", "also publish to this Postgres URL")
	c.Flags().BoolVar(&f.serve, "serve", false, "leave the sandbox running until interrupted")
	return c
}

// demoMarker marks a folder as one that the demo made and may delete.
const demoMarker = ".waybill-demo"

// demo runs the world from checkpoint to checkpoint.
func (l *commandLine) demo(ctx context.Context, f demoFlags) error {
	start := time.Now()
	size := world.Options{Seed: f.seed, Days: f.days, OrdersPerDay: f.orders, Defects: f.defects}
	if err := size.Check(); err != nil { // before the last demo's folder is gone
		return fmt.Errorf("%w: %w (--days, --orders-per-day, --defects)", errUsage, err)
	}
	if err := freshFolder(f.dir); err != nil {
		return err
	}
	sandboxDir := filepath.Join(f.dir, "sandbox")
	if err := os.MkdirAll(sandboxDir, 0o755); err != nil {
		return fmt.Errorf("make demo folder: %w", err)
	}
	box, err := sandbox.Start(ctx, sandbox.Options{Dir: sandboxDir, World: size})
	if err != nil {
		return err
	}
	defer box.Close()
	l.configPath = filepath.Join(f.dir, "waybill.yaml")
	if err := writeDemoConfig(f, box); err != nil {
		return err
	}
	l.received = box.Now // a file of the world arrives when its clock says
	d := l.newDisplay()
	p, err := l.open(ctx, d.watch)
	if err != nil {
		return err
	}
	defer p.Close()
	if err := l.freshLake(ctx, p, f); err != nil {
		return err
	}
	last, err := l.live(ctx, p, box, d)
	d.stop()
	if err != nil {
		return err
	}
	return l.finishDemo(ctx, demoEnd{flags: f, project: p, box: box, asOf: last, took: time.Since(start)})
}

// live moves the world's clock and pulls at every checkpoint, as a schedule would.
func (l *commandLine) live(ctx context.Context, p *project.Project, box *sandbox.Sandbox, d *display) (time.Time, error) {
	var last time.Time
	for i, at := range box.World().Checkpoints() {
		if err := box.Advance(at); err != nil {
			return last, err
		}
		last = at
		res, err := p.Runner.Run(ctx, run.Options{Trigger: "demo", Build: build.Options{AsOf: at}})
		if err != nil {
			return last, errors.Join(err, l.printRun(res))
		}
		if !l.json {
			d.say(l.stdout, fmt.Sprintf("pull %d, as of %s: %s", i+1, at.UTC().Format("2006-01-02 15:04Z"), runLine(res)))
		}
	}
	return last, nil
}

func freshFolder(dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("look at demo folder: %w", err)
	}
	if len(entries) > 0 {
		if _, err := os.Stat(filepath.Join(dir, demoMarker)); err != nil {
			return fmt.Errorf("%w: %s is not empty and no demo made it; --dir names another folder", errUsage, dir)
		}
		if err := os.RemoveAll(dir); err != nil {
			return fmt.Errorf("clear demo folder: %w", err)
		}
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("make demo folder: %w", err)
	}
	return os.WriteFile(filepath.Join(dir, demoMarker), []byte("made by `waybill demo`; it may delete this folder\n"), 0o644)
}

// freshLake refuses a lake that has something in it: a demo's numbers are those of its world alone.
func (l *commandLine) freshLake(ctx context.Context, p *project.Project, f demoFlags) error {
	names, err := p.Lake.Tables(ctx)
	if err != nil {
		return err
	}
	if len(names) > 0 {
		return fmt.Errorf("%w: the lake %s has tables already; name an empty prefix and an empty catalog", errUsage, f.lake)
	}
	return nil
}

// demoConnections writes the connections block for a sandbox, with its credentials in files beside the configuration.
func demoConnections(box *sandbox.Sandbox) map[string]any {
	connections := map[string]any{}
	for _, c := range box.Access() {
		settings := map[string]any{"kind": c.Kind}
		maps.Copy(settings, c.Settings)
		for name := range c.Secrets {
			settings[name] = "${file:secrets/" + secretFile(c, name) + "}"
		}
		connections[c.Source] = settings
	}
	return connections
}

// demoSecrets are the sandbox's credentials by the files they are kept in.
func demoSecrets(box *sandbox.Sandbox) map[string]string {
	secrets := map[string]string{"salt": "sandbox people do not exist"}
	for _, c := range box.Access() {
		for name, secret := range c.Secrets {
			secrets[secretFile(c, name)] = secret
		}
	}
	return secrets
}

// secretFile is named after the source, and after the setting too where a source has several.
func secretFile(c sandbox.Connection, name string) string {
	if len(c.Secrets) == 1 {
		return c.Source
	}
	return c.Source + "_" + name
}
