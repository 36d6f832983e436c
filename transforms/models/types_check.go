package models

import (
	"context"
	"errors"
	"fmt"

	"github.com/fourmarketing/waybill"
	"github.com/fourmarketing/waybill/transforms/duck"
)

// ErrNoDescription is found with a mart's column that its head says nothing of: it can be built all the same.
var ErrNoDescription = errors.New("has no description in the head")

// CheckTypes builds everything over empty tables of the given columns and returns what does not fit: columns that are not there,
// types that do not go together, checks and worklists that cannot run, columns of marts without a description, and floating
// point where a mart may not have it.
func CheckTypes(ctx context.Context, p *Project, schemas map[waybill.TableName][]waybill.Column) (errs []error) {
	db := duck.Open(duck.Config{})
	defer db.Close()
	s, err := NewSession(ctx, db, p, emptyRelations{schemas: schemas})
	if err != nil {
		return []error{err}
	}
	defer func() {
		if err := s.Close(); err != nil {
			errs = append(errs, err)
		}
	}()
	built, err := s.Build(ctx, p.models, nil)
	if err != nil {
		return []error{err}
	}
	var fine []*Model
	for _, b := range built {
		if b.Err == nil {
			fine = append(fine, b.Model)
			errs = append(errs, s.columnErrors(ctx, b.Model)...)
		} else if !isUpstream(b.Err) {
			errs = append(errs, b.Err)
		}
	}
	_, err = s.Check(ctx, fine)
	errs = append(errs, roots(err)...)
	for _, w := range p.worklists {
		if err := s.exhaust(ctx, w); err != nil {
			errs = append(errs, err)
		}
	}
	return errs
}

// roots are the errors of a joined one that do not merely repeat what stands upstream.
func roots(err error) []error {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		var out []error
		for _, e := range joined.Unwrap() {
			out = append(out, roots(e)...)
		}
		return out
	}
	if err == nil || isUpstream(err) {
		return nil
	}
	return []error{err}
}

// exhaust runs a worklist to its end.
func (s *Session) exhaust(ctx context.Context, w *Worklist) error {
	rows, err := s.Query(ctx, w)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("worklist %s: %w", w.Name, locate(w.Path, w.line, err))
	}
	return nil
}

func (s *Session) columnErrors(ctx context.Context, m *Model) []error {
	if m.Name.Namespace != Marts {
		return nil
	}
	columns, err := s.Columns(ctx, m)
	if err != nil {
		return []error{err}
	}
	var errs []error
	for _, c := range columns {
		if c.Doc == "" {
			errs = append(errs, fmt.Errorf("%s:1: column %s %w", m.Path, c.Name, ErrNoDescription))
		}
		if c.Type == "DOUBLE" && !mayFloat(c.Name) {
			errs = append(errs, fmt.Errorf("%s:1: column %s is floating point: cast it, or name it as the ratio or duration it is", m.Path, c.Name))
		}
	}
	return errs
}
