package lake

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/apache/iceberg-go"
	icecatalog "github.com/apache/iceberg-go/catalog"
	"github.com/apache/iceberg-go/table"
	"github.com/google/uuid"

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
	Former []Former // what it was before its type changed, the newest first
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

// Ensure makes a table, or adds the columns and widens the types that an existing one lacks. It never renames; a column whose values another type can
// have becomes a field of that type, and what files of before have is read as it (Field.Former). Any other type, or another partitioning, is an error
// that names both.
func (l *Lake) Ensure(ctx context.Context, name waybill.TableName, spec TableSpec) (Table, error) {
	if err := checkName(name); err != nil {
		return Table{}, err
	}
	schema, parts, err := newSchema(name, spec)
	if err != nil {
		return Table{}, err
	}
	t, err := l.catalog.load(ctx, name)
	if errors.Is(err, waybill.ErrNotFound) && !l.isListed(ctx, name) {
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
	if err := l.mayWrite(ctx); err != nil {
		return nil, err
	}
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
	key, err := l.freeKey(ctx, name)
	if err != nil {
		return nil, fmt.Errorf("create: %w", err)
	}
	if err := l.objects.makeFolder(key + "/metadata"); err != nil {
		return nil, fmt.Errorf("create: %w", temporary(err))
	}
	defer l.objects.seal(key)
	_, err = l.catalog.sql.CreateTable(l.catalog.reach(ctx), ident(name), sc,
		icecatalog.WithLocation(l.objects.uri(key)), icecatalog.WithPartitionSpec(parts), icecatalog.WithProperties(props))
	if err != nil && !errors.Is(err, icecatalog.ErrTableAlreadyExists) {
		return nil, fmt.Errorf("create: %w", temporary(err))
	}
	return l.catalog.load(ctx, name)
}

// isListed tells whether the catalog has a table whose metadata cannot be found: another one is not made in its place.
func (l *Lake) isListed(ctx context.Context, name waybill.TableName) bool {
	ok, err := l.catalog.sql.CheckTableExists(ctx, ident(name))
	return ok || (err != nil && !errors.Is(err, icecatalog.ErrNoSuchTable) && !errors.Is(err, icecatalog.ErrNoSuchNamespace))
}

const tablesRoot = "tables"

// freeKey is where a new table may lie: by its name, and where files of another one lie there (of a catalog that was lost), beside it. Files of two
// tables in one folder would be taken for one another's orphans.
func (l *Lake) freeKey(ctx context.Context, name waybill.TableName) (string, error) {
	key := path.Join(tablesRoot, name.Namespace, name.Name)
	used, err := l.any(ctx, key)
	if used {
		key += "@" + uuid.NewString()[:8]
	}
	return key, err
}

// keyOf is where a table lies; one that lies elsewhere than below the root is not touched.
func (l *Lake) keyOf(t *table.Table) (string, error) {
	for _, address := range []string{t.Location(), t.MetadataLocation()} {
		if _, ok := l.objects.key(address); !ok {
			return "", fmt.Errorf("%w: the table's files (%s) do not lie below the root %s; next: waybill rebuild --table %s", ErrReadOnly, address, l.Root(), strings.Join(t.Identifier(), "."))
		}
	}
	key, _ := l.objects.key(t.Location())
	return key, nil
}

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
	changed, former, err := evolveColumns(tx, t, spec)
	if err != nil {
		return false, err
	}
	staged, err := tx.StagedTable() // where columns that were added have their ids
	if err != nil {
		return false, fmt.Errorf("change columns: %w", err)
	}
	wanted := wantedProps(spec)
	if wanted[columnsProperty], err = columnIDs(staged.Table, spec.Columns); err != nil {
		return false, err
	}
	if len(former) > 0 {
		if wanted[formerProperty], err = withFormer(t, former); err != nil {
			return false, err
		}
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
	if _, err := l.keyOf(t); err != nil {
		return false, err
	}
	if err := l.mayWrite(ctx); err != nil {
		return false, err
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

// evolveColumns adds to a transaction what the table's columns lack, and tells whether that is anything, and which columns became other fields.
func evolveColumns(tx *table.Transaction, t *table.Table, spec TableSpec) (changed bool, former map[string]Former, err error) {
	sc, err := ownSchema(t)
	if err != nil {
		return false, nil, err
	}
	former = map[string]Former{}
	if have := partitionColumns(t, sc); !slices.Equal(have, spec.PartitionBy) {
		return false, nil, fmt.Errorf("it is partitioned by (%s), not by (%s)", strings.Join(have, ", "), strings.Join(spec.PartitionBy, ", "))
	}
	change := tx.UpdateSchema(true, false)
	for _, c := range spec.Columns {
		if f, ok := sc.FindFieldByName(c.Name); ok && slices.Contains(spec.PartitionBy, c.Name) && duckType(f.Type) != c.Type {
			return false, nil, fmt.Errorf("%w: column %s divides the table into files, and its type cannot change", ErrType, c.Name)
		}
		todo, err := columnChange(t.Schema(), sc, c, evolution{former: former, replaced: spec.Replaced})
		if err != nil {
			return false, nil, err
		}
		if todo != nil {
			todo(change)
			changed = true
		}
	}
	if !changed {
		return false, nil, nil
	}
	if err := change.Commit(); err != nil {
		return false, nil, fmt.Errorf("change columns: %w", err)
	}
	return true, former, nil
}

// ErrType says that a column of a table has a type of which not every value is one of the type that is asked for.
var ErrType = errors.New("the table's type cannot follow")

// evolution is what changes of columns come to.
type evolution struct {
	former   map[string]Former // columns that become other fields: what they were
	replaced bool              // see TableSpec
}

// columnChange says what has to be done for one column; nil when nothing. The table has it under the name that some engine gave it, have under Waybill's.
// A type that cannot be widened in place is that of another field, if it can hold whatever the field of before has, or the table's rows are replaced anyway.
func columnChange(now, have *iceberg.Schema, c waybill.Column, e evolution) (func(*table.UpdateSchema), error) {
	want, err := iceType(c.Type)
	if err != nil {
		return nil, fmt.Errorf("column %s: %w", c.Name, err)
	}
	f, ok := have.FindFieldByName(c.Name)
	if !ok {
		if twin, ok := have.FindFieldByNameCaseInsensitive(c.Name); ok {
			return nil, fmt.Errorf("column %s differs from %s only in case", c.Name, twin.Name)
		}
		return func(u *table.UpdateSchema) { u.AddColumn([]string{c.Name}, want, c.Doc, false, nil) }, nil
	}
	if f.Type.Equals(want) {
		return nil, nil //nolint:nilnil // no change and no error is the common case
	}
	current, _ := now.FindColumnName(f.ID)
	switch {
	case widens(f.Type, want):
		return func(u *table.UpdateSchema) {
			u.UpdateColumn([]string{current}, table.ColumnUpdate{FieldType: iceberg.Optional[iceberg.Type]{Val: want, Valid: true}})
		}, nil
	case (e.replaced || holds(f.Type, want)) && !f.Required && !slices.Contains(now.IdentifierFieldIDs, f.ID):
		e.former[c.Name] = Former{ID: f.ID, Type: duckType(f.Type)}
		return func(u *table.UpdateSchema) {
			u.DeleteColumn([]string{current}).AddColumn([]string{current}, want, c.Doc, false, nil)
		}, nil
	}
	return nil, fmt.Errorf("%w: column %s is %s in the table and %s is asked for; a number can become a longer one or text, anything else text alone: give the column another name in the contract",
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
	fields, err := fieldsIn(t)
	if err != nil {
		return Table{}, fmt.Errorf("describe table %s: %w", name, err)
	}
	return Table{
		Name: name, Snapshot: snapshotID(t), Columns: fields,
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

// Drop takes a table out of the catalog and moves all its files, those of old snapshots too, to the trash.
func (l *Lake) Drop(ctx context.Context, name waybill.TableName) error {
	if err := checkName(name); err != nil {
		return err
	}
	key, err := l.forget(ctx, name)
	if err == nil {
		err = l.trashAll(ctx, key)
	}
	if err != nil {
		return fmt.Errorf("drop table %s: %w", name, temporary(err))
	}
	return nil
}

// forget takes a table out of the catalog, leaves its files where they are, and tells where that is.
func (l *Lake) forget(ctx context.Context, name waybill.TableName) (string, error) {
	if err := l.mayRemove(ctx, name); err != nil {
		return "", err
	}
	t, err := l.catalog.load(ctx, name)
	if err != nil {
		return "", err
	}
	key, err := l.keyOf(t)
	if err != nil {
		return "", err
	}
	return key, l.catalog.sql.DropTable(l.catalog.reach(ctx), ident(name))
}
