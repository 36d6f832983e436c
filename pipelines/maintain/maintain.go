// Package maintain looks after the lake's tables: it merges small files, expires snapshots that no release needs, and removes orphans.
package maintain

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/fourmarketing/waybill"
	"github.com/fourmarketing/waybill/lake"
	"github.com/fourmarketing/waybill/pipelines"
	"github.com/fourmarketing/waybill/pipelines/ledger"
	"github.com/fourmarketing/waybill/pipelines/parquet"
)

// Maintenance limits: history for a week, of lists the end of each day for five, orphans only when no run can still be writing them, compaction once small files pile up.
const (
	retainSnapshots = 20
	retainFor       = 7 * 24 * time.Hour
	orphanAge       = 72 * time.Hour
	grace           = 72 * time.Hour     // that orphans lie in the trash
	listDays        = 35                 // before the newest release, of which lists keep the last one: a month's look back, on whatever weekday it began
	journalAge      = 7 * 24 * time.Hour // after its end, a month of the journal becomes one object
	smallFile       = 32 << 20
	minSmallFiles   = 64
)

// Maintainer looks after tables.
type Maintainer struct {
	lake    *lake.Lake
	ledger  *ledger.Ledger
	rewrite lake.Rewrite
	lists   []waybill.TableName
	pipelines.Reporter
}

// New makes a maintainer; db is the DuckDB that merges files, and lists are the marts of which more history is kept.
func New(l *lake.Lake, book *ledger.Ledger, db *sql.DB, lists []waybill.TableName, report pipelines.Reporter) *Maintainer {
	return &Maintainer{lake: l, ledger: book, rewrite: parquet.Rewriter(db), lists: lists, Reporter: report}
}

// Maintain merges small files, expires old snapshots and removes orphans of the named tables; none named = all.
func (m *Maintainer) Maintain(ctx context.Context, names ...waybill.TableName) (map[waybill.TableName]lake.Report, error) {
	if len(names) == 0 {
		var err error
		if names, err = m.lake.Tables(ctx); err != nil {
			return nil, err
		}
	}
	if err := m.lake.Writable(ctx); err != nil {
		return nil, err
	}
	keep, err := m.kept(ctx)
	if err != nil {
		return nil, err
	}
	reports := map[waybill.TableName]lake.Report{}
	var problems []error
	for i, name := range names {
		m.Watch(pipelines.Event{Stage: pipelines.StageMaintain, Subject: name.String(), Done: i, Total: len(names)})
		report, err := m.lake.Maintain(ctx, name, lake.Policy{
			RetainSnapshots: retainSnapshots, OlderThan: retainFor, OrphanAge: orphanAge,
			SmallFileBytes: smallFile, MinSmallFiles: minSmallFiles, Keep: keep[name.String()],
		}, m.rewrite)
		if err != nil {
			problems = append(problems, fmt.Errorf("maintain %s: %w", name, err))
			continue
		}
		reports[name] = report
	}
	_, _, err = m.lake.EmptyTrash(ctx, grace)
	problems = append(problems, err)
	_, err = m.lake.CompactJournal(ctx, journalAge)
	problems = append(problems, err)
	return reports, errors.Join(problems...)
}

// Expire takes everything out of tables that is not in their newest snapshot, nor in the newest release: their history, the files that only it had, and what loads and
// builds left behind that were killed. Nobody may write to them meanwhile, nor read them at an older snapshot.
func (m *Maintainer) Expire(ctx context.Context, names ...waybill.TableName) (lake.Report, error) {
	sum := lake.Report{}
	keep, err := m.released(ctx)
	if err != nil {
		return sum, err
	}
	for i, name := range names {
		m.Watch(pipelines.Event{Stage: pipelines.StageMaintain, Subject: name.String(), Done: i, Total: len(names)})
		report, err := m.lake.Maintain(ctx, name, lake.Policy{RetainSnapshots: 1, OlderThan: -time.Hour, Keep: keep[name.String()], Alone: true}, m.rewrite)
		if err != nil {
			return sum, fmt.Errorf("expire the history of %s: %w", name, err)
		}
		sum.SnapshotsExpired, sum.OrphansRemoved = sum.SnapshotsExpired+report.SnapshotsExpired, sum.OrphansRemoved+report.OrphansRemoved
	}
	// What maintenance has put aside may be of people who are to be forgotten, whenever it was.
	emptied, _, err := m.lake.EmptyTrash(ctx, -48*time.Hour)
	sum.OrphansRemoved += emptied
	return sum, err
}

// released are the snapshots, by table, that the newest release shows: they must not expire.
func (m *Maintainer) released(ctx context.Context) (map[string][]int64, error) {
	rel, ok, err := m.ledger.LatestRelease(ctx, ledger.Released)
	if err != nil || !ok {
		return nil, err
	}
	keep := map[string][]int64{}
	for name, text := range rel.Tables {
		if err := add(keep, name, text); err != nil {
			return nil, fmt.Errorf("release %d: %w", rel.ID, err)
		}
	}
	return keep, nil
}

// kept are the snapshots that the newest release shows, and of lists those that readers had at the end of each of the last days.
func (m *Maintainer) kept(ctx context.Context) (map[string][]int64, error) {
	keep, err := m.released(ctx)
	if err != nil || len(keep) == 0 || len(m.lists) == 0 {
		return keep, err
	}
	ends, err := m.dayEnds(ctx)
	if err != nil {
		return nil, err
	}
	tables, err := m.ledger.Tables(ctx, ends...)
	if err != nil {
		return nil, err
	}
	for id, shown := range tables {
		for _, name := range m.lists {
			if text, ok := shown[name.String()]; ok {
				if err := add(keep, name.String(), text); err != nil {
					return nil, fmt.Errorf("release %d: %w", id, err)
				}
			}
		}
	}
	return keep, nil
}

// dayEnds are the last releases of the business days before the newest one's. Days go by what releases are as of, and so does their age: a lake that
// rested for a month has the days before it still.
func (m *Maintainer) dayEnds(ctx context.Context) ([]int64, error) {
	newest, ok, err := m.ledger.LatestRelease(ctx, ledger.Released)
	if err != nil || !ok {
		return nil, err
	}
	zone, err := time.LoadLocation(pipelines.BusinessZone)
	if err != nil {
		return nil, fmt.Errorf("business days: %w", err)
	}
	local := newest.AsOf.In(zone)
	all, err := m.ledger.Releases(ctx, time.Date(local.Year(), local.Month(), local.Day()-listDays, 0, 0, 0, 0, zone))
	if err != nil {
		return nil, err
	}
	var ends []int64
	seen := map[string]bool{}
	for _, r := range all { // the newest first
		day := r.AsOf.In(zone).Format(time.DateOnly)
		if !seen[day] {
			seen[day] = true
			ends = append(ends, r.ID)
		}
	}
	return ends, nil
}

// add notes a snapshot of a table as a release's text names it.
func add(keep map[string][]int64, name, text string) error {
	snapshot, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return fmt.Errorf("snapshot of %s: %w", name, err)
	}
	keep[name] = append(keep[name], snapshot)
	return nil
}
