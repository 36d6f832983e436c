package models

import (
	"fmt"
	"slices"
	"strings"

	"github.com/goccy/go-yaml/ast"

	"github.com/fourmarketing/waybill"
	"github.com/fourmarketing/waybill/transforms/duck"
)

// RawRows says how each row of a raw table is counted in a staging model that conforms to a fact: which row of the model tells it, and which
// are left out, each kind under a name. The rest would be lost without a word, so a check of each build looks for it.
type RawRows struct {
	Table   waybill.TableName
	ToldBy  []ToldBy  // how the model's row is known; by file and line if nothing is said
	LeftOut []LeftOut // kinds of rows that are left out on purpose; the first that applies names the row

	line int
	deps []waybill.TableName
}

// ToldBy pairs what the model has with what the raw row has.
type ToldBy struct {
	Model string // expression over the model's columns
	Raw   string // expression over the raw table's, whose alias is r
}

// LeftOut is a kind of rows that are left out.
type LeftOut struct {
	Name string
	When string // condition on the raw row
}

var rawRowsKeys = []string{"told_by", "left_out"}

// byFileAndLine is how a row is known that comes through as it is.
var byFileAndLine = []ToldBy{{"_file_id", "_file_id"}, {"_line", "_line"}}

func (r *yamlReader) rawRows(n ast.Node) []RawRows {
	var out []RawRows
	for _, e := range r.object(n, nil) {
		rows := RawRows{Table: parseName(e.key), ToldBy: byFileAndLine, line: r.lineOf(e.node)}
		if rows.Table.Namespace != schemaRaw {
			r.fail(e.node, "rows of %s: a table raw.… is expected", e.key)
			continue
		}
		for _, k := range r.object(e.value, rawRowsKeys) {
			switch k.key {
			case "told_by":
				rows.ToldBy = nil
				for _, by := range r.object(k.value, nil) {
					rows.ToldBy = append(rows.ToldBy, ToldBy{Model: by.key, Raw: r.text(by.value)})
				}
			case "left_out":
				for _, kind := range r.object(k.value, nil) {
					rows.LeftOut = append(rows.LeftOut, LeftOut{Name: kind.key, When: r.text(kind.value)})
				}
			}
		}
		if len(rows.ToldBy) == 0 {
			r.fail(e.node, "rows of %s: told_by pairs columns of the model with what the raw row has: {order_id: cast(order_no as varchar)}", e.key)
			continue
		}
		out = append(out, rows)
	}
	return out
}

// kind is an expression that names why a row is left out, null for one that is not.
func (r RawRows) kind() string {
	if len(r.LeftOut) == 0 {
		return "cast(null as varchar)"
	}
	text := "case"
	for _, l := range r.LeftOut {
		text += " when " + l.When + " then " + duck.Literal(l.Name)
	}
	return text + " end"
}

// lost is a select of the raw rows that are neither told nor left out. rows is where the model's are looked for: a table, with the column that
// has the source.
func (r RawRows) lost(rows, source string) string {
	var raw, same []string
	for i, by := range r.ToldBy {
		raw = append(raw, fmt.Sprintf("%s as told_%d", by.Raw, i+1))
		same = append(same, fmt.Sprintf("m.told_%d is not distinct from r.told_%d", i+1, i+1))
	}
	model := make([]string, len(r.ToldBy))
	for i, by := range r.ToldBy {
		model[i] = fmt.Sprintf("%s as told_%d", by.Model, i+1)
	}
	return "select r._source as source, '" + r.Table.String() + "' as raw_table, r._file_id, r._line\nfrom (select r._source, r._file_id, r._line, " +
		strings.Join(raw, ", ") + " from " + r.Table.String() + " as r where " + r.kind() + " is null) as r\nwhere not exists (select 1 from (select " +
		source + " as source_of_row, " + strings.Join(model, ", ") + " from " + rows + ") as m where m.source_of_row = r._source and " + strings.Join(same, " and ") + ")"
}

// countedRows gives the models that conform to a fact how rows are counted of the raw tables for which no head says it: each row by itself. A
// table that such a model reads only through others has to be named.
func (r *reader) countedRows() {
	said := map[waybill.TableName]bool{}
	for _, m := range r.models {
		for _, rows := range m.Head.Rows {
			said[rows.Table] = true
		}
	}
	for _, m := range r.models {
		if m.Head.ConformsTo == "" || m.facts == nil {
			if len(m.Head.Rows) > 0 {
				r.fail(m.Path, m.Head.Rows[0].line, "rows: only a model that conforms to a fact says how rows are counted")
			}
			continue
		}
		r.toldByColumns(m)
		for _, t := range m.Deps {
			if t.Namespace == schemaRaw && !said[t] {
				m.Head.Rows = append(m.Head.Rows, RawRows{Table: t, ToldBy: byFileAndLine, line: 1, deps: []waybill.TableName{t}})
			}
		}
		through := r.project.reached(m.Deps)
		for _, t := range sortedNames(through) {
			if t.Namespace == schemaRaw && !said[t] && !slices.Contains(m.Deps, t) && !r.readByConforming(t) {
				r.fail(m.Path, 1, "rows of %s: no head says how they are counted; say rows: {%s: {told_by: {…}, left_out: {…}}} in the head of a model that conforms to a fact", t, t)
				said[t] = true
			}
		}
	}
}

