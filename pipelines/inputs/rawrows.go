package inputs

import (
	"context"
	"fmt"
	"sort"
	"strings"

	"github.com/fourmarketing/waybill"
	"github.com/fourmarketing/waybill/pipelines"
	"github.com/fourmarketing/waybill/transforms/duck"
)

// rawRows is the table of how many rows of each file every raw table holds: made of all raw tables, so that none can be forgotten.
var rawRows = waybill.TableName{Namespace: "ops", Name: "raw_rows"}

func rawRowsColumns() []waybill.Column {
	return columns("raw_table _file_id", "rows_count")
}

// rawTables are the raw tables that a contract fills, sorted by name.
func (v *View) rawTables() []waybill.TableName {
	var out []waybill.TableName
	for name := range v.scans {
		if name.Namespace == "raw" {
			out = append(out, name)
		}
	}
	sort.Slice(out, func(a, b int) bool { return out[a].Name < out[b].Name })
	return out
}

func (v *View) rawRowsVersion() string {
	var parts []string
	for _, name := range v.rawTables() {
		parts = append(parts, name.Name, v.versions[name])
	}
	return pipelines.Digest(parts...)
}

func (v *View) rawRowsSelect(ctx context.Context) (string, error) {
	var selects []string
	for _, name := range v.rawTables() {
		text, err := v.Relation(ctx, name)
		if err != nil {
			return "", err
		}
		selects = append(selects, fmt.Sprintf("select %s as raw_table, _file_id, count(*) as rows_count from (%s) group by _file_id",
			duck.Literal(name.String()), text))
	}
	if len(selects) == 0 {
		return emptySelect(rawRowsColumns()), nil
	}
	return strings.Join(selects, " union all "), nil
}

// emptySelect gives no rows of the columns' types.
func emptySelect(columns []waybill.Column) string {
	items := make([]string, len(columns))
	for i, c := range columns {
		items[i] = fmt.Sprintf("cast(null as %s) as %s", c.Type, duck.Ident(c.Name))
	}
	return "select " + strings.Join(items, ", ") + " where false"
}
