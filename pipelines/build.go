package pipelines

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"time"

	"go.uber.org/zap"

	"github.com/fourmarketing/waybill"
	"github.com/fourmarketing/waybill/lake"
	"github.com/fourmarketing/waybill/pipelines/ledger"
	"github.com/fourmarketing/waybill/transforms/models"
)

// fingerprintProperty is the table property that says what a mart was built from.
const fingerprintProperty = "waybill.fingerprint"

// ErrHeld says that checks found rows that should not be; readers keep the last good version.
var ErrHeld = errors.New("held by checks")

// BuildOptions choose what is built.
type BuildOptions struct {
	Select, Exclude []string // selectors of models (models.Project.Select); none = every mart
	AsOf            time.Time
	Full            bool   // build even what has not changed
	ReleasedBy, Why string // let a release through in spite of failing checks; both or neither
}

// BuildResult is what a build came to.
type BuildResult struct {
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

// pick resolves the selectors of models.
func (r *Runner) pick(o BuildOptions) ([]*models.Model, error) {
	picked, err := r.Project.Select(o.Select, o.Exclude)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrSelector, err)
	}
	return picked, nil
}

// compare reads off the tables what has to be built.
func (r *Runner) compare(ctx context.Context, v *view, o BuildOptions) ([]stale, int, error) {
	picked, err := r.pick(o)
	if err != nil {
		return nil, 0, err
	}
	var todo []stale
	fresh := 0
	for _, m := range picked {
		if m.Name.Namespace != models.Marts {
			continue
		}
		s := stale{model: m, fingerprint: r.Project.Fingerprint(m, v.versions)}
		t, err := r.Lake.Table(ctx, m.Name)
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
func (r *Runner) Stale(ctx context.Context, o BuildOptions) ([]waybill.TableName, error) {
	var names []waybill.TableName
	err := r.reading(ctx, o.AsOf, func(v *view) error {
		todo, _, err := r.compare(ctx, v, o)
		for _, s := range todo {
			names = append(names, s.model.Name)
		}
		return err
	})
	return names, err
}

// Build rebuilds the marts that differ from their inputs, checks them, and releases them together. Nothing of it is seen by readers unless
// every check of severity error passed.
func (r *Runner) Build(ctx context.Context, o BuildOptions) (BuildResult, error) {
	var res BuildResult
	err := r.queued(ctx, "build", func(ctx context.Context) error {
		return r.reading(ctx, o.AsOf, func(v *view) error {
			todo, fresh, err := r.compare(ctx, v, o)
			if err != nil {
				return err
			}
			res.Fresh = fresh
			for _, s := range todo {
				res.Stale = append(res.Stale, s.model.Name)
			}
			if len(todo) == 0 {
				return r.release(ctx, o, &res)
			}
			return r.session(ctx, v, func(session *models.Session) error {
				return r.buildStale(ctx, session, todo, o, &res)
			})
		})
	})
	return res, err
}

// Check builds the selected marts aside and runs their checks; the lake and the readers see nothing of it.
func (r *Runner) Check(ctx context.Context, o BuildOptions) ([]models.CheckResult, error) {
	var res BuildResult
	o.Full = true
	err := r.reading(ctx, o.AsOf, func(v *view) error {
		todo, _, err := r.compare(ctx, v, o)
		if err != nil {
			return err
		}
		return r.session(ctx, v, func(session *models.Session) error {
			return r.buildAndCheck(ctx, session, todo, &res)
		})
	})
	return res.Checks, err
}

// buildStale builds and checks; what passes is committed mart by mart and then released together.
func (r *Runner) buildStale(ctx context.Context, session *models.Session, todo []stale, o BuildOptions, res *BuildResult) error {
	if err := r.buildAndCheck(ctx, session, todo, res); err != nil {
		return err
	}
	if len(res.Failed) > 0 && o.ReleasedBy == "" {
		return r.hold(ctx, o, res)
	}
	for i, s := range todo {
		r.Watch(Event{Stage: StagePublish, Subject: s.model.Name.String(), Done: i, Total: len(todo)})
		if err := r.commitMart(ctx, session, s); err != nil {
			return err
		}
	}
	return r.release(ctx, o, res)
}

func (r *Runner) buildAndCheck(ctx context.Context, session *models.Session, todo []stale, res *BuildResult) error {
	steps := make([]*models.Model, len(todo))
	for i, s := range todo {
		steps[i] = s.model
	}
	var err error
	res.Built, err = session.Build(ctx, steps, func(e models.Event) {
		r.Watch(Event{Stage: StageBuild, Subject: e.Model.Name.String(), Done: e.Done, Total: e.Total, Rows: e.Rows})
	})
	problems := []error{err}
	for _, b := range res.Built {
		problems = append(problems, b.Err)
	}
	if err := errors.Join(problems...); err != nil {
		return err
	}
	r.Watch(Event{Stage: StageCheck})
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
func (r *Runner) commitMart(ctx context.Context, session *models.Session, s stale) error {
	columns, err := session.Columns(ctx, s.model)
	if err != nil {
		return err
	}
	head := s.model.Head
	t, err := r.Lake.Ensure(ctx, s.model.Name, lake.TableSpec{Columns: columns, PartitionBy: head.PartitionBy, Doc: head.Description})
	if err != nil {
		return fmt.Errorf("prepare %s: %w", s.model.Name, err)
	}
	dir, err := r.scratch("mart-*")
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
	_, err = r.Lake.Replace(ctx, lake.Commit{
		Table: s.model.Name, LoadID: digest(s.fingerprint, strconv.FormatInt(s.snapshot, 10)), Add: files, Key: head.Key,
		Properties: map[string]string{fingerprintProperty: s.fingerprint},
	})
	if err != nil {
		return fmt.Errorf("commit %s: %w", s.model.Name, err)
	}
	r.Log.Info("mart built", zap.String("model", s.model.Name.String()))
	return nil
}
