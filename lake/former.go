package lake

import (
	"encoding/json"
	"fmt"
	"slices"

	"github.com/apache/iceberg-go"
	"github.com/apache/iceberg-go/table"

	"github.com/fourmarketing/waybill"
)

// formerProperty says which fields a column was before its type changed: {"amount":[{"id":4,"type":"DECIMAL(18,2)"}]}, the newest first. Iceberg
// knows no way from DECIMAL(18,2) to DECIMAL(18,4): such a column becomes another field under the same name, and files of before have the old one.
const formerProperty = "waybill.former"

// Former is a field that a column was before its type changed: files written then have its values.
type Former struct {
	ID   int          `json:"id"`
	Type waybill.Type `json:"type"`
}

func formerFields(t *table.Table) (map[string][]Former, error) {
	text := t.Properties()[formerProperty]
	if text == "" {
		return map[string][]Former{}, nil
	}
	out := map[string][]Former{}
	if err := json.Unmarshal([]byte(text), &out); err != nil {
		return nil, fmt.Errorf("read the table property %s: %w; it says which fields a column was: restore it", formerProperty, err)
	}
	return out, nil
}

// withFormer is the property after columns became other fields; empty where none ever did.
func withFormer(t *table.Table, changed map[string]Former) (string, error) {
	all, err := formerFields(t)
	if err != nil {
		return "", err
	}
	for name, f := range changed {
		all[name] = append([]Former{f}, all[name]...)
	}
	if len(all) == 0 {
		return "", nil
	}
	text, err := json.Marshal(all)
	return string(text), err
}

// fieldsIn are a table's columns under Waybill's names, with what they were.
func fieldsIn(t *table.Table) ([]Field, error) {
	sc, err := ownSchema(t)
	if err != nil {
		return nil, err
	}
	former, err := formerFields(t)
	if err != nil {
		return nil, err
	}
	out := fieldsOf(sc)
	for i := range out {
		out[i].Former = former[out[i].Name]
	}
	return out, nil
}

// ofFormerType tells whether a file was written before a column's type changed, so that other engines read nulls there.
func ofFormerType(fields []Field, df iceberg.DataFile) bool {
	return slices.ContainsFunc(fields, func(f Field) bool {
		_, counted := df.NullValueCounts()[f.ID]
		return len(f.Former) > 0 && !counted
	})
}
