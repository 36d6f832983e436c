package models

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/goccy/go-yaml/ast"

	"github.com/fourmarketing/waybill"
)

// Fact is the contract between partners and the group's models: one kind of fact that staging models conform to. Its rows are the
// union of theirs.
type Fact struct {
	Name        waybill.TableName // canonical.parcel_scans
	Path        string            // file of the declaration
	Description string
	Grain       string
	Key         []string // begins with the source; a column that may be null counts null as a value; none for rows as they were sent
	AsSent      bool     // rows have no key of their own: two equal ones are two
	At          string   // column with the instant at which it happened, empty if it has none
	Holds       []string // columns whose values hold rows together as one unit
	Part        Part     // what its rows are parts of, if they have no instant of their own
	AtStake     AtStake  // what a row is worth, if it is worth anything
	Unit        Unit     // what a row that a check finds is held with
	Columns     []FactColumn
	Misses      []Miss
	From        []*Model // staging models that conform to it, sorted by name

	line int
}

// FactColumn is one column of a fact.
type FactColumn struct {
	waybill.Column
	Required bool     // no row may lack a value
	Optional bool     // a partner may not have it at all
	Words    []string // the values it may have; empty for any
	Clock    Clock
	Since    string // the instant from which the value holds: as of an earlier one it is null

	line int
}

// Clock says what an instant of a fact tells.
type Clock string

// The clocks. As of an earlier instant nothing is known that happened later; what is due later is known. The wall's time is when Waybill asked or
// received: it decides about no row, and is null where it is later than the instant that a run asks about, unless the column is required.
const (
	Happened Clock = "happened" // if nothing is said
	Due      Clock = "due"
	Wall     Clock = "wall"
)

// Miss says when a row has a value that nobody has mapped, so that it can be queued.
type Miss struct {
	Column   string
	Raw      []string // columns with what the partner sent
	Text     string   // column with the partner's words, empty if there are none
	When     string   // condition on the row
	Map      string   // where the mapping is to be added
	Document string   // column that tells what is at stake

	line int
}

// orderColumn is what facts call the order that they tell of.
const orderColumn = "order_id"

// Columns that the engine adds to each fact: who says so, and which line does.
var (
	factHead = []waybill.Column{
		{Name: "partner", Type: "VARCHAR", Doc: "folder of the partner whose model says so"},
		{Name: "source", Type: "VARCHAR", Doc: "connection that it came from"},
	}
	factTail = []waybill.Column{
		{Name: "_file_id", Type: "VARCHAR", Doc: "the file"},
		{Name: "_line", Type: "BIGINT", Doc: "line in it"},
		{Name: "_received_at", Type: "TIMESTAMPTZ", Doc: "when the file was received; null where that was after the instant that the run asks about"},
	}
)

// Shape returns all columns of the fact's table, those that the engine adds among them.
func (f *Fact) Shape() []waybill.Column {
	out := append([]waybill.Column(nil), factHead...)
	for _, c := range f.Columns {
		out = append(out, c.Column)
	}
	return append(out, factTail...)
}

// Facts returns the declarations, sorted by name.
func (p *Project) Facts() []*Fact {
	return factsOf(p.models)
}

var (
	factKeys       = []string{"description", "grain", "key", "rows", "at", "holds", "unit", "part_of", "at_stake", "columns", "misses"}
	factColumnKeys = []string{"type", "description", "required", "optional", "words", "clock", "since"}
	missKeys       = []string{"column", "raw", "text", "when", "map", "document"}
)

// readFacts reads the declarations. Each becomes a model of the schema canonical.
func (r *reader) readFacts() {
	for _, p := range r.files(Canonical, ".yaml") {
		text, ok := r.text(p)
		if !ok {
			continue
		}
		y := &yamlReader{path: r.shown(p)}
		for _, e := range y.parse(text, nil) {
			f := y.fact(y.path, e)
			m := &Model{Name: f.Name, Area: strings.TrimSuffix(path.Base(p), ".yaml"), Path: y.path, file: p, Head: f.head(), line: f.line, fact: f, text: declaration(text, f.line)}
			r.addModel(m)
		}
		r.errs = append(r.errs, y.errs...)
	}
}

