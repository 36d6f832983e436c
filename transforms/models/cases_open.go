package models

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"path"

	"github.com/fourmarketing/waybill"
)

// OpenCase is one day of a test case that stays built, so that other SQL can be tried on it again and again.
type OpenCase struct {
	Model   *Model
	Path    string // of its want.csv within the folder of cases
	Session *Session

	want table
}

// OpenCases builds every day of every test case under fsys (RunCases) and leaves each in a session of its own in db, kept for trials. The caller closes
// them.
func OpenCases(ctx context.Context, db *sql.DB, p *Project, fsys fs.FS, schemas map[waybill.TableName][]waybill.Column) ([]*OpenCase, error) {
	r := &caseRunner{project: p, fsys: fsys, db: db, schemas: schemas, typed: map[waybill.TableName][]waybill.Column{}}
	cases, err := r.list()
	if err != nil {
		return nil, err
	}
	var out []*OpenCase
	for _, c := range cases {
		m := r.find(c.model)
		if m == nil {
			return out, fmt.Errorf("%s: %w: no such model", c.model, waybill.ErrNotFound)
		}
		days, err := r.days(path.Join(c.model, c.name))
		if err != nil {
			return out, err
		}
		g := &given{runner: r, tables: map[waybill.TableName][]givenPart{}}
		for _, day := range days {
			one, err := r.openDay(ctx, m, g, day.dir)
			if err != nil {
				return out, err
			}
			out = append(out, one)
		}
	}
	return out, nil
}

func (r *caseRunner) openDay(ctx context.Context, m *Model, g *given, dir string) (*OpenCase, error) {
	if err := g.addDay(ctx, dir); err != nil {
		return nil, err
	}
	s, err := r.session(ctx)
	if err != nil {
		return nil, err
	}
	c := &OpenCase{Model: m, Path: path.Join(dir, "want.csv"), Session: s}
	if err = g.load(ctx, s); err == nil {
		err = s.ensure(ctx, m.Name)
	}
	if err == nil {
		c.want, err = r.want(ctx, s, m, dir)
	}
	if err == nil {
		err = s.Keep(ctx)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", dir, err), s.Close())
	}
	return c, nil
}

// Differs says how the case's model is other than wanted, empty when it is not.
func (c *OpenCase) Differs(ctx context.Context) (string, error) {
	built, err := c.Session.caseRows(ctx, c.Model, c.want.columns)
	if err != nil {
		return "", err
	}
	return compare(c.Model.Head.Key, c.want, built), nil
}
