package lake

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/apache/iceberg-go"
	icecatalog "github.com/apache/iceberg-go/catalog"
	"github.com/apache/iceberg-go/table"

	"github.com/fourmarketing/waybill"
)

// TableSpec is what a table should look like.
type TableSpec struct {
	Columns     []waybill.Column
	PartitionBy []string          // columns whose value is the partition, in order
	Doc         string            // one line for people, kept as the property "comment"
	Properties  map[string]string // set when missing or different; never removed
	Replaced    bool              // its rows are replaced whole (Lake.Replace), so that a column may get any type
}

// Field is a column under Waybill's name, with the id under which Parquet files carry it.
type Field struct {
	waybill.Column
	ID     int
	Former []int // fields that the column was before its type changed, newest first: rows of before have their values there (Scan alone says so)
}

// Table is what the lake knows of a table at one moment.
type Table struct {
	Name        waybill.TableName
	Snapshot    int64 // 0 while the table has none
	Columns     []Field
	PartitionBy []string
	Properties  map[string]string
}

// FieldIDs is the text of the FIELD_IDS clause for DuckDB's COPY … TO: {'order_id': 1, '_line': 2}. DuckDB wants only
// columns there that the query has: name them when they are not all of the table's. Unknown names are left out.
func (t Table) FieldIDs(columns ...string) string {
	if len(columns) == 0 {
		return fieldIDs(t.Columns)
	}
	return fieldIDs(slices.DeleteFunc(slices.Clone(t.Columns), func(f Field) bool { return !slices.Contains(columns, f.Name) }))
}

func fieldIDs(fields []Field) string {
	var b strings.Builder
	for i, f := range fields {
		if i > 0 {
			b.WriteString(", ")
		}
		fmt.Fprintf(&b, "'%s': %d", strings.ReplaceAll(f.Name, "'", "''"), f.ID)
	}
	return "{" + b.String() + "}"
}

// Ensure makes a table, or adds the columns and widens the types that an existing one lacks. It never drops or renames;
// a column of another type, or another partitioning, is an error that names both.
func (l *Lake) Ensure(ctx context.Context, name waybill.TableName, spec TableSpec) (Table, error) {
	if err := checkName(name); err != nil {
		return Table{}, err
	}
	schema, parts, err := newSchema(name, spec)
	if err != nil {
		return Table{}, err
	}
	t, err := l.catalog.load(ctx, name)
	if errors.Is(err, waybill.ErrNotFound) {
		t, err = l.create(ctx, name, schema, parts, spec)
	}
	for attempt := 0; err == nil; attempt++ {
		var done bool
		if done, err = l.evolve(ctx, t, spec); done || err != nil {
			break
		}
		if err = pause(ctx, attempt); err == nil {
			t, err = l.catalog.load(ctx, name)
		}
	}
	if err != nil {
		return Table{}, fmt.Errorf("ensure table %s: %w", name, err)
	}
	return l.Table(ctx, name)
}

func checkName(name waybill.TableName) error {
	if !pathName.MatchString(name.Namespace) || !pathName.MatchString(name.Name) {
		return fmt.Errorf("table %q: namespace and name are letters, digits, '.', '_', '-'", name)
	}
	return nil
}

func (l *Lake) create(ctx context.Context, name waybill.TableName, sc *iceberg.Schema, parts *iceberg.PartitionSpec, spec TableSpec) (*table.Table, error) {
	if err := l.catalog.makeNamespace(ctx, name.Namespace); err != nil {
		return nil, err
	}
	props := iceberg.Properties{
		table.PropertyFormatVersion:               "2",
		table.ManifestMergeEnabledKey:             "true",
		table.ManifestMinMergeCountKey:            "20",
		table.MetadataDeleteAfterCommitEnabledKey: "true",
		table.MetadataPreviousVersionsMaxKey:      "50",
	}
	ids := map[string]int{}
	for _, f := range sc.Fields() { // the catalog numbers them alike; where it did not, evolve puts it right
		ids[f.Name] = f.ID
	}
	text, err := json.Marshal(ids)
	if err != nil {
		return nil, fmt.Errorf("create: %w", err)
	}
	props[columnsProperty] = string(text)
	for _, c := range spec.PartitionBy { // bounds in full, so that a file's one value can be proved
		props[table.MetricsModeColumnConfPrefix+"."+c] = "full"
	}
	maps.Copy(props, wantedProps(spec))
	if err := l.objects.makeFolder(tableKey(name) + "/metadata"); err != nil {
		return nil, fmt.Errorf("create: %w", temporary(err))
	}
	defer l.objects.seal(tableKey(name))
	_, err = l.catalog.sql.CreateTable(l.catalog.reach(ctx), ident(name), sc,
		icecatalog.WithLocation(l.objects.uri(tableKey(name))), icecatalog.WithPartitionSpec(parts), icecatalog.WithProperties(props))
	if err != nil && !errors.Is(err, icecatalog.ErrTableAlreadyExists) {
		return nil, fmt.Errorf("create: %w", temporary(err))
	}
	return l.catalog.load(ctx, name)
}

