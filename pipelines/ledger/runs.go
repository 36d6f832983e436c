package ledger

import (
	"context"
	"fmt"
	"time"

	"github.com/uptrace/bun"
)

// Run is one run of Waybill, as `waybill state runs` and ops.runs show it.
type Run struct {
	bun.BaseModel `bun:"table:waybill_runs" json:"-"`

	ID        string    `bun:",pk" json:"id"`
	Trigger   string    `bun:",notnull" json:"trigger"` // "command", "schedule", "catch-up"
	Subject   string    `bun:",notnull" json:"subject"` // pipelines or selectors it ran
	AsOf      time.Time `bun:",notnull" json:"as_of"`
	StartedAt time.Time `bun:",notnull" json:"started_at"`
	EndedAt   time.Time `bun:",nullzero" json:"ended_at,omitzero"`
	Status    string    `bun:",notnull" json:"status"` // running, done, failed, held
	Summary   string    `bun:",notnull" json:"summary,omitempty"`
	Error     string    `bun:",notnull" json:"error,omitempty"`
}

// Started and ended runs.
const (
	RunRunning  = "running"
	RunDone     = "done"
	RunFailed   = "failed"
	RunWithheld = "held"    // areas of its release were held
	RunSkipped  = "skipped" // every feed was being pulled by another run
)

// StartRun records a run that begins now.
func (l *Ledger) StartRun(ctx context.Context, r Run) error {
	r.StartedAt, r.Status = l.now().UTC(), RunRunning
	if _, err := l.db.NewInsert().Model(&r).Exec(ctx); err != nil {
		return fmt.Errorf("record run %s: %w", r.ID, err)
	}
	return nil
}

// EndRun records how a run ended.
func (l *Ledger) EndRun(ctx context.Context, id, status, summary, problem string) error {
	_, err := l.db.NewUpdate().Model((*Run)(nil)).
		Set("ended_at = ?, status = ?, summary = ?, error = ?", l.now().UTC(), status, summary, problem).
		Where("id = ?", id).Exec(ctx)
	if err != nil {
		return fmt.Errorf("record end of run %s: %w", id, err)
	}
	return nil
}

// Runs returns the newest runs first; subject narrows when not empty.
func (l *Ledger) Runs(ctx context.Context, subject string, limit int) ([]Run, error) {
	var runs []Run
	q := l.db.NewSelect().Model(&runs).Order("started_at DESC").Limit(limit)
	if subject != "" {
		q = q.Where("subject = ?", subject)
	}
	if err := q.Scan(ctx); err != nil {
		return nil, fmt.Errorf("read runs: %w", err)
	}
	return runs, nil
}

// Release names the snapshots of the marts that are shown together, and what is held of them. A withheld one has no table to show.
type Release struct {
	bun.BaseModel `bun:"table:waybill_releases" json:"-"`

	ID       int64             `bun:",pk,autoincrement" json:"id"`
	At       time.Time         `bun:",notnull" json:"at"`
	AsOf     time.Time         `bun:",notnull" json:"as_of"`
	Status   string            `bun:",notnull" json:"status"` // released, held, aside
	Tables   map[string]string `bun:"type:text" json:"tables"`
	Failures string            `bun:",notnull" json:"failures,omitempty"`
	Checks   string            `bun:",notnull" json:"-"`             // digest of the checks that all its marts went through
	By       string            `bun:",notnull" json:"by,omitempty"`  // who let it through in spite of failures
	Why      string            `bun:",notnull" json:"why,omitempty"` // and why
	Areas    []Area            `bun:"-" json:"areas"`                // of when each area is
	Held     []HeldUnit        `bun:"-" json:"held_units"`           // what of them stands as it was
}

// Release states.
const (
	Released = "released"
	Withheld = "held"
	Former   = "former" // of a ledger that was lost: it was shown, and what it showed is built anew
	Aside    = "aside"  // as of an instant before the newest release's: in a file of its own, no reader's
)

// AddRelease records a release with what it holds, all of it or nothing, and returns it with its number. An area that comes new is of this release.
func (l *Ledger) AddRelease(ctx context.Context, r Release) (Release, error) {
	r.At = l.now().UTC()
	if l.journal != nil {
		if err := l.journal.Begin(ctx); err != nil {
			return r, err
		}
	}
	err := l.write(ctx, func(ctx context.Context, tx bun.Tx) error {
		if _, err := tx.NewInsert().Model(&r).Returning("id").Exec(ctx); err != nil {
			return fmt.Errorf("record release: %w", err)
		}
		r.date()
		if err := addHolds(ctx, tx, r); err != nil {
			return err
		}
		number, err := next(ctx, tx)
		if err != nil {
			return err
		}
		// Before the release is there: a target that shows it has to be known for this lake's, also when the ledger is lost.
		return l.note(ctx, Noted{Number: number, Release: &r})
	})
	return r, err
}

