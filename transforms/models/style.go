package models

import (
	"context"
	"fmt"
	"io/fs"
	"regexp"
	"strings"

	"github.com/fourmarketing/waybill"
)

// CheckStyle returns what in a project is not written as the house writes SQL, each with file and line. What Read would complain
// of comes first. The rules: heads are complete; names tell the schema; staging reads raw tables and what its own partner's folder has,
// and nobody but the facts reads staging; nothing above the facts names a partner; intermediate models and marts end in `select * from <their name>` and keep to the SQL that means the same on
// DuckDB and Trino; a literal is a word of the enumerated column that it is compared with; in marts only ratios and durations are floating point.
func CheckStyle(builtIn fs.FS) []error {
	r := newReader(builtIn)
	r.readFiles()
	if err := r.parse(context.Background()); err != nil {
		return append(r.errs, err)
	}
	r.resolve()
	r.order()
	partners := r.folders(Partners)
	lineage := r.project.lineage(r.trees(), nil)
	for _, m := range r.models {
		if m.Name.Namespace == Canonical {
			continue // a declaration, held against its own rules when it is read
		}
		s := styler{model: m, project: r.project, at: &snippet{path: m.Path, line: m.line, sql: m.SQL}}
		s.head()
		if m.facts != nil {
			s.shape()
			s.sources()
			s.portable()
			s.words(lineage)
			s.pairs()
		}
		if m.Name.Namespace != Staging {
			if text, ok := r.text(m.Path); ok {
				s.namesNoPartner(text, partners)
			}
		}
		r.errs = append(r.errs, s.errs...)
	}
	for _, w := range r.project.worklists {
		if w.Head.Description == "" {
			r.fail(w.Path, 1, "the head has no description")
		}
	}
	return r.errs
}

type styler struct {
	model   *Model
	project *Project
	at      *snippet
	errs    []error
}

func (s *styler) fail(line int, format string, args ...any) {
	s.errs = append(s.errs, fmt.Errorf("%s:%d: %s", s.model.Path, line, fmt.Sprintf(format, args...)))
}

func (s *styler) head() {
	h, schema := s.model.Head, s.model.Name.Namespace
	missing := map[string]bool{"description": h.Description == ""}
	if schema != Checks {
		missing["grain"] = h.Grain == ""
		missing["key"] = len(h.Key) == 0
		missing["owner"] = h.Owner == ""
	}
	if schema == Marts {
		missing["columns"] = len(h.Columns) == 0
	}
	if schema == Marts || (schema == Checks && h.Severity == SeverityError) {
		missing["unit"] = !h.Unit.declared // the columns that name it, or none
	}
	for _, k := range headKeys {
		if missing[k] {
			s.fail(1, "the head has no %s", k)
		}
	}
	for _, c := range h.Columns {
		if why := Unquotable(c.Name)[c.Name]; why != "" {
			s.fail(max(c.line, 1), "column %s would have to be quoted: %s", c.Name, why)
		}
	}
	s.clock()
	if schema != Checks && h.Grain != "" && !strings.HasPrefix(h.Grain, "one row per ") {
		s.fail(1, "grain %q: it begins with \"one row per\"", h.Grain)
	}
	name := s.model.Name.Name
	switch {
	case name != strings.ToLower(name):
		s.fail(1, "name %s: lower case is expected", name)
	case schema == Staging && (!strings.HasPrefix(name, "stg_") || !strings.Contains(name, "__")):
		s.fail(1, "name %s: stg_<source>__<entities> is expected", name)
	case schema == Intermediate && !strings.HasPrefix(name, "int_"):
		s.fail(1, "name %s: int_<entities>_<verb>ed is expected", name)
	}
}

// clock wants the columns of a list that move by themselves among those of the clock: else each row of it would change with each release.
func (s *styler) clock() {
	l := s.model.Head.List
	if l == nil {
		return
	}
	for _, c := range s.model.Head.Columns {
		if (strings.HasPrefix(c.Name, "age_") || strings.HasPrefix(c.Name, "days_")) && !contains(l.Clock, c.Name) {
			s.fail(max(c.line, 1), "list: column %s moves with the clock: name it in clock", c.Name)
		}
	}
}

func (s *styler) shape() {
	f, name := s.model.facts, s.model.Name.Name
	schema := s.model.Name.Namespace
	if schema == Checks || (schema == Staging && len(f.ctes) == 0) {
		return
	}
	last := ""
	if len(f.ctes) > 0 {
		last = f.ctes[len(f.ctes)-1]
	}
	end := s.model.line + strings.Count(s.model.SQL, "\n")
	if last != name {
		s.fail(end, "the last CTE is %q: it is named after the file, %s", last, name)
	} else if f.endsWith != name {
		s.fail(end, "the file ends with: select * from %s", name)
	}
}

// sources holds what a model reads against where it stands.
func (s *styler) sources() {
	for _, t := range s.model.facts.tables {
		if why := s.mayNotRead(t.name); why != "" {
			s.fail(s.at.lineAt(t.at), "%s: %s", t.name, why)
		}
	}
	for _, c := range s.model.facts.functions {
		if !generators[c.name.Name] {
			s.fail(s.at.lineAt(c.at), "table function %s: models read tables only", c.name.Name)
		}
	}
}

