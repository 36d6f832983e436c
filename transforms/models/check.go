package models

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"github.com/fourmarketing/waybill"
	"github.com/fourmarketing/waybill/transforms/duck"
)

// CheckResult is the outcome of one check.
type CheckResult struct {
	Model    waybill.TableName // the mart, or the file in checks/
	Check    string            // "key_unique", "relationship order_id to marts.fct_orders.order_id", the name of the file
	Severity Severity
	Failing  int64      // rows that should not be; 0 when it passed
	Columns  []string   // of Sample
	Sample   [][]string // the first five of them as text, null as ∅
	SQL      string     // a query that shows them all
	Units    []Named    // the units that they belong to, of those that are not held already; of checks of severity error
	Unnamed  int64      // those of which no unit can be told, of checks of severity error
	Err      error      // why it could not run, so that nothing is known
}

// Named is a unit that a check named.
type Named struct {
	Unit string
	Rows int64 // failing rows that belong to it
}

// Passed tells whether no row was found that should not be.
func (r CheckResult) Passed() bool { return r.Failing == 0 }

// sampleRows is how many failing rows a result shows.
const sampleRows = 5

// check is one check as SQL.
type check struct {
	model    *Model
	name     string
	severity Severity
	line     int
	bad      string // condition that holds for a row that should not be; checks with one are counted in one scan
	first    string // a cheaper select: where it has no rows, query has none
	query    string // else a select of the rows that should not be
	deps     []waybill.TableName
	naming   naming // how its rows tell their units
}

func (c check) sql() string {
	if c.bad != "" {
		return "select * from " + c.model.Name.String() + " where " + c.bad
	}
	return c.query
}

// Check runs the checks in the heads of the models, among them that a key is unique and not null, and the files in checks/ that
// read one of the models or are one of them; and, unless the models are a selection, those that read no mart at all. A check that cannot run is
// part of the error and has its own in its result.
func (s *Session) Check(ctx context.Context, models []*Model) ([]CheckResult, error) {
	var out []CheckResult
	var errs []error
	given := map[waybill.TableName]bool{}
	for _, m := range models {
		given[m.Name] = true
		if m.Name.Namespace == Checks {
			continue
		}
		results, err := s.checkModel(ctx, m)
		out = append(out, results...)
		errs = append(errs, err)
	}
	for _, m := range s.project.models { // the facts that were read are held against their declarations
		if m.fact == nil || given[m.Name] || s.have[m.Name] != builtTable {
			continue
		}
		results, err := s.checkModel(ctx, m)
		out = append(out, results...)
		errs = append(errs, err)
	}
	var files []check
	for _, m := range s.project.models {
		if m.Name.Namespace != Checks || (!given[m.Name] && !s.project.readsOneOf(m, given) && (s.Selected || s.project.readsMarts(m))) {
			continue
		}
		files = append(files, check{model: m, name: m.Name.Name, severity: m.Head.Severity, line: m.line, query: m.SQL, deps: m.Deps, naming: namedByColumns})
	}
	results, err := s.runEach(ctx, files, nil)
	return append(out, results...), errors.Join(append(errs, err)...)
}

// readsOneOf tells whether a check reads one of the tables, itself or through staging and intermediate models.
func (p *Project) readsOneOf(m *Model, tables map[waybill.TableName]bool) bool {
	for _, d := range m.Deps {
		if tables[d] {
			return true
		}
		if up := p.byName[d]; up != nil && d.Namespace != Marts && p.readsOneOf(up, tables) {
			return true
		}
	}
	return false
}

// readsMarts tells whether a check reads a mart, itself or through other models: such a one has something to say when that mart changes.
func (p *Project) readsMarts(m *Model) bool {
	for _, d := range m.Deps {
		if d.Namespace == Marts {
			return true
		}
		if up := p.byName[d]; up != nil && p.readsMarts(up) {
			return true
		}
	}
	return false
}

func (s *Session) checkModel(ctx context.Context, m *Model) ([]CheckResult, error) {
	if err := s.ensure(ctx, m.Name); err != nil {
		return nil, fmt.Errorf("check %s: %w", m.Name, err)
	}
	checks := checksOf(m)
	counts, err := s.countTogether(ctx, m, checks)
	if err != nil {
		counts = nil // one of them is wrong: run each alone to say which
	}
	return s.runEach(ctx, checks, counts)
}

