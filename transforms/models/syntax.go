package models

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"sort"
	"strconv"
	"strings"

	"github.com/fourmarketing/waybill"
)

// facts is what DuckDB's parser says about one select.
type facts struct {
	tables    []tableRef // tables with a schema, in the order of the text
	loose     []tableRef // names without a schema that no CTE in sight has
	functions []tableRef // table functions, in Name.Name
	findings  []finding  // syntax that Trino does not have, casts to floating point, joins
	ctes      []string   // of the outermost select
	endsWith  string     // x when the outermost select is exactly `select * from x`
	output    []outputColumn
	supply    supply         // what has to have rows for it to have some
	tree      map[string]any // DuckDB's syntax tree, while it is needed
}

// outputColumn is a column that a select gives, by name. There are none where it gives some without naming them.
type outputColumn struct {
	name string
	at   int // byte of the SQL
}

type tableRef struct {
	name waybill.TableName
	at   int // byte of the SQL
}

type finding struct {
	kind findingKind
	what string
	at   int
}

type findingKind int

const (
	notPortable findingKind = iota
	floatCast               // what: the alias of the select item it is in
	joins
)

// snippet is SQL to be parsed: a whole model, or an expression of a head dressed as a select.
type snippet struct {
	path   string
	line   int // of the file on which sql starts, from 1
	prefix int // bytes of sql that are not in the file
	sql    string
	facts  *facts
	err    error
}

// lineAt is the line of the file of a byte of the snippet.
func (s *snippet) lineAt(at int) int {
	if at < s.prefix || at > len(s.sql) {
		return s.line
	}
	return s.line + strings.Count(s.sql[s.prefix:at], "\n")
}

