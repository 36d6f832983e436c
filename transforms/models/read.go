package models

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"sort"
	"strings"

	"github.com/fourmarketing/waybill"
	"github.com/fourmarketing/waybill/transforms/duck"
)

// Read reads a project: partners/, canonical/, intermediate/, marts/, checks/, seeds/ and macros/ of the built-in folder, and of every
// overlay, which adds to what lies below it or replaces it by name. The error joins everything that is wrong, each with file and line.
func Read(builtIn fs.FS, overlays ...Layer) (*Project, error) {
	r := newReader(builtIn, overlays...)
	r.readFiles()
	if err := r.parse(context.Background()); err != nil {
		return nil, err
	}
	r.resolve()
	r.order()
	if len(r.errs) == 0 {
		r.dropped()
	}
	if len(r.errs) > 0 {
		return nil, errors.Join(r.errs...)
	}
	for _, m := range r.models {
		if m.facts != nil {
			m.facts.tree = nil // by far the largest part of a model
		}
	}
	return r.project, nil
}

func newReader(builtIn fs.FS, overlays ...Layer) *reader {
	return &reader{
		layers: append([]Layer{{Files: builtIn}}, overlays...),
		rawAt:  map[waybill.TableName]string{},
		project: &Project{
			byName:  map[waybill.TableName]*Model{},
			readers: map[waybill.TableName][]*Model{},
			seeds:   map[waybill.TableName]*Seed{},
			raw:     map[waybill.TableName][]waybill.Column{},
		},
	}
}

type reader struct {
	layers  []Layer
	layer   Layer           // the one that is being read
	depth   int             // its place among the layers
	seen    map[string]bool // files of it that were read
	project *Project
	models  []*Model // in the order of the files
	codes   []codeRow
	rawAt   map[waybill.TableName]string // where the columns of raw tables are declared
	parsed  []parsed
	errs    []error
}

// parsed is a snippet with where its facts go.
type parsed struct {
	*snippet
	of  any // the model or worklist that it belongs to
	use func(*facts)
}

func (r *reader) fail(path string, line int, format string, args ...any) {
	r.errs = append(r.errs, fmt.Errorf("%s:%d: %s", path, line, fmt.Sprintf(format, args...)))
}

// files returns the files below a folder with an ending, sorted; a folder that is not there has none.
func (r *reader) files(dir, ext string) []string {
	var out []string
	err := fs.WalkDir(r.layer.Files, dir, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if !d.IsDir() && path.Ext(p) == ext {
			out = append(out, p)
		}
		return nil
	})
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		r.errs = append(r.errs, fmt.Errorf("read %s: %w", r.shown(dir), err))
	}
	sort.Strings(out)
	return out
}

func (r *reader) text(p string) (string, bool) {
	data, err := r.bytes(p)
	if err != nil {
		r.errs = append(r.errs, fmt.Errorf("read %s: %w", r.shown(p), err))
		return "", false
	}
	return strings.ReplaceAll(string(data), "\r\n", "\n"), true
}

// bytes reads one file of the layer.
func (r *reader) bytes(p string) ([]byte, error) {
	data, err := fs.ReadFile(r.layer.Files, p)
	if err == nil {
		r.seen[p] = true
	}
	return data, err
}

func (r *reader) readFiles() {
	for depth, layer := range r.layers {
		r.layer, r.depth, r.seen = layer, depth, map[string]bool{}
		r.readLayer()
		if r.over() {
			r.unread()
		}
	}
	for _, name := range sortedSeeds(r.project.seeds) {
		if s := r.project.seeds[name]; len(s.Periods) > 0 {
			r.checkRules(s)
		}
	}
	r.addCodes(r.codes)
}

func (r *reader) readLayer() {
	for _, p := range r.files("macros", ".sql") {
		if text, ok := r.text(p); ok {
			r.addMacros(macro{path: r.shown(p), file: p, sql: text})
		}
	}
	r.readSeeds()
	r.readPartners()
	r.readFacts()
	for _, schema := range []string{Intermediate, Marts, Checks} {
		for _, p := range r.files(schema, ".sql") {
			r.readModel(schema, firstFolder(strings.TrimPrefix(p, schema+"/")), p)
		}
	}
}

// addMacros takes a file of macros; an overlay's takes the place of the one that is called alike.
func (r *reader) addMacros(m macro) {
	for i, other := range r.project.macros {
		if other.file == m.file {
			r.changed("macros", m.file, m.path, 1, at(other.path, 1))
			r.project.macros[i] = m
			return
		}
	}
	r.changed("macros", m.file, m.path, 1, "")
	r.project.macros = append(r.project.macros, m)
}