// runEach runs the checks, except those that by the count at their place have no bad rows. One that cannot run is part of the
// error.
func (s *Session) runEach(ctx context.Context, checks []check, counts map[int]int64) ([]CheckResult, error) {
	var out []CheckResult
	var errs []error
	for i, c := range checks {
		if n, counted := counts[i]; counted && n == 0 {
			out = append(out, c.result())
			continue
		}
		result, err := s.run(ctx, c)
		if err != nil {
			result.Err = err
			errs = append(errs, err)
		}
		out = append(out, result)
	}
	return out, errors.Join(errs...)
}

func (c check) result() CheckResult {
	return CheckResult{Model: c.model.Name, Check: c.name, Severity: c.severity, SQL: c.sql()}
}

// countTogether counts the bad rows of all checks that are conditions on a row, in one scan of the table.
func (s *Session) countTogether(ctx context.Context, m *Model, checks []check) (map[int]int64, error) {
	var which []int
	var items []string
	for i, c := range checks {
		if c.bad != "" && len(c.deps) == 0 {
			which = append(which, i)
			items = append(items, "count(*) filter (where "+c.bad+"\n)")
		}
	}
	counts := map[int]int64{}
	if len(which) == 0 {
		return counts, nil
	}
	values := make([]int64, len(which))
	into := make([]any, len(which))
	for i := range values {
		into[i] = &values[i]
	}
	err := s.conn.QueryRowContext(ctx, "select "+strings.Join(items, ", ")+" from "+quoted(m.Name)).Scan(into...)
	if err != nil {
		return nil, fmt.Errorf("check %s: %w", m.Name, err)
	}
	for i, w := range which {
		counts[w] = values[i]
	}
	return counts, nil
}

// run runs one check alone and samples what it finds.
func (s *Session) run(ctx context.Context, c check) (CheckResult, error) {
	where := fmt.Sprintf("%s:%d: check %s", c.model.Path, c.line, c.name)
	r := c.result()
	for _, d := range c.deps {
		if err := s.ensure(ctx, d); err != nil {
			if s.builds(d) {
				err = upstreamError{table: d, err: err}
			}
			return r, fmt.Errorf("%s: %w", where, err)
		}
	}
	if c.first != "" {
		var some bool
		if err := s.conn.QueryRowContext(ctx, "select exists ("+c.first+"\n)").Scan(&some); err != nil {
			return r, fmt.Errorf("%s: %w", where, err)
		}
		if !some {
			return r, nil
		}
	}
	err := s.conn.QueryRowContext(ctx, "select count(*) from ("+r.SQL+"\n)").Scan(&r.Failing)
	if err != nil {
		return r, fmt.Errorf("%s: %w", where, err)
	}
	if r.Failing == 0 {
		return r, nil
	}
	if r.Severity == SeverityError {
		if err := s.name(ctx, c, &r); err != nil {
			return r, fmt.Errorf("%s: tell the units: %w", where, err)
		}
	}
	rows, err := s.conn.QueryContext(ctx, fmt.Sprintf("select cast(columns(*) as varchar) from (%s\n) order by all limit %d", r.SQL, sampleRows))
	if err != nil {
		return r, fmt.Errorf("%s: %w", where, err)
	}
	r.Columns, r.Sample, err = textRows(rows)
	if err != nil {
		return r, fmt.Errorf("%s: %w", where, err)
	}
	return r, nil
}

// null is how a null is shown.
const null = "∅"

// textRows reads rows whose columns are all text, and closes them.
func textRows(rows *sql.Rows) ([]string, [][]string, error) {
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		return nil, nil, err
	}
	var out [][]string
	for rows.Next() {
		values := make([]sql.NullString, len(columns))
		into := make([]any, len(columns))
		for i := range values {
			into[i] = &values[i]
		}
		if err := rows.Scan(into...); err != nil {
			return nil, nil, err
		}
		line := make([]string, len(columns))
		for i, v := range values {
			line[i] = null
			if v.Valid {
				line[i] = v.String
			}
		}
		out = append(out, line)
	}
	return columns, out, rows.Err()
}

