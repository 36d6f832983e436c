package lake

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/apache/iceberg-go"
	"github.com/apache/iceberg-go/table"
	"github.com/google/uuid"

	"github.com/fourmarketing/waybill"
)

// merge makes one compacted file out of files of one partition.
type merge struct {
	lake    *Lake
	table   *table.Table
	name    waybill.TableName
	rewrite Rewrite
	put     func(key string) // told of each object that was put
}

// run writes the rows for which the condition holds to a new file and the loads that it has to a list beside it. It
// returns no file when no row is left.
func (m merge) run(ctx context.Context, sources []iceberg.DataFile, loads []string, where string) ([]iceberg.DataFile, error) {
	described, err := describeAll(m.table, sources)
	if err != nil {
		return nil, err
	}
	local, err := m.lake.Local(ctx, described)
	if err != nil {
		return nil, err
	}
	defer local.Close()
	fields, err := fieldsIn(m.table)
	if err != nil {
		return nil, err
	}
	id := compactPrefix + uuid.NewString()
	dest := filepath.Join(m.lake.tmp, id+".parquet")
	rows, err := m.rewrite(ctx, RewriteJob{Sources: local.Paths, Columns: fields, FieldIDs: fieldIDs(fields), Where: where, Dest: dest})
	if err != nil {
		err = fmt.Errorf("rewrite %d files: %w", len(sources), err)
	} else if err = checkRows(described, rows, where); err == nil && rows > 0 {
		var df iceberg.DataFile
		df, err = m.store(ctx, waybill.StagedFile{Path: dest, Rows: rows, Partition: described[0].Partition}, id, loads)
		sources = []iceberg.DataFile{df}
	} else {
		sources = nil
	}
	if err = errors.Join(err, err2nil(os.Remove(dest), fs.ErrNotExist)); err != nil {
		return nil, temporary(err)
	}
	return sources, nil
}

// checkRows refuses a rewrite that loses or invents rows.
func checkRows(sources []DataFile, rows int64, where string) error {
	var before int64
	for _, s := range sources {
		before += s.Rows
	}
	if rows > before || where == "" && rows != before {
		return fmt.Errorf("the rewritten file has %d rows, its sources have %d", rows, before)
	}
	return nil
}

func (m merge) store(ctx context.Context, f waybill.StagedFile, id string, loads []string) (iceberg.DataFile, error) {
	root, err := m.lake.keyOf(m.table)
	if err != nil {
		return nil, err
	}
	sum, err := hashOf(f.Path)
	if err != nil {
		return nil, err
	}
	key := root + "/data/" + id + "/0-" + sum + ".parquet"
	m.put(compactList(key))
	if err := m.lake.putList(ctx, compactList(key), loads); err != nil {
		return nil, err
	}
	m.put(key)
	return m.lake.register(ctx, m.table, f, key)
}

// loadsIn names the loads of several files.
func (l *Lake) loadsIn(ctx context.Context, files []iceberg.DataFile) ([]string, error) {
	var out []string
	for _, df := range files {
		load, compacted := loadOfPath(df.FilePath())
		if !compacted {
			out = append(out, load)
			continue
		}
		more, err := l.loadsOf(ctx, df.FilePath())
		if err != nil {
			return nil, err
		}
		out = append(out, more...)
	}
	return out, nil
}