// readByConforming tells whether a model that conforms to a fact reads a raw table itself.
func (r *reader) readByConforming(t waybill.TableName) bool {
	return slices.ContainsFunc(r.models, func(m *Model) bool { return m.Head.ConformsTo != "" && slices.Contains(m.Deps, t) })
}

func sortedNames(set map[waybill.TableName]bool) []waybill.TableName {
	out := make([]waybill.TableName, 0, len(set))
	for t := range set {
		out = append(out, t)
	}
	sortNames(out)
	return out
}

// rowChecks are the checks that no row of the raw tables under a fact is lost.
func (f *Fact) rowChecks() []check {
	var out []check
	for _, m := range f.From {
		for _, rows := range m.Head.Rows {
			out = append(out, check{
				model: m, name: "rows_of " + rows.Table.String(), severity: SeverityWarn, line: rows.line, deps: slices.Concat(rows.deps, []waybill.TableName{m.Name}),
				// The fact has all that the model has, but what happened later than the run asks about: where nothing is missed in it, nothing is.
				first: rows.lost("(select * from "+f.Name.String()+" where partner = "+duck.Literal(m.Area)+")", "source"),
				query: rows.lost(m.Name.String(), "_source"),
			})
		}
	}
	return out
}

// leftOutTable is the generated table of raw rows that are left out on purpose.
var leftOutTable = waybill.TableName{Namespace: Canonical, Name: "left_out"}

// leftOut is the model of the rows that the models leave out, nil if they leave out none.
func leftOut(of []*Model) *Model {
	var selects []string
	deps := map[waybill.TableName]bool{}
	m := &Model{Name: leftOutTable, Area: "partners", file: Canonical, line: 1, Head: Head{
		Description: "Raw rows that no fact has on purpose, counted by the reason for which the partner's model leaves them out, with the line of one.",
		Grain:       "one row per source, raw table and reason", Severity: SeverityError,
	}}
	for _, partners := range of {
		for _, rows := range partners.Head.Rows {
			if len(rows.LeftOut) == 0 {
				continue
			}
			m.Path = partners.Path
			for _, d := range rows.deps {
				deps[d] = true
			}
			selects = append(selects, fmt.Sprintf(`select
    '%s' as partner,
    source,
    '%s' as raw_table,
    why,
    count(*) as rows_count,
    min({'file': _file_id, 'line': _line}) as example
from (select r._source as source, r._file_id, r._line, %s as why from %s as r)
where why is not null
group by source, why`, partners.Area, rows.Table, rows.kind(), rows.Table))
		}
	}
	if len(selects) == 0 {
		return nil
	}
	m.Deps = sortedNames(deps)
	m.SQL = "select partner, source, raw_table, why, rows_count, example.file as _file_id, example.line as _line\nfrom (\n" +
		strings.Join(selects, "\nunion all\n") + "\n)"
	return m
}

// addLeftOut makes the table of rows that are left out, once all models are known. What it reads is known when their conditions are parsed.
func (r *reader) addLeftOut() {
	if m := leftOut(r.models); m != nil {
		r.depth = 0 // nobody's file: the engine makes it
		r.addModel(m)
	}
}

// readRawRows has the SQL that counts raw rows parsed with the rest, to find its tables and its mistakes.
func (r *reader) readRawRows(m *Model, rows *RawRows) {
	prefix := "select "
	text := rows.kind()
	for _, by := range rows.ToldBy {
		text += ", " + by.Raw
	}
	r.parsed = append(r.parsed, parsed{
		snippet: &snippet{path: m.Path, line: rows.line, prefix: len(prefix), sql: prefix + text + " from " + rows.Table.String() + " as r"},
		of:      m,
		use: func(f *facts) {
			rows.deps = r.known(m.Path, &snippet{path: m.Path, line: rows.line}, f)
		},
	})
}

// toldByColumns complains of columns that pair with raw rows and that the model has not.
func (r *reader) toldByColumns(m *Model) {
	if m.facts == nil || m.facts.output == nil {
		return // said elsewhere
	}
	var names []string
	for _, c := range m.facts.output {
		names = append(names, c.name)
	}
	for _, rows := range m.Head.Rows {
		for _, by := range rows.ToldBy {
			if plainName.MatchString(by.Model) && !slices.Contains(names, by.Model) {
				r.fail(m.Path, rows.line, "rows of %s: told_by %s is no column of the model%s", rows.Table, by.Model, didYouMean(by.Model, names))
			}
		}
	}
}
