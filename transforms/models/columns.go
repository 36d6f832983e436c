package models

import (
	"sort"
	"strings"

	"github.com/fourmarketing/waybill"
)

// ColumnName is a column of a table: marts.fct_orders.status.
type ColumnName struct {
	Table waybill.TableName
	Name  string
}

func (c ColumnName) String() string { return c.Table.String() + "." + c.Name }

// column is one column that a part of a select gives, and what its values are made of.
type column struct {
	name string
	at   int // byte of the SQL, -1 if not known
	flow flow
}

// flow is what a value is made of.
type flow struct {
	from  map[ColumnName]bool // columns of tables
	plain bool                // it is the one column, unchanged
	words vocabulary
}

// shape is the columns that a part of a select gives.
type shape struct {
	columns []column
	open    bool                // it may have others
	tables  []waybill.TableName // whose columns they are, where all of a table are taken as they are
}

// relation is a shape under a name, as in a from clause.
type relation struct {
	shape
	name   string
	schema string // of a table that has no name of its own
}

// env is what an expression can see.
type env struct {
	relations []relation
	aliases   []column // items of the select list, which later ones may name
	ctes      map[string]shape
	outer     *env
}

func (e *env) cte(name string) (shape, bool) {
	for ; e != nil; e = e.outer {
		if s, ok := e.ctes[name]; ok {
			return s, true
		}
	}
	return shape{}, false
}

// absence is a column that none of the tables in question has.
type absence struct {
	name   string
	tables []waybill.TableName
	at     int
}

// tracer follows columns through one select, down to the tables that it reads.
type tracer struct {
	columnsOf func(waybill.TableName) shape
	reads     map[ColumnName]int // every column that is used for whatever purpose, and a place where
	absent    []absence
	compared  []comparison
	made      []column // what the whole select gives
}

// query gives the columns of a select, a union or what else is a query.
func (t *tracer) query(node map[string]any, outer *env) shape {
	in := t.ctes(node, outer)
	var out shape
	switch str(node, "type") {
	case "SELECT_NODE":
		return t.selected(node, in)
	case "SET_OPERATION_NODE":
		for i, child := range operands(node) {
			if s := t.query(child, in); i == 0 {
				out = s
			} else {
				out = united(out, s)
			}
		}
		t.modifiers(node, &env{aliases: out.columns, outer: in})
	case "RECURSIVE_CTE_NODE":
		first := t.query(object(node, "left"), in)
		again := &env{ctes: map[string]shape{strings.ToLower(str(node, "cte_name")): renamed(first, texts(node, "aliases"))}, outer: in}
		out = united(first, t.query(object(node, "right"), again))
	default:
		out.open = true
	}
	return out
}

// ctes gives what a query sees besides what is around it: its CTEs, each of which sees those before it.
func (t *tracer) ctes(node map[string]any, outer *env) *env {
	in := &env{ctes: map[string]shape{}, outer: outer}
	for _, e := range cteEntries(node) {
		value := object(e, "value")
		s := t.query(object(object(value, "query"), "node"), in)
		in.ctes[strings.ToLower(str(e, "key"))] = renamed(s, texts(value, "aliases"))
	}
	return in
}

// operands are the selects of a union, in older and newer forms of DuckDB's tree.
func operands(node map[string]any) []map[string]any {
	if children := objects(node, "children"); len(children) > 0 {
		return children
	}
	return []map[string]any{object(node, "left"), object(node, "right")}
}

// united is a union: columns by their place, named by the first select.
func united(a, b shape) shape {
	out := shape{open: a.open || b.open}
	for i, c := range a.columns {
		if i < len(b.columns) {
			other := b.columns[i].flow
			c.flow = flow{from: merged(c.flow.from, other.from), plain: c.flow.plain && other.plain, words: c.flow.words.or(other.words)}
		} else {
			c.flow.words = vocabulary{}
		}
		out.columns = append(out.columns, c)
	}
	return out
}

// renamed gives columns the names that an alias lists for them.
func renamed(s shape, names []string) shape {
	if len(names) == 0 {
		return s
	}
	out := shape{open: s.open && len(names) > len(s.columns), columns: append([]column(nil), s.columns...)}
	for i, name := range names {
		if i == len(out.columns) {
			out.columns = append(out.columns, column{at: -1})
		}
		out.columns[i].name = name
	}
	return out
}

func (t *tracer) selected(node map[string]any, outer *env) shape {
	in := &env{outer: outer}
	in.relations = t.from(object(node, "from_table"), in)
	var out shape
	for _, item := range objects(node, "select_list") {
		if str(item, "type") == "STAR" {
			s := t.star(item, in)
			out.columns, out.open, out.tables = append(out.columns, s.columns...), out.open || s.open, append(out.tables, s.tables...)
			continue
		}
		f := t.expression(item, in)
		out.columns = append(out.columns, column{name: nameOf(item), at: place(item), flow: f})
		in.aliases = append(in.aliases, out.columns[len(out.columns)-1])
	}
	for _, part := range []string{"where_clause", "having", "qualify"} {
		if e := object(node, part); e != nil {
			t.expression(e, in)
		}
	}
	for _, e := range objects(node, "group_expressions") {
		t.expression(e, in)
	}
	t.modifiers(node, in)
	return out
}

