package lake

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/apache/iceberg-go"
	"github.com/apache/iceberg-go/table"

	"github.com/fourmarketing/waybill"
)

// plainTypes are the column types without parameters.
var plainTypes = map[waybill.Type]iceberg.Type{
	"VARCHAR":     iceberg.PrimitiveTypes.String,
	"BIGINT":      iceberg.PrimitiveTypes.Int64,
	"INTEGER":     iceberg.PrimitiveTypes.Int32,
	"BOOLEAN":     iceberg.PrimitiveTypes.Bool,
	"DATE":        iceberg.PrimitiveTypes.Date,
	"DOUBLE":      iceberg.PrimitiveTypes.Float64,
	"TIMESTAMP":   iceberg.PrimitiveTypes.Timestamp,
	"TIMESTAMPTZ": iceberg.PrimitiveTypes.TimestampTz,
}

func iceType(t waybill.Type) (iceberg.Type, error) {
	if p, ok := plainTypes[t]; ok {
		return p, nil
	}
	if args, ok := strings.CutPrefix(string(t), "DECIMAL("); ok {
		p, s, _ := strings.Cut(strings.TrimSuffix(args, ")"), ",")
		prec, err1 := strconv.Atoi(strings.TrimSpace(p))
		scale, err2 := strconv.Atoi(strings.TrimSpace(s))
		if err1 == nil && err2 == nil && prec >= 1 && prec <= 38 && scale >= 0 && scale <= prec && strings.HasSuffix(args, ")") {
			return iceberg.DecimalTypeOf(prec, scale), nil
		}
	}
	return nil, fmt.Errorf("%q is no column type of the lake", t)
}

// duckType is the inverse of iceType. A type that another engine added is named as Iceberg spells it.
func duckType(t iceberg.Type) waybill.Type {
	for name, p := range plainTypes {
		if p.Equals(t) {
			return name
		}
	}
	if d, ok := t.(iceberg.DecimalType); ok {
		return waybill.Type(fmt.Sprintf("DECIMAL(%d,%d)", d.Precision(), d.Scale()))
	}
	return waybill.Type(t.String())
}

// widens says whether every value of one type is a value of the other without rewriting files.
func widens(from, to iceberg.Type) bool {
	if from.Equals(iceberg.PrimitiveTypes.Int32) {
		return to.Equals(iceberg.PrimitiveTypes.Int64)
	}
	f, ok1 := from.(iceberg.DecimalType)
	t, ok2 := to.(iceberg.DecimalType)
	return ok1 && ok2 && f.Scale() == t.Scale() && f.Precision() <= t.Precision()
}

// enoughDigits are those before the point that any amount has room in: a decimal may lose digits there for more behind the point, down to these. A value
// that has more would fail whoever reads it, and be no null.
const enoughDigits = 12

// holds says whether every value of one type can be written as one of the other, in files yet to come.
func holds(from, to iceberg.Type) bool {
	if to.Equals(iceberg.PrimitiveTypes.String) {
		return true
	}
	digits := map[string]int{iceberg.PrimitiveTypes.Int32.String(): 10, iceberg.PrimitiveTypes.Int64.String(): 19}[from.String()]
	scale := 0
	if d, ok := from.(iceberg.DecimalType); ok {
		digits, scale = min(d.Precision()-d.Scale(), enoughDigits), d.Scale()
	}
	d, ok := to.(iceberg.DecimalType)
	return ok && digits > 0 && d.Scale() >= scale && d.Precision()-d.Scale() >= digits
}

func fieldsOf(sc *iceberg.Schema) []Field {
	out := make([]Field, 0, sc.NumFields())
	for _, f := range sc.Fields() {
		out = append(out, Field{ID: f.ID, Column: waybill.Column{Name: f.Name, Type: duckType(f.Type), Doc: f.Doc}})
	}
	return out
}

// newSchema turns a spec into Iceberg's terms. Every column is optional: what must not be null is the contract's matter.
func newSchema(name waybill.TableName, spec TableSpec) (*iceberg.Schema, *iceberg.PartitionSpec, error) {
	if len(spec.Columns) == 0 {
		return nil, nil, fmt.Errorf("ensure table %s: it has no columns", name)
	}
	ids := map[string]int{}
	fields := make([]iceberg.NestedField, 0, len(spec.Columns))
	for i, c := range spec.Columns {
		t, err := iceType(c.Type)
		if err != nil {
			return nil, nil, fmt.Errorf("ensure table %s: column %s: %w", name, c.Name, err)
		}
		key := strings.ToLower(c.Name)
		if ids[key] != 0 || c.Name == "" {
			return nil, nil, fmt.Errorf("ensure table %s: column %q stands twice or has no name", name, c.Name)
		}
		ids[key] = i + 1
		fields = append(fields, iceberg.NestedField{ID: i + 1, Name: c.Name, Type: t, Doc: c.Doc})
	}
	parts := make([]iceberg.PartitionField, 0, len(spec.PartitionBy))
	for i, p := range spec.PartitionBy {
		at := slices.IndexFunc(spec.Columns, func(c waybill.Column) bool { return c.Name == p })
		if at < 0 || !canPartition(spec.Columns[at].Type) {
			return nil, nil, fmt.Errorf("ensure table %s: partition column %s has to be a column of type VARCHAR, DATE, INTEGER, BIGINT or BOOLEAN", name, p)
		}
		parts = append(parts, iceberg.PartitionField{SourceIDs: []int{at + 1}, FieldID: 1000 + i, Name: p, Transform: iceberg.IdentityTransform{}})
	}
	ps := iceberg.NewPartitionSpec(parts...)
	return iceberg.NewSchema(0, fields...), &ps, nil
}

