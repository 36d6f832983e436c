package lake

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"

	"github.com/apache/arrow-go/v18/parquet/file"
	"github.com/apache/arrow-go/v18/parquet/metadata"
	"github.com/apache/arrow-go/v18/parquet/pqarrow"
	"github.com/apache/iceberg-go"
	"github.com/apache/iceberg-go/table"
	"github.com/google/uuid"
	"golang.org/x/sync/errgroup"

	"github.com/fourmarketing/waybill"
)

// stage uploads the files of a change and describes them for the manifest, once for all attempts.
func (c *change) stage(ctx context.Context, t *table.Table) error {
	if c.staged {
		return nil
	}
	root, err := c.lake.keyOf(t)
	if err != nil {
		return err
	}
	prefix := root + "/data/" + c.LoadID + "/"
	found := make([]iceberg.DataFile, len(c.Add))
	var mu sync.Mutex
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(transfers)
	for i, f := range c.Add {
		if f.Rows == 0 {
			continue
		}
		g.Go(func() error {
			sum, err := hashOf(f.Path)
			if err != nil {
				return err
			}
			key := prefix + uuid.NewString() + "-" + sum + ".parquet"
			df, err := c.lake.register(gctx, t, f, key)
			mu.Lock()
			defer mu.Unlock()
			c.keys = append(c.keys, key)
			found[i] = df
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return err
	}
	c.add = slices.DeleteFunc(found, func(df iceberg.DataFile) bool { return df == nil })
	c.staged = true
	return nil
}

// register checks a local Parquet file against the table, puts it at its key and describes it.
func (l *Lake) register(ctx context.Context, t *table.Table, f waybill.StagedFile, key string) (iceberg.DataFile, error) {
	df, err := describeFile(t, f, l.objects.uri(key))
	if err != nil {
		return nil, fmt.Errorf("register %s: %w", f.Path, err)
	}
	if err := l.objects.put(ctx, key, f.Path); err != nil {
		return nil, fmt.Errorf("put %s: %w", l.objects.uri(key), err)
	}
	return df, nil
}

// describeFile makes the manifest entry out of the footer, read locally, and the partition values that the writer knows.
// Values are never taken from a directory's name: DuckDB writes them percent-encoded there.
func describeFile(t *table.Table, f waybill.StagedFile, address string) (df iceberg.DataFile, err error) {
	r, err := file.OpenParquetFile(f.Path, false)
	if err != nil {
		return nil, fmt.Errorf("read the Parquet footer: %w", temporary(err))
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	footer := r.MetaData()
	if footer.GetNumRows() != f.Rows {
		return nil, fmt.Errorf("the file has %d rows, %d are announced", footer.GetNumRows(), f.Rows)
	}
	sc, err := ownSchema(t)
	if err != nil {
		return nil, err
	}
	if err := checkColumns(sc, footer); err != nil {
		return nil, err
	}
	values, err := partitionValues(t, sc, f.Partition)
	if err != nil {
		return nil, err
	}
	if len(values) == 0 {
		values = nil
	}
	size, err := localSize(f.Path)
	if err != nil {
		return nil, err
	}
	props := maps.Clone(t.Properties())
	for _, c := range partitionColumns(t, sc) { // under Waybill's name, whatever another engine made of the property
		props[table.MetricsModeColumnConfPrefix+"."+c] = "full"
	}
	df, err = table.DataFileFromMetadata(table.DataFileArgs{
		Schema: sc, Spec: t.Spec(), Format: iceberg.ParquetFile, Metadata: footer, FilePath: address, FileSize: size,
		Content: iceberg.EntryContentData, FormatVersion: 2, Properties: props, PartitionValues: values,
	})
	if err != nil {
		return nil, err
	}
	if err := checkPartition(t, sc, df, values); err != nil {
		return nil, err
	}
	return unsorted(t, sc, df)
}

// unsorted is a data file that says that its rows follow no sort order of the table (id 0). Left null, as iceberg-go leaves
// it, the entry cannot be read through Trino's $entries (trinodb/trino#29211).
func unsorted(t *table.Table, sc *iceberg.Schema, df iceberg.DataFile) (iceberg.DataFile, error) {
	spec, logical := t.Spec(), map[int]string{}
	for _, f := range spec.Fields() {
		if col, ok := sc.FindFieldByID(f.SourceID()); ok && col.Type.Equals(iceberg.PrimitiveTypes.Date) {
			logical[f.FieldID] = "date" // Avro's name for it
		}
	}
	b, err := iceberg.NewDataFileBuilder(spec, df.ContentType(), df.FilePath(), df.FileFormat(), df.Partition(), logical, nil, df.Count(), df.FileSizeBytes())
	if err != nil {
		return nil, fmt.Errorf("describe %s: %w", df.FilePath(), err)
	}
	b.ColumnSizes(df.ColumnSizes()).ValueCounts(df.ValueCounts()).NullValueCounts(df.NullValueCounts()).NaNValueCounts(df.NaNValueCounts())
	b.LowerBoundValues(df.LowerBoundValues()).UpperBoundValues(df.UpperBoundValues()).SplitOffsets(df.SplitOffsets())
	return b.SortOrderID(table.UnsortedSortOrderID).Build(), nil
}

// checkColumns refuses a file whose columns other engines would read as something else: each has to carry the field id
// of the table's column of that name and its type, or one that widens to it.
func checkColumns(sc *iceberg.Schema, footer *metadata.FileMetaData) error {
	arrow, err := pqarrow.FromParquet(footer.Schema, nil, nil)
	if err != nil {
		return fmt.Errorf("read the Parquet schema: %w", err)
	}
	for i := range footer.Schema.Root().NumFields() {
		node, col := footer.Schema.Root().Field(i), arrow.Field(i)
		want, ok := sc.FindFieldByName(node.Name())
		if !ok {
			return fmt.Errorf("column %s is not in the table; call Ensure first", node.Name())
		}
		if int(node.FieldID()) != want.ID {
			return fmt.Errorf("column %s carries field id %d, the table has %d; write the file with the table's FIELD_IDS", node.Name(), node.FieldID(), want.ID)
		}
		have, err := table.ArrowTypeToIceberg(col.Type, false)
		if err != nil {
			return fmt.Errorf("column %s: %w", node.Name(), err)
		}
		if !have.Equals(want.Type) && !widens(have, want.Type) {
			return fmt.Errorf("column %s is %s in the file, %s in the table", node.Name(), duckType(have), duckType(want.Type))
		}
	}
	return nil
}

// checkPartition proves from the footer's statistics that the file holds one partition only, and the one it says. A file
// that mixes a value and null would be accepted by iceberg-go and lose rows in every reader that prunes.
func checkPartition(t *table.Table, sc *iceberg.Schema, df iceberg.DataFile, values map[int]any) error {
	spec := t.Spec()
	for _, f := range spec.Fields() {
		id := f.SourceID()
		col, _ := sc.FindFieldByID(id)
		nulls, counted := df.NullValueCounts()[id]
		lower, upper := df.LowerBoundValues()[id], df.UpperBoundValues()[id]
		if !counted {
			return fmt.Errorf("partition column %s has no statistics in the file; it has to be a real column of it", col.Name)
		}
		if values[f.FieldID] == nil {
			if nulls != df.Count() {
				return fmt.Errorf("partition column %s is said to be null, %d of %d rows are not", col.Name, df.Count()-nulls, df.Count())
			}
			continue
		}
		if nulls != 0 || !bytes.Equal(lower, upper) {
			return fmt.Errorf("partition column %s has %d nulls or several values in the file; one file holds one partition", col.Name, nulls)
		}
		if len(lower) == 0 {
			continue // an empty string, or longer than the writer's statistics
		}
		lit, err := iceberg.LiteralFromBytes(col.Type, lower)
		if err != nil {
			return fmt.Errorf("partition column %s: %w", col.Name, err)
		}
		if lit.Any() != values[f.FieldID] {
			return fmt.Errorf("partition column %s is %v in the file and %v in its partition", col.Name, lit.Any(), values[f.FieldID])
		}
	}
	return nil
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
