package lake

import (
	"context"
	"errors"
	"fmt"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/apache/iceberg-go"
	"github.com/apache/iceberg-go/table"

	"github.com/fourmarketing/waybill"
)

// Policy says what maintenance does. A zero part is not done.
type Policy struct {
	RetainSnapshots int           // newest snapshots that stay whatever their age; 0: no expiry
	OlderThan       time.Duration // only snapshots older than this expire
	Keep            []int64       // snapshots that stay because a release names them
	SmallFileBytes  int64         // files below this are compacted; 0: no compaction
	MinSmallFiles   int           // in a partition, before it is worth it; at least 2
	KeepLoads       int           // newest load ids that stay properties of the table, 0: 500; the others move to lists
	OrphanAge       time.Duration // unreferenced files older than this go to the trash; 0: none, else at least 72 h
	Alone           bool          // the caller sees to it that nobody writes to the table meanwhile: unreferenced files of any age are taken out
}

// Report is what maintenance did.
type Report struct {
	FilesCompacted   int // files that left the table for FilesWritten
	FilesWritten     int
	LoadsArchived    int
	SnapshotsExpired int
	OrphansRemoved   int
	OrphanBytes      int64
}

const (
	minOrphanAge = 72 * time.Hour
	targetBytes  = 256 << 20 // of a compacted file

	groupsPerCommit = 64 // so that a crash in a long compaction loses little work
)

// Maintain compacts small files, archives old load ids, expires snapshots and removes orphans, in that order. Readers
// and writers may go on meanwhile. What was done before an error is in the report.
func (l *Lake) Maintain(ctx context.Context, name waybill.TableName, p Policy, rewrite Rewrite) (Report, error) {
	var r Report
	if p.OrphanAge != 0 && p.OrphanAge < minOrphanAge {
		return r, fmt.Errorf("maintain %s: orphan age %s is below %s; a running load's files would be taken", name, p.OrphanAge, minOrphanAge)
	}
	if p.SmallFileBytes > 0 && rewrite == nil {
		return r, fmt.Errorf("maintain %s: compaction needs a Rewrite", name)
	}
	if err := l.mayRemove(ctx, name); err != nil {
		return r, fmt.Errorf("maintain %s: %w", name, err)
	}
	steps := []func() error{
		func() (err error) {
			r.FilesCompacted, r.FilesWritten, err = l.compact(ctx, name, p, rewrite)
			return err
		},
		func() (err error) { r.LoadsArchived, err = l.archiveLoads(ctx, name, p.KeepLoads); return err },
		func() (err error) { r.SnapshotsExpired, err = l.expire(ctx, name, p); return err },
		func() (err error) {
			r.OrphansRemoved, r.OrphanBytes, err = l.sweep(ctx, name, p.orphanAge())
			return err
		},
	}
	for _, step := range steps {
		if err := step(); err != nil {
			return r, fmt.Errorf("maintain %s: %w", name, temporary(err))
		}
	}
	return r, nil
}

// orphanAge is how old an unreferenced file has to be; 0 for none.
func (p Policy) orphanAge() time.Duration {
	if p.Alone {
		return time.Nanosecond
	}
	return p.OrphanAge
}

// compact rewrites the small files of each partition that has enough of them. A partition whose files another commit
// took away meanwhile is left for the next time.
func (l *Lake) compact(ctx context.Context, name waybill.TableName, p Policy, rewrite Rewrite) (gone, written int, err error) {
	if p.SmallFileBytes <= 0 {
		return 0, 0, nil
	}
	t, err := l.catalog.load(ctx, name)
	if err != nil {
		return 0, 0, err
	}
	files, err := dataFiles(ctx, t, 0)
	if err != nil {
		return 0, 0, err
	}
	groups, err := smallFiles(t, files, p)
	if err != nil {
		return 0, 0, err
	}
	for batch := range slices.Chunk(groups, groupsPerCommit) {
		n, w, err := l.compactGroups(ctx, t, name, batch, rewrite)
		gone, written = gone+n, written+w
		if err != nil {
			return gone, written, err
		}
	}
	return gone, written, nil
}