// declaration is the part of a file of facts that begins on a line: up to the next key that is not indented.
func declaration(text string, line int) string {
	lines := strings.Split(text, "\n")
	end := line
	for end < len(lines) && (lines[end] == "" || lines[end][0] == ' ') {
		end++
	}
	return strings.TrimRight(strings.Join(lines[line-1:end], "\n"), "\n") + "\n"
}

func (r *yamlReader) lineOf(n ast.Node) int { return r.skip + n.GetToken().Position.Line }

func (r *yamlReader) fact(p string, e entry) *Fact {
	f := &Fact{Name: waybill.TableName{Namespace: Canonical, Name: e.key}, Path: p, line: r.lineOf(e.node)}
	for _, k := range r.object(e.value, factKeys) {
		switch k.key {
		case "description":
			f.Description = r.text(k.value)
		case "grain":
			f.Grain = r.text(k.value)
		case "key":
			f.Key = r.list(k.value)
		case "rows":
			f.AsSent = r.text(k.value) == "as_sent"
			if !f.AsSent {
				r.fail(k.node, "rows: as_sent is all that it may say")
			}
		case "at":
			f.At = r.text(k.value)
		case "holds":
			f.Holds = r.list(k.value)
		case "part_of":
			f.Part = r.part(k.value)
		case "at_stake":
			f.AtStake = *r.atStake(k.value)
		case "unit":
			f.Unit = r.unit(k.value)
		case "columns":
			for _, c := range r.object(k.value, nil) {
				f.Columns = append(f.Columns, r.factColumn(c))
			}
		case "misses":
			f.Misses = r.misses(k.value)
		}
	}
	if !f.Unit.declared && contains(columnNames(f.Shape()), orderColumn) {
		f.Unit.Of = [][]string{{orderColumn}} // what tells of an order hangs on it
	}
	r.consistent(f, e)
	return f
}

// consistent complains of names in a declaration that are none of its columns.
func (r *yamlReader) consistent(f *Fact, e entry) {
	names := columnNames(f.Shape())
	known := func(what string, columns ...string) {
		for _, c := range columns {
			if c != "" && !contains(names, c) {
				r.fail(e.node, "%s: %s names column %s, which it has not%s", f.Name, what, c, didYouMean(c, names))
			}
		}
	}
	switch {
	case f.AsSent && len(f.Key) > 0:
		r.fail(e.node, "%s: rows as sent have no key", f.Name)
	case !f.AsSent && (len(f.Key) == 0 || f.Key[0] != "source"):
		r.fail(e.node, "%s: the key begins with source", f.Name)
	}
	if f.Description == "" || f.Grain == "" {
		r.fail(e.node, "%s: a description and a grain are expected", f.Name)
	}
	known("key", f.Key...)
	known("at", f.At)
	known("holds", f.Holds...)
	known("part_of", f.Part.By)
	known("at_stake", f.AtStake.Amount, f.AtStake.Currency)
	for _, c := range f.Columns {
		known("since", c.Since)
	}
	if f.Unit.Through.Name == "" {
		known("unit", f.Unit.columns()...)
	}
	known("unit", f.Unit.By...)
	for _, m := range f.Misses {
		known("misses", m.Column, m.Text, m.Document)
		known("misses", m.Raw...)
	}
}

func (r *yamlReader) factColumn(e entry) FactColumn {
	c := FactColumn{Column: waybill.Column{Name: e.key}, Clock: Happened, line: r.lineOf(e.node)}
	for _, k := range r.object(e.value, factColumnKeys) {
		switch k.key {
		case "type":
			c.Type = r.columnType(k.value)
		case "description":
			c.Doc = r.text(k.value)
		case "required":
			c.Required = r.flag(k.value)
		case "optional":
			c.Optional = r.flag(k.value)
		case "words":
			c.Words = r.list(k.value)
		case "since":
			c.Since = r.text(k.value)
		case "clock":
			c.Clock = Clock(r.text(k.value))
			if c.Clock != Happened && c.Clock != Due && c.Clock != Wall {
				r.fail(k.value, "clock %s: happened, due or wall is expected", c.Clock)
			}
		}
	}
	if c.Doc == "" {
		r.fail(e.node, "column %s has no description", e.key)
	}
	if c.Required && c.Optional {
		r.fail(e.node, "column %s is both required and optional", e.key)
	}
	return c
}

