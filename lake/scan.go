package lake

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/apache/iceberg-go"
	"github.com/apache/iceberg-go/table"

	"github.com/fourmarketing/waybill"
)

// Scan is what a table consists of at one snapshot.
type Scan struct {
	Table    waybill.TableName
	Snapshot int64    // 0 while the table has none
	Version  string   // the load id of the newest change of the table's rows, whatever snapshot is read; empty before the first
	Columns  []Field  // of the table now, under Waybill's names; files of an older schema lack some or call them otherwise
	Absent   []string // of these, the columns that no file has: they came later, or went before; none while there is no file
	Files    []DataFile
}

// DataFile is one Parquet file of a table.
type DataFile struct {
	Path      string         // its address in the lake
	LoadID    string         // the load that wrote it; empty for a compacted file
	Compacted bool           // it has the rows of several loads
	Rows      int64          //
	Bytes     int64          //
	Partition map[string]any // partition column to value: string, int64, int32, bool, time.Time at midnight UTC for dates, nil for null
}

// Scan plans the reading of a table at a snapshot, or as it is now when at is 0. Each file stands once.
func (l *Lake) Scan(ctx context.Context, name waybill.TableName, at int64) (Scan, error) {
	t, err := l.catalog.load(ctx, name)
	if err != nil {
		return Scan{}, err
	}
	files, err := dataFiles(ctx, t, at)
	if err != nil {
		return Scan{}, fmt.Errorf("scan %s: %w", name, temporary(err))
	}
	fields, err := fieldsIn(t)
	if err != nil {
		return Scan{}, fmt.Errorf("scan %s: %w", name, err)
	}
	s := Scan{Table: name, Snapshot: at, Version: t.Properties()[versionProperty], Columns: fields}
	if at == 0 {
		s.Snapshot = snapshotID(t)
	}
	s.Absent = absent(fields, files)
	s.Files, err = describeAll(t, files)
	if err != nil {
		return Scan{}, fmt.Errorf("scan %s: %w", name, err)
	}
	return s, nil
}

// absent names the columns that none of the files has, under their own field or one of before.
func absent(fields []Field, files []iceberg.DataFile) []string {
	var out []string
	for _, f := range fields {
		ids := []int{f.ID}
		for _, was := range f.Former {
			ids = append(ids, was.ID)
		}
		if len(files) > 0 && !slices.ContainsFunc(files, func(df iceberg.DataFile) bool { return countsAny(df, ids) }) {
			out = append(out, f.Name)
		}
	}
	return out
}

// countsAny tells whether a file has one of the fields: nulls are counted of those that it has.
func countsAny(df iceberg.DataFile, ids []int) bool {
	return slices.ContainsFunc(ids, func(id int) bool {
		_, counted := df.NullValueCounts()[id]
		return counted
	})
}

// Snapshots are those of a table that can be read still. A table that is not there has none.
func (l *Lake) Snapshots(ctx context.Context, name waybill.TableName) (map[int64]bool, error) {
	t, err := l.catalog.load(ctx, name)
	if errors.Is(err, waybill.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("snapshots of %s: %w", name, err)
	}
	known := map[int64]bool{}
	for _, s := range t.Metadata().Snapshots() {
		known[s.SnapshotID] = true
	}
	return known, nil
}

func describeAll(t *table.Table, files []iceberg.DataFile) ([]DataFile, error) {
	sc, err := ownSchema(t)
	if err != nil {
		return nil, err
	}
	out := make([]DataFile, 0, len(files))
	for _, df := range files {
		part, err := partitionOf(t, sc, df)
		if err != nil {
			return nil, err
		}
		load, compacted := loadOfPath(df.FilePath())
		out = append(out, DataFile{Path: df.FilePath(), LoadID: load, Compacted: compacted, Rows: df.Count(), Bytes: df.FileSizeBytes(), Partition: part})
	}
	return out, nil
}

// dataFiles plans with Iceberg. Its plan splits large files into several tasks: they are told apart by path. Delete
// files are never written here; if another engine did, reading the Parquet files alone would be wrong.
func dataFiles(ctx context.Context, t *table.Table, at int64) ([]iceberg.DataFile, error) {
	if t.CurrentSnapshot() == nil {
		return nil, nil
	}
	var opts []table.ScanOption
	if at != 0 {
		if t.SnapshotByID(at) == nil {
			return nil, fmt.Errorf("%w: snapshot %d has expired or never was", waybill.ErrNotFound, at)
		}
		opts = append(opts, table.WithSnapshotID(at))
	}
	tasks, err := t.Scan(opts...).PlanFiles(ctx)
	if err != nil {
		return nil, fmt.Errorf("plan files: %w", err)
	}
	seen := make(map[string]bool, len(tasks))
	var out []iceberg.DataFile
	for _, task := range tasks {
		if len(task.DeleteFiles)+len(task.EqualityDeleteFiles)+len(task.DeletionVectorFiles) > 0 {
			return nil, fmt.Errorf("file %s has delete files, written by another engine; rewrite the table there first", task.File.FilePath())
		}
		if p := task.File.FilePath(); !seen[p] {
			seen[p] = true
			out = append(out, task.File)
		}
	}
	slices.SortFunc(out, func(a, b iceberg.DataFile) int {
		switch {
		case a.FilePath() < b.FilePath():
			return -1
		case a.FilePath() > b.FilePath():
			return 1
		}
		return 0
	})
	return out, nil
}

// Delta is the change of a table between two snapshots, compactions left out. The rows that changed are among those of
// the files: a row that a rewritten file only carried along stands in both lists.
type Delta struct {
	Added   []DataFile
	Removed []DataFile
}

// Delta tells what came and went after one snapshot up to and including another. waybill.ErrNotFound: the way between
// them is not known any more (expired), so the whole table counts as changed. From 0 is the empty table.
func (l *Lake) Delta(ctx context.Context, name waybill.TableName, from, to int64) (Delta, error) {
	t, err := l.catalog.load(ctx, name)
	if err != nil {
		return Delta{}, err
	}
	d, err := delta(ctx, t, from, to)
	if err != nil {
		return Delta{}, fmt.Errorf("delta of %s from %d to %d: %w", name, from, to, temporary(err))
	}
	return d, nil
}

func delta(ctx context.Context, t *table.Table, from, to int64) (Delta, error) {
	fs, err := t.FS(ctx)
	if err != nil {
		return Delta{}, err
	}
	var added, removed []iceberg.DataFile
	for at := to; at != from; {
		s := t.SnapshotByID(at)
		if s == nil {
			return Delta{}, fmt.Errorf("%w: snapshot %d has expired or is not on the way", waybill.ErrNotFound, at)
		}
		if s.Summary == nil || s.Summary.Properties[summaryKind] != kindCompaction {
			manifests, err := s.Manifests(fs)
			if err != nil {
				return Delta{}, err
			}
			for _, m := range manifests {
				if m.SnapshotID() != at {
					continue
				}
				for e, err := range m.Entries(fs, false) {
					if err != nil {
						return Delta{}, err
					}
					switch {
					case e.SnapshotID() != at:
					case e.Status() == iceberg.EntryStatusADDED:
						added = append(added, e.DataFile())
					case e.Status() == iceberg.EntryStatusDELETED:
						removed = append(removed, e.DataFile())
					}
				}
			}
		}
		at = 0
		if s.ParentSnapshotID != nil {
			at = *s.ParentSnapshotID
		}
	}
	var d Delta
	var err1, err2 error
	d.Added, err1 = describeAll(t, added)
	d.Removed, err2 = describeAll(t, removed)
	return d, errors.Join(err1, err2)
}
