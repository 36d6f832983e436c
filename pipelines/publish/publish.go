// Package publish shows the newest release of the marts where people read them: in one DuckDB file and in Postgres. Each target changes
// at once or not at all, and readers that have the old version open keep it. It does not decide what is released.
package publish

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"go.uber.org/zap"

	"github.com/fourmarketing/waybill"
	"github.com/fourmarketing/waybill/lake"
	"github.com/fourmarketing/waybill/pipelines"
	"github.com/fourmarketing/waybill/pipelines/ledger"
	"github.com/fourmarketing/waybill/pipelines/parquet"
	"github.com/fourmarketing/waybill/transforms/models"
)

// Parts are what a Publisher works with. All are the caller's to close.
type Parts struct {
	Lake     *lake.Lake
	Ledger   *ledger.Ledger
	Leases   *ledger.Leases
	Models   *models.Project
	Targets  []Target
	Within   time.Duration // for one target of one release; not bounded when 0
	Reporter pipelines.Reporter
}

// Publisher shows releases on its targets.
type Publisher struct {
	lake    *lake.Lake
	ledger  *ledger.Ledger
	leases  *ledger.Leases
	models  *models.Project
	targets []Target
	within  time.Duration
	pipelines.Reporter
}

// New makes a publisher.
func New(p Parts) *Publisher {
	return &Publisher{lake: p.Lake, ledger: p.Ledger, leases: p.Leases, models: p.Models, targets: p.Targets, within: p.Within, Reporter: p.Reporter}
}

// Target shows a release somewhere outside the lake. Publish swaps it in at once or not at all, and refuses where it would take away
// what Waybill did not make. Its log hears what people should know although nothing failed.
type Target interface {
	Name() string                                       // as it stands in the ledger: "duckdb:waybill.duckdb", "postgres:marts"
	Shows(ctx context.Context, rel ledger.Release) bool // the target has that release; false makes the run publish it again
	Publish(ctx context.Context, rel ledger.Release, marts []Mart, log *zap.Logger) error
}

// Mart is one table of a release: what it is and the select that reads exactly its released rows in the build's DuckDB.
type Mart struct {
	Model  *models.Model
	Select string
}

// tableNames are the names of the marts' tables, without a schema.
func tableNames(marts []Mart) []string {
	names := make([]string, len(marts))
	for i, m := range marts {
		names[i] = m.Model.Name.Name
	}
	return names
}

// Publish shows the newest release on every target that shows another one, and returns the targets that changed. One run at a time
// publishes, so that no target goes back to an older release.
func (p *Publisher) Publish(ctx context.Context) ([]string, error) {
	var changed []string
	err := p.leases.InTurn(ctx, "publish", func(ctx context.Context) error {
		var err error
		changed, err = p.publish(ctx)
		return err
	})
	return changed, err
}

func (p *Publisher) publish(ctx context.Context) ([]string, error) {
	rel, ok, err := p.ledger.LatestRelease(ctx, ledger.Released)
	if err != nil || !ok {
		return nil, err
	}
	var changed []string
	var marts []Mart
	var pins []*lake.LocalFiles
	defer func() {
		for _, pin := range pins {
			pin.Close()
		}
	}()
	var problems []error
	for _, target := range p.targets {
		shown, err := p.ledger.Published(ctx, target.Name())
		if err != nil {
			return changed, err
		}
		if shown == rel.ID && target.Shows(ctx, rel) {
			continue
		}
		if marts == nil {
			if marts, pins, err = p.marts(ctx, rel); err != nil {
				return changed, err
			}
		}
		if err := p.show(ctx, target, rel, marts); err != nil { // the others are shown it all the same
			problems = append(problems, err)
			if ctx.Err() != nil {
				break
			}
			continue
		}
		p.Log.Info("published", zap.String("target", target.Name()), zap.Int64("release", rel.ID))
		changed = append(changed, target.Name())
	}
	return changed, errors.Join(problems...)
}

// show shows a release on one target.
func (p *Publisher) show(ctx context.Context, target Target, rel ledger.Release, marts []Mart) error {
	p.Watch(pipelines.Event{Stage: pipelines.StagePublish, Subject: target.Name()})
	limited, stop := ctx, context.CancelFunc(func() {})
	if p.within > 0 {
		limited, stop = context.WithTimeout(ctx, p.within)
	}
	defer stop()
	err := target.Publish(limited, rel, marts, p.Log)
	if err != nil && limited.Err() != nil && ctx.Err() == nil {
		err = fmt.Errorf("%w: not done within timeouts.publish, %s; see whether the server is well, or raise it: %w", waybill.ErrTemporary, p.within, err)
	}
	if err != nil {
		return fmt.Errorf("publish release %d to %s: %w", rel.ID, target.Name(), err)
	}
	return p.ledger.Publish(ctx, target.Name(), rel.ID)
}

// Shown is what a target shows.
type Shown struct {
	Target  string    `json:"target"`
	Release int64     `json:"release_id"` // 0: none yet
	At      time.Time `json:"at,omitzero"`
}

// Shown tells of every target which release it shows, in the order of the settings. It asks the ledger, not the target.
func (p *Publisher) Shown(ctx context.Context) ([]Shown, error) {
	known, err := p.ledger.Publications(ctx)
	if err != nil {
		return nil, err
	}
	all := make([]Shown, len(p.targets))
	for i, target := range p.targets {
		all[i].Target = target.Name()
		for _, k := range known {
			if k.Target == target.Name() {
				all[i].Release, all[i].At = k.ReleaseID, k.At
			}
		}
	}
	return all, nil
}

// marts reads the tables of a release at the snapshots that it names. The pins keep their files in the cache and are the caller's to close.
func (p *Publisher) marts(ctx context.Context, rel ledger.Release) (marts []Mart, pins []*lake.LocalFiles, err error) {
	for _, m := range p.models.Models() {
		text, ok := rel.Tables[m.Name.String()]
		if !ok {
			continue
		}
		snapshot, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return nil, pins, fmt.Errorf("release %d: snapshot of %s: %w", rel.ID, m.Name, err)
		}
		scan, err := p.lake.Scan(ctx, m.Name, snapshot)
		if err != nil {
			return nil, pins, fmt.Errorf("plan %s at %d: %w", m.Name, snapshot, err)
		}
		text, pin, err := parquet.SelectScan(ctx, p.lake, scan)
		if err != nil {
			return nil, pins, err
		}
		pins = append(pins, pin)
		marts = append(marts, Mart{Model: asReleased(m, scan.Columns), Select: text})
	}
	return marts, pins, nil
}

// asReleased is a mart's model with the columns that the released table has. One whose area is held may lack what its head has by now.
func asReleased(m *models.Model, columns []lake.Field) *models.Model {
	shown := *m
	shown.Head.Columns = nil
	for _, c := range m.Head.Columns {
		if slices.ContainsFunc(columns, func(f lake.Field) bool { return f.Name == c.Name }) {
			shown.Head.Columns = append(shown.Head.Columns, c)
		}
	}
	return &shown
}