func (r *yamlReader) misses(n ast.Node) []Miss {
	seq, ok := n.(*ast.SequenceNode)
	if !ok {
		r.fail(n, "misses is a list: - {column: …, raw: […], when: …, map: …, document: …}")
		return nil
	}
	var out []Miss
	for _, v := range seq.Values {
		m := Miss{line: r.lineOf(v)}
		for _, k := range r.object(v, missKeys) {
			switch k.key {
			case "column":
				m.Column = r.text(k.value)
			case "raw":
				m.Raw = r.list(k.value)
			case "text":
				m.Text = r.text(k.value)
			case "when":
				m.When = r.text(k.value)
			case "map":
				m.Map = r.text(k.value)
			case "document":
				m.Document = r.text(k.value)
			}
		}
		if m.Column == "" || len(m.Raw) == 0 || m.When == "" || m.Map == "" || m.Document == "" {
			r.fail(v, "a miss needs column, raw, when, map and document")
		}
		out = append(out, m)
	}
	return out
}

// head is what a fact's table has of a model's head: its key, columns and words, which are checked like any mart's.
func (f *Fact) head() Head {
	h := Head{Description: f.Description, Grain: f.Grain, Owner: "data", Key: f.Key, Severity: SeverityError, Unit: f.Unit}
	for _, c := range f.Columns {
		h.Columns = append(h.Columns, ColumnDoc{Name: c.Name, Description: c.Doc, NotNull: c.Required, Accepted: c.Words, line: c.line})
	}
	return h
}

// conform gives every fact the staging models that say they conform to it, and holds their columns against the declaration.
func (r *reader) conform() {
	for _, m := range r.models {
		if was := m.replaced; was != nil && was.Head.ConformsTo != "" && m.Head.ConformsTo == "" && m.facts != nil {
			r.fail(m.Path, 1, "takes the place of %s, which conforms to %s: the fact would lose these rows; say conforms_to: %s",
				was.Path, was.Head.ConformsTo, was.Head.ConformsTo)
		}
		if m.Head.ConformsTo == "" {
			continue
		}
		f := r.factNamed(m)
		if f == nil || m.facts == nil {
			continue
		}
		f.From = append(f.From, m)
		r.holdAgainst(f, m)
	}
	for _, m := range r.models {
		if m.fact != nil && m.fact.Part.By != "" {
			r.findWhole(m)
		}
	}
	for _, m := range r.models {
		if m.fact == nil {
			continue
		}
		m.Deps, m.SQL = m.fact.deps(), m.fact.union()
	}
	for _, m := range r.models {
		if m.Name == asideTable {
			m.setAside(factsOf(r.models))
		}
	}
}

func (r *reader) factNamed(m *Model) *Fact {
	var names []string
	for _, other := range r.models {
		if other.fact == nil {
			continue
		}
		if other.Name.Name == m.Head.ConformsTo {
			return other.fact
		}
		names = append(names, other.Name.Name)
	}
	r.fail(m.Path, 1, "conforms_to %s: no such fact is declared in %s%s", m.Head.ConformsTo, Canonical, didYouMean(m.Head.ConformsTo, names))
	return nil
}

// holdAgainst refuses columns that the declaration has not, and misses those that it asks for.
func (r *reader) holdAgainst(f *Fact, m *Model) {
	s := &snippet{path: m.Path, line: m.line, sql: m.SQL}
	last := m.line + strings.Count(m.SQL, "\n")
	if m.facts.output == nil {
		r.fail(m.Path, last, "%s conforms to %s, so its last CTE lists its columns by name", m.Name, f.Name)
		return
	}
	allowed := map[string]bool{}
	for _, c := range f.Columns {
		allowed[c.Name] = true
	}
	given := map[string]bool{}
	for _, c := range m.facts.output {
		given[c.name] = true
		if !allowed[c.name] && !stagingLineage[c.name] {
			var names []string
			for _, known := range f.Columns {
				names = append(names, known.Name)
			}
			r.fail(m.Path, s.lineAt(c.at), "column %s is none of %s (%s:%d)%s", c.name, f.Name, f.Path, f.line, didYouMean(c.name, names))
		}
	}
	for _, c := range f.Columns {
		if !given[c.Name] && !c.Optional {
			r.fail(m.Path, last, "column %s of %s (%s:%d) is missing; only optional ones may be", c.Name, f.Name, f.Path, c.line)
		}
	}
	for _, c := range stagingTail {
		if !given[c] {
			r.fail(m.Path, last, "column %s is missing: every row says which line of which file it is from", c)
		}
	}
}