// smallFiles groups what is worth merging by partition, each group no larger than one new file should be: small files, and those of before a column's
// type changed.
func smallFiles(t *table.Table, files []iceberg.DataFile, p Policy) ([][]iceberg.DataFile, error) {
	sc, err := ownSchema(t)
	if err != nil {
		return nil, err
	}
	fields, err := fieldsIn(t)
	if err != nil {
		return nil, err
	}
	outdated := func(df iceberg.DataFile) bool { return ofFormerType(fields, df) }
	byPart := map[string][]iceberg.DataFile{}
	spec := t.Spec()
	for _, df := range files {
		if df.FileSizeBytes() >= p.SmallFileBytes && !outdated(df) || int(df.SpecID()) != spec.ID() {
			continue
		}
		part, err := partitionOf(t, sc, df)
		if err != nil {
			return nil, err
		}
		key := partitionKey(part)
		byPart[key] = append(byPart[key], df)
	}
	var groups [][]iceberg.DataFile
	for _, key := range sortedKeys(byPart) {
		var group []iceberg.DataFile
		var size int64
		for _, df := range byPart[key] {
			if size+df.FileSizeBytes() > targetBytes && len(group) > 0 {
				groups, group, size = append(groups, group), nil, 0
			}
			group, size = append(group, df), size+df.FileSizeBytes()
		}
		groups = append(groups, group)
	}
	return slices.DeleteFunc(groups, func(g []iceberg.DataFile) bool {
		return len(g) < max(2, p.MinSmallFiles) && !slices.ContainsFunc(g, outdated)
	}), nil
}

// partitionKey spells a partition so that different ones differ: "" is not null, "1" is not 1.
func partitionKey(part map[string]any) string {
	var b strings.Builder
	for _, col := range sortedKeys(part) {
		fmt.Fprintf(&b, "%q=%T:%q;", col, part[col], fmt.Sprint(part[col]))
	}
	return b.String()
}

// merged is a group of small files and the file that holds their rows now.
type merged struct {
	old, add []iceberg.DataFile
	keys     []string // objects put for it
}

// compactGroups merges each group into one file and swaps them all in one commit that changes no row.
func (l *Lake) compactGroups(ctx context.Context, t *table.Table, name waybill.TableName, groups [][]iceberg.DataFile, rewrite Rewrite) (gone, written int, err error) {
	work := make([]merged, len(groups))
	for i, g := range groups {
		loads, err := l.loadsIn(ctx, g)
		if err != nil {
			return 0, 0, err
		}
		m := merge{lake: l, table: t, name: name, rewrite: rewrite, put: func(key string) { work[i].keys = append(work[i].keys, key) }}
		work[i].old = g
		if work[i].add, err = m.run(ctx, g, loads, ""); err != nil {
			return 0, 0, fmt.Errorf("compact %d files: %w", len(g), err)
		}
	}
	for attempt := range commitAttempts {
		work, err = l.dropGone(ctx, name, work)
		if err == nil {
			err = l.swap(ctx, name, work)
		}
		if !errors.Is(err, table.ErrCommitFailed) {
			break
		}
		if err := pause(ctx, attempt); err != nil {
			return 0, 0, err
		}
	}
	if err != nil {
		return 0, 0, fmt.Errorf("swap compacted files: %w", err)
	}
	for _, w := range work {
		gone, written = gone+len(w.old), written+len(w.add)
	}
	return gone, written, nil
}

