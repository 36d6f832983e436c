package models

import (
	"fmt"
	"strings"

	"github.com/fourmarketing/waybill"
)

// Source is what a file says of one thing: a model, a fact, a seed, a worklist, a file of macros, a raw table's columns.
type Source struct {
	Kind     string
	Name     string
	Path     string
	Line     int // of the file, from 1
	Mark     Mark
	Text     string
	Union    string   // of a fact: the select that the engine makes of who conforms to it
	Partners []string // of a fact: who tells it
	Below    *Source  // what it took the place of, nil if nothing
}

// Source finds a thing by its name (marts.fct_orders, fct_orders, seeds.grades, dhl_tracking, macros/ids.sql). The error is ErrNotFound and names
// the nearest.
func (p *Project) Source(name string) (*Source, error) {
	for _, w := range p.worklists {
		if w.Name == name {
			return w.source(), nil
		}
	}
	for _, m := range p.macros {
		if m.file == name || m.path == name {
			return &Source{Kind: "macros", Name: m.file, Path: m.path, Line: 1, Text: m.sql}, nil
		}
	}
	table, err := p.Find(name)
	if err != nil {
		return nil, err
	}
	if m := p.byName[table]; m != nil {
		return m.source(), nil
	}
	if s := p.seeds[table]; s != nil {
		return s.source(), nil
	}
	if columns, ok := p.raw[table]; ok {
		var b strings.Builder
		for _, c := range columns {
			fmt.Fprintf(&b, "%s %s\n", c.Name, c.Type)
		}
		return &Source{Kind: "raw table", Name: table.String(), Path: "partners/*/raw.yaml", Line: 1, Text: b.String()}, nil
	}
	return nil, fmt.Errorf("%s comes from outside the SQL: a contract in the pipelines or the engine fills it: %w", table, waybill.ErrNotFound)
}

func (m *Model) source() *Source {
	s := &Source{Kind: m.kind(), Name: m.Name.String(), Path: m.Path, Line: 1, Mark: m.Mark, Text: m.text}
	if m.fact != nil {
		s.Line, s.Union = m.line, m.SQL+"\n"
		seen := map[string]bool{}
		for _, from := range m.fact.From {
			seen[from.Area] = true
		}
		s.Partners = sortedKeys(seen)
	}
	if s.Text == "" {
		s.Text = m.SQL + "\n" // the engine's own
	}
	if m.replaced != nil {
		s.Below = m.replaced.source()
	}
	return s
}

func (w *Worklist) source() *Source {
	s := &Source{Kind: "worklist", Name: w.Name, Path: w.Path, Line: 1, Mark: w.Mark, Text: w.text}
	if w.replaced != nil {
		s.Below = w.replaced.source()
	}
	return s
}

func (s *Seed) source() *Source {
	out := &Source{Kind: "seed", Name: s.Name.String(), Path: s.Path, Line: 1, Mark: s.Mark, Text: string(s.data)}
	if s.replaced != nil {
		out.Below = s.replaced.source()
	}
	return out
}

// Find resolves a table's name with or without its schema: a model, a seed, or a table from outside that models read. The error is ErrNotFound
// and names the nearest; a name that several have is an error that lists them.
func (p *Project) Find(name string) (waybill.TableName, error) {
	name = strings.ToLower(name)
	var found []waybill.TableName
	var known []string
	for _, t := range p.tables() {
		if t.String() == name {
			return t, nil
		}
		if t.Name == name {
			found = append(found, t)
		}
		known = append(known, t.String(), t.Name)
	}
	switch len(found) {
	case 0:
		return waybill.TableName{}, fmt.Errorf("no table or file is called %s%s: %w", name, didYouMean(name, known), waybill.ErrNotFound)
	case 1:
		return found[0], nil
	}
	var names []string
	for _, t := range found {
		names = append(names, t.String())
	}
	return waybill.TableName{}, fmt.Errorf("%s is %s: write which: %w", name, strings.Join(names, " or "), waybill.ErrNotFound)
}

// tables are all that have a name: models, seeds, and what comes from outside, sorted.
func (p *Project) tables() []waybill.TableName {
	set := map[waybill.TableName]bool{}
	for name := range p.byName {
		set[name] = true
	}
	for name := range p.seeds {
		set[name] = true
	}
	for name := range p.raw {
		set[name] = true
	}
	for name := range p.readers {
		set[name] = true
	}
	out := make([]waybill.TableName, 0, len(set))
	for name := range set {
		out = append(out, name)
	}
	sortNames(out)
	return out
}

// FindColumn resolves a table, or a table and one of its columns: marts.fct_orders, fct_orders.status, raw.wms_despatch.qty. Column is empty
// where only a table is named; whether the table has it is not looked at.
func (p *Project) FindColumn(name string) (table waybill.TableName, column string, err error) {
	table, err = p.Find(name)
	if err == nil {
		return table, "", nil
	}
	cut := strings.LastIndex(name, ".")
	if cut < 0 {
		return table, "", err
	}
	if t, shorter := p.Find(name[:cut]); shorter == nil {
		return t, strings.ToLower(name[cut+1:]), nil
	}
	return table, "", err
}

// TableStep is a table on the way up or down from another.
type TableStep struct {
	Table waybill.TableName
	Depth int // steps away, from 1
	Of    waybill.TableName
}

// Above returns the tables that a table is made of, step by step to raw tables; Below those that are made of it. Each is shown once.
func (p *Project) Above(t waybill.TableName) []TableStep { return walkTables(t, p.upstream) }

// Below returns the tables that are made of a table, step by step to marts and checks. Each is shown once.
func (p *Project) Below(t waybill.TableName) []TableStep { return walkTables(t, p.downstream) }

func walkTables(start waybill.TableName, next func(waybill.TableName) []waybill.TableName) []TableStep {
	var out []TableStep
	seen := map[waybill.TableName]bool{start: true}
	var visit func(waybill.TableName, int)
	visit = func(t waybill.TableName, depth int) {
		for _, n := range next(t) {
			if !seen[n] {
				seen[n] = true
				out = append(out, TableStep{Table: n, Depth: depth, Of: t})
				visit(n, depth+1)
			}
		}
	}
	visit(start, 1)
	return out
}