// Lineage that a staging model gives with each row.
var (
	stagingTail    = []string{"_source", "_file_id", "_line", "_received_at"}
	stagingLineage = map[string]bool{"_source": true, "_file_id": true, "_line": true, "_received_at": true}
)

// deps are the tables that the fact's select reads.
func (f *Fact) deps() []waybill.TableName {
	if len(f.From) == 0 {
		return nil
	}
	out := []waybill.TableName{clock}
	for _, from := range f.From {
		out = append(out, from.Name)
		for _, whole := range f.wholes(from) {
			out = append(out, whole.Name)
		}
	}
	if f.hasCurrency() {
		out = append(out, currencies)
	}
	sortNames(out)
	return slices.Compact(out)
}

// union is the fact's select: its columns in the declaration's order and types, from every model that conforms to it.
// A column that a partner has not is null. What happened after the instant that the run asks about is not there, nor is what cannot be placed
// in the calendar or has no currency; that is in asideTable.
func (f *Fact) union() string {
	if len(f.From) == 0 {
		items := make([]string, 0, len(f.Columns)+5)
		for _, c := range f.Shape() {
			items = append(items, fmt.Sprintf("cast(null as %s) as %s", c.Type, c.Name))
		}
		return "select\n    " + strings.Join(items, ",\n    ") + "\nwhere false"
	}
	var selects []string
	for _, m := range f.From {
		selects = append(selects, f.told(m))
	}
	return knownUntil + strings.Join(selects, "\nunion all\n")
}

// knownUntil is the instant that the run asks about; without a clock everything is known.
const knownUntil = `with known as (
    select coalesce(max(as_of), timestamptz '9999-12-31 00:00:00+00') as as_of from ops.clock
)

`

// unmapped is the select of all values that nobody has mapped, over every fact that says when one is.
func unmapped(facts []*Fact) string {
	var selects []string
	for _, f := range facts {
		for _, m := range f.Misses {
			raw := make([]string, len(m.Raw))
			for i, c := range m.Raw {
				raw[i] = "coalesce(cast(" + c + " as varchar), 'none')"
			}
			text, at := "cast(null as varchar)", "_received_at"
			if m.Text != "" {
				text = m.Text
			}
			if f.At != "" {
				at = f.At // null where it could not be read
			}
			selects = append(selects, fmt.Sprintf(`select
    partner,
    source,
    '%s' as fact,
    '%s' as column_name,
    %s as raw_code,
    %s as raw_text,
    '%s' as map_in,
    '%s' as document_kind,
    %s as document,
    %s as seen_at,
    _file_id,
    _line
from %s
where %s`, f.Name.Name, m.Column, strings.Join(raw, " || ' / ' || "), text, strings.ReplaceAll(m.Map, "'", "''"), m.Document,
				"cast("+m.Document+" as varchar)", at, f.Name, m.When))
		}
	}
	return strings.Join(selects, "\nunion all\n")
}

// unmappedTable is the generated table of values that nobody has mapped.
var unmappedTable = waybill.TableName{Namespace: Canonical, Name: "unmapped"}

// addUnmapped makes the model of the unmapped values, once all facts are known.
func (r *reader) addUnmapped() {
	var facts []*Fact
	var deps []waybill.TableName
	for _, m := range r.models {
		if m.fact != nil && len(m.fact.Misses) > 0 {
			facts, deps = append(facts, m.fact), append(deps, m.Name)
		}
	}
	if len(facts) == 0 {
		return
	}
	sortNames(deps)
	m := &Model{
		Name: unmappedTable, Path: facts[0].Path, file: Canonical, SQL: unmapped(facts), Deps: deps, line: 1,
		Head: Head{Description: "Values that nobody has mapped yet, over all facts.", Grain: "one row per value and row", Severity: SeverityError},
	}
	r.depth = 0 // nobody's file: the engine makes it
	r.addModel(m)
}
