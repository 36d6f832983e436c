package models

import (
	"context"
	"fmt"
	"time"

	"github.com/fourmarketing/waybill"
)

// Event is one step of a build, for a progress display.
type Event struct {
	Model *Model
	State State
	Done  int // models that are through, this one included
	Total int
	Rows  int64         // of a finished table; 0 for views
	Took  time.Duration // 0 without the session's Clock
	Err   error
}

// State is where a model is in a build.
type State string

// States of a model in a build.
const (
	Started  State = "started"
	Finished State = "finished"
	Failed   State = "failed"
	Skipped  State = "skipped" // something it reads failed
)

// Built is the outcome for one model.
type Built struct {
	Model *Model
	Rows  int64         // 0 for views
	Took  time.Duration // 0 without the session's Clock
	Err   error         // names the file and, where DuckDB says it, the line; nil if it was built
}

// Build builds the steps and what they need upstream; marts that are not among the steps are read through Relations.
// Files in checks/ among the steps are left to Check. One failing model does not stop those that do not read it: its error is in
// its Built. The returned error is about the session itself. What an earlier Build of the session built is kept.
func (s *Session) Build(ctx context.Context, steps []*Model, progress func(Event)) ([]Built, error) {
	if progress == nil {
		progress = func(Event) {}
	}
	if err := s.claim(ctx, steps); err != nil {
		return nil, err
	}
	plan := s.plan(steps)
	out := make([]Built, 0, len(plan))
	for i, m := range plan {
		event := Event{Model: m, State: Started, Done: i, Total: len(plan)}
		progress(event)
		start := s.now()
		b := Built{Model: m}
		b.Rows, b.Err = s.build(ctx, m)
		b.Took = s.now().Sub(start)
		if err := ctx.Err(); err != nil {
			return out, fmt.Errorf("build %s: %w", m.Name, err)
		}
		event.State, event.Done, event.Rows, event.Took, event.Err = Finished, i+1, b.Rows, b.Took, b.Err
		if b.Err != nil {
			event.State = Failed
			if isUpstream(b.Err) {
				event.State = Skipped
			}
		}
		progress(event)
		out = append(out, b)
	}
	return out, nil
}

func (s *Session) now() time.Time {
	if s.Clock == nil {
		return time.Time{}
	}
	return s.Clock()
}

// claim marks the marts that are built here, and lets go of those that were read through Relations so far.
func (s *Session) claim(ctx context.Context, steps []*Model) error {
	for _, m := range steps {
		if m.Name.Namespace != Marts {
			continue
		}
		s.building[m.Name] = true
		if s.have[m.Name] == fromRelations {
			if err := s.exec(ctx, "drop view "+quoted(m.Name)); err != nil {
				return fmt.Errorf("build %s: %w", m.Name, err)
			}
			delete(s.have, m.Name)
		}
	}
	return nil
}

// plan returns the models that the steps need, in build order.
func (s *Session) plan(steps []*Model) []*Model {
	want := map[waybill.TableName]bool{}
	var visit func(*Model)
	visit = func(m *Model) {
		if want[m.Name] || s.have[m.Name] != 0 || (m.Name.Namespace == Marts && !s.building[m.Name]) {
			return
		}
		want[m.Name] = true
		for _, d := range m.Deps {
			if up := s.project.byName[d]; up != nil {
				visit(up)
			}
		}
	}
	for _, m := range steps {
		if m.Name.Namespace != Checks {
			visit(m)
		}
	}
	return s.project.inOrder(want)
}

func (s *Session) build(ctx context.Context, m *Model) (int64, error) {
	if err := s.ensure(ctx, m.Name); err != nil {
		return 0, err
	}
	if s.have[m.Name] != builtTable {
		return 0, nil
	}
	var rows int64
	err := s.conn.QueryRowContext(ctx, "select count(*) from "+quoted(m.Name)).Scan(&rows)
	if err != nil {
		return 0, fmt.Errorf("count %s: %w", m.Name, err)
	}
	return rows, nil
}
