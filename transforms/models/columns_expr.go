package models

import (
	"strings"

	"github.com/fourmarketing/waybill"
)

// expression says what a value is made of: every column in it, also those of its conditions.
func (t *tracer) expression(e map[string]any, in *env) flow {
	switch class := str(e, "class"); {
	case class == "COLUMN_REF":
		return t.reference(texts(e, "column_names"), place(e), in)
	case class == "CONSTANT":
		return flow{words: constant(e)}
	case class == "SUBQUERY":
		return t.subquery(e, in)
	case class == "STAR":
		return flow{}
	case class == "COMPARISON":
		return t.compare(e, []map[string]any{object(e, "left"), object(e, "right")}, in)
	case str(e, "type") == "COMPARE_IN" || str(e, "type") == "COMPARE_NOT_IN":
		return t.compare(e, objects(e, "children"), in)
	case class == "CASE":
		return t.choice(e, in)
	case class == "LAMBDA":
		return flow{from: t.inside(object(e, "expr"), &env{aliases: parameters(object(e, "lhs")), outer: in})}
	default:
		return t.call(e, in)
	}
}

// choice is case … when: its words are those of its branches.
func (t *tracer) choice(e map[string]any, in *env) flow {
	out := flow{words: vocabulary{known: true}}
	for _, check := range objects(e, "case_checks") {
		out.from = merged(out.from, t.expression(object(check, "when_expr"), in).from)
		then := t.expression(object(check, "then_expr"), in)
		out.from, out.words = merged(out.from, then.from), out.words.or(then.words)
	}
	if otherwise := object(e, "else_expr"); otherwise != nil {
		f := t.expression(otherwise, in)
		out.from, out.words = merged(out.from, f.from), out.words.or(f.words)
	}
	return out
}

// keepers are functions that give one of their first argument's values, or none.
var keepers = map[string]bool{
	"min": true, "max": true, "any_value": true, "arbitrary": true, "first": true, "last": true, "min_by": true, "max_by": true, "arg_min": true, "arg_max": true,
	"lag": true, "lead": true, "first_value": true, "last_value": true, "nth_value": true, "nullif": true,
}

// call is a function, an operator, a cast or a window.
func (t *tracer) call(e map[string]any, in *env) flow {
	var out flow
	children := objects(e, "children")
	if child := object(e, "child"); child != nil {
		children = append(children, child)
	}
	name := strings.ToLower(str(e, "function_name"))
	words := vocabulary{}
	for i, child := range children {
		f := t.expression(child, in)
		out.from = merged(out.from, f.from)
		switch {
		case str(e, "type") == "OPERATOR_COALESCE" && i > 0:
			words = words.or(f.words)
		case i == 0:
			words = f.words
		case (name == "lag" || name == "lead") && i == 2: // what stands where there is no such row
			words = words.or(f.words)
		}
	}
	if otherwise := object(e, "default_expr"); otherwise != nil { // the same, in a tree that names it
		words = words.or(t.expression(otherwise, in).words)
	}
	to := str(object(e, "cast_type"), "id")
	if keepers[name] || str(e, "type") == "OPERATOR_COALESCE" || (str(e, "type") == "OPERATOR_CAST" && to == "VARCHAR") {
		out.words = words
	}
	for _, k := range sortedKeys(e) {
		if k != "children" && k != "child" && k != "cast_type" {
			out.from = merged(out.from, t.inside(e[k], in))
		}
	}
	return out
}

// parameters are the names that a lambda gives its arguments: one column, or a row of them.
func parameters(lhs map[string]any) []column {
	var out []column
	if names := texts(lhs, "column_names"); len(names) == 1 {
		out = append(out, column{name: names[0], at: -1})
	}
	for _, child := range objects(lhs, "children") {
		out = append(out, parameters(child)...)
	}
	return out
}