func canPartition(t waybill.Type) bool {
	return slices.Contains([]waybill.Type{"VARCHAR", "DATE", "INTEGER", "BIGINT", "BOOLEAN"}, t)
}

// partitionColumns names the source columns of the current spec, as the schema has them.
func partitionColumns(t *table.Table, sc *iceberg.Schema) []string {
	var out []string
	spec := t.Spec()
	for _, f := range spec.Fields() {
		name, ok := sc.FindColumnName(f.SourceID())
		if !ok {
			name = f.Name
		}
		out = append(out, name)
	}
	return out
}

// partitionValues turns a staged file's partition into values by partition field id. Each column has to be there:
// a value that is left out is not the same as null.
func partitionValues(t *table.Table, sc *iceberg.Schema, given map[string]any) (map[int]any, error) {
	spec := t.Spec()
	out := map[int]any{}
	for _, f := range spec.Fields() {
		col, _ := sc.FindFieldByID(f.SourceID())
		v, ok := given[col.Name]
		if !ok {
			return nil, fmt.Errorf("no value for partition column %s", col.Name)
		}
		val, err := partitionValue(col.Type, v)
		if err != nil {
			return nil, fmt.Errorf("partition column %s: %w", col.Name, err)
		}
		out[f.FieldID] = val
	}
	if len(given) != len(out) {
		return nil, fmt.Errorf("partition values for (%s), the table is partitioned by (%s)",
			strings.Join(sortedKeys(given), ", "), strings.Join(partitionColumns(t, sc), ", "))
	}
	return out, nil
}

func partitionValue(t iceberg.Type, v any) (any, error) {
	switch x := v.(type) {
	case nil:
		return nil, nil //nolint:nilnil // null is a partition of its own
	case string:
		if t.Equals(iceberg.PrimitiveTypes.String) {
			return x, nil
		}
	case bool:
		if t.Equals(iceberg.PrimitiveTypes.Bool) {
			return x, nil
		}
	case time.Time:
		if t.Equals(iceberg.PrimitiveTypes.Date) {
			return dateOf(x), nil
		}
	case int32:
		return partitionValue(t, int64(x))
	case int:
		return partitionValue(t, int64(x))
	case int64:
		if t.Equals(iceberg.PrimitiveTypes.Int64) {
			return x, nil
		}
		if t.Equals(iceberg.PrimitiveTypes.Int32) && int64(int32(x)) == x {
			return int32(x), nil
		}
	}
	return nil, fmt.Errorf("value %v of Go type %T is no %s", v, v, duckType(t))
}

// dateOf counts days since 1970-01-01 of the calendar day that t shows in its own zone.
func dateOf(t time.Time) iceberg.Date {
	y, m, d := t.Date()
	return iceberg.Date(time.Date(y, m, d, 0, 0, 0, 0, time.UTC).Unix() / 86400)
}

// partitionOf names a data file's partition values as StagedFile has them; sc is the table's ownSchema.
func partitionOf(t *table.Table, sc *iceberg.Schema, df iceberg.DataFile) (map[string]any, error) {
	spec := t.Metadata().PartitionSpecByID(int(df.SpecID()))
	if spec == nil {
		return nil, fmt.Errorf("file %s has partition spec %d, which the table does not know", df.FilePath(), df.SpecID())
	}
	out := map[string]any{}
	values := df.Partition()
	for _, f := range spec.Fields() {
		col, ok := sc.FindFieldByID(f.SourceID())
		if _, identity := f.Transform.(iceberg.IdentityTransform); !ok || !identity {
			continue // written by another engine with a partitioning that is not ours
		}
		switch v := values[f.FieldID].(type) {
		case iceberg.Date:
			out[col.Name] = time.Unix(int64(v)*86400, 0).UTC()
		default:
			out[col.Name] = v
			if n, ok := v.(int32); ok && col.Type.Equals(iceberg.PrimitiveTypes.Date) {
				out[col.Name] = time.Unix(int64(n)*86400, 0).UTC()
			}
		}
	}
	return out, nil
}
