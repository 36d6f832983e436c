package build

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/fourmarketing/waybill/pipelines/inputs"
	"github.com/fourmarketing/waybill/pipelines/ledger"
	"github.com/fourmarketing/waybill/transforms/duck"
	"github.com/fourmarketing/waybill/transforms/models"
)

// Selected is a mart that was built aside, and the select that reads its rows.
type Selected struct {
	Model  *models.Model
	Select string
}

// Before returns the newest release if the instant is earlier than the one that it is as of.
func (b *Builder) Before(ctx context.Context, asOf time.Time) (ledger.Release, bool, error) {
	last, ok, err := b.releases.ledger.LatestRelease(ctx, ledger.Released)
	return last, ok && asOf.Before(last.AsOf), err
}

// Aside builds marts as of an instant that is past and gone, checks them, and hands them to show. The lake's marts, the newest release and
// what the next build compares itself with stay as they are; the ledger notes that there was such a build. What checks name is held as in any build;
// nothing of before can stand in its place, so a held unit is in no mart, and the marts of a held area are left out, with ErrWithheld.
func (b *Builder) Aside(ctx context.Context, o Options, show func(ledger.Release, []Selected) error) (Result, error) {
	var res Result
	picked, err := b.Pick(o)
	if err != nil {
		return res, err
	}
	o.Full, o.Select, o.Exclude = true, upstream(picked), nil
	err = b.inputs.Read(ctx, o.AsOf, func(v *inputs.View) error {
		todo, _, err := b.compare(ctx, v, o)
		if err != nil {
			return err
		}
		for _, s := range todo {
			res.Stale = append(res.Stale, s.model.Name)
		}
		return v.Session(ctx, b.duck, b.models, func(session *models.Session) error {
			t := newTrial(b, session, task{todo: todo, options: o})
			if err := t.run(ctx, &res); err != nil {
				return err
			}
			todo = slices.DeleteFunc(todo, func(s stale) bool { return t.areas[s.model.Area] != "" })
			if len(todo) == 0 {
				return fmt.Errorf("%w: nothing is written: %s", ErrWithheld, strings.Join(t.causes(), "; "))
			}
			dir, err := b.scratch.Folder("aside-*")
			if err != nil {
				return err
			}
			defer os.RemoveAll(dir) // show has read it
			for _, s := range todo {
				res.Done = append(res.Done, s.model.Name)
			}
			marts, err := saved(ctx, session, todo, dir)
			if err == nil {
				err = b.noteAside(ctx, t, &res)
			}
			if err == nil {
				err = show(res.Release, marts)
			}
			if err == nil && res.Release.AnyArea() {
				err = fmt.Errorf("%w: left out is what was built of %s; next: waybill check", ErrWithheld, strings.Join(areasHeld(res.Release), ", "))
			}
			return err
		})
	})
	return res, err
}

// causes say why areas are held, each once.
func (t *trial) causes() []string {
	causes := slices.Sorted(maps.Values(t.areas))
	return slices.Compact(causes)
}

// upstream selects models with all that they read: the marts of the lake are of another instant.
func upstream(picked []*models.Model) []string {
	out := make([]string, len(picked))
	for i, m := range picked {
		out[i] = "+" + m.Name.Name
	}
	return out
}

// saved writes the built marts to files in a folder.
func saved(ctx context.Context, session *models.Session, todo []stale, dir string) ([]Selected, error) {
	marts := make([]Selected, len(todo))
	for i, s := range todo {
		path := filepath.Join(dir, s.model.Name.Name+".parquet")
		if err := session.Save(ctx, s.model, path); err != nil {
			return nil, err
		}
		marts[i] = Selected{Model: s.model, Select: "select * from read_parquet(" + duck.Literal(path) + ")"}
	}
	return marts, nil
}

// noteAside writes down that there was such a build, and what it holds.
func (b *Builder) noteAside(ctx context.Context, t *trial, res *Result) error {
	out := outcome{options: t.options, areas: t.areas, units: t.units, built: map[string]bool{}}
	var err error
	if out.held, err = t.session.HeldUnits(ctx); err != nil {
		return err
	}
	rel := ledger.Release{
		AsOf: t.options.AsOf.UTC(), Status: ledger.Aside, Tables: map[string]string{}, By: t.options.ReleasedBy, Why: t.options.Why,
		Areas: b.releases.areas(out, standing{}), Held: b.releases.heldUnits(out, standing{}),
	}
	for _, c := range res.Failed {
		rel.Failures += fmt.Sprintf("%s: %s: %d rows\n", c.Model, c.Check, c.Failing)
	}
	res.Release, err = b.releases.ledger.AddRelease(ctx, rel)
	return err
}
