package build

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
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
// what the next build compares itself with stay as they are; the ledger notes that there was such a build.
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
			if err := newTrial(b, session, task{todo: todo, options: o}).look(ctx, &res); err != nil {
				return err
			}
			if len(res.Failed) > 0 && o.ReleasedBy == "" {
				return errors.Join(ErrWithheld, errors.New("nothing is written"))
			}
			dir, err := b.scratch.Folder("aside-*")
			if err != nil {
				return err
			}
			defer os.RemoveAll(dir) // show has read it
			marts, err := saved(ctx, session, todo, dir)
			if err == nil {
				err = b.noteAside(ctx, o, &res)
			}
			if err != nil {
				return err
			}
			return show(res.Release, marts)
		})
	})
	return res, err
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

// noteAside writes down that there was such a build.
func (b *Builder) noteAside(ctx context.Context, o Options, res *Result) error {
	rel := ledger.Release{AsOf: o.AsOf.UTC(), Status: ledger.Aside, Tables: map[string]string{}, By: o.ReleasedBy, Why: o.Why}
	for _, c := range res.Failed {
		rel.Failures += fmt.Sprintf("%s: %s: %d rows\n", c.Model, c.Check, c.Failing)
	}
	var err error
	res.Release, err = b.releases.ledger.AddRelease(ctx, rel)
	return err
}
