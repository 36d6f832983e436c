package models

import (
	"bytes"
	"maps"
	"slices"
	"strings"

	"github.com/fourmarketing/waybill"
)

// supply says what has to have rows for a select to have any: a table, all of several (an inner join), or one of several (a union). The zero
// value is a select that has rows whatever is in its tables. Conditions are not looked at: where supply says no, there are none.
type supply struct {
	table waybill.TableName
	all   []supply
	any   []supply
}

func (s supply) holds(filled func(waybill.TableName) bool) bool {
	if s.table != (waybill.TableName{}) && !filled(s.table) {
		return false
	}
	for _, one := range s.all {
		if !one.holds(filled) {
			return false
		}
	}
	for _, one := range s.any {
		if one.holds(filled) {
			return true
		}
	}
	return len(s.any) == 0
}

// Filled tells of each model whether it can have rows, given which of the tables that no model builds have some. Of tables that only answers
// fill, asked names the worklists: who has nothing to ask for gets no answer.
func (p *Project) Filled(leaf func(waybill.TableName) bool, asked map[waybill.TableName][]string) map[waybill.TableName]bool {
	var filled map[waybill.TableName]bool
	for {
		before := filled
		answered := func(t waybill.TableName) bool {
			return leaf(t) && (len(asked[t]) == 0 || slices.ContainsFunc(asked[t], func(name string) bool { return p.asksFor(name, before, leaf) }))
		}
		if filled = p.filledFrom(answered); maps.Equal(filled, before) {
			return filled
		}
	}
}

// asksFor tells whether a worklist can have rows.
func (p *Project) asksFor(name string, filled map[waybill.TableName]bool, leaf func(waybill.TableName) bool) bool {
	w, err := p.Worklist(name)
	return err == nil && w.facts != nil && w.facts.supply.holds(p.has(filled, leaf))
}

// has tells whether a table has rows, a model by what is known of it.
func (p *Project) has(filled map[waybill.TableName]bool, leaf func(waybill.TableName) bool) func(waybill.TableName) bool {
	return func(t waybill.TableName) bool {
		if p.byName[t] != nil {
			return filled[t]
		}
		if s := p.seeds[t]; s != nil {
			return s.hasRows()
		}
		return leaf(t)
	}
}

func (p *Project) filledFrom(leaf func(waybill.TableName) bool) map[waybill.TableName]bool {
	out := map[waybill.TableName]bool{}
	for _, m := range p.models {
		if m.fact != nil {
			for _, from := range m.fact.From {
				out[m.Name] = out[m.Name] || (out[from.Name] && p.sent(from, leaf))
			}
			continue
		}
		out[m.Name] = m.facts == nil || m.facts.supply.holds(p.has(out, leaf))
	}
	return out
}

// sent tells whether somebody sends what a staging model is about: some read the run's own state besides.
func (p *Project) sent(m *Model, leaf func(waybill.TableName) bool) bool {
	for _, t := range p.Leaves(m) {
		if t.Namespace == schemaRaw && leaf(t) {
			return true
		}
	}
	return false
}

// hasRows tells whether there is a line below the header.
func (s *Seed) hasRows() bool {
	_, rest, _ := bytes.Cut(bytes.TrimSpace(s.data), []byte("\n"))
	return len(rest) > 0
}

// supplyOf reads it from the syntax tree of a select; known are the CTEs in sight.
func supplyOf(node map[string]any, known map[string]supply) supply {
	inner := map[string]supply{}
	for name, s := range known {
		inner[name] = s
	}
	for _, e := range cteEntries(node) {
		value, _ := e["value"].(map[string]any)
		query, _ := value["query"].(map[string]any)
		body, _ := query["node"].(map[string]any)
		inner[strings.ToLower(str(e, "key"))] = supplyOf(body, inner)
	}
	switch str(node, "type") {
	case "SELECT_NODE":
		if totals(node) {
			return supply{}
		}
		from, _ := node["from_table"].(map[string]any)
		f := tables{known: inner, parts: map[string]string{}}
		f.restrict(node["where_clause"])
		f.restrict(from)
		return f.supply(from)
	case "SET_OPERATION_NODE":
		return supplyOfSet(node, inner)
	}
	return supply{}
}