// dropGone leaves out, and clears up after, the groups whose files another commit took away meanwhile.
func (l *Lake) dropGone(ctx context.Context, name waybill.TableName, work []merged) ([]merged, error) {
	t, err := l.catalog.load(ctx, name)
	if err != nil {
		return nil, err
	}
	have, err := pathsOf(ctx, t)
	if err != nil {
		return nil, err
	}
	var stay []merged
	for _, w := range work {
		if hasAll(have, w.old) || len(w.add) > 0 && hasAll(have, w.add) {
			stay = append(stay, w)
			continue
		}
		for _, key := range w.keys {
			if err := l.objects.remove(ctx, key); err != nil {
				return nil, err
			}
		}
	}
	return stay, nil
}

func pathsOf(ctx context.Context, t *table.Table) (map[string]bool, error) {
	files, err := dataFiles(ctx, t, 0)
	if err != nil {
		return nil, err
	}
	have := make(map[string]bool, len(files))
	for _, df := range files {
		have[df.FilePath()] = true
	}
	return have, nil
}

func hasAll(have map[string]bool, files []iceberg.DataFile) bool {
	return !slices.ContainsFunc(files, func(df iceberg.DataFile) bool { return !have[df.FilePath()] })
}

// swap commits a compaction. What an earlier attempt swapped although its answer was lost is not swapped again.
func (l *Lake) swap(ctx context.Context, name waybill.TableName, work []merged) error {
	t, err := l.catalog.load(ctx, name)
	if err != nil {
		return err
	}
	have, err := pathsOf(ctx, t)
	if err != nil {
		return err
	}
	tx := t.NewTransaction()
	if err := tx.AssertRefSnapshotID(table.MainBranch); err != nil {
		return err
	}
	rw := tx.NewRewrite(iceberg.Properties{summaryKind: kindCompaction})
	todo := false
	for _, w := range work {
		if len(w.add) > 0 && hasAll(have, w.add) {
			continue
		}
		if !hasAll(have, w.old) {
			return fmt.Errorf("%w: files have left the table", table.ErrCommitFailed)
		}
		rw.ApplyResult(table.CompactionGroupResult{OldDataFiles: w.old, NewDataFiles: w.add})
		todo = true
	}
	if !todo {
		return nil
	}
	if err := rw.Commit(ctx); err != nil {
		return err
	}
	_, err = tx.Commit(ctx)
	return err
}

// expire takes old snapshots out of the metadata and removes the files that only they had. Whether it happened is read
// from the table: iceberg-go reports an error when a file to be removed was gone already.
func (l *Lake) expire(ctx context.Context, name waybill.TableName, p Policy) (int, error) {
	if p.RetainSnapshots <= 0 {
		return 0, nil
	}
	for attempt := range commitAttempts {
		t, err := l.catalog.load(ctx, name)
		if err != nil {
			return 0, err
		}
		ids := expired(t, p, l.now().Add(-p.OlderThan))
		if len(ids) == 0 {
			return 0, nil
		}
		err = l.removeSnapshots(ctx, t, ids)
		if errors.Is(err, table.ErrCommitFailed) {
			if err := pause(ctx, attempt); err != nil {
				return 0, err
			}
			continue
		}
		now, lerr := l.catalog.load(ctx, name)
		if lerr != nil {
			return 0, errors.Join(err, lerr)
		}
		if slices.ContainsFunc(ids, func(id int64) bool { return now.SnapshotByID(id) != nil }) {
			return 0, fmt.Errorf("expire %d snapshots: %w", len(ids), err)
		}
		return len(ids), nil
	}
	return 0, fmt.Errorf("expire snapshots: %w: other commits came first", waybill.ErrTemporary)
}

// expired picks the snapshots that nothing needs: not among the newest, old enough, not named by a branch, a tag or a
// release.
func expired(t *table.Table, p Policy, before time.Time) []int64 {
	keep := slices.Clone(p.Keep)
	for _, ref := range t.Metadata().Refs() {
		keep = append(keep, ref.SnapshotID)
	}
	all := slices.Clone(t.Metadata().Snapshots())
	slices.SortFunc(all, func(a, b table.Snapshot) int { return int(b.SequenceNumber - a.SequenceNumber) })
	var ids []int64
	for i, s := range all {
		if i >= p.RetainSnapshots && s.TimestampMs < before.UnixMilli() && !slices.Contains(keep, s.SnapshotID) {
			ids = append(ids, s.SnapshotID)
		}
	}
	return ids
}

