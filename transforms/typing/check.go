package typing

import (
	"fmt"
	"strings"
	"time"

	"github.com/fourmarketing/waybill"
	"github.com/fourmarketing/waybill/transforms/duck"
)

// check is one rule on one column; Bad is true for a value that breaks it, and never null.
type check struct {
	Column int
	Rule   string
	Bad    string
}

// wholeRow stands in the place of a column's number.
const wholeRow = -1

// noValues is the SQL that is true for a row in which no column has a value; empty where such a row breaks another rule, or is kept because its list has no entry.
func (t Table) noValues() string {
	var none []string
	for i, col := range t.Columns {
		if col.Required || col.Present || col.TellsReject {
			return ""
		}
		none = append(none, fmt.Sprintf("r%d is null", i))
	}
	for _, text := range t.Each {
		if h, err := parseHop(text); err != nil || h.Keep {
			return ""
		}
	}
	return "(" + strings.Join(none, " and ") + ")"
}

// rules are a column's checks while they are gathered, with the SQL of its cleaned text and its value.
type rules struct {
	col    Column
	number int
	r, v   string
	m      manner
	all    []check
}

func (s *rules) add(rule, bad string) {
	s.all = append(s.all, check{Column: s.number, Rule: rule, Bad: bad})
}

// checks are a column's rules in the order in which they are reported.
func (col Column) checks(i int, m manner) ([]check, error) {
	s := &rules{col: col, number: i, r: fmt.Sprintf("r%d", i), v: fmt.Sprintf("v%d", i), m: m}
	s.ofPresence()
	if col.isTime() {
		bad, err := col.outOfRange(s.v, m.origin.ReceivedAt)
		if err != nil {
			return nil, fmt.Errorf("column %s: %w", col.Name, err)
		}
		s.add("date_range", bad)
	}
	s.ofText()
	s.ofValue()
	if col.Repeated {
		for k := range s.all { // of a record without entries there is a row all the same
			s.all[k].Bad = fmt.Sprintf("(%s and _entry > 0)", s.all[k].Bad)
		}
	}
	return s.all, nil
}

// ofPresence are the rules that there is a value, and that it is of the column's type.
func (s *rules) ofPresence() {
	col, r, v := s.col, s.r, s.v
	given := r + " is not null"
	if col.stripsLate(s.m.traits) {
		given = fmt.Sprintf("nullif(trim(%s, %s), '') is not null", r, duck.Literal(col.Strip))
	}
	if col.Present {
		s.add("required", r+" is null")
	}
	switch {
	case col.Required && col.stripsLate(s.m.traits):
		s.add("required", fmt.Sprintf("(case when %s is null then not (%s) else false end)", v, given))
	case col.Required && len(col.Codes) > 0: // what nobody has mapped is no value
		s.add("required", fmt.Sprintf("coalesce(%s not in (%s), true)", v, literals(col.Codes.raw())))
	case col.Required:
		s.add("required", r+" is null")
	}
	if col.ZoneColumn != "" {
		k := s.m.table.column(col.ZoneColumn)
		s.all = append(s.all, check{Column: k, Rule: ruleZone, Bad: col.unknownZone(fmt.Sprintf("w%d", s.number), fmt.Sprintf("r%d", k))})
	}
	if rule := col.parseRule(); rule != "" {
		bad := fmt.Sprintf("(case when %s is null then %s else false end)", v, given)
		if col.Required {
			bad = v + " is null"
		}
		s.add(rule, bad)
	}
}

// ofText are the rules of how a text is written.
func (s *rules) ofText() {
	col, r := s.col, s.r
	switch {
	case col.Reference:
		seen := s.m.traits
		if s.m.answers {
			seen.Plus, seen.Equals, seen.Apostrophes = false, false, false
		}
		col.referenceChecks(fmt.Sprintf("c%d", s.number), r, seen, s.add)
	case col.Type == "text" && s.m.traits.Controls:
		s.add("nul", fmt.Sprintf("coalesce(contains(%s, chr(0)), false)", r))
	}
}