// addModel takes a model unless another of the layer has its name. A model of the same schema and name in a layer below makes room for it;
// a fact does not, because partners and models hold on to it.
func (r *reader) addModel(m *Model) bool {
	m.depth = r.depth
	for i, other := range r.models {
		switch {
		case other.Name == m.Name && other.depth < m.depth && m.fact == nil:
			m.Mark = r.changed(m.kind(), m.Name.String(), m.Path, m.line, at(other.Path, 1))
			m.replaced = other
			r.models[i] = m
			r.forget(other)
			return true
		case other.Name == m.Name && other.depth < m.depth:
			r.fail(m.Path, max(1, m.line), "%s is declared in %s and cannot be replaced, since partners and models rely on it: declare a fact of another name",
				m.Name, at(other.Path, other.line))
			return false
		case other.Name == m.Name || (other.Name.Name == m.Name.Name && other.fact == nil && m.fact == nil):
			r.fail(m.Path, max(1, m.line), "a second model named %s, the first is %s", m.Name.Name, other.Path)
			return false
		}
	}
	m.Mark = r.changed(m.kind(), m.Name.String(), m.Path, m.line, "")
	r.models = append(r.models, m)
	return true
}

// forget drops what was to be parsed of a model or worklist that is replaced.
func (r *reader) forget(of any) {
	kept := r.parsed[:0]
	for _, p := range r.parsed {
		if p.of != of {
			kept = append(kept, p)
		}
	}
	r.parsed = kept
}

func (r *reader) readModel(schema, area, p string) {
	text, ok := r.text(p)
	if !ok {
		return
	}
	m := &Model{Name: waybill.TableName{Namespace: schema, Name: strings.TrimSuffix(path.Base(p), ".sql")}, Area: area, Path: r.shown(p), file: p}
	if !r.addModel(m) {
		return
	}
	head, s, ok := r.split(m.Path, text)
	if !ok {
		return
	}
	m.Head, m.SQL, m.line, m.text = head, s.sql, s.line, text
	r.parsed = append(r.parsed, parsed{snippet: s, of: m, use: func(f *facts) { m.facts = f }})
	for i := range m.Head.Checks {
		r.readHeadCheck(m, &m.Head.Checks[i])
	}
	for i := range m.Head.Rows {
		r.readRawRows(m, &m.Head.Rows[i])
	}
	r.readList(m)
}

// split reads a file's head and finds its select.
func (r *reader) split(p, text string) (Head, *snippet, bool) {
	f, err := splitHead(text)
	if err != nil {
		r.fail(p, 1, "%v", err)
		return Head{}, nil, false
	}
	y := &yamlReader{path: p, skip: f.headSkip}
	head := y.head(f.head)
	r.errs = append(r.errs, y.errs...)
	return head, &snippet{path: p, line: f.bodySkip + 1, sql: f.body}, true
}

// readHeadCheck has the SQL in a check parsed with the rest, to find its tables and its mistakes.
func (r *reader) readHeadCheck(m *Model, c *HeadCheck) {
	var others func(f *facts)
	add := func(prefix, text string) {
		more := others
		r.parsed = append(r.parsed, parsed{
			snippet: &snippet{path: m.Path, line: c.line, prefix: len(prefix), sql: prefix + text},
			of:      m,
			use: func(f *facts) {
				for _, t := range f.tables {
					c.deps = append(c.deps, t.name)
				}
				r.known(m.Path, &snippet{path: m.Path, line: c.line}, f)
				if more != nil {
					more(f)
				}
			},
		})
	}
	switch c.Kind {
	case CheckRelationship:
		if c.To.Name != "" {
			add("select 1 from ", c.To.String())
		}
	case CheckSumEqual:
		if c.Left != "" && c.Right != "" {
			add("select ", c.Left)
			others = func(f *facts) { r.readsOthers(m, c, f) }
			add("", c.Right)
		}
	case CheckRows:
		add("select ", c.Left)
	case CheckNotNull, CheckAccepted:
	}
}

// readsOthers refuses a sum that is compared with one of the same rows: they agree whatever the rows say.
func (r *reader) readsOthers(m *Model, c *HeadCheck, f *facts) {
	for _, t := range f.tables {
		if t.name != m.Name {
			return
		}
	}
	if len(f.tables) > 0 {
		r.fail(m.Path, c.line, "sum_equal: right reads %s alone, whose own sum it is compared with; take it from what the model is made of, or from another mart", m.Name)
	}
}