func supplyOfSet(node map[string]any, known map[string]supply) supply {
	children, _ := node["children"].([]any)
	if len(children) == 0 {
		children = []any{node["left"], node["right"]}
	}
	var parts []supply
	for _, c := range children {
		child, _ := c.(map[string]any)
		parts = append(parts, supplyOf(child, known))
	}
	switch str(node, "setop_type") {
	case "EXCEPT":
		return parts[0]
	case "INTERSECT":
		return supply{all: parts}
	}
	return supply{any: parts}
}

// tables reads the tables of one select.
type tables struct {
	known map[string]supply // CTEs in sight
	parts map[string]string // alias of a table → what its rows are restricted to by role = '…'
}

// PartOf is how Filled asks for the rows of a state table that have a role: ops.links, shop → ops.links[shop].
func PartOf(table waybill.TableName, role string) waybill.TableName {
	return waybill.TableName{Namespace: table.Namespace, Name: table.Name + "[" + role + "]"}
}

// restrict looks through the conditions for role = '…'.
func (f tables) restrict(v any) {
	switch v := v.(type) {
	case []any:
		for _, e := range v {
			f.restrict(e)
		}
	case map[string]any:
		switch str(v, "type") {
		case "SUBQUERY", "CONJUNCTION_OR", "OPERATOR_NOT", "CASE_EXPR":
			return
		case "COMPARE_EQUAL":
			left, _ := v["left"].(map[string]any)
			right, _ := v["right"].(map[string]any)
			names, _ := left["column_names"].([]any)
			value, _ := right["value"].(map[string]any)
			word, isText := value["value"].(string)
			if n := len(names); isText && n > 0 && names[n-1] == "role" {
				alias := ""
				if n > 1 {
					alias, _ = names[n-2].(string)
				}
				f.parts[strings.ToLower(alias)] = word
			}
		}
		for _, e := range v {
			f.restrict(e)
		}
	}
}

func (f tables) supply(from map[string]any) supply {
	side := func(key string) supply {
		m, _ := from[key].(map[string]any)
		return f.supply(m)
	}
	switch str(from, "type") {
	case "BASE_TABLE":
		return f.base(from)
	case "SUBQUERY":
		query, _ := from["subquery"].(map[string]any)
		node, _ := query["node"].(map[string]any)
		return supplyOf(node, f.known)
	case "JOIN":
		switch str(from, "join_type") {
		case "LEFT", "SINGLE", "MARK", "ANTI":
			return side("left")
		case "RIGHT":
			return side("right")
		case "FULL", "OUTER":
			return supply{any: []supply{side("left"), side("right")}}
		}
		return supply{all: []supply{side("left"), side("right")}}
	}
	return supply{}
}

func (f tables) base(from map[string]any) supply {
	name := strings.ToLower(str(from, "table_name"))
	schema := strings.ToLower(str(from, "schema_name"))
	if schema == "" {
		return f.known[name]
	}
	table := waybill.TableName{Namespace: schema, Name: name}
	if schema == schemaOps {
		for _, alias := range []string{strings.ToLower(str(from, "alias")), ""} {
			if part := f.parts[alias]; part != "" {
				return supply{table: PartOf(table, part)}
			}
		}
	}
	return supply{table: table}
}

// totals tells whether a select sums up without groups: that gives a row of nothing too.
func totals(node map[string]any) bool {
	if groups, _ := node["group_expressions"].([]any); len(groups) > 0 || str(node, "aggregate_handling") == "FORCE_AGGREGATES" {
		return false
	}
	list, _ := node["select_list"].([]any)
	for _, item := range list {
		if aggregates(item) {
			return true
		}
	}
	return false
}

// aggregates looks for an aggregate function, not inside a window or a subquery.
func aggregates(v any) bool {
	switch v := v.(type) {
	case []any:
		for _, e := range v {
			if aggregates(e) {
				return true
			}
		}
	case map[string]any:
		kind := str(v, "type")
		if kind == "SUBQUERY" || strings.HasPrefix(kind, "WINDOW_") || str(v, "class") == "WINDOW" {
			return false
		}
		if kind == "FUNCTION" && aggregateNames[strings.ToLower(str(v, "function_name"))] {
			return true
		}
		for _, e := range v {
			if aggregates(e) {
				return true
			}
		}
	}
	return false
}

// aggregateNames are the aggregates that models use.
var aggregateNames = map[string]bool{
	"count": true, "count_star": true, "sum": true, "min": true, "max": true, "avg": true, "array_agg": true, "bool_or": true, "bool_and": true,
	"min_by": true, "max_by": true,
}