func tableKey(name waybill.TableName) string { return "tables/" + name.Namespace + "/" + name.Name }

func wantedProps(spec TableSpec) iceberg.Properties {
	props := iceberg.Properties{}
	maps.Copy(props, spec.Properties)
	if spec.Doc != "" {
		props["comment"] = spec.Doc
	}
	return props
}

// evolve brings an existing table to the spec in one commit. done is false after a conflict.
func (l *Lake) evolve(ctx context.Context, t *table.Table, spec TableSpec) (bool, error) {
	tx := t.NewTransaction()
	former, err := formerIDs(t)
	if err != nil {
		return false, err
	}
	changed, err := evolveColumns(tx, t, spec, former)
	if err != nil {
		return false, err
	}
	staged, err := tx.StagedTable() // where columns that were added have their ids
	if err != nil {
		return false, fmt.Errorf("change columns: %w", err)
	}
	wanted := wantedProps(spec)
	if wanted[columnsProperty], err = columnIDs(staged.Table, spec.Columns, former); err != nil {
		return false, err
	}
	if len(former) > 0 {
		text, err := json.Marshal(former)
		if err != nil {
			return false, fmt.Errorf("change columns: %w", err)
		}
		wanted[formerProperty] = string(text)
	}
	props := iceberg.Properties{}
	for k, v := range wanted {
		if t.Properties()[k] != v {
			props[k] = v
		}
	}
	if len(props) == 0 && !changed {
		return true, nil
	}
	if err := tx.SetProperties(props); err != nil {
		return false, fmt.Errorf("set properties: %w", err)
	}
	_, err = tx.Commit(ctx)
	if errors.Is(err, table.ErrCommitFailed) {
		return false, nil
	}
	return true, temporary(err)
}

// evolveColumns adds to a transaction what the table's columns lack, and tells whether that is anything. A field that is a column's no more, since its type
// changed, comes to former.
func evolveColumns(tx *table.Transaction, t *table.Table, spec TableSpec, former map[string][]int) (changed bool, err error) {
	sc, err := ownSchema(t)
	if err != nil {
		return false, err
	}
	if have := partitionColumns(t, sc); !slices.Equal(have, spec.PartitionBy) {
		return false, fmt.Errorf("it is partitioned by (%s), not by (%s)", strings.Join(have, ", "), strings.Join(spec.PartitionBy, ", "))
	}
	change := tx.UpdateSchema(true, false)
	for _, c := range spec.Columns {
		todo, retyped, err := columnChange(t.Schema(), sc, c, spec.Replaced)
		if err != nil {
			return false, err
		}
		if retyped != 0 && slices.Contains(spec.PartitionBy, c.Name) {
			return false, fmt.Errorf("%w: column %s divides the table into files, and its type cannot change", ErrType, c.Name)
		}
		if retyped != 0 {
			former[c.Name] = append([]int{retyped}, former[c.Name]...)
		}
		if todo != nil {
			todo(change)
			changed = true
		}
	}
	if !changed {
		return false, nil
	}
	if err := change.Commit(); err != nil {
		return false, fmt.Errorf("change columns: %w", err)
	}
	return true, nil
}

// ErrType says that a column of a table has a type of which not every value is one of the type that is asked for.
var ErrType = errors.New("the table's type cannot follow")

