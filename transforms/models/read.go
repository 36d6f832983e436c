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

// Read reads a project: partners/, canonical/, intermediate/, marts/, checks/, seeds/ and macros/. The error joins everything
// that is wrong, each with file and line.
func Read(fsys fs.FS) (*Project, error) {
	r := newReader(fsys)
	r.readFiles()
	if err := r.parse(context.Background()); err != nil {
		return nil, err
	}
	r.resolve()
	r.order()
	if len(r.errs) > 0 {
		return nil, errors.Join(r.errs...)
	}
	return r.project, nil
}

func newReader(fsys fs.FS) *reader {
	return &reader{
		fsys: fsys,
		project: &Project{
			byName:  map[waybill.TableName]*Model{},
			readers: map[waybill.TableName][]*Model{},
			seeds:   map[waybill.TableName]*Seed{},
			raw:     map[waybill.TableName][]waybill.Column{},
		},
	}
}

type reader struct {
	fsys    fs.FS
	project *Project
	models  []*Model // in the order of the files
	parsed  []parsed
	errs    []error
}

// parsed is a snippet with where its facts go.
type parsed struct {
	*snippet
	use func(*facts)
}

func (r *reader) fail(path string, line int, format string, args ...any) {
	r.errs = append(r.errs, fmt.Errorf("%s:%d: %s", path, line, fmt.Sprintf(format, args...)))
}

// files returns the files below a folder with an ending, sorted; a folder that is not there has none.
func (r *reader) files(dir, ext string) []string {
	var out []string
	err := fs.WalkDir(r.fsys, dir, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if !d.IsDir() && path.Ext(p) == ext {
			out = append(out, p)
		}
		return nil
	})
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		r.errs = append(r.errs, fmt.Errorf("read %s: %w", dir, err))
	}
	sort.Strings(out)
	return out
}

func (r *reader) text(p string) (string, bool) {
	data, err := fs.ReadFile(r.fsys, p)
	if err != nil {
		r.errs = append(r.errs, fmt.Errorf("read %s: %w", p, err))
		return "", false
	}
	return strings.ReplaceAll(string(data), "\r\n", "\n"), true
}

func (r *reader) readFiles() {
	for _, p := range r.files("macros", ".sql") {
		if text, ok := r.text(p); ok {
			r.project.macros = append(r.project.macros, macro{path: p, sql: text})
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

// addModel takes a model unless another has its name.
func (r *reader) addModel(m *Model) bool {
	for _, other := range r.models {
		if other.Name == m.Name || (other.Name.Name == m.Name.Name && other.fact == nil && m.fact == nil) {
			r.fail(m.Path, max(1, m.line), "a second model named %s, the first is %s", m.Name.Name, other.Path)
			return false
		}
	}
	r.models = append(r.models, m)
	return true
}

func (r *reader) readModel(schema, area, p string) {
	text, ok := r.text(p)
	if !ok {
		return
	}
	m := &Model{Name: waybill.TableName{Namespace: schema, Name: strings.TrimSuffix(path.Base(p), ".sql")}, Area: area, Path: p}
	if !r.addModel(m) {
		return
	}
	head, s, ok := r.split(p, text)
	if !ok {
		return
	}
	m.Head, m.SQL, m.line = head, s.sql, s.line
	r.parsed = append(r.parsed, parsed{snippet: s, use: func(f *facts) { m.facts = f }})
	for i := range m.Head.Checks {
		r.readHeadCheck(m, &m.Head.Checks[i])
	}
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
	add := func(prefix, text string) {
		r.parsed = append(r.parsed, parsed{
			snippet: &snippet{path: m.Path, line: c.line, prefix: len(prefix), sql: prefix + text},
			use: func(f *facts) {
				for _, t := range f.tables {
					c.deps = append(c.deps, t.name)
				}
				r.known(m.Path, &snippet{path: m.Path, line: c.line}, f)
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
			add("", c.Right)
		}
	case CheckRows:
		add("select ", c.Left)
	case CheckNotNull, CheckAccepted:
	}
}

func (r *reader) readWorklist(partner, p string) {
	text, ok := r.text(p)
	if !ok {
		return
	}
	w := &Worklist{Name: strings.TrimSuffix(path.Base(p), ".sql"), Partner: partner, Path: p}
	head, s, ok := r.split(p, text)
	if !ok {
		return
	}
	w.Head, w.SQL, w.line = head, s.sql, s.line
	r.parsed = append(r.parsed, parsed{snippet: s, use: func(f *facts) {
		w.facts, w.Deps = f, r.known(p, s, f)
	}})
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
