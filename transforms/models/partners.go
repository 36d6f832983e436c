package models

import (
	"fmt"
	"io/fs"
	"path"
	"slices"
	"sort"

	"github.com/fourmarketing/waybill"
)

// Partners is the folder with a folder for each partner: staging models, worklists/, codes.csv and raw.yaml.
const Partners = "partners"

// readPartners reads the folder of every partner.
func (r *reader) readPartners() {
	for _, partner := range r.folders(Partners) {
		dir := path.Join(Partners, partner)
		for _, p := range r.files(dir, ".sql") {
			switch path.Dir(p) {
			case dir:
				r.readModel(Staging, partner, p)
			case path.Join(dir, "worklists"):
				r.readWorklist(partner, p)
			default:
				r.fail(r.shown(p), 1, "staging models lie in %s itself, worklists in %s/worklists", dir, dir)
			}
		}
		for _, p := range r.files(dir, ".yaml") {
			r.readRaw(p)
		}
		r.codes = append(r.codes, r.readCodes(partner, path.Join(dir, "codes.csv"))...)
	}
}

func (r *reader) folders(dir string) []string {
	entries, err := fs.ReadDir(r.layer.Files, dir)
	if err != nil {
		return nil // a project without partners has none to read
	}
	var out []string
	for _, e := range entries {
		if e.IsDir() {
			out = append(out, e.Name())
		}
	}
	return out
}

// Partners returns the names of the folders below partners/, sorted.
func (p *Project) Partners() []string {
	seen := map[string]bool{}
	for _, m := range p.models {
		if m.Name.Namespace == Staging {
			seen[m.Area] = true
		}
	}
	return sortedKeys(seen)
}

var rawKeys = []string{"description", "columns"}

// readRaw reads the columns of raw tables that several contracts fill: a contract that lacks one gives nulls.
func (r *reader) readRaw(p string) {
	text, ok := r.text(p)
	if !ok {
		return
	}
	y := &yamlReader{path: r.shown(p)}
	for _, e := range y.parse(text, nil) {
		name := waybill.TableName{Namespace: schemaRaw, Name: e.key}
		r.changed("raw table", name.String(), y.path, y.lineOf(e.node), r.rawAt[name])
		r.rawAt[name] = at(y.path, y.lineOf(e.node))
		var columns []waybill.Column
		for _, k := range y.object(e.value, rawKeys) {
			if k.key != "columns" {
				continue
			}
			for _, c := range y.object(k.value, nil) {
				columns = append(columns, y.seedColumn(c))
			}
		}
		r.project.raw[name] = columns
	}
	r.errs = append(r.errs, y.errs...)
}

// Raw returns the columns that raw tables are declared to have, whatever contracts say.
func (p *Project) Raw() map[waybill.TableName][]waybill.Column {
	out := map[waybill.TableName][]waybill.Column{}
	for name, columns := range p.raw {
		out[name] = append([]waybill.Column(nil), columns...)
	}
	return out
}

// Active returns the project without the models of partners that nobody sends anything of: a staging model whose raw table is neither
// written by a contract nor declared for several goes, as do the models that read it themselves, and the worklists that do. Facts stay.
func (p *Project) Active(written map[waybill.TableName]bool) *Project {
	gone := map[waybill.TableName]bool{}
	for name := range p.LeftOut(written) {
		gone[name] = true
	}
	for _, w := range p.worklists {
		for _, d := range w.Deps {
			if _, declared := p.raw[d]; d.Namespace == schemaRaw && !written[d] && !declared {
				gone[d] = true // so is what asks by it
			}
		}
	}
	return p.without(gone)
}