// LatestRelease returns the newest release with the status and what it holds; ok is false when there is none.
func (l *Ledger) LatestRelease(ctx context.Context, status string) (Release, bool, error) {
	var r Release
	ok, err := notFound(l.db.NewSelect().Model(&r).Where("status = ?", status).Order("id DESC").Limit(1).Scan(ctx))
	if err != nil {
		return r, false, fmt.Errorf("read releases: %w", err)
	}
	if !ok {
		return r, false, nil
	}
	r, err = l.withHolds(ctx, r)
	return r, true, err
}

// Dated is when a release was made, and as of when.
type Dated struct {
	ID   int64     `json:"release"`
	At   time.Time `json:"at"`
	AsOf time.Time `json:"as_of"`
}

// Releases are all that readers were shown whose as-of is not before an instant, the newest first.
func (l *Ledger) Releases(ctx context.Context, from time.Time) ([]Dated, error) {
	var all []Dated
	q := l.db.NewSelect().Model((*Release)(nil)).Column("id", "at", "as_of").Where("status = ?", Released).Order("id DESC")
	if !from.IsZero() {
		q = q.Where("as_of >= ?", from.UTC())
	}
	if err := q.Scan(ctx, &all); err != nil {
		return nil, fmt.Errorf("read releases: %w", err)
	}
	return all, nil
}

// Release returns one release, whatever became of it, with what it holds; ok is false when there is none of the number.
func (l *Ledger) Release(ctx context.Context, id int64) (Release, bool, error) {
	var r Release
	ok, err := notFound(l.db.NewSelect().Model(&r).Where("id = ?", id).Scan(ctx))
	if err != nil {
		return r, false, fmt.Errorf("read release %d: %w", id, err)
	}
	if !ok {
		return r, false, nil
	}
	r, err = l.withHolds(ctx, r)
	return r, true, err
}

// Tables are the snapshots of the marts that releases show, by the release's number.
func (l *Ledger) Tables(ctx context.Context, ids ...int64) (map[int64]map[string]string, error) {
	out := map[int64]map[string]string{}
	if len(ids) == 0 {
		return out, nil
	}
	var some []Release
	if err := l.db.NewSelect().Model(&some).Column("id", "tables").Where("id IN (?)", bun.List(ids)).Scan(ctx); err != nil {
		return nil, fmt.Errorf("read releases: %w", err)
	}
	for _, r := range some {
		out[r.ID] = r.Tables
	}
	return out, nil
}

// Released tells whether this ledger made a release, by its number and its instant; instants of places that round them are meant.
func (l *Ledger) Released(ctx context.Context, id int64, at time.Time) (bool, error) {
	var r Release
	ok, err := notFound(l.db.NewSelect().Model(&r).Where("id = ?", id).Scan(ctx))
	if err != nil {
		return false, fmt.Errorf("read release %d: %w", id, err)
	}
	return ok && r.At.Sub(at).Abs() <= time.Microsecond, nil
}

// Publication tells which release a target shows.
type Publication struct {
	bun.BaseModel `bun:"table:waybill_publications" json:"-"`

	Target    string    `bun:",pk" json:"target"`
	ReleaseID int64     `bun:",notnull" json:"release_id"`
	At        time.Time `bun:",notnull" json:"at"`
}

// Published returns the release that a target shows, 0 for none.
func (l *Ledger) Published(ctx context.Context, target string) (int64, error) {
	var p Publication
	if _, err := notFound(l.db.NewSelect().Model(&p).Where("target = ?", target).Scan(ctx)); err != nil {
		return 0, fmt.Errorf("read publication of %s: %w", target, err)
	}
	return p.ReleaseID, nil
}

// Publish records that a target shows a release.
func (l *Ledger) Publish(ctx context.Context, target string, release int64) error {
	p := Publication{Target: target, ReleaseID: release, At: l.now().UTC()}
	err := l.write(ctx, func(ctx context.Context, tx bun.Tx) error {
		_, err := tx.NewInsert().Model(&p).On("CONFLICT (target) DO UPDATE").
			Set("release_id = EXCLUDED.release_id, at = EXCLUDED.at").Exec(ctx)
		return err
	})
	if err != nil {
		return fmt.Errorf("record publication of %s: %w", target, err)
	}
	return nil
}