func (r *reader) readWorklist(partner, p string) {
	text, ok := r.text(p)
	if !ok {
		return
	}
	w := &Worklist{Name: strings.TrimSuffix(path.Base(p), ".sql"), Partner: partner, Path: r.shown(p)}
	head, s, ok := r.split(w.Path, text)
	if !ok {
		return
	}
	w.Head, w.SQL, w.line, w.depth, w.text = head, s.sql, s.line, r.depth, text
	r.addWorklist(w)
	r.parsed = append(r.parsed, parsed{snippet: s, of: w, use: func(f *facts) {
		w.facts, w.Deps = f, r.known(w.Path, s, f)
	}})
}

func (r *reader) addWorklist(w *Worklist) {
	for i, other := range r.project.worklists {
		if other.Name == w.Name && other.depth < w.depth {
			w.Mark, w.replaced = r.changed("worklist", w.Name, w.Path, 1, at(other.Path, 1)), other
			r.project.worklists[i] = w
			r.forget(other)
			return
		}
	}
	w.Mark = r.changed("worklist", w.Name, w.Path, 1, "")
	r.project.worklists = append(r.project.worklists, w)
}

// parse asks DuckDB about all SQL at once and has the macros checked by defining them.
func (r *reader) parse(ctx context.Context) error {
	if len(r.parsed) == 0 && len(r.project.macros) == 0 {
		return nil
	}
	db := duck.Open(duck.Config{Threads: 1})
	defer db.Close()
	for _, m := range r.project.macros {
		if _, err := db.ExecContext(ctx, m.sql); err != nil {
			r.errs = append(r.errs, locate(m.path, 1, err))
		}
	}
	snippets := make([]*snippet, len(r.parsed))
	for i, p := range r.parsed {
		snippets[i] = p.snippet
	}
	return parseAll(ctx, db, snippets)
}

// resolve gives every model its dependencies and says what is not there.
func (r *reader) resolve() {
	r.addUnmapped()
	r.addLeftOut()
	r.addAside()
	for _, m := range r.models {
		r.project.byName[m.Name] = m
	}
	for _, p := range r.parsed {
		if p.err != nil {
			r.errs = append(r.errs, p.err)
			continue
		}
		p.use(p.facts)
	}
	for _, m := range r.models {
		if m.facts != nil {
			m.Deps = r.known(m.Path, &snippet{path: m.Path, line: m.line, sql: m.SQL}, m.facts)
		}
	}
	r.conform()
	r.countedRows()
	if m := r.project.byName[leftOutTable]; m != nil {
		m.Deps = leftOut(r.models).Deps
	}
	for _, m := range r.models {
		for _, d := range m.Deps {
			r.project.readers[d] = append(r.project.readers[d], m)
		}
	}
}

// known returns the tables of a select, sorted and each once, and complains of those that cannot be.
func (r *reader) known(p string, s *snippet, f *facts) []waybill.TableName {
	seen := map[waybill.TableName]bool{}
	for _, t := range f.tables {
		if seen[t.name] {
			continue
		}
		seen[t.name] = true
		if !r.exists(t.name) {
			r.fail(p, s.lineAt(t.at), "unknown table %s%s", t.name, didYouMean(t.name.String(), r.tableNames()))
		}
	}
	for _, t := range f.loose {
		if t.name.Namespace == "" {
			r.fail(p, s.lineAt(t.at), "table %s without a schema: write staging.%s, marts.%s, …", t.name.Name, t.name.Name, t.name.Name)
			continue
		}
		r.fail(p, s.lineAt(t.at), "table %s: a schema and a name are expected", t.name)
	}
	out := make([]waybill.TableName, 0, len(seen))
	for n := range seen {
		out = append(out, n)
	}
	sortNames(out)
	return out
}

func (r *reader) exists(t waybill.TableName) bool {
	switch t.Namespace {
	case schemaRaw, schemaOps:
		return true
	case Seeds:
		return r.project.seeds[t] != nil
	default:
		return r.project.byName[t] != nil
	}
}

func (r *reader) tableNames() []string {
	var out []string
	for n := range r.project.byName {
		out = append(out, n.String())
	}
	for n := range r.project.seeds {
		out = append(out, n.String())
	}
	for _, m := range r.models {
		if m.facts == nil {
			continue
		}
		for _, t := range m.facts.tables {
			if t.name.Namespace == schemaRaw || t.name.Namespace == schemaOps {
				out = append(out, t.name.String())
			}
		}
	}
	sort.Strings(out)
	return out
}

func firstFolder(p string) string {
	if folder, _, found := strings.Cut(p, "/"); found {
		return folder
	}
	return ""
}