// ofValue are the rules that the contract writes out.
func (s *rules) ofValue() {
	col, r, v := s.col, s.r, s.v
	unless := func(condition string) string { return "coalesce(not (" + condition + "), false)" }
	if col.Regex != "" {
		s.add("regex", unless(fmt.Sprintf("regexp_matches(%s, %s)", r, duck.Literal(col.Regex))))
	}
	if len(col.Enum) > 0 {
		s.add("enum", unless(fmt.Sprintf("%s in (%s)", r, literals(col.Enum))))
	}
	if col.Min != "" {
		s.add("min", fmt.Sprintf("coalesce(%s < %s, false)", v, col.Min))
	}
	if col.Max != "" {
		s.add("max", fmt.Sprintf("coalesce(%s > %s, false)", v, col.Max))
	}
}

// ruleFormat is the rule of dates and times that are in none of the column's formats.
const ruleFormat = "format"

// parseRule names the rule that a value breaks which is not of its type, empty for text.
func (col Column) parseRule() string {
	switch {
	case col.isTime():
		return ruleFormat
	case col.Type == "integer" || col.Type == "bigint":
		return "integer"
	case col.Type == "boolean":
		return "boolean"
	case col.isNumber():
		return "decimal"
	case col.Extract != "" && col.Required:
		return "extract"
	}
	return ""
}

// outputs are the lake columns that a column gives, over r and v.
func (col Column) outputs(i int) []string {
	r, v := fmt.Sprintf("r%d", i), fmt.Sprintf("v%d", i)
	name := duck.Ident(col.Name)
	switch {
	case col.PII == Drop:
		return nil
	case col.PII == Hash:
		return []string{keyed(v, col.Name)}
	case len(col.Codes) > 0:
		var b strings.Builder
		for _, c := range col.Codes {
			fmt.Fprintf(&b, " when %s then %s", duck.Literal(c.Raw), duck.Literal(c.Canonical))
		}
		return []string{r + " as " + duck.Ident(col.Name+rawSuffix), fmt.Sprintf("case %s%s end as %s", v, b.String(), name)}
	}
	return []string{v + " as " + name}
}

// Origin is what the lineage columns of every row of a load say.
type Origin struct {
	Source, File, LoadID string
	ReceivedAt, LoadedAt time.Time
}

// outputs are the lineage columns; line is the SQL of a row's line.
func (o Origin) outputs(line string) []string {
	at := func(t time.Time) string {
		return "timestamptz '" + t.UTC().Format("2006-01-02 15:04:05.999999") + "+00'"
	}
	// An enum of one value is written as text, and without a hash and a copy of the text for every row.
	same := func(value string) string { return fmt.Sprintf("cast(%[1]s as enum(%[1]s))", duck.Literal(value)) }
	return []string{
		same(o.Source) + " as _source", same(o.File) + " as _file_id", line,
		same(o.LoadID) + " as _load_id", at(o.ReceivedAt) + " as _received_at", at(o.LoadedAt) + " as _loaded_at",
	}
}

// relation is the SQL of one table over records of text.
type relation struct {
	table  Table
	traits Traits
	checks []check
	values string // select with _line, c…, r…, v…
	rows   string // outputs over values, lineage included
}

// manner is how a table's SQL is written.
type manner struct {
	null   []string
	traits Traits
	origin Origin
	line   string // see Origin.outputs
	table  Table
	// The records are answers of an API, which no spreadsheet has written.
	answers bool
}

// relate writes a table's SQL over source, a select with _line and one text c0, c1, … per column. What the typed rows need is computed once,
// in nested selects.
func relate(t Table, source string, m manner) (relation, error) {
	rel := relation{table: t, traits: m.traits}
	m.table = t
	var clean, read, values, outputs []string
	for i, col := range t.Columns {
		e, err := col.build(i, m)
		if err != nil {
			return rel, err
		}
		clean = append(clean, fmt.Sprintf("%s as r%d", e.clean, i))
		if e.read != "" {
			read = append(read, fmt.Sprintf("%s as w%d", e.read, i))
		}
		values = append(values, fmt.Sprintf("%s as v%d", e.value, i))
		outputs = append(outputs, col.outputs(i)...)
		checks, err := col.checks(i, m)
		if err != nil {
			return rel, err
		}
		rel.checks = append(rel.checks, checks...)
	}
	if none := t.noValues(); none != "" {
		rel.checks = append(rel.checks, check{Column: wholeRow, Rule: "no_values", Bad: none})
	}
	from := fmt.Sprintf("select *, %s from (%s)", strings.Join(clean, ", "), source)
	if len(read) > 0 {
		from = fmt.Sprintf("select *, %s from (%s)", strings.Join(read, ", "), from)
	}
	rel.values = fmt.Sprintf("select *, %s from (%s)", strings.Join(values, ", "), from)
	rel.rows = strings.Join(append(outputs, m.origin.outputs(m.line)...), ", ")
	return rel, nil
}

