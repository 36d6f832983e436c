package models

import (
	"strings"
	"testing"
)

// Whatever stands in a head, it is read or said to be wrong; nothing panics and no line lies outside of the file.
func FuzzHead(f *testing.F) {
	f.Add("/*\ndescription: d\nkey: [a, b]\ncolumns: {a: {not_null: true}}\nchecks:\n  - rows: a > 1\n*/\nselect 1 as a;\n")
	f.Add("/* description: d */ select 1")
	f.Add("\uFEFF/*\nchecks: [{relationship: {column: [a], to: marts.x}}, 7, ~]\n*/\n")
	f.Add("/*\na: &x {b: *x}\n? [k]\n: v\n<<: *x\n--- \n...\n*/")
	f.Add("/*\ncolumns:\n  - a\n  ? b\ntags: !!str {x: |\n  y}\n*/")
	f.Fuzz(func(t *testing.T, text string) {
		parts, err := splitHead(text)
		if err != nil {
			return
		}
		lines := strings.Count(text, "\n")
		if parts.headSkip > lines || parts.bodySkip > lines || !strings.Contains(text, parts.body) {
			t.Fatalf("head after %d, select after %d of %d lines", parts.headSkip, parts.bodySkip, lines)
		}
		r := &yamlReader{path: "m.sql", skip: parts.headSkip}
		h := r.head(parts.head)
		for _, c := range h.Checks {
			_ = c.check(&Model{Head: h})
		}
	})
}

// Blanking comments and quoted parts keeps every byte's place and every line end.
func FuzzMasked(f *testing.F) {
	f.Add("select 'it''s' as \"a\"\"b\" -- c\n/* d\n*/ from x")
	f.Add("'")
	f.Add("/*/ -- '\n\"")
	f.Fuzz(func(t *testing.T, text string) {
		got := masked(text)
		if len(got) != len(text) || strings.Count(got, "\n") != strings.Count(text, "\n") {
			t.Fatalf("%q became %q", text, got)
		}
	})
}
