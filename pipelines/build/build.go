// Package build makes marts of what is loaded: it finds those that differ from their inputs, builds and checks them aside, commits them to the
// lake, and names them together in a release. Readers see nothing of it; publish shows them releases.
package build

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"time"

	"go.uber.org/zap"

	"github.com/fourmarketing/waybill"
	"github.com/fourmarketing/waybill/lake"
	"github.com/fourmarketing/waybill/pipelines"
	"github.com/fourmarketing/waybill/pipelines/inputs"
	"github.com/fourmarketing/waybill/pipelines/ledger"
	"github.com/fourmarketing/waybill/transforms/models"
)

// fingerprintProperty is the table property that says what a mart was built from.
const fingerprintProperty = "waybill.fingerprint"

// mixedPrefix begins that property of a mart in which units are held, or that was built from such a one: it is no news what it was built from, but
// the units may be free the next time, whether or not anything else changed.
const mixedPrefix = "mixed:"

// ErrWithheld says that checks found what should not be and named no units that could be held: areas stay as they were.
var ErrWithheld = errors.New("held by checks")

// Builder takes raw tables to released marts.
type Builder struct {
	lake     *lake.Lake
	leases   *ledger.Leases
	inputs   *inputs.Inputs
	models   *models.Project
	duck     *sql.DB
	scratch  pipelines.Scratch
	releases releases
	pipelines.Reporter
}

// Parts are what a Builder works with. All are the caller's to close.
type Parts struct {
	Lake     *lake.Lake
	Ledger   *ledger.Ledger
	Leases   *ledger.Leases
	Inputs   *inputs.Inputs
	Models   *models.Project
	Duck     *sql.DB
	Scratch  pipelines.Scratch
	Reporter pipelines.Reporter
}

// New makes a builder.
func New(p Parts) *Builder {
	return &Builder{
		lake: p.Lake, leases: p.Leases, inputs: p.Inputs, models: p.Models, duck: p.Duck, scratch: p.Scratch, Reporter: p.Reporter,
		releases: releases{lake: p.Lake, ledger: p.Ledger, models: p.Models, log: p.Reporter.Log},
	}
}

// Options choose what is built.
type Options struct {
	Select, Exclude []string // selectors of models (models.Project.Select); none = every mart
	AsOf            time.Time
	Full            bool   // build even what has not changed
	ReleasedBy, Why string // let a release through in spite of failing checks; both or neither
}

// partial tells whether marts may be left as they are although they differ from their inputs.
func (o Options) partial() bool { return len(o.Select)+len(o.Exclude) > 0 }

// Result is what a build came to.
type Result struct {
	Stale   []waybill.TableName // marts whose SQL or inputs differ from what they were built from
	Fresh   int                 // marts that need nothing
	Done    []waybill.TableName // marts that were built and committed; those of held areas are not
	Built   []models.Built
	Checks  []models.CheckResult
	Failed  []models.CheckResult // of severity error, with rows, before anything was held
	Release ledger.Release       // with what it holds
}

// stale is a mart to be built, with the state it will have.
type stale struct {
	model       *models.Model
	fingerprint string
	snapshot    int64 // before
}

// Pick resolves the selectors of models; an error about them is pipelines.ErrSelector.
func (b *Builder) Pick(o Options) ([]*models.Model, error) {
	picked, err := b.models.Select(o.Select, o.Exclude)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", pipelines.ErrSelector, err)
	}
	return picked, nil
}

// compare reads off the tables what has to be built. What a mart with rows of before was built from is no property of its inputs, so it differs; and
// where checks are new or changed every mart has to go through them.
func (b *Builder) compare(ctx context.Context, v *inputs.View, o Options) (todo, fresh []stale, err error) {
	picked, err := b.Pick(o)
	if err != nil {
		return nil, nil, err
	}
	unchecked, err := b.unchecked(ctx)
	if err != nil {
		return nil, nil, err
	}
	for _, m := range picked {
		if m.Name.Namespace != models.Marts {
			continue
		}
		s := stale{model: m, fingerprint: b.models.Fingerprint(m, v.Versions())}
		t, err := b.lake.Table(ctx, m.Name)
		if err != nil && !errors.Is(err, waybill.ErrNotFound) {
			return nil, nil, fmt.Errorf("look at %s: %w", m.Name, err)
		}
		s.snapshot = t.Snapshot
		if err == nil && t.Properties[fingerprintProperty] == s.fingerprint && !o.Full && !unchecked {
			fresh = append(fresh, s)
			continue
		}
		todo = append(todo, s)
	}
	return todo, fresh, nil
}

// unchecked tells whether what is released went through other checks than there are now. What was committed and not yet released went through them.
func (b *Builder) unchecked(ctx context.Context) (bool, error) {
	newest, known, err := b.releases.ledger.NewestRelease(ctx)
	if err != nil || !known {
		return false, err
	}
	now, err := b.models.Checks()
	return newest.Checks != now, err
}

// Stale returns the marts of the selection that differ from their inputs, without building anything.
func (b *Builder) Stale(ctx context.Context, o Options) ([]waybill.TableName, error) {
	var names []waybill.TableName
	err := b.inputs.Read(ctx, o.AsOf, func(v *inputs.View) error {
		todo, _, err := b.compare(ctx, v, o)
		if err != nil || len(todo) == 0 {
			return err
		}
		before, err := b.releases.standing(ctx)
		if err != nil {
			return err
		}
		trial, err := b.models.Trial(v.Versions())
		if err != nil || before.tried(trial, o) {
			return err
		}
		for _, s := range todo {
			names = append(names, s.model.Name)
		}
		return nil
	})
	return names, err
}