// removeSnapshots commits the removal and then removes the files, as iceberg-go's own expiry does after its own choice
// of snapshots, which knows neither the clock that is given here nor releases.
func (l *Lake) removeSnapshots(ctx context.Context, t *table.Table, ids []int64) error {
	head := snapshotID(t)
	update := table.NewRemoveSnapshotsUpdate(ids, true)
	reqs := []table.Requirement{table.AssertTableUUID(t.Metadata().TableUUID()), table.AssertRefSnapshotID(table.MainBranch, &head)}
	meta, loc, err := l.catalog.CommitTable(ctx, t.Identifier(), reqs, []table.Update{update})
	if err != nil {
		return err
	}
	after := table.New(t.Identifier(), meta, loc, t.FS, l.catalog)
	return update.PostCommit(ctx, t, after)
}

// sweep moves to the trash what no snapshot names and no running commit can still need.
func (l *Lake) sweep(ctx context.Context, name waybill.TableName, age time.Duration) (int, int64, error) {
	if age == 0 {
		return 0, 0, nil
	}
	t, err := l.catalog.load(ctx, name)
	if err != nil {
		return 0, 0, err
	}
	root, err := l.keyOf(t)
	if err != nil {
		return 0, 0, err
	}
	var removed int
	var size int64
	away := func(address string) error {
		key, ok := l.objects.key(address)
		if rel, err := filepath.Rel(l.objects.dir, address); !ok && l.objects.local() && err == nil { // of a folder they come as paths
			key, ok = filepath.ToSlash(rel), true
		}
		if !ok || !strings.HasPrefix(key, root+"/") {
			return fmt.Errorf("orphan %s does not lie below the table's folder %s", address, root)
		}
		return l.trash(ctx, key)
	}
	for _, part := range []string{"data", "metadata"} {
		some, err := l.any(ctx, root+"/"+part)
		if err != nil {
			return removed, size, err
		}
		if !some {
			continue // a table without a load has no such folder
		}
		res, err := t.DeleteOrphanFiles(ctx, table.WithLocation(t.Location()+"/"+part), table.WithFilesOlderThan(age), table.WithDeleteFunc(away))
		if err != nil {
			return removed, size, fmt.Errorf("move orphans below %s away: %w", part, err)
		}
		removed, size = removed+len(res.DeletedFiles), size+res.TotalSizeBytes
	}
	n, bytes, err := l.sweepLists(ctx, t, root, age)
	return removed + n, size + bytes, err
}

// any tells whether an object lies below a prefix.
func (l *Lake) any(ctx context.Context, prefix string) (bool, error) {
	for _, err := range l.objects.list(ctx, prefix) {
		return err == nil, err
	}
	return false, nil
}

// sweepLists moves to the trash the load lists that neither a property nor a compacted file that still lies there needs.
func (l *Lake) sweepLists(ctx context.Context, t *table.Table, root string, age time.Duration) (removed int, size int64, err error) {
	needed := map[string]bool{}
	for k, v := range t.Properties() {
		if strings.HasPrefix(k, listProperty) {
			needed[v] = true
		}
	}
	for o, err := range l.objects.list(ctx, path.Join(root, "data")) {
		if err != nil {
			return 0, 0, err
		}
		if _, compacted := loadOfPath(o.key); compacted {
			needed[compactList(o.key)] = true
		}
	}
	for o, err := range l.objects.list(ctx, path.Join(root, "loads")) {
		if err != nil {
			return removed, size, err
		}
		if needed[o.key] || l.now().Sub(o.modified) < age {
			continue
		}
		if err := l.trash(ctx, o.key); err != nil {
			return removed, size, err
		}
		removed, size = removed+1, size+o.bytes
	}
	return removed, size, nil
}
