package models

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/fourmarketing/waybill"
	"github.com/fourmarketing/waybill/transforms/duck"
)

// Reads returns the tables with a schema that a SQL text reads, sorted. The text is one select (with describe and summarize of one).
func Reads(ctx context.Context, text string) ([]waybill.TableName, error) {
	db := duck.Open(duck.Config{Threads: 1})
	defer db.Close()
	s := &snippet{path: "the query", line: 1, sql: text}
	if err := parseAll(ctx, db, []*snippet{s}); err != nil {
		return nil, err
	}
	if s.err != nil {
		return nil, s.err
	}
	seen := map[waybill.TableName]bool{}
	var out []waybill.TableName
	for _, t := range s.facts.tables {
		if !seen[t.name] {
			seen[t.name] = true
			out = append(out, t.name)
		}
	}
	sortNames(out)
	return out, nil
}

// Bring has tables built, or read through Relations, so that QueryContext can ask them. Marts are read unless the session builds them.
func (s *Session) Bring(ctx context.Context, tables []waybill.TableName, progress func(Event)) error {
	var steps []*Model
	for _, t := range tables {
		if m := s.project.byName[t]; m != nil && t.Namespace != Marts {
			steps = append(steps, m)
		}
	}
	if err := s.need(ctx, steps, progress); err != nil {
		return err
	}
	for _, t := range tables {
		if err := s.ensure(ctx, t); err != nil {
			return err
		}
	}
	return nil
}

// BringFresh has the marts among the tables built, and every mart that they read.
func (s *Session) BringFresh(ctx context.Context, tables []waybill.TableName, progress func(Event)) error {
	var steps []*Model
	for _, m := range s.project.inOrder(s.project.reached(tables)) {
		if m.Name.Namespace == Marts {
			steps = append(steps, m)
		}
	}
	return s.need(ctx, steps, progress)
}

// need builds models and fails with the first that could not be built.
func (s *Session) need(ctx context.Context, steps []*Model, progress func(Event)) error {
	if len(steps) == 0 {
		return nil
	}
	built, err := s.Build(ctx, steps, progress)
	if err != nil {
		return err
	}
	for _, b := range built {
		if b.Err != nil {
			return fmt.Errorf("build %s: %w", b.Model.Name, b.Err)
		}
	}
	return nil
}

// Lock keeps whatever is asked from here on within the database and the files named. The DuckDB stays locked, for other sessions too.
func (s *Session) Lock(ctx context.Context, files []string) error {
	err := s.exec(ctx, "set allowed_paths = "+duck.List(files)+"; set enable_external_access = false; set lock_configuration = true")
	if err != nil {
		return fmt.Errorf("keep the query from other files: %w", err)
	}
	return nil
}

// QueryContext asks the session's tables under their names.
func (s *Session) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	return s.conn.QueryContext(ctx, query, args...)
}