// modifiers looks through order by, limit and distinct.
func (t *tracer) modifiers(node map[string]any, in *env) {
	for _, m := range objects(node, "modifiers") {
		t.inside(m, in)
	}
}

// nameOf is the name of a select item: its alias, or the column's.
func nameOf(item map[string]any) string {
	name := str(item, "alias")
	if names := texts(item, "column_names"); name == "" && len(names) > 0 {
		return names[len(names)-1]
	}
	return name
}

// star gives the columns that a star stands for.
func (t *tracer) star(item map[string]any, in *env) shape {
	var out shape
	if len(starExtras(item)) > 0 {
		t.inside(item, in)
		out.open = true
	}
	gone := map[string]bool{}
	for _, name := range texts(item, "exclude_list") {
		gone[strings.ToLower(name)] = true
	}
	for _, r := range in.relations {
		if of := str(item, "relation_name"); of != "" && !strings.EqualFold(of, r.name) {
			continue
		}
		for _, c := range r.columns {
			if !gone[strings.ToLower(c.name)] {
				out.columns = append(out.columns, c)
				t.use(c.flow, place(item))
			}
		}
		out.open, out.tables = out.open || r.open, append(out.tables, r.tables...)
	}
	return out
}

// from gives the relations of a from clause.
func (t *tracer) from(ref map[string]any, in *env) []relation {
	switch str(ref, "type") {
	case "BASE_TABLE":
		return []relation{t.table(ref, in)}
	case "JOIN":
		left := t.from(object(ref, "left"), in)
		right := t.from(object(ref, "right"), &env{relations: left, outer: in}) // lateral joins see what is left of them
		both := append(append([]relation(nil), left...), right...)
		if c := object(ref, "condition"); c != nil {
			t.expression(c, &env{relations: both, outer: in})
		}
		return both
	case "SUBQUERY":
		s := t.query(object(object(ref, "subquery"), "node"), in)
		return []relation{{name: str(ref, "alias"), shape: renamed(s, texts(ref, "column_name_alias"))}}
	case "TABLE_FUNCTION":
		f := t.expression(object(ref, "function"), in)
		f.plain, f.words = false, vocabulary{}
		s := shape{open: true}
		for _, name := range texts(ref, "column_name_alias") {
			s.columns, s.open = append(s.columns, column{name: name, at: -1, flow: f}), false
		}
		return []relation{{name: str(ref, "alias"), shape: s}}
	case "EXPRESSION_LIST":
		return []relation{{name: str(ref, "alias"), shape: t.values(ref, in)}}
	case "EMPTY", "":
		return nil
	default:
		return []relation{{name: str(ref, "alias"), shape: shape{open: true}}}
	}
}

func (t *tracer) table(ref map[string]any, in *env) relation {
	r := relation{name: str(ref, "alias"), schema: strings.ToLower(str(ref, "schema_name"))}
	table := strings.ToLower(str(ref, "table_name"))
	if r.name == "" {
		r.name = table
	}
	if r.schema == "" {
		if s, ok := in.cte(table); ok {
			r.shape = renamed(s, texts(ref, "column_name_alias"))
			return r
		}
		r.open = true
		return r
	}
	r.shape = renamed(t.columnsOf(waybill.TableName{Namespace: r.schema, Name: table}), texts(ref, "column_name_alias"))
	return r
}

// values gives the columns of a list of rows.
func (t *tracer) values(ref map[string]any, in *env) shape {
	var out shape
	rows, _ := ref["values"].([]any)
	for _, row := range rows {
		items, _ := row.([]any)
		for i, item := range items {
			e, _ := item.(map[string]any)
			f := t.expression(e, in)
			if i == len(out.columns) {
				out.columns = append(out.columns, column{name: "col" + string(rune('0'+i%10)), at: place(e), flow: f})
				continue
			}
			was := out.columns[i].flow
			out.columns[i].flow = flow{from: merged(was.from, f.from), words: was.words.or(f.words)}
		}
	}
	return out
}

func merged(a, b map[ColumnName]bool) map[ColumnName]bool {
	if len(a) == 0 {
		return b
	}
	out := make(map[ColumnName]bool, len(a)+len(b))
	for c := range a {
		out[c] = true
	}
	for c := range b {
		out[c] = true
	}
	return out
}

func sortedColumns(set map[ColumnName]bool) []ColumnName {
	out := make([]ColumnName, 0, len(set))
	for c := range set {
		out = append(out, c)
	}
	sort.Slice(out, func(i, j int) bool { return out[i].String() < out[j].String() })
	return out
}

func object(m map[string]any, key string) map[string]any {
	v, _ := m[key].(map[string]any)
	return v
}

func objects(m map[string]any, key string) []map[string]any {
	list, _ := m[key].([]any)
	var out []map[string]any
	for _, e := range list {
		if v, ok := e.(map[string]any); ok {
			out = append(out, v)
		}
	}
	return out
}

func texts(m map[string]any, key string) []string {
	list, _ := m[key].([]any)
	var out []string
	for _, e := range list {
		if s, ok := e.(string); ok {
			out = append(out, s)
		}
	}
	return out
}
