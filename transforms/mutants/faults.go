package mutants

import (
	"encoding/json"
	"fmt"
	"strconv"
)

// opposite comparisons hold where the other does not; edges differ only where both sides are equal.
var (
	opposite = map[string]string{
		"COMPARE_EQUAL": "COMPARE_NOTEQUAL", "COMPARE_NOTEQUAL": "COMPARE_EQUAL", "COMPARE_DISTINCT_FROM": "COMPARE_NOT_DISTINCT_FROM",
		"COMPARE_NOT_DISTINCT_FROM": "COMPARE_DISTINCT_FROM", "COMPARE_LESSTHAN": "COMPARE_GREATERTHANOREQUALTO",
		"COMPARE_GREATERTHANOREQUALTO": "COMPARE_LESSTHAN", "COMPARE_GREATERTHAN": "COMPARE_LESSTHANOREQUALTO",
		"COMPARE_LESSTHANOREQUALTO": "COMPARE_GREATERTHAN", "COMPARE_IN": "COMPARE_NOT_IN", "COMPARE_NOT_IN": "COMPARE_IN",
		"OPERATOR_IS_NULL": "OPERATOR_IS_NOT_NULL", "OPERATOR_IS_NOT_NULL": "OPERATOR_IS_NULL",
	}
	edge = map[string]string{
		"COMPARE_LESSTHAN": "COMPARE_LESSTHANOREQUALTO", "COMPARE_LESSTHANOREQUALTO": "COMPARE_LESSTHAN",
		"COMPARE_GREATERTHAN": "COMPARE_GREATERTHANOREQUALTO", "COMPARE_GREATERTHANOREQUALTO": "COMPARE_GREATERTHAN",
	}
	spelling = map[string]string{
		"COMPARE_EQUAL": "=", "COMPARE_NOTEQUAL": "<>", "COMPARE_LESSTHAN": "<", "COMPARE_LESSTHANOREQUALTO": "<=", "COMPARE_GREATERTHAN": ">",
		"COMPARE_GREATERTHANOREQUALTO": ">=", "COMPARE_IN": "in", "COMPARE_NOT_IN": "not in", "OPERATOR_IS_NULL": "is null",
		"OPERATOR_IS_NOT_NULL": "is not null", "COMPARE_DISTINCT_FROM": "is distinct from", "COMPARE_NOT_DISTINCT_FROM": "is not distinct from",
		"CONJUNCTION_AND": "and", "CONJUNCTION_OR": "or", "INNER": "inner join", "LEFT": "left join", "DESCENDING": "desc", "ASCENDING": "asc",
		"ORDER_DEFAULT": "asc",
	}
	other = map[string]string{
		"min": "max", "max": "min", "min_by": "max_by", "max_by": "min_by", "arg_min": "arg_max", "arg_max": "arg_min", "greatest": "least",
		"least": "greatest", "lead": "lag", "lag": "lead", "bool_or": "bool_and", "bool_and": "bool_or", "+": "-", "-": "+",
	}
)

func spelled(name string) string {
	if s := spelling[name]; s != "" {
		return s
	}
	return name
}

// comparison turns a comparison, and moves its edge. Keys of joins are left: that nothing meets is noticed by any test.
func (f *finder) comparison(v map[string]any, in place) {
	kind := word(v, "type")
	if to := opposite[kind]; to != "" && (!in.joins || kind != "COMPARE_EQUAL") {
		f.swap(v, "type", "comparison", to, in)
	}
	if to := edge[kind]; to != "" {
		f.swap(v, "type", "boundary", to, in)
	}
}

// conjunction takes and for or, and leaves out one condition of several.
func (f *finder) conjunction(v map[string]any, in place) {
	to, kind := "CONJUNCTION_AND", "alternative"
	if word(v, "type") == to {
		to, kind = "CONJUNCTION_OR", "filter"
	}
	if !in.joins {
		f.swap(v, "type", "conjunction", to, in)
	}
	for i, c := range list(v, "children") {
		at := in.at
		if n, ok := firstPlace(c); ok {
			at = n
		}
		f.add(edit{kind, fmt.Sprintf("condition %d dropped", i+1), at, without(v, "children", i)})
	}
}

