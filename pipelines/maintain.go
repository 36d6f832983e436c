package pipelines

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"strconv"
	"sync"
	"time"

	"github.com/fourmarketing/waybill"
	"github.com/fourmarketing/waybill/lake"
	"github.com/fourmarketing/waybill/pipelines/ledger"
	"github.com/fourmarketing/waybill/pipelines/load"
	"github.com/fourmarketing/waybill/transforms/duck"
)

// Maintenance limits: history for a week, orphans only when no run can still be writing them, compaction once small files pile up.
const (
	retainSnapshots = 20
	retainFor       = 7 * 24 * time.Hour
	orphanAge       = 72 * time.Hour
	smallFile       = 32 << 20
	minSmallFiles   = 64
)

// Maintain merges small files, expires old snapshots and removes orphans of the named tables; none named = all.
func (r *Runner) Maintain(ctx context.Context, names ...waybill.TableName) (map[waybill.TableName]lake.Report, error) {
	if len(names) == 0 {
		var err error
		if names, err = r.Lake.Tables(ctx); err != nil {
			return nil, err
		}
	}
	keep, err := r.released(ctx)
	if err != nil {
		return nil, err
	}
	reports := map[waybill.TableName]lake.Report{}
	var problems []error
	for i, name := range names {
		r.Watch(Event{Stage: StageMaintain, Subject: name.String(), Done: i, Total: len(names)})
		report, err := r.Lake.Maintain(ctx, name, lake.Policy{
			RetainSnapshots: retainSnapshots, OlderThan: retainFor, OrphanAge: orphanAge,
			SmallFileBytes: smallFile, MinSmallFiles: minSmallFiles, Keep: keep[name.String()],
		}, r.rewrite)
		if err != nil {
			problems = append(problems, fmt.Errorf("maintain %s: %w", name, err))
			continue
		}
		reports[name] = report
	}
	return reports, errors.Join(problems...)
}

// A feed that loads many files in a row would make its tables' metadata grow with each commit, and each commit slower. Every so many files
// the oldest snapshots of its raw tables are dropped; loads only add files, so nothing that anybody reads goes with them.
const (
	trimEvery   = 40
	trimRetain  = 30
	trimLoadIDs = 60
)

func (r *Runner) trim(ctx context.Context, t task) error {
	for _, name := range append(t.feed.TableNames(), load.RejectsTable) {
		if _, err := r.Lake.Maintain(ctx, name, lake.Policy{RetainSnapshots: trimRetain, KeepLoads: trimLoadIDs}, nil); err != nil {
			return fmt.Errorf("trim the history of %s: %w", name, err)
		}
	}
	return nil
}

// released are the snapshots, by table, that the newest release shows: they must not expire.
func (r *Runner) released(ctx context.Context) (map[string][]int64, error) {
	rel, ok, err := r.Ledger.LatestRelease(ctx, ledger.Released)
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

// rewrite writes one Parquet file out of others with DuckDB (lake.Rewrite).
func (r *Runner) rewrite(ctx context.Context, job lake.RewriteJob) (int64, error) {
	where := ""
	if job.Where != "" {
		where = " where " + job.Where
	}
	q := fmt.Sprintf("copy (%s%s) to %s (format parquet, compression zstd, field_ids %s)",
		readParquet(job.Sources, job.Columns), where, duck.Literal(job.Dest), job.FieldIDs)
	var rows int64
	if err := r.Duck.QueryRowContext(ctx, q).Scan(&rows); err != nil {
		return 0, fmt.Errorf("rewrite %d files: %w", len(job.Sources), err)
	}
	return rows, nil
}

// shapeCache remembers the field ids of the raw tables, which do not change while a runner lives.
type shapeCache struct {
	mu  sync.Mutex
	ids map[waybill.TableName]lake.Table
}

// fieldIDs makes the raw tables and ops.rejects where they are missing and returns how a load asks for their field ids.
func (r *Runner) fieldIDs(ctx context.Context) (func(waybill.TableName) map[string]int, error) {
	r.shapes.mu.Lock()
	defer r.shapes.mu.Unlock()
	if r.shapes.ids == nil {
		shapes, err := r.rawColumns()
		if err != nil {
			return nil, err
		}
		shapes[load.RejectsTable] = load.RejectsColumns()
		ids := map[waybill.TableName]lake.Table{}
		for name, columns := range shapes {
			if ids[name], err = r.Lake.Ensure(ctx, name, lake.TableSpec{Columns: columns}); err != nil {
				return nil, fmt.Errorf("prepare %s: %w", name, err)
			}
		}
		r.shapes.ids = ids
	}
	tables := maps.Clone(r.shapes.ids)
	return func(name waybill.TableName) map[string]int {
		ids := map[string]int{}
		for _, f := range tables[name].Columns {
			ids[f.Name] = f.ID
		}
		return ids
	}, nil
}
