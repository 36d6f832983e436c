package models

import (
	"strings"

	"github.com/fourmarketing/waybill"
)

// duckOnly are functions that DuckDB has and Trino has not, or that mean something else there, with what to write instead.
// From the comparison of both engines; the macros in sql/macros give DuckDB the names on the right.
var duckOnly = map[string]string{
	"arg_max":                "max_by",
	"arg_min":                "min_by",
	"approx_quantile":        "an exact percentile by row_number()",
	"array_to_string":        "array_join",
	"concat":                 "||",
	"date_sub":               "date_diff",
	"datediff":               "date_diff",
	"datesub":                "date_diff",
	"datetrunc":              "date_trunc",
	"epoch":                  "to_unixtime",
	"first":                  "min_by with an order",
	"generate_series":        "sequence",
	"get_current_timestamp":  "ops.clock",
	"group_concat":           "array_join(array_agg(x order by x), ',')",
	"ifnull":                 "coalesce",
	"isodow":                 "day_of_week",
	"json_extract_string":    "json_extract_scalar",
	"last":                   "max_by with an order",
	"last_day":               "last_day_of_month",
	"len":                    "length or cardinality",
	"list":                   "array_agg",
	"listagg":                "array_join(array_agg(x order by x), ',')",
	"list_value":             "no list literals",
	"median":                 "an exact percentile by row_number()",
	"mode":                   "a count and row_number()",
	"now":                    "ops.clock",
	"nvl":                    "coalesce",
	"percentile_cont":        "an exact percentile by row_number()",
	"percentile_disc":        "an exact percentile by row_number()",
	"quantile":               "an exact percentile by row_number()",
	"quantile_cont":          "an exact percentile by row_number()",
	"quantile_disc":          "an exact percentile by row_number()",
	"range":                  "sequence",
	"regexp_matches":         "regexp_like",
	"strftime":               "date_format is not shared either; keep dates as dates",
	"string_agg":             "array_join(array_agg(x order by x), ',')",
	"strptime":               "typing at load",
	"struct_pack":            "columns of their own",
	"today":                  "ops.clock",
	"transaction_timestamp":  "ops.clock",
	"try_strptime":           "typing at load",
	"current_localtimestamp": "ops.clock",
}

// clocks are names that stand for the time of the query. The clock is an input: ops.clock.
var clocks = map[string]bool{
	"current_date": true, "current_timestamp": true, "current_time": true, "localtimestamp": true, "localtime": true,
}

// intervalMakers are what DuckDB's parser makes of interval '3' day: to_days(cast(trunc(cast('3' as double)) as integer)).
var intervalMakers = map[string]bool{
	"to_millennia": true, "to_centuries": true, "to_decades": true, "to_years": true, "to_quarters": true, "to_months": true, "to_weeks": true,
	"to_days": true, "to_hours": true, "to_minutes": true, "to_seconds": true, "to_milliseconds": true, "to_microseconds": true,
}

