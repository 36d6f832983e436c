package models

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"runtime"
	"slices"
	"sort"
	"strconv"
	"strings"
	"sync"

	"github.com/fourmarketing/waybill"
	"github.com/fourmarketing/waybill/transforms/duck"
)

// CaseResult is the outcome of one day of a model's test case.
type CaseResult struct {
	Model string // fct_orders
	Case  string // refund_40_days_later
	Day   int    // 1, 2, …
	Path  string // of its want.csv within the folder of cases
	Diff  string // readable, empty when the model gave what is wanted
	Err   error  // why it could not be run
	Got   []byte // the rows built, as CSV with want.csv's columns in want.csv's order
}

// RunCases runs the test cases under fsys. A case is a folder <model>/<case> with
//
//	given/<schema>.<table>.csv           input tables of the first day; columns left out are null
//	clock.txt                            the as-of instant (RFC 3339), the only row of ops.clock
//	want.csv                             what the model gives then; only the columns named here are compared
//	day2/given/<schema>.<table>.csv      rows that come on top on a later day
//	day2/given/<schema>.<table>.replace.csv   or the whole table as it is then
//	day2/clock.txt, day2/want.csv        as above; a day without clock keeps the last one
//
// Tables that are not given are empty, seeds are the project's own. schemas has the columns of raw and ops tables; those of a model
// that is given in place of being built come from its select. An unquoted empty field is null, "" is the empty text.
func RunCases(ctx context.Context, p *Project, fsys fs.FS, schemas map[waybill.TableName][]waybill.Column) []CaseResult {
	r := &caseRunner{project: p, fsys: fsys, schemas: schemas, typed: map[waybill.TableName][]waybill.Column{}}
	db := duck.Open(duck.Config{Threads: 1}) // cases are small and run beside each other
	defer db.Close()
	r.db = db
	cases, err := r.list()
	if err != nil {
		return []CaseResult{{Err: err}}
	}
	results := make([][]CaseResult, len(cases))
	next := make(chan int)
	var workers sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		workers.Go(func() {
			for i := range next {
				results[i] = r.run(ctx, cases[i])
			}
		})
	}
	for i := range cases {
		next <- i
	}
	close(next)
	workers.Wait()
	return slices.Concat(results...)
}

type caseRunner struct {
	project *Project
	fsys    fs.FS
	db      *sql.DB
	schemas map[waybill.TableName][]waybill.Column

	mu    sync.Mutex
	typed map[waybill.TableName][]waybill.Column // of models, asked once
}

// testCase is one folder of cases.
type testCase struct{ model, name string }

func (r *caseRunner) list() ([]testCase, error) {
	models, err := folders(r.fsys, ".")
	if err != nil {
		return nil, err
	}
	var out []testCase
	for _, m := range models {
		names, err := folders(r.fsys, m)
		if err != nil {
			return nil, err
		}
		for _, n := range names {
			out = append(out, testCase{model: m, name: n})
		}
	}
	return out, nil
}

func folders(fsys fs.FS, dir string) ([]string, error) {
	entries, err := fs.ReadDir(fsys, dir)
	if err != nil {
		return nil, fmt.Errorf("read test cases: %w", err)
	}
	var out []string
	for _, e := range entries {
		if e.IsDir() && !strings.HasPrefix(e.Name(), ".") {
			out = append(out, e.Name())
		}
	}
	return out, nil
}

// run goes through the days of one case.
func (r *caseRunner) run(ctx context.Context, c testCase) []CaseResult {
	dir := path.Join(c.model, c.name)
	m := r.find(c.model)
	if m == nil {
		var names []string
		for _, known := range r.project.models {
			names = append(names, known.Name.Name)
		}
		return []CaseResult{{Model: c.model, Case: c.name, Day: 1, Err: fmt.Errorf("%s: no model %s%s", dir, c.model, didYouMean(c.model, names))}}
	}
	days, err := r.days(dir)
	if err != nil {
		return []CaseResult{{Model: c.model, Case: c.name, Day: 1, Err: err}}
	}
	g := &given{runner: r, tables: map[waybill.TableName][]givenPart{}}
	var out []CaseResult
	for _, day := range days {
		result := CaseResult{Model: c.model, Case: c.name, Day: day.number, Path: path.Join(day.dir, "want.csv")}
		result.Got, result.Diff, result.Err = r.runDay(ctx, m, g, day.dir)
		out = append(out, result)
		if result.Err != nil {
			break
		}
	}
	return out
}

func (r *caseRunner) find(name string) *Model {
	for _, m := range r.project.models {
		if m.Name.Name == name {
			return m
		}
	}
	return nil
}

type caseDay struct {
	number int
	dir    string
}

// days returns the case's folder and those of its later days, in order.
func (r *caseRunner) days(dir string) ([]caseDay, error) {
	out := []caseDay{{number: 1, dir: dir}}
	subs, err := folders(r.fsys, dir)
	if err != nil {
		return nil, err
	}
	for _, s := range subs {
		if s == "given" {
			continue
		}
		n, err := strconv.Atoi(strings.TrimPrefix(s, "day"))
		if err != nil || !strings.HasPrefix(s, "day") || n < 2 {
			return nil, fmt.Errorf("%s: folder %s: given, day2, day3, … are expected", dir, s)
		}
		out = append(out, caseDay{number: n, dir: path.Join(dir, s)})
	}
	sort.Slice(out, func(i, j int) bool { return out[i].number < out[j].number })
	return out, nil
}

