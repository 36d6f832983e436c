package models

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"path"
	"regexp"
	"slices"
	"sort"
	"strconv"
	"strings"

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

// codesTable is the seed of all partners' code maps.
var codesTable = waybill.TableName{Namespace: Seeds, Name: "codes"}

// codeColumns are the columns of seeds.codes; a partner's codes.csv has all but the first.
var codeColumns = []waybill.Column{
	{Name: "partner", Type: "VARCHAR", Doc: "folder of the partner whose codes they are"},
	{Name: "list", Type: "VARCHAR", Doc: "which of its lists"},
	{Name: "code", Type: "VARCHAR", Doc: "the partner's code, * for any"},
	{Name: "code_2", Type: "VARCHAR", Doc: "a second one that it needs, * for any"},
	{Name: "code_3", Type: "VARCHAR", Doc: "a third one, * for any"},
	{Name: "pattern", Type: "VARCHAR", Doc: "regular expression that the whole text has to match; empty for any"},
	{Name: "precedence", Type: "INTEGER", Doc: "of rows that match, the smallest decides"},
	{Name: "meaning", Type: "VARCHAR", Doc: "our word"},
	{Name: "detail", Type: "VARCHAR", Doc: "our second word, such as the reason"},
}

type codeRow struct {
	path   string
	line   int
	depth  int      // of its layer
	values []string // as codeColumns
}

// match is what two rows of one list must not have in common.
func (c codeRow) match() string { return strings.Join(c.values[:7], "\x00") }

// String is the row as people know it: dhl scans * 510.
func (c codeRow) String() string {
	parts := []string{c.values[0], c.values[1], c.values[2]}
	for _, v := range c.values[3:6] {
		if v != "" && v != "*" {
			parts = append(parts, v)
		}
	}
	return strings.Join(parts, " ")
}

// readCodes reads a partner's code map. Columns that it leaves out are * for codes, empty for the rest.
func (r *reader) readCodes(partner, p string) []codeRow {
	data, err := r.bytes(p)
	if err != nil {
		return nil // not every partner has codes
	}
	p = r.shown(p)
	in := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(data, []byte("\uFEFF"))))
	header, err := in.Read()
	if err != nil {
		r.fail(p, 1, "read the header: %v", err)
		return nil
	}
	names := columnNames(codeColumns[1:])
	for _, h := range header {
		if !contains(names, h) {
			r.fail(p, 1, "column %s is none of a code map's: %s%s", h, strings.Join(names, ", "), didYouMean(h, names))
			return nil
		}
	}
	var out []codeRow
	for {
		row, err := in.Read()
		if errors.Is(err, io.EOF) {
			return out
		}
		if err != nil {
			r.fail(p, 1, "%v", err)
			return out
		}
		line, _ := in.FieldPos(0)
		c := codeRow{path: p, line: line, depth: r.depth, values: make([]string, len(codeColumns))}
		c.values[0], c.values[2], c.values[3], c.values[4], c.values[6] = partner, "*", "*", "*", "0"
		for i, h := range header {
			for j, name := range names {
				if name == h && row[i] != "" {
					c.values[j+1] = row[i]
				}
			}
		}
		if r.validCode(c) {
			out = append(out, c)
		}
	}
}

func (r *reader) validCode(c codeRow) bool {
	fine := true
	if c.values[1] == "" || c.values[7] == "" {
		r.fail(c.path, c.line, "a code needs a list and a meaning")
		fine = false
	}
	if text := c.values[5]; text != "" {
		if !strings.HasPrefix(text, "^") || !strings.HasSuffix(text, "$") {
			r.fail(c.path, c.line, "pattern %s: it begins with ^ and ends with $, so that it means the whole text", text)
			fine = false
		}
		if _, err := regexp.Compile(text); err != nil {
			r.fail(c.path, c.line, "pattern %s: %v", text, err)
			fine = false
		}
	}
	if _, err := strconv.Atoi(c.values[6]); err != nil {
		r.fail(c.path, c.line, "precedence %s is no whole number", c.values[6])
		fine = false
	}
	return fine
}

// codeLists are the texts in models that read code maps, the names of lists among them: another list would map nothing.
func (r *reader) codeLists() map[string]bool {
	lists := map[string]bool{}
	for _, m := range r.project.models {
		if !strings.Contains(m.SQL, codesTable.Name) {
			continue
		}
		for _, text := range regexp.MustCompile(`'([^'\n]+)'`).FindAllStringSubmatch(m.SQL, -1) {
			lists[text[1]] = true
		}
	}
	return lists
}

// addCodes makes one seed of all partners' code maps. Of two rows that match alike an overlay's takes the place of the one below; two of one
// layer are an error.
func (r *reader) addCodes(rows []codeRow) {
	place := map[string]int{}
	var kept []codeRow
	lists := r.codeLists()
	for _, c := range rows {
		list := c.values[1]
		if c.depth == 0 {
			lists[list] = true
		} else if !lists[list] {
			r.fail(c.path, c.line, "no model reads a list %s%s", list, didYouMean(list, slices.Sorted(maps.Keys(lists))))
			continue
		}
		i, twice := place[c.match()]
		if twice && kept[i].depth == c.depth {
			r.fail(c.path, c.line, "matches what line %d of %s matches: one of them decides by its precedence", kept[i].line, kept[i].path)
			continue
		}
		was := ""
		if twice {
			was, kept[i] = at(kept[i].path, kept[i].line), c
		} else {
			place[c.match()], kept = len(kept), append(kept, c)
		}
		if r.depth = c.depth; r.over() {
			r.changed("code", c.String(), c.path, c.line, was)
		}
	}
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	_ = w.Write(columnNames(codeColumns)) // into memory
	for _, c := range kept {
		_ = w.Write(c.values)
	}
	w.Flush()
	if r.project.seeds[codesTable] != nil {
		r.fail("seeds/codes.csv", 1, "seeds.codes is made of partners/*/codes.csv")
		return
	}
	r.project.seeds[codesTable] = &Seed{
		Name: codesTable, Path: "partners/*/codes.csv", Description: "What partners' codes mean, of all partners' codes.csv.",
		Columns: codeColumns, Key: columnNames(codeColumns[:7]), data: b.Bytes(),
	}
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
		if m.fact != nil {
			continue // the union of what is left
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
		if m.fact != nil {
			m = m.over(gone)
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

// over is a fact's model without those that are gone.
func (m *Model) over(gone map[waybill.TableName]bool) *Model {
	fact, model := *m.fact, *m
	fact.From = nil
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
