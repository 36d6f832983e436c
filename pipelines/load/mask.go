package load

import (
	"regexp"
	"slices"
	"strings"

	"github.com/fourmarketing/waybill/pipelines/decode"
	"github.com/fourmarketing/waybill/transforms/typing"
)

// stars stand where a reject would show what nobody has mapped, or what is personal.
const stars = "***"

// masker lets through of rejected records what the contract maps to a column that is not personal. All else is stars, because people read
// rejects and partners get them, and what nobody has looked at may be anybody's name. The exact text is in the kept bytes, on the line that the reject names.
type masker struct {
	contract typing.Contract
	dialect  decode.Dialect
	layout   typing.Layout
	fields   []sight // CSV: of each field of a good record
	first    int     // the first of them that is not shown as it is
	tree     *tree   // of other records
}

func newMasker(c typing.Contract, d decode.Dialect, layout typing.Layout) masker {
	m := masker{contract: c, dialect: d, layout: layout}
	if c.Format.Type != typing.CSV {
		m.tree = newTree(c)
		return m
	}
	m.fields = make([]sight, layout.Fields)
	for i, col := range c.Tables[0].Columns {
		for _, at := range append([]int{layout.Index[i]}, entryFields(layout, i)...) {
			if at >= 0 {
				m.fields[at].admit(col)
			}
		}
	}
	m.first = slices.IndexFunc(m.fields, func(s sight) bool { return !s.whole() })
	if m.first < 0 {
		m.first = layout.Fields
	}
	return m
}

// record is the text of a rejected record as it may be shown.
func (m masker) record(text []byte) string {
	if m.tree != nil {
		return m.tree.record(text, m.tree.root)
	}
	spans, ok := decode.Spans(text, m.dialect)
	if !ok || len(spans) != m.layout.Fields {
		return m.ragged(text, spans)
	}
	values := decode.Fields(text, m.dialect)
	var b strings.Builder
	from := 0
	for i, s := range spans {
		if shown := m.fields[i].text(values[i]); shown != values[i] {
			b.Write(text[from:s.From])
			b.WriteString(m.plain(shown))
			from = s.To
		}
	}
	b.Write(text[from:])
	return b.String()
}

// part is the text of a rejected part of a record as it may be shown.
func (m masker) part(text string) string { return m.tree.record([]byte(text), m.tree.parts) }

// plain is a text that needs no quotes to be a field.
func (m masker) plain(shown string) string {
	if strings.ContainsAny(shown, "\r\n"+string(rune(m.dialect.Delim))+string(rune(m.dialect.Quote))) {
		return stars
	}
	return shown
}

// ragged keeps only the fields that are shown however the others are shifted. Where all fields are, too few of them can have nothing else.
func (m masker) ragged(text []byte, spans []decode.Span) string {
	want := m.layout.Fields
	if m.first == want && len(spans) <= want {
		return string(text)
	}
	safe := min(m.first, m.first-(want-len(spans)), len(spans)-1)
	if safe <= 0 {
		return stars
	}
	return string(text[:spans[safe-1].To]) + string(rune(m.dialect.Delim)) + stars
}

// detail is the value that broke a column's rule as it may be shown.
func (m masker) detail(table, column int, value string) string {
	if m.tree != nil {
		return m.tree.detail(table, column, value)
	}
	if at := max(m.layout.Index[column], slices.Max(append(entryFields(m.layout, column), -1))); at >= 0 {
		return m.fields[at].text(value)
	}
	return stars
}

// entryFields are the fields of a repeated column; none for others.
func entryFields(l typing.Layout, column int) []int {
	fields := make([]int, len(l.Entries))
	for i, entry := range l.Entries {
		fields[i] = entry[column]
	}
	return fields
}

// sight is how much of a value is shown: nothing unless a column takes it, nothing either if one of them is personal.
type sight struct {
	mapped   bool
	personal bool
	extracts []extract // what the columns take that take a part of it
}

// extract is the part that a column takes of a value.
type extract struct {
	pattern *regexp.Regexp
	strip   string
}

// admit adds a column that takes the value.
func (s *sight) admit(col typing.Column) {
	switch {
	case col.PII == typing.Hash || col.PII == typing.Drop:
		s.personal = true
	case col.Extract == "":
		s.mapped = true
	default:
		if re, err := regexp.Compile(col.Extract); err == nil { // Validate has tried it
			s.extracts = append(s.extracts, extract{re, " \t" + col.Strip})
		}
	}
}

func (s *sight) whole() bool { return s.mapped && !s.personal }

// text is what is shown of a value. That there is none is shown of any.
func (s *sight) text(value string) string {
	if value == "" || s.whole() {
		return value
	}
	if s.personal {
		return stars
	}
	for _, e := range s.extracts {
		if m := e.pattern.FindStringSubmatch(strings.Trim(value, e.strip)); len(m) > 1 && m[1] != "" {
			return m[1] + stars
		}
	}
	return stars
}
