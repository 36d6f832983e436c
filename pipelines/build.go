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
	Select, Exclude []string // dbt's selectors; none = every mart
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

// Stale returns the marts of the selection that differ from their inputs, without building anything.
func (r *Runner) Stale(ctx context.Context, o BuildOptions) ([]waybill.TableName, error) {
	dir, err := r.scratch("plan-*")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	v, err := r.newView(ctx, o.AsOf, dir)
	if err != nil {
		return nil, err
	}
	defer v.Close()
	todo, _, err := r.compare(ctx, v, o)
	names := make([]waybill.TableName, len(todo))
	for i, s := range todo {
		names[i] = s.model.Name
	}
	return names, err
}

func (r *Runner) scratch(pattern string) (string, error) {
	if err := os.MkdirAll(r.StageDir, 0o755); err != nil {
		return "", fmt.Errorf("make folder for staged files: %w", err)
	}
	dir, err := os.MkdirTemp(r.StageDir, pattern)
	if err != nil {
		return "", fmt.Errorf("make folder for staged files: %w", err)
	}
	return dir, nil
}

// Build rebuilds the marts that differ from their inputs, checks them, and releases them together. Nothing of it is seen by readers unless
// every check of severity error passed.
func (r *Runner) Build(ctx context.Context, o BuildOptions) (BuildResult, error) {
	var res BuildResult
	err := r.queued(ctx, "build", func(ctx context.Context) error {
		dir, err := r.scratch("build-*")
		if err != nil {
			return err
		}
		defer os.RemoveAll(dir)
		if err := r.ensureTables(ctx); err != nil {
			return err
		}
		v, err := r.newView(ctx, o.AsOf, dir)
		if err != nil {
			return err
		}
		defer v.Close()
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
		return r.buildStale(ctx, v, todo, o, &res)
	})
	return res, err
}