// inside finds the expressions in any part of the tree and what they are made of.
func (t *tracer) inside(v any, in *env) map[ColumnName]bool {
	var out map[ColumnName]bool
	switch v := v.(type) {
	case []any:
		for _, e := range v {
			out = merged(out, t.inside(e, in))
		}
	case map[string]any:
		if str(v, "class") != "" {
			return t.expression(v, in).from
		}
		for _, k := range sortedKeys(v) {
			out = merged(out, t.inside(v[k], in))
		}
	}
	return out
}

// subquery is a select within an expression: one value, exists, or a value in its rows.
func (t *tracer) subquery(e map[string]any, in *env) flow {
	s := t.query(object(object(e, "subquery"), "node"), in)
	out := flow{}
	if child := object(e, "child"); child != nil {
		out.from = t.expression(child, in).from
	}
	for _, c := range s.columns {
		out.from = merged(out.from, c.flow.from)
	}
	if str(e, "subquery_type") == "SCALAR" && len(s.columns) == 1 {
		out.words, out.plain = s.columns[0].flow.words, s.columns[0].flow.plain
	}
	return out
}

// reference finds what a name means: of the nearest relations first, then of the select list, then further out.
func (t *tracer) reference(names []string, at int, in *env) flow {
	missing := absence{name: names[len(names)-1], at: at}
	for e := in; e != nil; e = e.outer {
		f, found, among := within(names, e)
		if found {
			t.use(f, at)
			return f
		}
		missing.tables = append(missing.tables, among...)
	}
	if len(missing.tables) > 0 {
		t.absent = append(t.absent, missing)
	}
	return flow{}
}

// within looks a name up in one place. It may be qualified, and go on into a value's fields. What is not found is not in the tables returned.
func within(names []string, e *env) (f flow, found bool, among []waybill.TableName) {
	for _, r := range e.relations {
		if rest := r.unqualified(names); rest != nil {
			f, found = r.column(rest[0])
			return f.field(len(rest) - 1), found, r.tables
		}
	}
	var open []relation
	for _, r := range e.relations {
		if c := r.listed(names[0]); c != nil {
			return c.flow.field(len(names) - 1), true, nil
		}
		if r.open {
			open = append(open, r)
		}
		among = append(among, r.tables...)
	}
	for _, c := range e.aliases {
		if strings.EqualFold(c.name, names[0]) {
			return c.flow.field(len(names) - 1), true, nil
		}
	}
	switch len(open) {
	case 0:
		return flow{}, false, among
	case 1:
		f, found = open[0].column(names[0])
		return f.field(len(names) - 1), found, among
	default:
		return flow{}, true, nil // of one of them, but nobody says of which
	}
}

// unqualified is a name without the relation's, nil where it does not begin with that.
func (r relation) unqualified(names []string) []string {
	if len(names) > 1 && strings.EqualFold(names[0], r.name) {
		return names[1:]
	}
	if len(names) > 2 && r.schema != "" && strings.EqualFold(names[0], r.schema) && strings.EqualFold(names[1], r.name) {
		return names[2:]
	}
	return nil
}

func (r relation) listed(name string) *column {
	for i := range r.columns {
		if strings.EqualFold(r.columns[i].name, name) {
			return &r.columns[i]
		}
	}
	return nil
}

// column is a column of the relation. One that may have others has every one; whose it is can be told where they are a single table's.
func (r relation) column(name string) (flow, bool) {
	if c := r.listed(name); c != nil {
		return c.flow, true
	}
	if r.open && len(r.tables) == 1 {
		return flow{from: map[ColumnName]bool{{Table: r.tables[0], Name: strings.ToLower(name)}: true}, plain: true}, true
	}
	return flow{}, r.open
}

// field is a part of a value, so many levels below it; at none it is the value itself.
func (f flow) field(below int) flow {
	if below > 0 {
		f.plain, f.words = false, vocabulary{}
	}
	return f
}

// use notes that a select reads columns.
func (t *tracer) use(f flow, at int) {
	for c := range f.from {
		if _, known := t.reads[c]; !known {
			t.reads[c] = at
		}
	}
}