// columnChange says what has to be done for one column; nil when nothing. The table has it under the name that some
// engine gave it, have under Waybill's. A type that cannot be widened in place is that of a new field, if it can hold whatever the former one has, or the
// table's rows are replaced anyway; retyped is the former field's id then, 0 else.
func columnChange(now, have *iceberg.Schema, c waybill.Column, replaced bool) (todo func(*table.UpdateSchema), retyped int, err error) {
	want, err := iceType(c.Type)
	if err != nil {
		return nil, 0, fmt.Errorf("column %s: %w", c.Name, err)
	}
	f, ok := have.FindFieldByName(c.Name)
	if !ok {
		if twin, ok := have.FindFieldByNameCaseInsensitive(c.Name); ok {
			return nil, 0, fmt.Errorf("column %s differs from %s only in case", c.Name, twin.Name)
		}
		return func(u *table.UpdateSchema) { u.AddColumn([]string{c.Name}, want, c.Doc, false, nil) }, 0, nil
	}
	if f.Type.Equals(want) {
		return nil, 0, nil
	}
	current, _ := now.FindColumnName(f.ID)
	switch {
	case widens(f.Type, want):
		return func(u *table.UpdateSchema) {
			u.UpdateColumn([]string{current}, table.ColumnUpdate{FieldType: iceberg.Optional[iceberg.Type]{Val: want, Valid: true}})
		}, 0, nil
	case (replaced || holds(f.Type, want)) && !slices.Contains(now.IdentifierFieldIDs, f.ID):
		return func(u *table.UpdateSchema) {
			u.RenameColumn([]string{current}, fmt.Sprintf("%s_before_%d", c.Name, f.ID))
			u.AddColumn([]string{c.Name}, want, c.Doc, false, nil)
		}, f.ID, nil
	}
	return nil, 0, fmt.Errorf("%w: column %s is %s in the table and %s is asked for; a number can become a longer one or text, anything else text alone: give the column another name in the contract",
		ErrType, c.Name, duckType(f.Type), c.Type)
}

// Table tells what the lake knows of a table now; waybill.ErrNotFound when there is none.
func (l *Lake) Table(ctx context.Context, name waybill.TableName) (Table, error) {
	t, err := l.catalog.load(ctx, name)
	if err != nil {
		return Table{}, err
	}
	sc, err := ownSchema(t)
	if err != nil {
		return Table{}, fmt.Errorf("describe table %s: %w", name, err)
	}
	return Table{
		Name: name, Snapshot: snapshotID(t), Columns: fieldsOf(sc),
		PartitionBy: partitionColumns(t, sc), Properties: maps.Clone(t.Properties()),
	}, nil
}

func snapshotID(t *table.Table) int64 {
	if s := t.CurrentSnapshot(); s != nil {
		return s.SnapshotID
	}
	return 0
}

// Tables names every table of the lake, sorted.
func (l *Lake) Tables(ctx context.Context) ([]waybill.TableName, error) {
	spaces, err := l.catalog.sql.ListNamespaces(ctx, nil)
	if err != nil {
		return nil, fmt.Errorf("list tables: %w", temporary(err))
	}
	var out []waybill.TableName
	for _, ns := range spaces {
		for id, err := range l.catalog.sql.ListTables(ctx, ns) {
			if err != nil {
				return nil, fmt.Errorf("list tables: %w", temporary(err))
			}
			out = append(out, waybill.TableName{Namespace: strings.Join(ns, "."), Name: id[len(id)-1]})
		}
	}
	slices.SortFunc(out, func(a, b waybill.TableName) int { return strings.Compare(a.String(), b.String()) })
	return out, nil
}

// Drop takes a table out of the catalog and removes all its files, those of old snapshots too.
func (l *Lake) Drop(ctx context.Context, name waybill.TableName) error {
	if err := checkName(name); err != nil {
		return err
	}
	if err := l.catalog.sql.DropTable(l.catalog.reach(ctx), ident(name)); err != nil {
		return fmt.Errorf("drop table %s: %w", name, temporary(err))
	}
	for o, err := range l.objects.list(ctx, tableKey(name)) {
		if err != nil {
			return fmt.Errorf("drop table %s: %w", name, err)
		}
		if err := l.objects.remove(ctx, o.key); err != nil {
			return fmt.Errorf("drop table %s: remove %s: %w", name, o.key, err)
		}
	}
	return nil
}