// firstPlace is where the text of a node begins, as far as the tree says so.
func firstPlace(v any) (int, bool) {
	best, ok := 0, false
	var look func(any)
	look = func(v any) {
		switch v := v.(type) {
		case []any:
			for _, e := range v {
				look(e)
			}
		case map[string]any:
			if n, has := number(v["query_location"]); has && (!ok || n < best) {
				best, ok = n, true
			}
			for _, e := range v {
				look(e)
			}
		}
	}
	look(v)
	return best, ok
}

func (f *finder) operator(v map[string]any, in place) {
	kind := word(v, "type")
	if n, ok := firstPlace(v); ok {
		in.at = n
	}
	if to := opposite[kind]; to != "" {
		f.swap(v, "type", "comparison", to, in)
	}
	children := list(v, "children")
	switch kind {
	case "COMPARE_IN", "COMPARE_NOT_IN":
		for i := 1; i < len(children) && len(children) > 2; i++ {
			f.add(edit{"list", fmt.Sprintf("item %d dropped", i), in.at, without(v, "children", i)})
		}
	case "OPERATOR_COALESCE":
		for i := range children {
			f.add(edit{"coalesce", fmt.Sprintf("arm %d dropped", i+1), in.at, without(v, "children", i)})
		}
	case "OPERATOR_NOT":
		if len(children) == 1 {
			f.add(edit{"negation", "not dropped", in.at, become(v, object(children[0]))})
		}
	}
}

func (f *finder) function(v map[string]any, in place) {
	name := word(v, "function_name")
	if to := other[name]; to != "" && !ofOneRow(v) && (len(list(v, "children")) > 1 || (name != "-" && name != "+")) {
		f.swap(v, "function_name", "function", to, in)
		if word(v, "class") == "WINDOW" && word(v, "type") != "WINDOW_AGGREGATE" {
			last := &f.found[len(f.found)-1] // a window function of its own has its name in the type as well
			named := last.apply
			last.apply = func() func() {
				undo, back := named(), set(v, "type", "WINDOW_"+upper(to))
				return func() { back(); undo() }
			}
		}
	}
	if d, _ := v["distinct"].(bool); d {
		f.add(edit{"distinct", name + " of all", in.at, func() func() { return set(v, "distinct", false) }})
	}
	if v["filter"] != nil {
		f.add(edit{"filter", name + " without its filter", in.at, func() func() { return set(v, "filter", nil) }})
	}
	if keys := list(v, "partitions"); len(keys) > 1 {
		for i := range keys {
			f.add(edit{"partition", fmt.Sprintf("key %d dropped", i+1), in.at, without(v, "partitions", i)})
		}
	}
}

// ofOneRow says that an aggregate looks at one row only, max(case when place = 1 then x end): min is the same there.
func ofOneRow(v map[string]any) bool {
	children := list(v, "children")
	if len(children) != 1 || word(object(children[0]), "class") != "CASE" {
		return false
	}
	checks := list(object(children[0]), "case_checks")
	if len(checks) != 1 {
		return false
	}
	when := object(object(checks[0])["when_expr"])
	names := list(object(when["left"]), "column_names")
	if word(when, "type") != "COMPARE_EQUAL" || len(names) == 0 || object(object(when["right"])["value"])["value"] != json.Number("1") {
		return false
	}
	last := names[len(names)-1]
	return last == "place" || last == "recency"
}

func upper(s string) string {
	if s == "lead" {
		return "LEAD"
	}
	return "LAG"
}

// cases leaves out one branch of several, and spoils the words that branches give.
func (f *finder) cases(v map[string]any, in place) {
	checks := list(v, "case_checks")
	for i, c := range checks {
		at := in.at
		if n, ok := firstPlace(c); ok {
			at = n
		}
		if len(checks) > 1 {
			f.add(edit{"branch", fmt.Sprintf("when %d dropped", i+1), at, without(v, "case_checks", i)})
		}
		f.text(object(object(c)["then_expr"]), at)
	}
	f.text(object(v["else_expr"]), in.at)
}

