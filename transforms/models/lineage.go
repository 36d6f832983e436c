package models

import (
	"context"
	"fmt"

	"github.com/fourmarketing/waybill"
	"github.com/fourmarketing/waybill/transforms/duck"
)

// Lineage says of every column what it is made of, from raw tables to marts. It is found in the SQL: what an expression names, its conditions
// among it, counts; what only joins or filters rows does not.
type Lineage struct {
	project *Project
	shapes  map[waybill.TableName]shape
	traced  map[waybill.TableName]*tracer // of models
	readers map[ColumnName][]ColumnName   // columns that are made of a column
}

// Lineage traces the columns of all models. known has the columns of raw and ops tables; one that is not in it has those that are read of it.
func (p *Project) Lineage(ctx context.Context, known map[waybill.TableName][]waybill.Column) (*Lineage, error) {
	db := duck.Open(duck.Config{Threads: 1})
	defer db.Close()
	var snippets []*snippet
	var of []*Model
	for _, m := range p.models {
		if m.fact == nil {
			snippets, of = append(snippets, &snippet{path: m.Path, line: m.line, sql: m.SQL}), append(of, m)
		}
	}
	if err := parseAll(ctx, db, snippets); err != nil {
		return nil, err
	}
	trees := map[waybill.TableName]map[string]any{}
	for i, s := range snippets {
		if s.err != nil {
			return nil, s.err
		}
		trees[of[i].Name] = s.facts.tree
	}
	return p.lineage(trees, known), nil
}

// lineage traces models whose trees are at hand.
func (p *Project) lineage(trees map[waybill.TableName]map[string]any, known map[waybill.TableName][]waybill.Column) *Lineage {
	l := &Lineage{project: p, shapes: map[waybill.TableName]shape{}, traced: map[waybill.TableName]*tracer{}, readers: map[ColumnName][]ColumnName{}}
	for name, columns := range known {
		l.shapes[name] = tableShape(name, columnNames(columns))
	}
	for name, s := range p.seeds {
		l.shapes[name] = tableShape(name, columnNames(s.Columns))
	}
	for _, m := range p.models { // in build order, so that what a model reads is traced before it
		t := &tracer{columnsOf: l.columnsOf, reads: map[ColumnName]int{}}
		var made shape
		switch {
		case m.fact != nil:
			made = l.factShape(m.fact)
		case trees[m.Name] != nil:
			made = t.query(trees[m.Name], nil)
		default:
			continue
		}
		l.traced[m.Name] = t
		l.shapes[m.Name] = l.takeIn(m, made)
	}
	return l
}

// takeIn remembers what a model's columns are made of, and gives the model's shape as its readers see it.
func (l *Lineage) takeIn(m *Model, made shape) shape {
	out := tableShape(m.Name, nil)
	out.open = made.open
	l.traced[m.Name].made = made.columns
	for _, c := range made.columns {
		name := ColumnName{m.Name, c.name}
		out.columns = append(out.columns, column{name: c.name, at: c.at, flow: flow{from: map[ColumnName]bool{name: true}, plain: true, words: c.flow.words}})
		for _, from := range sortedColumns(c.flow.from) {
			l.readers[from] = append(l.readers[from], name)
		}
	}
	return out
}

// tableShape is a table with columns of which nothing more is known; open if none are.
func tableShape(table waybill.TableName, names []string) shape {
	s := shape{tables: []waybill.TableName{table}, open: len(names) == 0}
	for _, n := range names {
		s.columns = append(s.columns, column{name: n, at: -1, flow: flow{from: map[ColumnName]bool{{table, n}: true}, plain: true}})
	}
	return s
}

// factShape is what a fact's columns are made of: those of the models that conform to it. Its words are the declaration's.
func (l *Lineage) factShape(f *Fact) shape {
	words := map[string][]string{}
	for _, c := range f.Columns {
		words[c.Name] = c.Words
	}
	var out shape
	for _, c := range f.Shape() {
		made := column{name: c.Name, at: -1, flow: flow{from: map[ColumnName]bool{}, plain: true, words: enumerated(ColumnName{f.Name, c.Name}, words[c.Name])}}
		source := c.Name
		if c.Name == "source" {
			source = "_source"
		}
		for _, m := range f.From {
			if given := (relation{shape: l.shapes[m.Name]}).listed(source); given != nil {
				made.flow.from[ColumnName{m.Name, source}] = true
			}
		}
		out.columns = append(out.columns, made)
	}
	return out
}

func (l *Lineage) columnsOf(t waybill.TableName) shape {
	if s, ok := l.shapes[t]; ok {
		return s
	}
	return tableShape(t, nil)
}

// Columns returns the columns of a table in its order. Of a raw table whose columns nobody named, those that models read.
func (l *Lineage) Columns(t waybill.TableName) []string {
	var out []string
	for _, c := range l.columnsOf(t).columns {
		out = append(out, c.name)
	}
	if len(out) > 0 {
		return out
	}
	set := map[string]bool{}
	for c := range l.readers {
		if c.Table == t {
			set[c.Name] = true
		}
	}
	return sortedKeys(set)
}

// Step is a column on the way up or down from another.
type Step struct {
	Column    ColumnName
	Depth     int        // steps away, from 1
	Unchanged bool       // the one of the two that is made of the other is the other, unchanged
	Of        ColumnName // the column that it is a step away from
}

// Upstream returns what a column is made of, step by step to raw tables, nearest first within each branch. A column is shown once.
func (l *Lineage) Upstream(c ColumnName) ([]Step, error) {
	if err := l.has(c); err != nil {
		return nil, err
	}
	return walkColumns(c, func(name ColumnName) []Step {
		made := l.made(name)
		var out []Step
		for _, from := range sortedColumns(made.from) {
			out = append(out, Step{Column: from, Unchanged: made.plain})
		}
		return out
	}), nil
}

// made is what a model's column is made of.
func (l *Lineage) made(c ColumnName) flow {
	if t := l.traced[c.Table]; t != nil {
		for _, made := range t.made {
			if made.name == c.Name {
				return made.flow
			}
		}
	}
	return flow{}
}

// Downstream returns the columns that are made of a column, step by step to marts and checks.
func (l *Lineage) Downstream(c ColumnName) ([]Step, error) {
	if err := l.has(c); err != nil {
		return nil, err
	}
	return walkColumns(c, func(name ColumnName) []Step {
		var out []Step
		for _, reader := range l.readers[name] {
			out = append(out, Step{Column: reader, Unchanged: l.made(reader).plain})
		}
		return out
	}), nil
}

// walkColumns goes from column to column, deep before wide, as a tree is printed.
func walkColumns(start ColumnName, next func(ColumnName) []Step) []Step {
	var out []Step
	seen := map[ColumnName]bool{start: true}
	var visit func(ColumnName, int)
	visit = func(c ColumnName, depth int) {
		for _, s := range next(c) {
			if seen[s.Column] {
				continue
			}
			seen[s.Column] = true
			s.Depth, s.Of = depth, c
			out = append(out, s)
			visit(s.Column, depth+1)
		}
	}
	visit(start, 1)
	return out
}

// has tells whether a column is there; the error is ErrNotFound and names the nearest.
func (l *Lineage) has(c ColumnName) error {
	columns := l.Columns(c.Table)
	if contains(columns, c.Name) || (len(columns) == 0 && l.columnsOf(c.Table).open) {
		return nil
	}
	return fmt.Errorf("%s has no column %s%s: %w", c.Table, c.Name, didYouMean(c.Name, columns), waybill.ErrNotFound)
}