// Build rebuilds the marts that differ from their inputs, checks them, and releases them together. What a check of severity error names is held: its
// former rows stay. What names nothing holds the areas that it concerns, which stay as they are; the error is ErrWithheld then, and the rest
// is released all the same.
func (b *Builder) Build(ctx context.Context, o Options) (Result, error) {
	var res Result
	if err := b.lake.Writable(ctx); err != nil {
		return res, err
	}
	err := b.leases.InTurn(ctx, "build", func(ctx context.Context) error {
		for again := true; ; again = false {
			res = Result{}
			err := b.scratch.Cleared(b.inputs.Read(ctx, o.AsOf, func(v *inputs.View) error { return b.build(ctx, v, o, &res) }))
			if !again || !errors.Is(err, waybill.ErrTemporary) || ctx.Err() != nil {
				return err
			}
			b.Log.Warn("the build begins again", zap.Error(err))
		}
	})
	if err == nil && res.Release.AnyArea() {
		err = withheld(res.Release)
	}
	return res, err
}

func (b *Builder) build(ctx context.Context, v *inputs.View, o Options, res *Result) error {
	todo, fresh, err := b.compare(ctx, v, o)
	if err != nil {
		return err
	}
	before, err := b.releases.standing(ctx)
	if err != nil {
		return err
	}
	res.Fresh = len(fresh)
	if len(todo) == 0 {
		return b.releases.add(ctx, outcome{options: o}, before, res)
	}
	trial, err := b.models.Trial(v.Versions())
	if err != nil {
		return err
	}
	if before.tried(trial, o) {
		res.Fresh, res.Release = len(fresh)+len(todo), before.newest
		return nil
	}
	for _, s := range todo {
		res.Stale = append(res.Stale, s.model.Name)
	}
	return v.Session(ctx, b.duck, b.models, func(session *models.Session) error {
		session.Former = before.former(v)
		session.Selected = o.partial() && !before.holds() // what is held is set free by a look at everything
		t := newTrial(b, session, task{todo: todo, fresh: fresh, options: o, before: before})
		if err := t.run(ctx, res); err != nil {
			return err
		}
		return b.release(ctx, t, trial, before, res)
	})
}

// Check builds the selected marts aside and runs their checks; the lake and the readers see nothing of it.
func (b *Builder) Check(ctx context.Context, o Options) ([]models.CheckResult, error) {
	var res Result
	picked, err := b.Pick(o)
	if err != nil {
		return nil, err
	}
	o.Full = true
	if len(o.Select) > 0 {
		o.Select = append(slices.Clone(o.Select), upstream(ofChecks(picked))...)
	}
	err = b.inputs.Read(ctx, o.AsOf, func(v *inputs.View) error {
		todo, _, err := b.compare(ctx, v, o)
		if err != nil {
			return err
		}
		return v.Session(ctx, b.duck, b.models, func(session *models.Session) error {
			session.Selected = o.partial()
			return newTrial(b, session, task{todo: todo, asked: ofChecks(picked), options: o}).look(ctx, &res)
		})
	})
	return res.Checks, err
}

// ofChecks are the checks among models: one that is chosen by its name is tried on the marts that it reads.
func ofChecks(picked []*models.Model) []*models.Model {
	return slices.DeleteFunc(slices.Clone(picked), func(m *models.Model) bool { return m.Name.Namespace != models.Checks })
}

// release commits the marts of the areas that are not held, mart by mart, and then names them together.
func (b *Builder) release(ctx context.Context, t *trial, trial string, before standing, res *Result) error {
	out := outcome{options: t.options, trial: trial, areas: t.areas, units: t.units, built: map[string]bool{}}
	var err error
	if out.held, err = t.session.HeldUnits(ctx); err != nil {
		return err
	}
	for i, s := range t.todo {
		out.built[s.model.Area] = true
		if t.areas[s.model.Area] != "" {
			continue
		}
		b.Watch(pipelines.Event{Stage: pipelines.StagePublish, Subject: s.model.Name.String(), Done: i, Total: len(t.todo)})
		if t.session.Mixed(s.model) {
			s.fingerprint = mixedPrefix + trial
		}
		if err := b.commitMart(ctx, t.session, s); err != nil {
			return err
		}
		res.Done = append(res.Done, s.model.Name)
	}
	return b.releases.add(ctx, out, before, res)
}

// commitMart writes a built and checked mart to the lake, all its rows in one commit with what it was built from.
func (b *Builder) commitMart(ctx context.Context, session *models.Session, s stale) error {
	columns, err := session.Columns(ctx, s.model)
	if err != nil {
		return err
	}
	head := s.model.Head
	t, err := b.lake.Ensure(ctx, s.model.Name, lake.TableSpec{Columns: columns, PartitionBy: head.PartitionBy, Doc: head.Description, Replaced: true})
	if err != nil {
		return fmt.Errorf("prepare %s: %w", s.model.Name, err)
	}
	dir, err := b.scratch.Folder("mart-*")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	names := make([]string, len(columns)) // the table may have more: of an older model, or another engine's
	for i, c := range columns {
		names[i] = c.Name
	}
	files, err := session.Export(ctx, s.model, t.FieldIDs(names...), dir)
	if err != nil {
		return fmt.Errorf("write %s: %w", s.model.Name, err)
	}
	// The load id has the snapshot that is replaced in it: the same fingerprint may come back later, and is then a new load.
	_, err = b.lake.Replace(ctx, lake.Commit{
		Table: s.model.Name, LoadID: pipelines.Digest(s.fingerprint, strconv.FormatInt(s.snapshot, 10)), Add: files, Key: head.Key,
		Properties: map[string]string{fingerprintProperty: s.fingerprint},
	})
	if err != nil {
		return fmt.Errorf("commit %s: %w", s.model.Name, err)
	}
	b.Log.Debug("mart built", zap.String("model", s.model.Name.String()))
	return nil
}
