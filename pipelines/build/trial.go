package build

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sort"
	"strconv"

	"github.com/fourmarketing/waybill"
	"github.com/fourmarketing/waybill/pipelines"
	"github.com/fourmarketing/waybill/pipelines/ledger"
	"github.com/fourmarketing/waybill/transforms/models"
)

// mostRounds bounds how often units are held for what came to light when others were. What is wrong then still holds areas.
const mostRounds = 8

// task is what a trial starts from.
type task struct {
	todo    []stale
	fresh   []stale         // marts that are what their inputs make of them
	asked   []*models.Model // checks that are asked for by name
	options Options
	before  standing
}

// trial is one build aside: what was built, what checks found, and what is to be held for it.
type trial struct {
	task
	builder *Builder
	session *models.Session
	failed  map[waybill.TableName]models.Built // models that could not be built
	units   map[string][]ledger.HeldBy         // held units, with the checks that named them
	areas   map[string]string                  // held areas, with the cause
}

func newTrial(b *Builder, session *models.Session, of task) *trial {
	return &trial{
		task: of, builder: b, session: session, failed: map[waybill.TableName]models.Built{}, units: map[string][]ledger.HeldBy{}, areas: map[string]string{},
	}
}

// run builds, checks, and holds what checks name until nothing new is named.
func (t *trial) run(ctx context.Context, res *Result) error {
	if err := t.build(ctx, res); err != nil {
		return err
	}
	var err error
	if res.Checks, err = t.check(ctx); err != nil {
		return err
	}
	res.Failed = failing(res.Checks)
	if t.options.ReleasedBy != "" {
		return nil
	}
	results := res.Checks
	named := append(t.stayHeld(), t.named(results)...)
	if len(named) > 0 {
		if err := t.buildUnreleased(ctx, res); err != nil {
			return err
		}
	}
	for range mostRounds {
		if len(named) == 0 {
			break
		}
		again, err := t.session.Hold(ctx, named)
		if err != nil {
			return err
		}
		if err := t.lose(again); err != nil {
			return err
		}
		if results, err = t.check(ctx); err != nil {
			return err
		}
		named = t.named(results)
	}
	t.holdAreas(results)
	return nil
}

// buildUnreleased takes in the marts that a killed run committed and nobody released: a unit must be held in them too, and readers' rows are others.
func (t *trial) buildUnreleased(ctx context.Context, res *Result) error {
	var steps []*models.Model
	for _, s := range t.fresh {
		if t.before.shown.Tables[s.model.Name.String()] != strconv.FormatInt(s.snapshot, 10) {
			steps = append(steps, s.model)
			t.todo = append(t.todo, s)
		}
	}
	if len(steps) == 0 {
		return nil
	}
	built, err := t.session.Build(ctx, steps, nil)
	if err != nil {
		return err
	}
	res.Built = append(res.Built, built...)
	return t.lose(built)
}

// stayHeld takes over what was held before where not all marts are built: a unit is held in all of them or in none.
func (t *trial) stayHeld() []string {
	if !t.options.partial() {
		return nil
	}
	var out []string
	for _, u := range t.before.newest.Held {
		t.units[u.Unit] = u.Checks
		out = append(out, u.Unit)
	}
	return out
}

func failing(results []models.CheckResult) []models.CheckResult {
	var out []models.CheckResult
	for _, c := range results {
		if c.Failing > 0 && c.Severity == models.SeverityError {
			out = append(out, c)
		}
	}
	return out
}

func (t *trial) build(ctx context.Context, res *Result) error {
	steps := make([]*models.Model, len(t.todo))
	for i, s := range t.todo {
		steps[i] = s.model
	}
	var err error
	res.Built, err = t.session.Build(ctx, steps, func(e models.Event) {
		t.builder.Watch(pipelines.Event{Stage: pipelines.StageBuild, Subject: e.Model.Name.String(), Done: e.Done, Total: e.Total, Rows: e.Rows})
	})
	if err != nil {
		return err
	}
	return t.lose(res.Built)
}