// compare reads off the tables what has to be built.
func (r *Runner) compare(ctx context.Context, v *view, o BuildOptions) ([]stale, int, error) {
	picked, err := r.Project.Select(o.Select, o.Exclude)
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

func (r *Runner) buildStale(ctx context.Context, v *view, todo []stale, o BuildOptions, res *BuildResult) error {
	session, err := models.NewSession(ctx, r.Duck, r.Project, v)
	if err != nil {
		return err
	}
	defer session.Close()
	steps := make([]*models.Model, len(todo))
	for i, s := range todo {
		steps[i] = s.model
	}
	res.Built, err = session.Build(ctx, steps, func(e models.Event) {
		r.Watch(Event{Stage: StageBuild, Subject: e.Model.Name.String(), Done: e.Done, Total: e.Total, Rows: e.Rows})
	})
	if err != nil {
		return err
	}
	var problems []error
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

// hold records why nothing was released.
func (r *Runner) hold(ctx context.Context, o BuildOptions, res *BuildResult) error {
	var text string
	for _, c := range res.Failed {
		text += fmt.Sprintf("%s: %s: %d rows\n", c.Model, c.Check, c.Failing)
	}
	var err error
	res.Release, err = r.Ledger.AddRelease(ctx, ledger.Release{AsOf: o.AsOf.UTC(), Status: ledger.ReleaseHeld, Failures: text})
	return errors.Join(ErrHeld, err)
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
	files, err := session.Export(ctx, s.model, t.FieldIDs(), dir)
	if err != nil {
		return fmt.Errorf("write %s: %w", s.model.Name, err)
	}
	// The load id has the snapshot that is replaced in it: the same fingerprint may come back later, and is then a new load.
	_, err = r.Lake.Replace(ctx, lake.Commit{
		Table: s.model.Name, LoadID: digest(s.fingerprint, strconv.FormatInt(s.snapshot, 10)), Add: files,
		Properties: map[string]string{fingerprintProperty: s.fingerprint},
	})
	if err != nil {
		return fmt.Errorf("commit %s: %w", s.model.Name, err)
	}
	r.Log.Info("mart built", zap.String("model", s.model.Name.String()))
	return nil
}

// release names the snapshots of all marts that exist now, in one row, unless the last release names the same.
func (r *Runner) release(ctx context.Context, o BuildOptions, res *BuildResult) error {
	tables := map[string]string{}
	for _, m := range r.Project.Models() {
		if m.Name.Namespace != models.Marts {
			continue
		}
		t, err := r.Lake.Table(ctx, m.Name)
		if errors.Is(err, waybill.ErrNotFound) {
			continue
		}
		if err != nil {
			return fmt.Errorf("look at %s: %w", m.Name, err)
		}
		tables[m.Name.String()] = strconv.FormatInt(t.Snapshot, 10)
	}
	last, ok, err := r.Ledger.LatestRelease(ctx, ledger.Released)
	if err != nil {
		return err
	}
	if ok && sameTables(last.Tables, tables) {
		res.Release = last
		return nil
	}
	rel := ledger.Release{AsOf: o.AsOf.UTC(), Status: ledger.Released, Tables: tables, By: o.ReleasedBy, Why: o.Why}
	for _, c := range res.Failed {
		rel.Failures += fmt.Sprintf("%s: %s: %d rows\n", c.Model, c.Check, c.Failing)
	}
	res.Release, err = r.Ledger.AddRelease(ctx, rel)
	return err
}

func sameTables(a, b map[string]string) bool {
	if len(a) != len(b) {
		return false
	}
	for k, v := range a {
		if b[k] != v {
			return false
		}
	}
	return true
}

// worklist runs a feed's worklist over what is loaded now and returns what to ask for, most urgent first.
func (r *Runner) worklist(ctx context.Context, t task, asOf time.Time) ([]string, error) {
	w, err := r.Project.Worklist(t.feed.Worklist)
	if err != nil {
		return nil, err
	}
	dir, err := r.scratch("worklist-*")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	v, err := r.newView(ctx, asOf, dir)
	if err != nil {
		return nil, err
	}
	defer v.Close()
	session, err := models.NewSession(ctx, r.Duck, r.Project, v)
	if err != nil {
		return nil, err
	}
	defer session.Close()
	rows, err := session.Query(ctx, w)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var asks []string
	for rows.Next() {
		var source, ask string
		if err := rows.Scan(&source, &ask); err != nil {
			return nil, fmt.Errorf("read worklist: its columns are source and ask: %w", err)
		}
		if source == t.source {
			asks = append(asks, ask)
		}
	}
	return asks, rows.Err()
}

// Publisher shows a release somewhere outside the lake. Publish swaps it in at once or not at all.
type Publisher interface {
	Target() string                 // names it in the ledger: "duckdb:marts.duckdb", "postgres:marts"
	Shows(ctx context.Context) bool // the target still has something; false makes the next run publish again
	Publish(ctx context.Context, rel ledger.Release, marts []Mart) error
}

// Mart is one table of a release: what it is and the select that reads exactly its released rows in the build's DuckDB.
type Mart struct {
	Model  *models.Model
	Select string
}

// Publish shows the newest release on every target that shows another one, and returns the targets that changed. One run at a time
// publishes, so that no target goes back to an older release.
func (r *Runner) Publish(ctx context.Context) ([]string, error) {
	var changed []string
	err := r.queued(ctx, "publish", func(ctx context.Context) error {
		var err error
		changed, err = r.publish(ctx)
		return err
	})
	return changed, err
}

func (r *Runner) publish(ctx context.Context) ([]string, error) {
	rel, ok, err := r.Ledger.LatestRelease(ctx, ledger.Released)
	if err != nil || !ok {
		return nil, err
	}
	var changed []string
	var marts []Mart
	var pins []*lake.LocalFiles
	defer func() {
		for _, p := range pins {
			p.Close()
		}
	}()
	for _, p := range r.Publishers {
		shown, err := r.Ledger.Published(ctx, p.Target())
		if err != nil {
			return changed, err
		}
		if shown == rel.ID && p.Shows(ctx) {
			continue
		}
		if marts == nil {
			if marts, pins, err = r.marts(ctx, rel); err != nil {
				return changed, err
			}
		}
		r.Watch(Event{Stage: StagePublish, Subject: p.Target()})
		if err := p.Publish(ctx, rel, marts); err != nil {
			return changed, fmt.Errorf("publish release %d to %s: %w", rel.ID, p.Target(), err)
		}
		if err := r.Ledger.Publish(ctx, p.Target(), rel.ID); err != nil {
			return changed, err
		}
		changed = append(changed, p.Target())
	}
	return changed, nil
}

// marts reads the tables of a release at the snapshots that it names. The pins keep their files in the cache and are the caller's to close.
func (r *Runner) marts(ctx context.Context, rel ledger.Release) (marts []Mart, pins []*lake.LocalFiles, err error) {
	for _, m := range r.Project.Models() {
		text, ok := rel.Tables[m.Name.String()]
		if !ok {
			continue
		}
		snapshot, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return nil, pins, fmt.Errorf("release %d: snapshot of %s: %w", rel.ID, m.Name, err)
		}
		scan, err := r.Lake.Scan(ctx, m.Name, snapshot)
		if err != nil {
			return nil, pins, fmt.Errorf("plan %s at %d: %w", m.Name, snapshot, err)
		}
		text, pin, err := r.selectFiles(ctx, scan)
		if err != nil {
			return nil, pins, err
		}
		pins = append(pins, pin)
		marts = append(marts, Mart{Model: m, Select: text})
	}
	return marts, pins, nil
}

// Check builds the selected marts aside and runs their checks; the lake and the readers see nothing of it.
func (r *Runner) Check(ctx context.Context, o BuildOptions) ([]models.CheckResult, error) {
	dir, err := r.scratch("check-*")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	if err := r.ensureTables(ctx); err != nil {
		return nil, err
	}
	v, err := r.newView(ctx, o.AsOf, dir)
	if err != nil {
		return nil, err
	}
	defer v.Close()
	o.Full = true
	todo, _, err := r.compare(ctx, v, o)
	if err != nil {
		return nil, err
	}
	session, err := models.NewSession(ctx, r.Duck, r.Project, v)
	if err != nil {
		return nil, err
	}
	defer session.Close()
	steps := make([]*models.Model, len(todo))
	for i, s := range todo {
		steps[i] = s.model
	}
	built, err := session.Build(ctx, steps, func(models.Event) {})
	if err != nil {
		return nil, err
	}
	for _, b := range built {
		if b.Err != nil {
			return nil, b.Err
		}
	}
	return session.Check(ctx, steps)
}