// node notes what one node of the syntax tree says.
func (w *walker) node(v map[string]any, in *scope) {
	switch str(v, "type") {
	case "BASE_TABLE":
		w.table(v, in)
	case "TABLE_FUNCTION":
		f, _ := v["function"].(map[string]any)
		name := waybill.TableName{Namespace: str(f, "schema"), Name: strings.ToLower(str(f, "function_name"))}
		w.facts.functions = append(w.facts.functions, tableRef{name: name, at: place(f)})
	case "JOIN":
		w.join(v)
	case "SELECT_NODE":
		if str(v, "aggregate_handling") == "FORCE_AGGREGATES" {
			w.note("group by all", v)
		}
		if q, ok := v["qualify"].(map[string]any); ok {
			w.note("qualify", q)
		}
	case "SET_OPERATION_NODE":
		if str(v, "setop_type") == "UNION_BY_NAME" {
			w.note("union by name", v)
		}
	case "PIVOT":
		w.note("pivot or unpivot", v)
	case "LIMIT_MODIFIER", "LIMIT_PERCENT_MODIFIER":
		if offset, ok := v["offset"].(map[string]any); ok {
			w.note("offset", offset)
		}
	case "DISTINCT_MODIFIER":
		if on, _ := v["distinct_on_targets"].([]any); len(on) > 0 {
			first, _ := on[0].(map[string]any)
			w.note("distinct on", first)
		}
	case "STAR":
		if extra := starExtras(v); len(extra) > 0 {
			w.note("select * "+strings.Join(extra, " and "), v)
		}
	case "ARRAY_EXTRACT", "ARRAY_SLICE", "LAMBDA":
		w.note(strings.ToLower(strings.ReplaceAll(str(v, "type"), "_", " ")), v)
	case "FUNCTION", "OPERATOR_CAST", "COLUMN_REF":
		w.expression(v)
	}
	if ignore, _ := v["ignore_nulls"].(bool); ignore {
		w.note("ignore nulls", v)
	}
}

func (w *walker) table(v map[string]any, in *scope) {
	name := waybill.TableName{
		Namespace: strings.ToLower(str(v, "schema_name")),
		Name:      strings.ToLower(str(v, "table_name")),
	}
	switch {
	case str(v, "catalog_name") != "":
		name.Namespace = str(v, "catalog_name") + "." + name.Namespace
		w.facts.loose = append(w.facts.loose, tableRef{name: name, at: place(v)})
	case name.Namespace != "":
		w.facts.tables = append(w.facts.tables, tableRef{name: name, at: place(v)})
	case !in.has(name.Name):
		w.facts.loose = append(w.facts.loose, tableRef{name: name, at: place(v)})
	}
}

func (w *walker) join(v map[string]any) {
	w.facts.findings = append(w.facts.findings, finding{kind: joins, what: "join", at: place(v)})
	switch kind := str(v, "ref_type"); kind {
	case "ASOF", "NATURAL", "POSITIONAL":
		w.note(strings.ToLower(kind)+" join", v)
	}
	switch kind := str(v, "join_type"); kind {
	case "SEMI", "ANTI":
		w.note(strings.ToLower(kind)+" join", v)
	}
	if using, _ := v["using_columns"].([]any); len(using) > 0 && str(v, "ref_type") != "NATURAL" {
		w.note("using (", v)
	}
}

func (w *walker) expression(v map[string]any) {
	switch str(v, "type") {
	case "FUNCTION":
		name := strings.ToLower(str(v, "function_name"))
		if instead, found := duckOnly[name]; found {
			w.note(name+"() (instead: "+instead+")", v)
		}
	case "OPERATOR_CAST":
		to, _ := v["cast_type"].(map[string]any)
		if id := str(to, "id"); w.intervals == 0 && (id == "DOUBLE" || id == "FLOAT") {
			w.facts.findings = append(w.facts.findings, finding{kind: floatCast, what: w.item, at: place(v)})
		}
	case "COLUMN_REF":
		names, _ := v["column_names"].([]any)
		if len(names) != 1 {
			return
		}
		if name, _ := names[0].(string); clocks[strings.ToLower(name)] {
			w.note(strings.ToLower(name)+" (instead: ops.clock)", v)
		}
	}
}

func (w *walker) note(what string, at map[string]any) {
	w.facts.findings = append(w.facts.findings, finding{kind: notPortable, what: what, at: place(at)})
}

// starExtras names what is added to a star that Trino does not know.
func starExtras(star map[string]any) []string {
	var out []string
	for key, name := range map[string]string{
		"exclude_list": "exclude", "qualified_exclude_list": "exclude", "replace_list": "replace", "rename_list": "rename",
	} {
		if list, _ := star[key].([]any); len(list) > 0 {
			out = append(out, name)
		}
	}
	if columns, _ := star["columns"].(bool); columns {
		out = append(out, "columns()")
	}
	return out
}
