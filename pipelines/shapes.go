package pipelines

import (
	"errors"
	"fmt"
	"slices"
	"sort"
	"strings"

	"github.com/fourmarketing/waybill"
	"github.com/fourmarketing/waybill/transforms/typing"
)

// RawColumns is the shape of every raw table: the union of what the contracts say, in order of first mention. Two contracts that
// give one column different types cannot share a table. Tables that are declared for several contracts have the declared columns first, and
// are there even when no contract fills them.
func RawColumns(all []Pipeline, declared map[waybill.TableName][]waybill.Column) (map[waybill.TableName][]waybill.Column, error) {
	shapes := map[waybill.TableName][]waybill.Column{}
	types := map[string]waybill.Type{}
	for table, columns := range declared {
		for _, c := range append(slices.Clone(columns), typing.Lineage()...) {
			types[table.String()+"."+c.Name] = c.Type
			shapes[table] = append(shapes[table], c)
		}
	}
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

// RowPerRecord tells whether every record of the feed that is loaded is one row of one table.
func (f Feed) RowPerRecord() bool {
	if len(f.TableNames()) != 1 {
		return false
	}
	t := f.Tables[0]
	return len(t.Each) == 0 && t.Where.Path == ""
}

// Written are the raw tables that a contract fills.
func Written(all []Pipeline) map[waybill.TableName]bool {
	out := map[waybill.TableName]bool{}
	for _, p := range all {
		for _, f := range p.Feeds {
			for _, table := range f.TableNames() {
				out[table] = true
			}
		}
	}
	return out
}

// Asked are the worklists of raw tables that only answers fill: without a row in one of them nothing comes.
func Asked(all []Pipeline) map[waybill.TableName][]string {
	asked, sent := map[waybill.TableName][]string{}, map[waybill.TableName]bool{}
	for _, p := range all {
		for _, f := range p.Feeds {
			for _, table := range f.TableNames() {
				sent[table] = sent[table] || f.Worklist == ""
				asked[table] = append(asked[table], f.Worklist)
			}
		}
	}
	for table := range sent {
		if sent[table] {
			delete(asked, table)
		}
	}
	return asked
}

// lineageLast keeps the columns that start with an underscore at the end, where readers look for them.
func lineageLast(columns []waybill.Column) []waybill.Column {
	sort.SliceStable(columns, func(i, j int) bool {
		return !strings.HasPrefix(columns[i].Name, "_") && strings.HasPrefix(columns[j].Name, "_")
	})
	return columns
}
