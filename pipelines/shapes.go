package pipelines

import (
	"errors"
	"fmt"
	"sort"
	"strings"

	"github.com/fourmarketing/waybill"
)

// RawColumns is the shape of every raw table: the union of what the contracts say, in order of first mention. Two contracts that
// give one column different types cannot share a table.
func RawColumns(all []Pipeline) (map[waybill.TableName][]waybill.Column, error) {
	shapes := map[waybill.TableName][]waybill.Column{}
	types := map[string]waybill.Type{}
	var problems []error
	for _, p := range all {
		for _, f := range p.Feeds {
			for _, table := range f.TableNames() {
				for _, c := range f.Columns(table) {
					key := table.String() + "." + c.Name
					was, known := types[key]
					switch {
					case !known:
						types[key] = c.Type
						shapes[table] = append(shapes[table], c)
					case was != c.Type:
						problems = append(problems, fmt.Errorf("%s: feed %s: %s is %s here and %s in another contract", p.Origin, f.Name, key, c.Type, was))
					}
				}
			}
		}
	}
	for table, columns := range shapes {
		shapes[table] = lineageLast(columns)
	}
	return shapes, errors.Join(problems...)
}

// lineageLast keeps the columns that start with an underscore at the end, where readers look for them.
func lineageLast(columns []waybill.Column) []waybill.Column {
	sort.SliceStable(columns, func(i, j int) bool {
		return !strings.HasPrefix(columns[i].Name, "_") && strings.HasPrefix(columns[j].Name, "_")
	})
	return columns
}