// runDay adds a day's input, builds the model from everything given so far and compares.
func (r *caseRunner) runDay(ctx context.Context, m *Model, g *given, dir string) (got []byte, diff string, err error) {
	if err := g.addDay(ctx, dir); err != nil {
		return nil, "", err
	}
	s, err := r.session(ctx)
	if err != nil {
		return nil, "", err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	if err := g.load(ctx, s); err != nil {
		return nil, "", err
	}
	if err := s.ensure(ctx, m.Name); err != nil {
		return nil, "", fmt.Errorf("%s: %w", dir, err)
	}
	want, err := r.want(ctx, s, m, dir)
	if err != nil {
		return nil, "", err
	}
	built, err := s.caseRows(ctx, m, want.columns)
	if err != nil {
		return nil, "", fmt.Errorf("%s: %w", dir, err)
	}
	return built.csv(), compare(m.Head.Key, want, built), nil
}

// want reads a want.csv as the model's types show as text; without the file it is empty, with all of the model's columns.
func (r *caseRunner) want(ctx context.Context, s *Session, m *Model, dir string) (table, error) {
	columns, err := s.Columns(ctx, m)
	if err != nil {
		return table{}, err
	}
	p := path.Join(dir, "want.csv")
	data, err := fs.ReadFile(r.fsys, p)
	if errors.Is(err, fs.ErrNotExist) {
		return table{columns: columnNames(columns)}, nil
	}
	if err != nil {
		return table{}, fmt.Errorf("read %s: %w", p, err)
	}
	part, err := newPart(p, data, columns)
	if err != nil {
		return table{}, err
	}
	if err := s.loadParts(ctx, "main.want", part.columns, []givenPart{part}); err != nil {
		return table{}, err
	}
	return s.rowsAsText(ctx, "main.want", columnNames(part.columns))
}

func (s *Session) caseRows(ctx context.Context, m *Model, columns []string) (table, error) {
	return s.rowsAsText(ctx, quoted(m.Name), columns)
}

// rowsAsText reads columns of a relation as text, in their order. Floating point numbers are rounded to nine places, since
// another order of addition may change the last digit.
func (s *Session) rowsAsText(ctx context.Context, relation string, columns []string) (table, error) {
	described, err := s.describe(ctx, relation)
	if err != nil {
		return table{}, err
	}
	types := map[string]string{}
	for _, d := range described {
		types[d.name] = d.duckType
	}
	items := make([]string, len(columns))
	for i, c := range columns {
		value := duck.Ident(c)
		switch types[c] {
		case "DOUBLE":
			value = "round(" + value + ", 9)"
		case "TIMESTAMP WITH TIME ZONE":
			value = "strftime(" + value + ", '%Y-%m-%dT%H:%M:%S.%gZ')"
		}
		items[i] = "cast(" + value + " as varchar) as " + duck.Ident(c)
	}
	rows, err := s.conn.QueryContext(ctx, "select "+strings.Join(items, ", ")+" from "+relation+" order by all")
	if err != nil {
		return table{}, fmt.Errorf("read %s: %w", relation, err)
	}
	names, lines, err := textRows(rows)
	if err != nil {
		return table{}, fmt.Errorf("read %s: %w", relation, err)
	}
	for _, l := range lines {
		for i := range l {
			l[i] = shortInstant(l[i], types[columns[i]])
		}
	}
	return table{columns: names, rows: lines}, nil
}

// shortInstant drops the milliseconds of an instant that has none.
func shortInstant(value, duckType string) string {
	if duckType == "TIMESTAMP WITH TIME ZONE" {
		return strings.Replace(value, ".000Z", "Z", 1)
	}
	return value
}

func columnNames(columns []waybill.Column) []string {
	out := make([]string, len(columns))
	for i, c := range columns {
		out[i] = c.Name
	}
	return out
}

// emptyRelations gives every table as an empty one of its known columns.
type emptyRelations struct {
	schemas map[waybill.TableName][]waybill.Column
}

// Relation is an empty select with the table's types.
func (e emptyRelations) Relation(_ context.Context, t waybill.TableName) (string, error) {
	columns, err := lookUp(e.schemas, t)
	if err != nil {
		return "", err
	}
	items := make([]string, len(columns))
	for i, c := range columns {
		items[i] = "cast(null as " + string(c.Type) + ") as " + duck.Ident(c.Name)
	}
	return "select " + strings.Join(items, ", ") + " where false", nil
}

func lookUp(schemas map[waybill.TableName][]waybill.Column, t waybill.TableName) ([]waybill.Column, error) {
	if columns := schemas[t]; len(columns) > 0 {
		return columns, nil
	}
	if t == clock {
		return []waybill.Column{{Name: "as_of", Type: "TIMESTAMPTZ"}}, nil
	}
	var names []string
	for n := range schemas {
		names = append(names, n.String())
	}
	return nil, fmt.Errorf("no columns are known of %s%s: %w", t, didYouMean(t.String(), names), waybill.ErrNotFound)
}

// clock is the one-row table of the instant a run asks about.
var clock = waybill.TableName{Namespace: schemaOps, Name: "clock"}

// csv writes rows so that null and the empty text stay apart: nothing, and "".
func (t table) csv() []byte {
	var b strings.Builder
	for i, line := range append([][]string{t.columns}, t.rows...) {
		for j, v := range line {
			if j > 0 {
				b.WriteByte(',')
			}
			switch {
			case v == null && i > 0:
			case v == "" || strings.ContainsAny(v, ",\"\r\n") || strings.TrimSpace(v) != v:
				b.WriteString(`"` + strings.ReplaceAll(v, `"`, `""`) + `"`)
			default:
				b.WriteString(v)
			}
		}
		b.WriteByte('\n')
	}
	return []byte(b.String())
}
