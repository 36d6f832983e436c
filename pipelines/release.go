package pipelines

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/fourmarketing/waybill"
	"github.com/fourmarketing/waybill/lake"
	"github.com/fourmarketing/waybill/pipelines/ledger"
	"github.com/fourmarketing/waybill/transforms/models"
)

// hold records why nothing was released.
func (r *Runner) hold(ctx context.Context, o BuildOptions, res *BuildResult) error {
	var text string
	for _, c := range res.Failed {
		text += fmt.Sprintf("%s: %s: %d rows\n", c.Model, c.Check, c.Failing)
	}
	var err error
	res.Release, err = r.Ledger.AddRelease(ctx, ledger.Release{AsOf: o.AsOf.UTC(), Status: ledger.ReleaseHeld, Failures: text})
	return errors.Join(ErrHeld, err)
}

// release names the snapshots of all marts that exist now, in one row, unless the last release names the same.
func (r *Runner) release(ctx context.Context, o BuildOptions, res *BuildResult) error {
	tables := map[string]string{}
	for _, m := range r.Project.Models() {
		if m.Name.Namespace != models.Marts {
			continue
		}
		t, err := r.Lake.Table(ctx, m.Name)
		if errors.Is(err, waybill.ErrNotFound) {
			continue
		}
		if err != nil {
			return fmt.Errorf("look at %s: %w", m.Name, err)
		}
		tables[m.Name.String()] = strconv.FormatInt(t.Snapshot, 10)
	}
	last, ok, err := r.Ledger.LatestRelease(ctx, ledger.Released)
	if err != nil {
		return err
	}
	if ok && sameTables(last.Tables, tables) {
		res.Release = last
		return nil
	}
	rel := ledger.Release{AsOf: o.AsOf.UTC(), Status: ledger.Released, Tables: tables, By: o.ReleasedBy, Why: o.Why}
	for _, c := range res.Failed {
		rel.Failures += fmt.Sprintf("%s: %s: %d rows\n", c.Model, c.Check, c.Failing)
	}
	res.Release, err = r.Ledger.AddRelease(ctx, rel)
	return err
}

func sameTables(a, b map[string]string) bool {
	if len(a) != len(b) {
		return false
	}
	for k, v := range a {
		if b[k] != v {
			return false
		}
	}
	return true
}

// Publisher shows a release somewhere outside the lake. Publish swaps it in at once or not at all.
type Publisher interface {
	Target() string                 // names it in the ledger: "duckdb:marts.duckdb", "postgres:marts"
	Shows(ctx context.Context) bool // the target still has something; false makes the next run publish again
	Publish(ctx context.Context, rel ledger.Release, marts []Mart) error
}

// Mart is one table of a release: what it is and the select that reads exactly its released rows in the build's DuckDB.
type Mart struct {
	Model  *models.Model
	Select string
}

// Publish shows the newest release on every target that shows another one, and returns the targets that changed. One run at a time
// publishes, so that no target goes back to an older release.
func (r *Runner) Publish(ctx context.Context) ([]string, error) {
	var changed []string
	err := r.queued(ctx, "publish", func(ctx context.Context) error {
		var err error
		changed, err = r.publish(ctx)
		return err
	})
	return changed, err
}

func (r *Runner) publish(ctx context.Context) ([]string, error) {
	rel, ok, err := r.Ledger.LatestRelease(ctx, ledger.Released)
	if err != nil || !ok {
		return nil, err
	}
	var changed []string
	var marts []Mart
	var pins []*lake.LocalFiles
	defer func() {
		for _, p := range pins {
			p.Close()
		}
	}()
	for _, p := range r.Publishers {
		shown, err := r.Ledger.Published(ctx, p.Target())
		if err != nil {
			return changed, err
		}
		if shown == rel.ID && p.Shows(ctx) {
			continue
		}
		if marts == nil {
			if marts, pins, err = r.marts(ctx, rel); err != nil {
				return changed, err
			}
		}
		r.Watch(Event{Stage: StagePublish, Subject: p.Target()})
		if err := p.Publish(ctx, rel, marts); err != nil {
			return changed, fmt.Errorf("publish release %d to %s: %w", rel.ID, p.Target(), err)
		}
		if err := r.Ledger.Publish(ctx, p.Target(), rel.ID); err != nil {
			return changed, err
		}
		changed = append(changed, p.Target())
	}
	return changed, nil
}

// marts reads the tables of a release at the snapshots that it names. The pins keep their files in the cache and are the caller's to close.
func (r *Runner) marts(ctx context.Context, rel ledger.Release) (marts []Mart, pins []*lake.LocalFiles, err error) {
	for _, m := range r.Project.Models() {
		text, ok := rel.Tables[m.Name.String()]
		if !ok {
			continue
		}
		snapshot, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return nil, pins, fmt.Errorf("release %d: snapshot of %s: %w", rel.ID, m.Name, err)
		}
		scan, err := r.Lake.Scan(ctx, m.Name, snapshot)
		if err != nil {
			return nil, pins, fmt.Errorf("plan %s at %d: %w", m.Name, snapshot, err)
		}
		text, pin, err := r.selectFiles(ctx, scan)
		if err != nil {
			return nil, pins, err
		}
		pins = append(pins, pin)
		marts = append(marts, Mart{Model: m, Select: text})
	}
	return marts, pins, nil
}
