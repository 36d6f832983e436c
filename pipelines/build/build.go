// Package build makes marts of what is loaded: it finds those that differ from their inputs, builds and checks them aside, commits them to the
// lake, and names them together in a release. Readers see nothing of it; publish shows them releases.
package build

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
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

// ErrWithheld says that checks found rows that should not be; readers keep the last good version.
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
		releases: releases{lake: p.Lake, ledger: p.Ledger, models: p.Models},
	}
}

// Options choose what is built.
type Options struct {
	Select, Exclude []string // selectors of models (models.Project.Select); none = every mart
	AsOf            time.Time
	Full            bool   // build even what has not changed
	ReleasedBy, Why string // let a release through in spite of failing checks; both or neither
}

// Result is what a build came to.
type Result struct {
	Stale   []waybill.TableName // marts whose SQL or inputs differ from what they were built from
	Fresh   int                 // marts that need nothing
	Built   []models.Built
	Checks  []models.CheckResult
	Failed  []models.CheckResult // of severity error, with rows
	Release ledger.Release
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

// compare reads off the tables what has to be built.
func (b *Builder) compare(ctx context.Context, v *inputs.View, o Options) ([]stale, int, error) {
	picked, err := b.Pick(o)
	if err != nil {
		return nil, 0, err
	}
	var todo []stale
	fresh := 0
	for _, m := range picked {
		if m.Name.Namespace != models.Marts {
			continue
		}
		s := stale{model: m, fingerprint: b.models.Fingerprint(m, v.Versions())}
		t, err := b.lake.Table(ctx, m.Name)
		if err != nil && !errors.Is(err, waybill.ErrNotFound) {
			return nil, 0, fmt.Errorf("look at %s: %w", m.Name, err)
		}
		s.snapshot = t.Snapshot
		if err == nil && t.Properties[fingerprintProperty] == s.fingerprint && !o.Full {
			fresh++
			continue
		}
		todo = append(todo, s)
	}
	return todo, fresh, nil
}

// Stale returns the marts of the selection that differ from their inputs, without building anything.
func (b *Builder) Stale(ctx context.Context, o Options) ([]waybill.TableName, error) {
	var names []waybill.TableName
	err := b.inputs.Read(ctx, o.AsOf, func(v *inputs.View) error {
		todo, _, err := b.compare(ctx, v, o)
		for _, s := range todo {
			names = append(names, s.model.Name)
		}
		return err
	})
	return names, err
}

// Build rebuilds the marts that differ from their inputs, checks them, and releases them together. Nothing of it is seen by readers unless
// every check of severity error passed.
func (b *Builder) Build(ctx context.Context, o Options) (Result, error) {
	var res Result
	err := b.leases.InTurn(ctx, "build", func(ctx context.Context) error {
		return b.inputs.Read(ctx, o.AsOf, func(v *inputs.View) error {
			todo, fresh, err := b.compare(ctx, v, o)
			if err != nil {
				return err
			}
			res.Fresh = fresh
			for _, s := range todo {
				res.Stale = append(res.Stale, s.model.Name)
			}
			if len(todo) == 0 {
				return b.releases.add(ctx, o, &res)
			}
			return v.Session(ctx, b.duck, b.models, func(session *models.Session) error {
				return b.buildStale(ctx, session, todo, o, &res)
			})
		})
	})
	return res, err
}

// Check builds the selected marts aside and runs their checks; the lake and the readers see nothing of it.
func (b *Builder) Check(ctx context.Context, o Options) ([]models.CheckResult, error) {
	var res Result
	o.Full = true
	err := b.inputs.Read(ctx, o.AsOf, func(v *inputs.View) error {
		todo, _, err := b.compare(ctx, v, o)
		if err != nil {
			return err
		}
		return v.Session(ctx, b.duck, b.models, func(session *models.Session) error {
			return b.buildAndCheck(ctx, session, todo, &res)
		})
	})
	return res.Checks, err
}

// buildStale builds and checks; what passes is committed mart by mart and then released together.
func (b *Builder) buildStale(ctx context.Context, session *models.Session, todo []stale, o Options, res *Result) error {
	if err := b.buildAndCheck(ctx, session, todo, res); err != nil {
		return err
	}
	if len(res.Failed) > 0 && o.ReleasedBy == "" {
		return b.releases.withhold(ctx, o, res)
	}
	for i, s := range todo {
		b.Watch(pipelines.Event{Stage: pipelines.StagePublish, Subject: s.model.Name.String(), Done: i, Total: len(todo)})
		if err := b.commitMart(ctx, session, s); err != nil {
			return err
		}
	}
	return b.releases.add(ctx, o, res)
}

func (b *Builder) buildAndCheck(ctx context.Context, session *models.Session, todo []stale, res *Result) error {
	steps := make([]*models.Model, len(todo))
	for i, s := range todo {
		steps[i] = s.model
	}
	var err error
	res.Built, err = session.Build(ctx, steps, func(e models.Event) {
		b.Watch(pipelines.Event{Stage: pipelines.StageBuild, Subject: e.Model.Name.String(), Done: e.Done, Total: e.Total, Rows: e.Rows})
	})
	problems := []error{err}
	for _, built := range res.Built {
		problems = append(problems, built.Err)
	}
	if err := errors.Join(problems...); err != nil {
		return err
	}
	b.Watch(pipelines.Event{Stage: pipelines.StageCheck})
	if res.Checks, err = session.Check(ctx, steps); err != nil {
		return err
	}
	for _, c := range res.Checks {
		if c.Failing > 0 && c.Severity == models.SeverityError {
			res.Failed = append(res.Failed, c)
		}
	}
	return nil
}

// commitMart writes a built and checked mart to the lake, all its rows in one commit with what it was built from.
func (b *Builder) commitMart(ctx context.Context, session *models.Session, s stale) error {
	columns, err := session.Columns(ctx, s.model)
	if err != nil {
		return err
	}
	head := s.model.Head
	t, err := b.lake.Ensure(ctx, s.model.Name, lake.TableSpec{Columns: columns, PartitionBy: head.PartitionBy, Doc: head.Description})
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
	b.Log.Info("mart built", zap.String("model", s.model.Name.String()))
	return nil
}