// parseAll has DuckDB parse every snippet in one statement.
func parseAll(ctx context.Context, db *sql.DB, snippets []*snippet) error {
	texts := make([]string, len(snippets))
	for i, s := range snippets {
		texts[i] = s.sql
	}
	list, err := json.Marshal(texts)
	if err != nil {
		return fmt.Errorf("parse models: %w", err)
	}
	rows, err := db.QueryContext(ctx, `select cast(key as integer), cast(json_serialize_sql(value ->> '$') as varchar)
		from json_each(?)`, string(list))
	if err != nil {
		return fmt.Errorf("parse models: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var i int
		var tree string
		if err := rows.Scan(&i, &tree); err != nil {
			return fmt.Errorf("parse models: %w", err)
		}
		snippets[i].facts, snippets[i].err = readTree(snippets[i], tree)
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("parse models: %w", err)
	}
	return nil
}

// readTree takes the facts out of what json_serialize_sql returned.
func readTree(s *snippet, text string) (*facts, error) {
	var tree struct {
		Error      bool   `json:"error"`
		Message    string `json:"error_message"`
		Position   string `json:"position"`
		Statements []struct {
			Node map[string]any `json:"node"`
		} `json:"statements"`
	}
	if err := json.Unmarshal([]byte(text), &tree); err != nil {
		return nil, fmt.Errorf("%s:%d: read what DuckDB parsed: %w", s.path, s.line, err)
	}
	if tree.Error {
		at := 0
		if n, err := strconv.Atoi(tree.Position); err == nil {
			at = n
		}
		return nil, fmt.Errorf("%s:%d: %s", s.path, s.lineAt(at), tree.Message)
	}
	if len(tree.Statements) != 1 {
		return nil, fmt.Errorf("%s:%d: %d statements; one select is expected", s.path, s.line, len(tree.Statements))
	}
	node := tree.Statements[0].Node
	w := walker{facts: &facts{tree: node}}
	w.walk(node, nil)
	w.outermost(node)
	w.facts.supply = supplyOf(node, nil)
	w.sort()
	return w.facts, nil
}

// scope is the names of the CTEs that a part of the select can see.
type scope struct {
	names map[string]bool
	outer *scope
}

func (s *scope) has(name string) bool {
	for ; s != nil; s = s.outer {
		if s.names[name] {
			return true
		}
	}
	return false
}

type walker struct {
	facts     *facts
	item      string // alias of the select item being walked
	intervals int    // how many intervals the walk is inside of
}

func (w *walker) walk(v any, in *scope) {
	switch v := v.(type) {
	case []any:
		for _, e := range v {
			w.walk(e, in)
		}
	case map[string]any:
		in = w.walkCTEs(v, in)
		if str(v, "type") == "FUNCTION" && intervalMakers[str(v, "function_name")] {
			w.intervals++
			defer func() { w.intervals-- }()
		}
		w.node(v, in)
		for _, k := range sortedKeys(v) {
			switch k {
			case "cte_map":
			case "select_list":
				w.walkItems(v[k], in)
			default:
				w.walk(v[k], in)
			}
		}
	}
}

// walkItems goes through a select list and remembers the alias that each expression ends up under.
func (w *walker) walkItems(list any, in *scope) {
	items, _ := list.([]any)
	outer := w.item
	for _, i := range items {
		if m, ok := i.(map[string]any); ok {
			w.item = str(m, "alias")
		}
		w.walk(i, in)
	}
	w.item = outer
}

// walkCTEs goes through the `with` of a node. A CTE sees those before it and, being perhaps recursive, itself.
func (w *walker) walkCTEs(v map[string]any, in *scope) *scope {
	entries := cteEntries(v)
	if len(entries) == 0 {
		return in
	}
	inner := &scope{names: map[string]bool{}, outer: in}
	for _, e := range entries {
		value, _ := e["value"].(map[string]any)
		own := &scope{names: map[string]bool{}, outer: inner}
		if isRecursive(value) {
			own.names[strings.ToLower(str(e, "key"))] = true
		}
		w.walk(value, &scope{names: own.names, outer: &scope{names: clone(inner.names), outer: in}})
		inner.names[strings.ToLower(str(e, "key"))] = true
	}
	return inner
}

// outermost notes the CTEs of the whole select and whether it ends in `select * from x`.
func (w *walker) outermost(node map[string]any) {
	for _, e := range cteEntries(node) {
		w.facts.ctes = append(w.facts.ctes, str(e, "key"))
	}
	from, _ := node["from_table"].(map[string]any)
	list, _ := node["select_list"].([]any)
	modifiers, _ := node["modifiers"].([]any)
	if str(node, "type") != "SELECT_NODE" || len(list) != 1 || len(modifiers) != 0 || node["where_clause"] != nil ||
		str(from, "type") != "BASE_TABLE" || str(from, "schema_name") != "" {
		return
	}
	if star, _ := list[0].(map[string]any); str(star, "type") == "STAR" && len(starExtras(star)) == 0 {
		w.facts.endsWith = str(from, "table_name")
		for _, e := range cteEntries(node) {
			if str(e, "key") == w.facts.endsWith {
				value, _ := e["value"].(map[string]any)
				query, _ := value["query"].(map[string]any)
				last, _ := query["node"].(map[string]any)
				w.facts.output = outputOf(last)
			}
		}
	}
}

// outputOf lists the columns that a select gives; nil where a star or an expression without a name is among them. Of a union the first
// select names them.
func outputOf(node map[string]any) []outputColumn {
	for str(node, "type") == "SET_OPERATION_NODE" {
		if children, _ := node["children"].([]any); len(children) > 0 {
			node, _ = children[0].(map[string]any)
			continue
		}
		node, _ = node["left"].(map[string]any)
	}
	list, _ := node["select_list"].([]any)
	var out []outputColumn
	for _, item := range list {
		v, _ := item.(map[string]any)
		name := str(v, "alias")
		if names, _ := v["column_names"].([]any); name == "" && len(names) > 0 {
			name, _ = names[len(names)-1].(string)
		}
		if name == "" || str(v, "type") == "STAR" {
			return nil
		}
		out = append(out, outputColumn{name: name, at: place(v)})
	}
	return out
}

func (w *walker) sort() {
	byPlace := func(refs []tableRef) {
		sort.SliceStable(refs, func(i, j int) bool { return refs[i].at < refs[j].at })
	}
	byPlace(w.facts.tables)
	byPlace(w.facts.loose)
	byPlace(w.facts.functions)
	sort.SliceStable(w.facts.findings, func(i, j int) bool { return w.facts.findings[i].at < w.facts.findings[j].at })
}

func cteEntries(node map[string]any) []map[string]any {
	m, _ := node["cte_map"].(map[string]any)
	list, _ := m["map"].([]any)
	var out []map[string]any
	for _, e := range list {
		if entry, ok := e.(map[string]any); ok {
			out = append(out, entry)
		}
	}
	return out
}

func isRecursive(cte map[string]any) bool {
	query, _ := cte["query"].(map[string]any)
	node, _ := query["node"].(map[string]any)
	return str(node, "type") == "RECURSIVE_CTE_NODE"
}

func str(m map[string]any, key string) string {
	s, _ := m[key].(string)
	return s
}

// place is where in the SQL a node stands, -1 if the parser does not say.
func place(m map[string]any) int {
	f, ok := m["query_location"].(float64)
	if !ok || f > 1e15 {
		return -1
	}
	return int(f)
}

func clone(m map[string]bool) map[string]bool {
	out := make(map[string]bool, len(m))
	for k := range m {
		out[k] = true
	}
	return out
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	return keys
}
