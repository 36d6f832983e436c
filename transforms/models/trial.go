package models

import (
	"context"
	"errors"
	"fmt"

	"github.com/fourmarketing/waybill"
	"github.com/fourmarketing/waybill/transforms/duck"
)

// schemaKept has what a session's models gave before trials.
const schemaKept = "kept"

// ErrTrial says that a model could not be built of the SQL that was tried.
var ErrTrial = errors.New("the SQL cannot be built")

// Keep puts the rows of everything built so far aside, for trials to compare with.
func (s *Session) Keep(ctx context.Context) error {
	if err := s.exec(ctx, "create schema "+schemaKept); err != nil {
		return fmt.Errorf("keep what was built: %w", err)
	}
	for _, m := range s.project.models {
		if how := s.have[m.Name]; how != builtTable && how != builtView {
			continue
		}
		if err := s.exec(ctx, "create table "+kept(m.Name)+" as select * from "+quoted(m.Name)); err != nil {
			return fmt.Errorf("keep %s: %w", m.Name, err)
		}
	}
	return nil
}

func kept(t waybill.TableName) string { return schemaKept + "." + duck.Ident(t.String()) }

// Trial builds one model of other SQL, and whatever reads it, calls look for each that comes out with other rows, in build order, until look
// returns false, and takes all of it back. Keep comes first. Errors wrap ErrTrial where the SQL tried, or what reads it, cannot be built.
func (s *Session) Trial(ctx context.Context, m *Model, text string, look func(changed *Model) (bool, error)) (err error) {
	if s.have[m.Name] != builtTable && s.have[m.Name] != builtView {
		return nil // nothing here is made of it
	}
	if err := s.exec(ctx, "begin transaction"); err != nil {
		return fmt.Errorf("try %s: %w", m.Name, err)
	}
	defer func() {
		if undo := s.exec(context.WithoutCancel(ctx), "rollback"); undo != nil {
			err = errors.Join(err, fmt.Errorf("take back the trial of %s: %w", m.Name, undo))
		}
	}()
	changed := map[waybill.TableName]bool{}
	for _, next := range s.project.models {
		how := s.have[next.Name]
		tried := next.Name == m.Name
		if (how != builtTable && how != builtView) || (!tried && !readsAny(next, changed)) {
			continue
		}
		query := next.SQL
		if tried {
			query = text
		}
		differs, err := s.try(ctx, next, query)
		if err != nil {
			return err
		}
		if !differs {
			continue
		}
		changed[next.Name] = true
		if on, err := look(next); err != nil || !on {
			return err
		}
	}
	return nil
}

func readsAny(m *Model, changed map[waybill.TableName]bool) bool {
	for _, d := range m.Deps {
		if changed[d] {
			return true
		}
	}
	return false
}

// try builds a model anew and says whether its rows are others than those kept.
func (s *Session) try(ctx context.Context, m *Model, text string) (bool, error) {
	kind := "table"
	if s.have[m.Name] == builtView {
		kind = "view"
	}
	if err := s.exec(ctx, "create or replace "+kind+" "+quoted(m.Name)+" as\n"+text); err != nil {
		return false, fmt.Errorf("%w: %w", ErrTrial, err)
	}
	var n int64
	err := s.conn.QueryRowContext(ctx, fmt.Sprintf(`select count(*) from (
		(select * from %[1]s except all select * from %[2]s) union all (select * from %[2]s except all select * from %[1]s))`, quoted(m.Name), kept(m.Name))).Scan(&n)
	if err != nil {
		return false, fmt.Errorf("%w: %w", ErrTrial, err)
	}
	return n > 0, nil
}
