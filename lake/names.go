package lake

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/apache/iceberg-go"
	"github.com/apache/iceberg-go/table"

	"github.com/fourmarketing/waybill"
)

// columnsProperty says which field is which of Waybill's columns: {"order_id":1,"_line":2}. Iceberg knows a column by its
// field id and lets every engine rename it; Waybill goes on to call it what its contract says.
const columnsProperty = "waybill.columns"

// ownSchema is a table's schema with each column under Waybill's name for it. A column of another engine keeps its own
// name, followed by its field id where Waybill has a column of that name already.
func ownSchema(t *table.Table) (*iceberg.Schema, error) {
	sc := t.Schema()
	ids, err := recordedIDs(t)
	if err != nil || len(ids) == 0 {
		return sc, err
	}
	ours, taken := map[int]string{}, map[string]bool{}
	for name, id := range ids {
		if _, ok := sc.FindFieldByID(id); ok {
			ours[id], taken[strings.ToLower(name)] = name, true
		}
	}
	fields := make([]iceberg.NestedField, 0, sc.NumFields())
	for _, f := range sc.Fields() {
		if name, ok := ours[f.ID]; ok {
			f.Name = name
		} else {
			for taken[strings.ToLower(f.Name)] {
				f.Name += "_" + strconv.Itoa(f.ID)
			}
			taken[strings.ToLower(f.Name)] = true
		}
		fields = append(fields, f)
	}
	return iceberg.NewSchemaWithIdentifiers(sc.ID, sc.IdentifierFieldIDs, fields...), nil
}

// recordedIDs are the field ids by Waybill's names; none for a table that was made before they were written down.
func recordedIDs(t *table.Table) (map[string]int, error) {
	text := t.Properties()[columnsProperty]
	if text == "" {
		return nil, nil //nolint:nilnil // nothing is recorded, and that is no error
	}
	ids := map[string]int{}
	if err := json.Unmarshal([]byte(text), &ids); err != nil {
		return nil, fmt.Errorf("read the table property %s: %w; it says which field id is which column: restore it, or unset it if no column was renamed", columnsProperty, err)
	}
	return ids, nil
}

// columnIDs is the text of the property for a table that has all columns of a spec: those, and those recorded before
// that are still there. Where nothing is recorded every column counts as Waybill's.
func columnIDs(t *table.Table, columns []waybill.Column) (string, error) {
	sc, err := ownSchema(t)
	if err != nil {
		return "", err
	}
	before, err := recordedIDs(t)
	if err != nil {
		return "", err
	}
	ids := map[string]int{}
	for _, f := range sc.Fields() {
		if before == nil || before[f.Name] == f.ID {
			ids[f.Name] = f.ID
		}
	}
	for _, c := range columns {
		f, ok := sc.FindFieldByName(c.Name)
		if !ok {
			return "", fmt.Errorf("column %s is not in the table", c.Name)
		}
		ids[c.Name] = f.ID
	}
	text, err := json.Marshal(ids)
	return string(text), err
}

// setKey makes columns the identifier fields of a table whose files are all given, in the same commit as those. Iceberg
// wants identifier fields required, and never floating point; where a file has a null in one, the table has no key.
func setKey(tx *table.Transaction, t *table.Table, key []string, files []iceberg.DataFile) error {
	sc, err := ownSchema(t)
	if err != nil {
		return err
	}
	ids := map[int]bool{}
	for _, name := range key {
		f, ok := sc.FindFieldByName(name)
		if !ok {
			return fmt.Errorf("key column %s is not in the table; call Ensure first", name)
		}
		if f.Type.Equals(iceberg.PrimitiveTypes.Float64) {
			return fmt.Errorf("key column %s is DOUBLE; rows are told apart by exact values only", name)
		}
		ids[f.ID] = true
	}
	for id := range ids {
		if hasNull(files, id) {
			clear(ids)
		}
	}
	change := tx.UpdateSchema(true, true) // optional to required: every file was just looked at
	var names [][]string
	for _, f := range t.Schema().Fields() { // by the names that the table has now, whoever gave them
		if ids[f.ID] {
			names = append(names, []string{f.Name})
		}
		if f.Required != ids[f.ID] {
			change.UpdateColumn([]string{f.Name}, table.ColumnUpdate{Required: iceberg.Optional[bool]{Val: ids[f.ID], Valid: true}})
		}
	}
	if err := change.SetIdentifierField(names).Commit(); err != nil {
		return fmt.Errorf("set the key (%s): %w", strings.Join(key, ", "), err)
	}
	return nil
}

// hasNull tells whether a column has a null in a file, or no count of them, as where the file lacks the column.
func hasNull(files []iceberg.DataFile, id int) bool {
	for _, df := range files {
		if n, counted := df.NullValueCounts()[id]; !counted || n > 0 {
			return true
		}
	}
	return false
}

// checkRequired refuses files with nulls in a column that the table has as required.
func checkRequired(t *table.Table, files []iceberg.DataFile) error {
	sc, err := ownSchema(t)
	if err != nil {
		return err
	}
	var problems []error
	for _, f := range sc.Fields() {
		if f.Required && hasNull(files, f.ID) {
			problems = append(problems, fmt.Errorf("column %s is part of the table's key and has nulls in a file", f.Name))
		}
	}
	return errors.Join(problems...)
}
