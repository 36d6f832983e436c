package models

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"
	"time"

	"github.com/fourmarketing/waybill"
	"github.com/fourmarketing/waybill/transforms/duck"
)

// given is what a case has put into its input tables so far.
type given struct {
	runner *caseRunner
	tables map[waybill.TableName][]givenPart
	asOf   time.Time
}

// givenPart is one CSV of an input table.
type givenPart struct {
	path    string
	data    []byte
	columns []waybill.Column // of the CSV's header, in its order
}

// newPart finds the types of a CSV's columns among those its table has.
func newPart(p string, data []byte, known []waybill.Column) (givenPart, error) {
	data = bytes.TrimPrefix(data, []byte("\uFEFF"))
	header, err := csv.NewReader(bytes.NewReader(data)).Read()
	if err != nil {
		return givenPart{}, fmt.Errorf("%s:1: read the header: %w", p, err)
	}
	part := givenPart{path: p, data: data}
	for _, h := range header {
		found := false
		for _, c := range known {
			if c.Name == h {
				part.columns, found = append(part.columns, c), true
				break
			}
		}
		if !found {
			return givenPart{}, fmt.Errorf("%s:1: unknown column %s%s", p, h, didYouMean(h, columnNames(known)))
		}
	}
	return part, nil
}

// addDay reads what a day brings.
func (g *given) addDay(ctx context.Context, dir string) error {
	if err := g.readClock(path.Join(dir, "clock.txt")); err != nil {
		return err
	}
	folder := path.Join(dir, "given")
	entries, err := fs.ReadDir(g.runner.fsys, folder)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("read %s: %w", folder, err)
	}
	for _, e := range entries {
		p := path.Join(folder, e.Name())
		name, isCSV := strings.CutSuffix(e.Name(), ".csv")
		name, replaces := strings.CutSuffix(name, ".replace")
		t := parseName(name)
		if !isCSV || t.Namespace == "" {
			return fmt.Errorf("%s: a file <schema>.<table>.csv is expected", p)
		}
		known, err := g.runner.columns(ctx, t)
		if err != nil {
			return fmt.Errorf("%s: %w", p, err)
		}
		data, err := fs.ReadFile(g.runner.fsys, p)
		if err != nil {
			return fmt.Errorf("read %s: %w", p, err)
		}
		part, err := newPart(p, data, known)
		if err != nil {
			return err
		}
		if replaces {
			g.tables[t] = nil
		}
		g.tables[t] = append(g.tables[t], part)
	}
	return nil
}

func (g *given) readClock(p string) error {
	data, err := fs.ReadFile(g.runner.fsys, p)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read %s: %w", p, err)
	}
	g.asOf, err = time.Parse(time.RFC3339, strings.TrimSpace(string(data)))
	if err != nil {
		return fmt.Errorf("%s:1: an instant like 2025-03-04T06:00:00Z is expected: %w", p, err)
	}
	return nil
}

// load makes the given tables in a session, in place of what the session would read or build.
func (g *given) load(ctx context.Context, s *Session) error {
	if !g.asOf.IsZero() {
		text := "create table ops.clock as select cast(" + duck.Literal(g.asOf.UTC().Format(time.RFC3339Nano)) + " as timestamptz) as as_of"
		if err := s.exec(ctx, text); err != nil {
			return fmt.Errorf("set the clock: %w", err)
		}
		s.have[clock] = fromRelations
	}
	for t, parts := range g.tables {
		columns, err := g.runner.columns(ctx, t)
		if err != nil {
			return err
		}
		if s.have[t] != 0 {
			return fmt.Errorf("%s: clock.txt gives %s already", parts[0].path, t)
		}
		if err := s.loadParts(ctx, quoted(t), columns, parts); err != nil {
			return err
		}
		s.have[t] = fromRelations
	}
	return nil
}

// loadParts makes a table of CSV files, each of which may have some of the columns.
func (s *Session) loadParts(ctx context.Context, relation string, columns []waybill.Column, parts []givenPart) error {
	items := make([]string, len(columns))
	for i, c := range columns {
		items[i] = duck.Ident(c.Name) + " " + string(c.Type)
	}
	if err := s.exec(ctx, "create table "+relation+" ("+strings.Join(items, ", ")+")"); err != nil {
		return fmt.Errorf("make %s: %w", relation, err)
	}
	for _, p := range parts {
		from, err := csvTable(strings.TrimSuffix(path.Base(p.path), ".csv"), p.data, p.columns, ", allow_quoted_nulls=false")
		if err != nil {
			return fmt.Errorf("%s: %w", p.path, err)
		}
		err = s.exec(ctx, "insert into "+relation+" by name "+from.sql)
		if err = errors.Join(err, from.remove()); err != nil {
			return fmt.Errorf("%s: %w", p.path, err)
		}
	}
	return nil
}

// columns returns the columns of a table that a case gives.
func (r *caseRunner) columns(ctx context.Context, t waybill.TableName) ([]waybill.Column, error) {
	if seed := r.project.seeds[t]; seed != nil {
		return seed.Columns, nil
	}
	m := r.project.byName[t]
	if m == nil {
		return lookUp(r.schemas, t)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if columns := r.typed[t]; columns != nil {
		return columns, nil
	}
	// A model's types are those of its select over empty tables.
	s, err := r.session(ctx)
	if err != nil {
		return nil, err
	}
	columns, err := s.Columns(ctx, m)
	if err = errors.Join(err, s.Close()); err != nil {
		return nil, err
	}
	r.typed[t] = columns
	return columns, nil
}

// session is one in which nothing was built before, so that every model is, and in which raw and ops tables are empty.
func (r *caseRunner) session(ctx context.Context) (*Session, error) {
	s, err := NewSession(ctx, r.db, r.project, emptyRelations{schemas: r.schemas})
	if err != nil {
		return nil, err
	}
	for _, m := range r.project.models {
		s.building[m.Name] = true
	}
	return s, nil
}
