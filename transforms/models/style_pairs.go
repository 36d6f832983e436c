package models

import (
	"encoding/json"
	"strings"
)

// pairs holds each select that makes one line of several rows to taking file and line of the same row: the smallest file and the smallest line
// of several rows are a place where nothing is. Both are aggregated alike, by one key, or one case that only one row meets.
func (s *styler) pairs() {
	halves := selectHalves(s.model.facts.tree)
	for _, of := range halves {
		for stem, file := range of.files {
			line, ok := of.lines[stem]
			switch {
			case !ok || file.how == line.how:
			case file.how == "" || line.how == "":
				s.fail(s.at.lineAt(max(file.at, line.at)), "%sfile_id and %sline: one is aggregated and the other is not; take both by one key, max_by(_file_id, key) and max_by(_line, key)", stem, stem)
			default:
				s.fail(s.at.lineAt(max(file.at, line.at)), "%sfile_id and %sline: the file of one row and the line of another; take both by one key, max_by(_file_id, key) and max_by(_line, key)", stem, stem)
			}
		}
		for _, all := range []map[string]half{of.files, of.lines} {
			for _, h := range all {
				if h.loose {
					s.fail(s.at.lineAt(h.at), "%s of a file or a line: the file of one row and the line of another; take both by one key, max_by(_file_id, key) and max_by(_line, key)", h.name)
				}
			}
		}
	}
}

// half is how a select makes one half of a row's place.
type half struct {
	at    int
	how   string // the aggregate without the column itself; empty for a column as it is
	name  string // of the aggregate
	loose bool   // an aggregate of the bare column, which knows no row
}

// halves are those of one select by the part of their names before file_id or line.
type halves struct{ files, lines map[string]half }

func selectHalves(v any) []halves {
	var out []halves
	switch v := v.(type) {
	case []any:
		for _, e := range v {
			out = append(out, selectHalves(e)...)
		}
	case map[string]any:
		if list, ok := v["select_list"].([]any); ok {
			out = append(out, halvesOf(list))
		}
		for _, k := range sortedKeys(v) {
			out = append(out, selectHalves(v[k])...)
		}
	}
	return out
}

func halvesOf(list []any) halves {
	h := halves{files: map[string]half{}, lines: map[string]half{}}
	for _, i := range list {
		item, _ := i.(map[string]any)
		name := str(item, "alias")
		if name == "" {
			name = lastName(item)
		}
		if stem, ok := strings.CutSuffix(name, "file_id"); ok {
			h.files[stem] = halfOf(item)
		}
		if stem, ok := strings.CutSuffix(name, "line"); ok {
			h.lines[stem] = halfOf(item)
		}
		// One that bears another name is one of the two all the same.
		if of := halfOf(item); of.loose && !strings.HasSuffix(name, "file_id") && !strings.HasSuffix(name, "line") {
			h.files["("+name+") "] = of
		}
	}
	return h
}

// oneOfSeveral are aggregates that give one value of their rows.
var oneOfSeveral = map[string]bool{
	"min": true, "max": true, "min_by": true, "max_by": true, "arg_min": true, "arg_max": true, "first": true, "last": true, "any_value": true,
}

func halfOf(item map[string]any) half {
	h := half{at: place(item)}
	name := str(item, "function_name")
	if str(item, "class") != "FUNCTION" || !oneOfSeveral[name] {
		return h
	}
	args, _ := item["children"].([]any)
	if len(args) == 0 {
		return h
	}
	first, _ := args[0].(map[string]any)
	h.name = name
	h.loose = len(args) == 1 && isHalf(lastName(first))
	text, err := json.Marshal(withoutHalf(item))
	if err != nil {
		return h // a tree that was read from JSON is written as JSON
	}
	h.how = string(text)
	return h
}

func isHalf(column string) bool { return column == "_file_id" || column == "_line" }

// lastName is a column's own name.
func lastName(v map[string]any) string {
	names, _ := v["column_names"].([]any)
	if str(v, "class") != "COLUMN_REF" || len(names) == 0 {
		return ""
	}
	name, _ := names[len(names)-1].(string)
	return name
}

// withoutHalf is an expression without places, its own name, and which of the two columns it is about.
func withoutHalf(v any) any {
	switch v := v.(type) {
	case []any:
		out := make([]any, len(v))
		for i, e := range v {
			out[i] = withoutHalf(e)
		}
		return out
	case map[string]any:
		if name := lastName(v); strings.HasSuffix(name, "file_id") || strings.HasSuffix(name, "_line") {
			return "half"
		}
		out := map[string]any{}
		for k, e := range v {
			if k != "query_location" && k != "alias" {
				out[k] = withoutHalf(e)
			}
		}
		return out
	}
	return v
}
