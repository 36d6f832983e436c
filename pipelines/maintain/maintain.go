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

// Maintenance limits: history for a week, orphans only when no run can still be writing them, compaction once small files pile up.
const (
	retainSnapshots = 20
	retainFor       = 7 * 24 * time.Hour
	orphanAge       = 72 * time.Hour
	grace           = 72 * time.Hour     // that orphans lie in the trash
	journalAge      = 7 * 24 * time.Hour // after its end, a month of the journal becomes one object
	smallFile       = 32 << 20
	minSmallFiles   = 64
)

// Maintainer looks after tables.
type Maintainer struct {
	lake    *lake.Lake
	ledger  *ledger.Ledger
	rewrite lake.Rewrite
	pipelines.Reporter
}

// New makes a maintainer; db is the DuckDB that merges files.
func New(l *lake.Lake, book *ledger.Ledger, db *sql.DB, report pipelines.Reporter) *Maintainer {
	return &Maintainer{lake: l, ledger: book, rewrite: parquet.Rewriter(db), Reporter: report}
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
	keep, err := m.released(ctx)
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
		snapshot, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return nil, fmt.Errorf("release %d: snapshot of %s: %w", rel.ID, name, err)
		}
		keep[name] = []int64{snapshot}
	}
	return keep, nil
}
