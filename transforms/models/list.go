package models

import (
	"slices"
	"strings"

	"github.com/goccy/go-yaml/ast"

	"github.com/fourmarketing/waybill"
)

// List says that a mart is a list with an end: a row is there while something waits, and leaves by itself. So two releases of it can be compared row by
// row, and what a difference means follows from what stands here.
type List struct {
	Where    string   // SQL over the mart's columns: which of its rows are on the list, where it has ended ones too; empty for all
	By       []string // columns of the key that divide the list: breaks by check and kind
	Worse    []Grade  // what makes a row worse; the first column that moved decides
	Amount   string   // the money that waits; empty where there is none
	Currency string   // of the amount
	Clock    []string // columns that move by time alone: ages, days left
	Show     []string // columns that tell a reader what a new row is about

	WhereReads []string // columns in Where

	lines map[string]int // of the file, by the column that is named there
	line  int
}

// Grade is a column that says how bad a row is.
type Grade struct {
	Column string
	Words  []string // from good to bad, null before the first; empty where more of a number is worse
}

var listKeys = []string{"where", "by", "worse", "amount", "currency", "clock", "show"}

// moreIsWorse is how a head says that a number that grows makes a row worse.
const moreIsWorse = "more"

// listOf reads what a head says about its list.
func (r *yamlReader) listOf(of entry) *List {
	l := &List{line: r.lineOf(of.node), lines: map[string]int{}}
	for _, e := range r.object(of.value, listKeys) {
		var named []string
		switch e.key {
		case "where":
			l.Where = r.text(e.value)
			l.lines[whereLine] = r.lineOf(e.value)
		case "by":
			l.By = r.list(e.value)
			named = l.By
		case "worse":
			r.grades(l, e.value)
		case "amount":
			l.Amount = r.text(e.value)
			named = []string{l.Amount}
		case "currency":
			l.Currency = r.text(e.value)
			named = []string{l.Currency}
		case "clock":
			l.Clock = r.list(e.value)
			named = l.Clock
		case "show":
			l.Show = r.list(e.value)
			named = l.Show
		}
		for _, c := range named {
			l.lines[c] = r.lineOf(e.node)
		}
	}
	if (l.Amount == "") != (l.Currency == "") {
		r.fail(of.node, "list: amount and currency are named together, both columns")
	}
	return l
}

// whereLine is the place of the condition among the lines; no column has this name.
const whereLine = "where:"

func (r *yamlReader) grades(l *List, n ast.Node) {
	for _, e := range r.object(n, nil) {
		g := Grade{Column: e.key}
		l.lines[e.key] = r.lineOf(e.node)
		words := r.list(e.value)
		_, isList := e.value.(*ast.SequenceNode)
		switch {
		case isList && len(words) > 1:
			g.Words = words
		case isList || len(words) != 1 || words[0] != moreIsWorse:
			r.fail(e.node, "list: worse: %s needs its words from good to bad, [ok, at_risk, breached], or %s where a number that grows is worse", e.key, moreIsWorse)
		}
		l.Worse = append(l.Worse, g)
	}
}

// columns are all columns that the list names beside those of the key, each with its line.
func (l *List) columns() []ColumnDoc {
	var out []ColumnDoc
	add := func(names ...string) {
		for _, c := range names {
			if c != "" {
				out = append(out, ColumnDoc{Name: c, line: l.lines[c]})
			}
		}
	}
	for _, g := range l.Worse {
		add(g.Column)
	}
	add(l.Amount, l.Currency)
	add(l.Clock...)
	add(l.Show...)
	for _, c := range l.WhereReads {
		out = append(out, ColumnDoc{Name: c, line: l.lines[whereLine]})
	}
	return out
}

// readList holds what a head says of its list against its columns, and has the condition parsed with the rest.
func (r *reader) readList(m *Model) {
	l, h := m.Head.List, m.Head
	if l == nil {
		return
	}
	if m.Name.Namespace != Marts {
		r.fail(m.Path, l.line, "list: only marts are lists")
		return
	}
	if len(h.Key) == 0 {
		r.fail(m.Path, l.line, "list: rows of two releases are told to be the same by the key: name it (key: […])")
	}
	for _, c := range l.By {
		if !contains(h.Key, c) {
			r.fail(m.Path, l.lines[c], "list: by: %s is no column of the key%s", c, didYouMean(c, h.Key))
		}
	}
	for _, c := range l.Clock {
		if contains(h.Key, c) || c == l.Amount || c == l.Currency || slices.ContainsFunc(l.Worse, func(g Grade) bool { return g.Column == c }) {
			r.fail(m.Path, l.lines[c], "list: clock: %s says more than how much time went by: it is of the key, the amount, or what makes a row worse", c)
		}
	}
	r.gradesAccepted(m)
	if l.Where == "" {
		r.listColumns(m)
		return
	}
	prefix := "select "
	s := &snippet{path: m.Path, line: l.lines[whereLine], prefix: len(prefix), sql: prefix + l.Where}
	r.parsed = append(r.parsed, parsed{snippet: s, of: m, use: func(f *facts) {
		if len(f.tables)+len(f.loose)+len(f.functions) > 0 {
			r.fail(m.Path, s.line, "list: where: it is about the mart's own columns, and reads no table")
			return
		}
		l.WhereReads = columnsIn(f.tree)
		r.listColumns(m)
	}})
}

// listColumns complains of columns that the head does not have.
func (r *reader) listColumns(m *Model) {
	var known []string
	for _, c := range m.Head.Columns {
		known = append(known, c.Name)
	}
	for _, c := range m.Head.List.columns() {
		if !contains(known, c.Name) {
			r.fail(m.Path, max(c.line, 1), "list: the head has no column %s%s", c.Name, didYouMean(c.Name, known))
		}
	}
}

// gradesAccepted holds the words of a grade against those that the column may have.
func (r *reader) gradesAccepted(m *Model) {
	l := m.Head.List
	for _, g := range l.Worse {
		for _, c := range m.Head.Columns {
			if c.Name != g.Column || len(c.Accepted) == 0 {
				continue
			}
			for _, w := range g.Words {
				if !contains(c.Accepted, w) {
					r.fail(m.Path, l.lines[g.Column], "list: worse: %s is never %s%s", g.Column, w, didYouMean(w, c.Accepted))
				}
			}
		}
	}
}

// columnsIn are the columns that a syntax tree names, each once, in the order of their names.
func columnsIn(node any) []string {
	var out []string
	var visit func(any)
	visit = func(n any) {
		switch v := n.(type) {
		case map[string]any:
			if names := texts(v, "column_names"); str(v, "class") == "COLUMN_REF" && len(names) > 0 {
				out = append(out, strings.ToLower(names[len(names)-1]))
			}
			for _, child := range v {
				visit(child)
			}
		case []any:
			for _, child := range v {
				visit(child)
			}
		}
	}
	visit(node)
	slices.Sort(out)
	return slices.Compact(out)
}

// Lists are the marts that are lists, in the order of their names.
func (p *Project) Lists() []*Model {
	var out []*Model
	for _, m := range p.models {
		if m.Name.Namespace == Marts && m.Head.List != nil {
			out = append(out, m)
		}
	}
	slices.SortFunc(out, func(a, b *Model) int { return strings.Compare(a.Name.Name, b.Name.Name) })
	return out
}

// ListTables are the names of the tables of lists.
func (p *Project) ListTables() []waybill.TableName {
	var out []waybill.TableName
	for _, m := range p.Lists() {
		out = append(out, m.Name)
	}
	return out
}