// LeftOut names the models that Active leaves out, each with the raw tables upstream of it that nobody fills.
func (p *Project) LeftOut(written map[waybill.TableName]bool) map[waybill.TableName][]waybill.TableName {
	out := map[waybill.TableName][]waybill.TableName{}
	for _, m := range p.models { // in build order: what a model reads comes before it
		if m.fact != nil || m.Name == leftOutTable || m.Name == asideTable {
			continue // of what is left
		}
		lacking := map[waybill.TableName]bool{}
		for _, d := range m.Deps {
			for _, raw := range out[d] {
				lacking[raw] = true
			}
			if _, declared := p.raw[d]; d.Namespace == schemaRaw && !written[d] && !declared {
				lacking[d] = true
			}
		}
		if len(lacking) > 0 {
			for raw := range lacking {
				out[m.Name] = append(out[m.Name], raw)
			}
			sortNames(out[m.Name])
		}
	}
	return out
}

// without copies the project, leaving staging models out of it and out of the facts that they conformed to.
func (p *Project) without(gone map[waybill.TableName]bool) *Project {
	out := &Project{
		byName: map[waybill.TableName]*Model{}, readers: map[waybill.TableName][]*Model{},
		seeds: p.seeds, raw: p.raw, macros: p.macros, changes: p.changes,
	}
	for _, m := range p.models {
		if gone[m.Name] {
			continue
		}
		switch {
		case m.fact != nil:
			m = m.over(gone, out.byName)
		case m.Name == asideTable:
			left := *m
			left.setAside(factsOf(out.models)) // in build order, so all of them are there
			m = &left
		case m.Name == leftOutTable:
			if m = leftOut(p.kept(gone)); m == nil {
				continue
			}
		}
		out.models = append(out.models, m)
		out.byName[m.Name] = m
		for _, d := range m.Deps {
			out.readers[d] = append(out.readers[d], m)
		}
	}
	for _, w := range p.worklists {
		if !anyOf(gone, w.Deps) {
			out.worklists = append(out.worklists, w)
		}
	}
	return out
}

// kept are the models that stay.
func (p *Project) kept(gone map[waybill.TableName]bool) []*Model {
	return slices.DeleteFunc(p.Models(), func(m *Model) bool { return gone[m.Name] })
}

// over is a fact's model without those that are gone. What it is a part of comes before it in build order.
func (m *Model) over(gone map[waybill.TableName]bool, before map[waybill.TableName]*Model) *Model {
	fact, model := *m.fact, *m
	fact.From = nil
	if fact.Part.of != nil {
		fact.Part.of = before[fact.Part.Of]
	}
	for _, from := range m.fact.From {
		if !gone[from.Name] {
			fact.From = append(fact.From, from)
		}
	}
	model.fact, model.Deps, model.SQL = &fact, fact.deps(), fact.union()
	return &model
}

func anyOf(set map[waybill.TableName]bool, names []waybill.TableName) bool {
	for _, n := range names {
		if set[n] {
			return true
		}
	}
	return false
}

// LackingPartners names the facts upstream of a model that no partner tells of, sorted: what it is empty or without a part for. A fact is told of
// when a model that conforms to it reads a raw table that a contract fills.
func (p *Project) LackingPartners(m *Model, written map[waybill.TableName]bool) []string {
	var out []string
	for name := range p.reached([]waybill.TableName{m.Name}) {
		if up := p.byName[name]; up != nil && up.fact != nil && !p.told(up.fact, written) {
			out = append(out, up.Name.Name)
		}
	}
	sort.Strings(out)
	return out
}

func (p *Project) told(f *Fact, written map[waybill.TableName]bool) bool {
	for _, leaf := range p.Leaves(f.From...) {
		if written[leaf] {
			return true
		}
	}
	return false
}

// Conforming names the partners whose models conform to a fact, sorted.
func (p *Project) Conforming(fact string) ([]string, error) {
	m := p.byName[waybill.TableName{Namespace: Canonical, Name: fact}]
	if m == nil || m.fact == nil {
		return nil, fmt.Errorf("fact %s: %w", fact, waybill.ErrNotFound)
	}
	seen := map[string]bool{}
	for _, from := range m.fact.From {
		seen[from.Area] = true
	}
	return sortedKeys(seen), nil
}