// mayNotRead says why the model may not read a table, empty if it may.
func (s *styler) mayNotRead(t waybill.TableName) string {
	switch s.model.Name.Namespace {
	case Staging:
		other := s.project.byName[t]
		switch {
		case t.Namespace == schemaRaw || t.Namespace == schemaOps || t.Namespace == Seeds:
		case t.Namespace == Staging && other != nil && other.Area == s.model.Area:
		default:
			return "staging reads raw tables, seeds, ops and staging of its own partner"
		}
	default:
		if t.Namespace == schemaRaw || t.Namespace == Staging {
			return "only a partner's own models read it: read the fact that they conform to"
		}
	}
	return ""
}

// namesNoPartner looks for the names of partners' folders, as words, anywhere in a file.
func (s *styler) namesNoPartner(text string, partners []string) {
	for i, line := range strings.Split(strings.ToLower(text), "\n") {
		for _, p := range partners {
			if partnerWord(p).MatchString(line) {
				s.fail(i+1, "names the partner %s: what only its data tells belongs into %s/%s", p, Partners, p)
			}
		}
	}
}

// partnerWord finds a partner's name as a word or a part of an identifier: dhl, stg_dhl__events, royal_mail, royal mail, royalmail.
func partnerWord(name string) *regexp.Regexp {
	return regexp.MustCompile(`(^|[^a-z0-9])` + strings.ReplaceAll(regexp.QuoteMeta(name), "_", "[_ ]?") + `([^a-z0-9]|$)`)
}

// generators are the table functions that read nothing.
var generators = map[string]bool{"unnest": true, "sequence": true, "generate_series": true, "range": true}

// words holds literals against the words of the facts' columns that they are compared with. A staging model's own words are those of the
// fact that it conforms to.
func (s *styler) words(l *Lineage) {
	s.errs = append(s.errs, l.Mistakes(s.model)...)
}

// notInTrino are forms that the syntax tree does not keep, looked for in text without comments and quoted parts.
var notInTrino = []struct {
	form *regexp.Regexp
	what string
}{
	{regexp.MustCompile(`::`), ":: (instead: cast)"},
	{regexp.MustCompile(`(?i)\binterval\s+[0-9(]`), "interval without quotes (instead: interval '1' day)"},
	{regexp.MustCompile(`(?i),\s*(\bfrom\b|\))`), "a trailing comma"},
	{regexp.MustCompile(`(?i)^\s*from\b`), "from before select"},
}

func (s *styler) portable() {
	schema := s.model.Name.Namespace
	if schema != Intermediate && schema != Marts {
		return
	}
	for _, found := range s.model.facts.findings {
		switch {
		case found.kind == notPortable:
			s.fail(s.at.lineAt(found.at), "%s: DuckDB and Trino do not both know it", found.what)
		case found.kind == floatCast && schema == Marts && found.what != "" && !mayFloat(found.what):
			s.fail(s.at.lineAt(found.at), "column %s is floating point: only ratios (_rate, _share, …) and durations (_hours, _days) are", found.what)
		}
	}
	text := masked(s.model.SQL)
	for _, n := range notInTrino {
		for _, at := range n.form.FindAllStringIndex(text, -1) {
			s.fail(s.at.lineAt(at[0]), "%s: DuckDB and Trino do not both know it", n.what)
		}
	}
}

// mayFloat tells whether a mart's column may be floating point by its name. Money never is.
func mayFloat(column string) bool {
	for _, suffix := range []string{"_rate", "_ratio", "_share", "_bps", "_low", "_high", "_hours", "_days", "_p50", "_p90", "_p95"} {
		if strings.HasSuffix(column, suffix) || strings.Contains(column, suffix+"_p") {
			return !strings.Contains(column, "_amount")
		}
	}
	return false
}

// masked blanks comments and quoted parts, keeping every byte's place.
func masked(text string) string {
	out := []byte(text)
	blank := func(from, to int) {
		for i := from; i < to; i++ {
			if out[i] != '\n' {
				out[i] = ' '
			}
		}
	}
	for i := 0; i < len(text); {
		var end int
		switch {
		case text[i] == '\'' || text[i] == '"':
			end = after(text, i+1, text[i:i+1])
			blank(i+1, max(i+1, end-1))
		case strings.HasPrefix(text[i:], "--"):
			end = after(text, i, "\n")
			blank(i, end)
		case strings.HasPrefix(text[i:], "/*"):
			end = after(text, i+2, "*/")
			blank(i, end)
		default:
			end = i + 1
		}
		i = end
	}
	return string(out)
}

// after is the place behind the next occurrence of a text, or the end. A doubled quote is found as two quoted parts.
func after(text string, from int, what string) int {
	if n := strings.Index(text[from:], what); n >= 0 {
		return from + n + len(what)
	}
	return len(text)
}