// good selects the typed rows that break no rule and calls reject for the others: reject is the beginning of that call, sumOf the column
// that a trailer sums.
func (r relation) good(reject, sumOf string) string {
	if len(r.checks) == 0 {
		return fmt.Sprintf("select %s from (%s)", r.rows, r.values)
	}
	fine := make([]string, len(r.checks))
	for i, c := range r.checks {
		fine[i] = "not (" + c.Bad + ")"
	}
	call := fmt.Sprintf("%s, _line, rule, %s, %s, %s)", reject, r.detail(), r.addend(sumOf), r.swapped())
	return fmt.Sprintf("select %s from (select *, case when rule is null then true else %s end as ok from (select *, case when %s then null else %s end as rule from (%s))) where ok",
		r.rows, call, strings.Join(fine, " and "), r.broken(), r.values)
}

// broken is the number of the first rule that a row breaks, null for a good row.
func (r relation) broken() string {
	if len(r.checks) == 0 {
		return "cast(null as integer)"
	}
	var b strings.Builder
	for i, c := range r.checks {
		fmt.Fprintf(&b, " when %s then %d", c.Bad, i)
	}
	return "case" + b.String() + " end"
}

// detail is the text of the column whose rule is broken, as sent.
func (r relation) detail() string {
	var b strings.Builder
	for i, c := range r.checks {
		if c.Column != wholeRow {
			fmt.Fprintf(&b, " when %d then %s", i, r.sent(c.Column))
		}
	}
	if b.Len() == 0 {
		return "cast(null as varchar)"
	}
	return "case rule" + b.String() + " end"
}

// sent is the SQL of a column's text as sent.
func (r relation) sent(column int) string {
	if with := r.table.Columns[column].TimeColumn; with != "" {
		return fmt.Sprintf("concat_ws(' ', c%d, c%d)", column, r.table.column(with))
	}
	return fmt.Sprintf("c%d", column)
}

// addend is what a rejected record would have added to a sum, as text.
func (r relation) addend(sumOf string) string {
	for i, col := range r.table.Columns {
		if col.Name == sumOf {
			text := "r"
			if col.readsForm(r.traits) {
				text = "w"
			}
			return fmt.Sprintf("cast(coalesce(cast(v%[1]d as decimal(38,6)), try_cast(%[2]s%[1]d as decimal(38,6))) as varchar)", i, text)
		}
	}
	return "cast(null as varchar)"
}

// swapped is 1 when the broken rule is that of a date's formats and the value is one with day and month changed round, else 0.
func (r relation) swapped() string {
	var b strings.Builder
	for i, c := range r.checks {
		if c.Rule != ruleFormat {
			continue
		}
		if col := r.table.Columns[c.Column]; col.order() != "" {
			fmt.Fprintf(&b, " when %d then %s", i, col.couldBeSwapped(r.sent(c.Column)))
		}
	}
	if b.Len() == 0 {
		return "cast(0 as bigint)"
	}
	return "cast(case rule" + b.String() + " else false end as bigint)"
}

// fieldIDs writes DuckDB's FIELD_IDS clause for the columns that the table has here.
func (t Table) fieldIDs(ids map[string]int) (string, error) {
	var parts []string
	for _, c := range append(t.lakeColumns(), Lineage()...) {
		id, ok := ids[c.Name]
		if !ok {
			return "", fmt.Errorf("%s: the lake's table has no column %s: %w", t.Name, c.Name, waybill.ErrNotFound)
		}
		parts = append(parts, fmt.Sprintf("%s: %d", duck.Literal(c.Name), id))
	}
	return "{" + strings.Join(parts, ", ") + "}", nil
}