// checksOf returns what a model's head asks for, the automatic ones first.
func checksOf(m *Model) []check {
	add := func(c check) check {
		c.model = m
		if c.severity == "" {
			c.severity = SeverityError
		}
		if c.line == 0 {
			c.line = 1
		}
		return c
	}
	var out []check
	if key := idents(m.Head.Key); len(key) > 0 {
		list := strings.Join(key, ", ")
		out = append(out, add(check{name: "key_unique", naming: namedByKey, query: "select " + list + ", count(*) as rows_count from " + m.Name.String() +
			" group by " + list + " having count(*) > 1"}))
		if m.fact == nil { // of a fact's key some columns may be null; those that may not are required
			out = append(out, add(check{name: "key_not_null", naming: namedByColumns, bad: anyNull(m.Head.Key)}))
		}
	}
	for _, c := range m.Head.Columns {
		if c.NotNull {
			out = append(out, add(check{name: "not_null " + c.Name, line: c.line, naming: namedByColumns, bad: anyNull([]string{c.Name})}))
		}
		if len(c.Accepted) > 0 {
			out = append(out, add(check{name: "accepted " + c.Name, line: c.line, naming: namedByColumns, bad: notAmong(c.Name, c.Accepted)}))
		}
	}
	for _, h := range m.Head.Checks {
		c := h.check(m)
		c.name, c.severity, c.line, c.deps = h.Name, h.Severity, h.line, h.deps
		out = append(out, add(c))
	}
	if m.fact != nil {
		out = append(out, m.fact.rowChecks()...)
	}
	return out
}

func (h HeadCheck) check(m *Model) check {
	switch h.Kind {
	case CheckNotNull:
		return check{bad: anyNull(h.Columns), naming: namedByColumns}
	case CheckAccepted:
		return check{bad: notAmong(h.Columns[0], h.Values), naming: namedByColumns}
	case CheckRows:
		return check{bad: "not (" + h.Left + "\n)", naming: namedByColumns}
	case CheckRelationship:
		var present, same []string
		for i, c := range h.Columns {
			present = append(present, "t."+duck.Ident(c)+" is not null")
			same = append(same, "o."+duck.Ident(h.Fields[i])+" = t."+duck.Ident(c))
		}
		return check{naming: namedByReference(h), query: "select t.* from " + m.Name.String() + " as t where " + strings.Join(present, " and ") +
			" and not exists (select 1 from " + h.To.String() + " as o where " + strings.Join(same, " and ") + ")"}
	case CheckSumEqual:
		if len(h.By) > 0 {
			return h.sumsBy(m)
		}
		return check{query: "select * from (select coalesce((select " + h.Left + "\nfrom " + m.Name.String() + "), 0) as left_sum, coalesce((" +
			h.Right + "\n), 0) as right_sum) where left_sum <> right_sum"}
	}
	return check{}
}

// sumsBy compares two sums for each value of some columns: the left one over the model, the right one as its select gives it.
func (h HeadCheck) sumsBy(m *Model) check {
	by, named := idents(h.By), make([]string, len(h.By))
	items, same := make([]string, len(by)), make([]string, len(by))
	for i, c := range by {
		named[i] = fmt.Sprintf("r%d", i)
		items[i] = fmt.Sprintf("coalesce(l.%s, r.%s) as %s", c, named[i], c)
		same[i] = fmt.Sprintf("l.%s is not distinct from r.%s", c, named[i])
	}
	list := strings.Join(by, ", ")
	return check{naming: namedBySum(h), query: "select " + strings.Join(items, ", ") + ", coalesce(l.value, 0) as left_sum, coalesce(r.value, 0) as right_sum from (select " + list + ", " +
		h.Left + "\nas value from " + m.Name.String() + " group by " + list + ") as l full outer join (" + h.Right + "\n) as r(" + strings.Join(named, ", ") +
		", value) on " + strings.Join(same, " and ") + " where coalesce(l.value, 0) <> coalesce(r.value, 0)"}
}

func anyNull(columns []string) string {
	var out []string
	for _, c := range idents(columns) {
		out = append(out, c+" is null")
	}
	return strings.Join(out, " or ")
}

// notAmong compares as text, since a head's YAML has no types.
func notAmong(column string, values []string) string {
	var list []string
	for _, v := range values {
		list = append(list, duck.Literal(v))
	}
	return "cast(" + duck.Ident(column) + " as varchar) not in (" + strings.Join(list, ", ") + ")"
}

func idents(names []string) []string {
	out := make([]string, len(names))
	for i, n := range names {
		out[i] = duck.Ident(n)
	}
	return out
}