func (f *finder) text(v map[string]any, at int) {
	value := object(v["value"])
	text, ok := value["value"].(string)
	if word(v, "class") != "CONSTANT" || !ok {
		return
	}
	if n, has := number(v["query_location"]); has {
		at = n
	}
	f.add(edit{"word", "'" + text + "' spoiled", at, func() func() { return set(value, "value", text+"~") }})
}

// constant takes a whole number for the next one, or true for false.
func (f *finder) constant(v map[string]any, in place) {
	value := object(v["value"])
	if in.counted {
		return // count(case when … then 1 end) counts whatever stands there
	}
	switch x := value["value"].(type) {
	case bool:
		f.add(edit{"constant", fmt.Sprintf("%v to %v", x, !x), in.at, func() func() { return set(value, "value", !x) }})
	case json.Number:
		n, err := strconv.ParseInt(x.String(), 10, 64)
		if err != nil || word(object(value["type"]), "id") == "DECIMAL" {
			return // factors of units: their last digit is below what is rounded
		}
		f.add(edit{"constant", fmt.Sprintf("%d to %d", n, n+1), in.at, func() func() { return set(value, "value", json.Number(strconv.FormatInt(n+1, 10))) }})
	case string:
		if n, err := strconv.Atoi(x); err == nil && in.interval {
			f.add(edit{"constant", fmt.Sprintf("%d to %d", n, n+1), in.at, func() func() { return set(value, "value", strconv.Itoa(n+1)) }})
		}
	}
}

func (f *finder) join(v map[string]any, in place) {
	if word(v, "ref_type") != "REGULAR" {
		return // a cross join has no side
	}
	if n, ok := firstPlace(v["condition"]); ok {
		in.at = n
	}
	switch word(v, "join_type") {
	case "LEFT":
		f.swap(v, "join_type", "join", "INNER", in)
	case "INNER":
		f.swap(v, "join_type", "join", "LEFT", in)
	}
}

// where drops a select's only condition, and what it has of its groups.
func (f *finder) where(v map[string]any, in place) {
	for _, key := range []string{"where_clause", "having"} {
		c := object(v[key])
		if c == nil || (word(c, "class") == "CONJUNCTION" && word(c, "type") == "CONJUNCTION_AND") {
			continue // conditions of an and are dropped one by one
		}
		at := in.at
		if n, ok := firstPlace(c); ok {
			at = n
		}
		f.add(edit{"filter", "where dropped", at, func() func() { return set(v, key, nil) }})
	}
}

// union leaves out one half.
func (f *finder) union(v map[string]any, in place) {
	for _, half := range []string{"left", "right"} {
		kept := object(v[map[string]string{"left": "right", "right": "left"}[half]])
		if kept == nil {
			continue
		}
		at := in.at
		if n, ok := firstPlace(v[half]); ok {
			at = n
		}
		f.add(edit{"union", half + " half dropped", at, onlyHalf(v, kept)})
	}
}

// onlyHalf puts one half in the place of a union, with the union's own `with`.
func onlyHalf(v, kept map[string]any) func() func() {
	return func() func() {
		ctes := v["cte_map"]
		undo := become(v, kept)()
		if len(list(object(v["cte_map"]), "map")) == 0 {
			v["cte_map"] = ctes
		}
		return undo
	}
}

// orders turns the order of a window, an aggregate or a select, and leaves out a key that decides between equals.
func (f *finder) orders(v map[string]any, in place) {
	keys := list(v, "orders")
	for i, k := range keys {
		o := object(k)
		at := in.at
		if n, ok := firstPlace(o); ok {
			at = n
		}
		to := "DESCENDING"
		if word(o, "type") == to {
			to = "ASCENDING"
		}
		f.swap(o, "type", "order", to, place{at: at})
		if len(keys) > 1 {
			f.add(edit{"tie-break", fmt.Sprintf("key %d dropped", i+1), at, without(v, "orders", i)})
		}
	}
}