// lose takes note of models that could not be built; the areas of those that are marts are held. A table that could not be read is no model's fault
// and ends the build.
func (t *trial) lose(built []models.Built) error {
	var problems []error
	for _, m := range built {
		if m.Err == nil {
			continue
		}
		if !models.OfModel(m.Err) {
			problems = append(problems, m.Err)
			continue
		}
		t.failed[m.Model.Name] = m
		if m.Model.Name.Namespace == models.Marts {
			t.holdArea(m.Model.Area, fmt.Sprintf("%s cannot be built: %v", m.Model.Name, m.Err))
		}
	}
	return errors.Join(problems...)
}

// look builds and checks, and holds nothing: for one who only looks.
func (t *trial) look(ctx context.Context, res *Result) error {
	err := t.build(ctx, res)
	if err != nil {
		return err
	}
	res.Checks, err = t.check(ctx)
	res.Failed = failing(res.Checks)
	return errors.Join(err, t.broken(res))
}

// broken is what could not be built and checks that could not run.
func (t *trial) broken(res *Result) error {
	var problems []error
	for _, m := range t.failed {
		if !models.Upstream(m.Err) {
			problems = append(problems, m.Err)
		}
	}
	for _, c := range res.Checks {
		if c.Err != nil && !models.Upstream(c.Err) {
			problems = append(problems, c.Err)
		}
	}
	return errors.Join(problems...)
}

// check runs the checks over what could be built.
func (t *trial) check(ctx context.Context) ([]models.CheckResult, error) {
	t.builder.Watch(pipelines.Event{Stage: pipelines.StageCheck})
	var marts []*models.Model
	if t.before.holds() { // marts that are not built may say why something is held
		var err error
		if marts, err = t.builder.inLake(ctx); err != nil {
			return nil, err
		}
	}
	for _, s := range t.todo {
		if !slices.Contains(marts, s.model) {
			marts = append(marts, s.model)
		}
	}
	marts = slices.DeleteFunc(marts, func(m *models.Model) bool { _, lost := t.failed[m.Name]; return lost })
	results, err := t.session.Check(ctx, append(marts, t.asked...))
	if ctx.Err() != nil {
		return results, err
	}
	for _, c := range results {
		if c.Err != nil && !models.OfModel(c.Err) {
			return results, c.Err
		}
	}
	return results, nil // a check that cannot run has its error, and is no reason to stop
}

// inLake are the marts that were built before.
func (b *Builder) inLake(ctx context.Context) ([]*models.Model, error) {
	var marts []*models.Model
	for _, m := range b.models.Models() {
		if m.Name.Namespace != models.Marts {
			continue
		}
		_, err := b.lake.Table(ctx, m.Name)
		if errors.Is(err, waybill.ErrNotFound) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("look at %s: %w", m.Name, err)
		}
		marts = append(marts, m)
	}
	return marts, nil
}

// named takes note of the units that checks name, and returns those that are not held yet.
func (t *trial) named(results []models.CheckResult) []string {
	found := map[string]bool{}
	for _, c := range results {
		for _, n := range c.Units {
			by := ledger.HeldBy{Model: c.Model.String(), Check: c.Check, Rows: n.Rows}
			if t.units[n.Unit] == nil || found[n.Unit] {
				found[n.Unit] = true
				t.units[n.Unit] = append(t.units[n.Unit], by)
			}
		}
	}
	out := slices.Collect(maps.Keys(found))
	sort.Strings(out)
	return out
}

// holdAreas holds the areas that are concerned by what is still wrong.
func (t *trial) holdAreas(results []models.CheckResult) {
	for _, c := range results {
		var cause string
		switch {
		case c.Severity != models.SeverityError || (c.Err != nil && models.Upstream(c.Err)):
			continue // the area of what is upstream is held
		case c.Err != nil:
			cause = fmt.Sprintf("check %s of %s cannot run: %v", c.Check, c.Model, c.Err)
		case c.Unnamed > 0 || len(c.Units) > 0:
			cause = fmt.Sprintf("check %s of %s finds what belongs to no unit, or to too many", c.Check, c.Model)
		default:
			continue
		}
		for _, area := range t.builder.models.Sharing(t.builder.models.Model(c.Model)) {
			t.holdArea(area, cause)
		}
	}
}

// holdArea holds an area for the cause that was found first.
func (t *trial) holdArea(area, cause string) {
	if t.areas[area] == "" {
		t.areas[area] = cause
	}
}
