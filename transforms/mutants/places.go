package mutants

import (
	"encoding/json"
	"slices"
	"strconv"
)

// edit is one fault, not made yet. apply makes it and gives what takes it back.
type edit struct {
	kind, change string
	at           int // byte of the SQL
	apply        func() (undo func())
}

// place is what surrounds a node.
type place struct {
	at       int  // byte of the nearest node above that has one
	joins    bool // within a join's condition
	interval bool // within what the parser makes of interval '2' day
	count    bool // an argument of count
	counted  bool // what a case within count gives
}

// finder goes through a syntax tree and collects the edits that it offers.
type finder struct{ found []edit }

func (f *finder) walk(v any, in place) {
	switch v := v.(type) {
	case []any:
		for _, e := range v {
			f.walk(e, in)
		}
	case map[string]any:
		if at, ok := number(v["query_location"]); ok {
			in.at = at
		}
		in.interval = in.interval || intervals[word(v, "function_name")]
		f.node(v, in)
		for _, k := range keys(v) {
			below := in
			below.count = word(v, "function_name") == "count" || (in.count && k == "case_checks")
			below.counted = in.count && k == "then_expr"
			below.joins = k == "condition" || (in.joins && word(v, "class") == "CONJUNCTION")
			f.walk(v[k], below)
		}
	}
}

// keys puts the `with` first, as the text has it.
func keys(v map[string]any) []string {
	out := make([]string, 0, len(v))
	for k := range v {
		out = append(out, k)
	}
	slices.SortFunc(out, func(a, b string) int { return slices.Compare([]string{rank(a), a}, []string{rank(b), b}) })
	return out
}

func rank(key string) string {
	for i, k := range []string{"cte_map", "left", "select_list", "from_table", "where_clause", "case_checks"} {
		if k == key {
			return strconv.Itoa(i)
		}
	}
	return "9"
}

// intervals are what the parser makes of interval '2' day.
var intervals = map[string]bool{"to_days": true, "to_hours": true, "to_minutes": true, "to_months": true, "to_weeks": true, "to_seconds": true, "to_years": true}

func (f *finder) node(v map[string]any, in place) {
	switch word(v, "class") {
	case "COMPARISON":
		f.comparison(v, in)
	case "CONJUNCTION":
		f.conjunction(v, in)
	case "OPERATOR":
		f.operator(v, in)
	case "FUNCTION", "WINDOW":
		f.function(v, in)
	case "CASE":
		f.cases(v, in)
	case "CONSTANT":
		f.constant(v, in)
	}
	switch word(v, "type") {
	case "JOIN":
		f.join(v, in)
	case "SELECT_NODE":
		f.where(v, in)
	case "SET_OPERATION_NODE":
		f.union(v, in)
	case "DISTINCT_MODIFIER":
		f.add(edit{"distinct", "kept apart no more", in.at, func() func() { return set(v, "type", "LIMIT_MODIFIER") }})
	}
	f.orders(v, in)
}

func (f *finder) add(e edit) { f.found = append(f.found, e) }

func (f *finder) swap(v map[string]any, key, kind, to string, in place) {
	from := word(v, key)
	f.add(edit{kind, spelled(from) + " to " + spelled(to), in.at, func() func() { return set(v, key, to) }})
}

// set changes one value of a node.
func set(v map[string]any, key string, to any) func() {
	was, had := v[key]
	v[key] = to
	return func() {
		if had {
			v[key] = was
		} else {
			delete(v, key)
		}
	}
}

// without drops one element of a list of a node.
func without(v map[string]any, key string, i int) func() func() {
	return func() func() {
		list, _ := v[key].([]any)
		return set(v, key, slices.Delete(slices.Clone(list), i, i+1))
	}
}

// become puts all of another node in the place of this one, under its name.
func become(v, other map[string]any) func() func() {
	return func() func() {
		was := map[string]any{}
		for k, x := range v {
			was[k] = x
			delete(v, k)
		}
		for k, x := range other {
			v[k] = x
		}
		if alias, ok := was["alias"]; ok {
			v["alias"] = alias
		}
		return func() {
			clear(v)
			for k, x := range was {
				v[k] = x
			}
		}
	}
}

func word(v map[string]any, key string) string {
	s, _ := v[key].(string)
	return s
}

func list(v map[string]any, key string) []any {
	l, _ := v[key].([]any)
	return l
}

func object(v any) map[string]any {
	m, _ := v.(map[string]any)
	return m
}

func number(v any) (int, bool) {
	n, ok := v.(json.Number)
	if !ok {
		return 0, false
	}
	i, err := strconv.ParseUint(n.String(), 10, 64)
	return int(i), err == nil && i < 1<<31 // no place is the largest number
}
