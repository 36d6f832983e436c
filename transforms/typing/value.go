package typing

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/fourmarketing/waybill/transforms/duck"
)

// Traits say what occurs in a part of a file, so that its SQL need not look for what does not. A trait that is set needlessly costs time and
// changes nothing.
type Traits struct {
	Spaces      bool // a field may begin or end with a space or a tab
	Equals      bool // an = occurs: ="0306703"
	Apostrophes bool // a field may begin with an ' and not end with one: '019954141271
	Plus        bool // a + occurs: 5.06047E+12
	Numbers     bool // a field of numbers has something else than plain ones, see Contract.Numbers
	Controls    bool // a field of references has control characters
	Invisible   bool // a field of references has characters above ASCII, of which some may not be seen
}

// Covers says whether SQL written for these traits also fits a text with the others.
func (t Traits) Covers(other Traits) bool { return t.Or(other) == t }

// Or are the traits of two texts together.
func (t Traits) Or(other Traits) Traits {
	return Traits{
		Spaces: t.Spaces || other.Spaces, Equals: t.Equals || other.Equals,
		Apostrophes: t.Apostrophes || other.Apostrophes, Plus: t.Plus || other.Plus, Numbers: t.Numbers || other.Numbers,
		Controls: t.Controls || other.Controls, Invisible: t.Invisible || other.Invisible,
	}
}

// allTraits is for text that nobody has looked at.
var allTraits = Traits{Spaces: true, Equals: true, Apostrophes: true, Plus: true, Numbers: true, Controls: true, Invisible: true}

// expressions are the SQL of one column, each level written over the one before: c is the text as sent, r is cleaned, w is
// a wall time, or a number as DuckDB writes it, v is the value.
type expressions struct {
	clean string // over c
	read  string // w, over r and c; empty for values that are made of r at once
	value string // over r and w
}

func (col Column) isTime() bool { return col.Type == "date" || col.Type == "timestamp" }

// countsSeconds says whether a time may come as seconds since 1970, of which systems that do so send 0 for "none".
func (col Column) countsSeconds() bool { return slices.Contains(col.Formats, epochFormat) }

// stripsLate: for a time in apostrophes the formats are written with apostrophes, and the text is trimmed only where that fails.
func (col Column) stripsLate(tr Traits) bool {
	return col.isTime() && !col.countsSeconds() && len(col.Strip) == 1 && col.Strip != "%" && !tr.Spaces && !tr.Equals && col.TimeColumn == ""
}

// cleaned is the text without what surrounds it: blanks, strip characters, and what spreadsheets put around text.
func (col Column) cleaned(c string, null []string, tr Traits) string {
	out, touched := c, false
	if tr.Invisible && col.Reference {
		out, touched = fmt.Sprintf("trim(%s, e' \\t')", visible(out)), true
	} else if tr.Spaces {
		out, touched = fmt.Sprintf("trim(%s, e' \\t')", out), true
	}
	if tr.Equals && !col.Reference {
		out = fmt.Sprintf(`case when starts_with(%[1]s, '="') and ends_with(%[1]s, '"') then substring(%[1]s, 3, length(%[1]s) - 3) else %[1]s end`, out)
		touched = true
	}
	if tr.Apostrophes && col.isNumber() {
		// In quotes on both sides it is a text in apostrophes, which strip is for.
		out = fmt.Sprintf("case when starts_with(%[1]s, '''') and not ends_with(%[1]s, '''') then substring(%[1]s, 2) else %[1]s end", out)
		touched = true
	}
	if col.Strip != "" && !col.stripsLate(tr) {
		out, touched = fmt.Sprintf("trim(%s, %s)", out, duck.Literal(col.Strip)), true
	}
	if col.countsSeconds() {
		null, touched = append([]string{"0"}, null...), true
	}
	if !touched {
		return out
	}
	if len(null) == 0 {
		return fmt.Sprintf("nullif(%s, '')", out)
	}
	return fmt.Sprintf("case when %[1]s in ('', %[2]s) then null else %[1]s end", out, literals(null))
}

func literals(values []string) string {
	quoted := make([]string, len(values))
	for i, v := range values {
		quoted[i] = duck.Literal(v)
	}
	return strings.Join(quoted, ", ")
}

// build writes a column's expressions over its text c.
func (col Column) build(i int, m manner) (expressions, error) {
	c, r, w := fmt.Sprintf("c%d", i), fmt.Sprintf("r%d", i), fmt.Sprintf("w%d", i)
	tr := m.traits
	e := expressions{clean: col.cleaned(c, m.null, tr), value: r}
	text := r
	if col.TimeColumn != "" {
		text = fmt.Sprintf("concat_ws(' ', %s, r%d)", r, m.table.column(col.TimeColumn))
	}
	if col.Extract != "" {
		text = fmt.Sprintf("nullif(regexp_extract(%s, %s, 1), '')", r, duck.Literal(col.Extract))
		e.value = text
	}
	switch col.Type {
	case "boolean":
		e.value = fmt.Sprintf("case when lower(%[1]s) in ('true', 'yes', '1', 't', 'y') then true when lower(%[1]s) in ('false', 'no', '0', 'f', 'n') then false end", text)
	case "date":
		e.value = coalesce(col.parses(text, tr, "date"))
	case "timestamp":
		return col.timestamp(e, text, w, m)
	case "text":
	default:
		switch {
		case col.readsForm(tr):
			e.read, text = col.plain(text), w
		case !col.hasForm() && col.mark() == ",":
			// A point in a number with decimal comma would be a group mark. It is not taken for a decimal point.
			text = fmt.Sprintf("replace(replace(%s, '.', '?'), ',', '.')", text)
		}
		e.value = col.number(text, tr)
	}
	return e, nil
}

var (
	adjacent  = regexp.MustCompile(`%[YymdHMSj]%[YymdHMSj]`)
	specifier = regexp.MustCompile(`%.`)
)

// fixedLength is the length of a text in a format whose numbers stand side by side (%Y%m%d): DuckDB would read a shorter one, too,
// and shift its digits. 0 when the format has separators.
func fixedLength(format string) int {
	if !adjacent.MatchString(format) {
		return 0
	}
	n := len(format)
	for _, s := range specifier.FindAllString(format, -1) {
		width, ok := map[string]int{"%Y": 4, "%y": 2, "%m": 2, "%d": 2, "%H": 2, "%M": 2, "%S": 2, "%j": 3}[s]
		if !ok {
			return 0
		}
		n += width - len(s)
	}
	return n
}

// parses are the attempts to read a date or wall time, in order. as is the type wanted.
func (col Column) parses(text string, tr Traits, as string) []string {
	var attempts, list []string
	flush := func(x string) {
		if len(list) > 0 {
			attempts = append(attempts, cast(fmt.Sprintf("try_strptime(%s, %s)", x, duck.List(list)), as))
			list = nil
		}
	}
	formats := shortYearsFirst(col.Formats)
	if col.stripsLate(tr) {
		for _, f := range formats {
			if f != isoFormat && !isInstant(f) && fixedLength(f) == 0 {
				list = append(list, col.Strip+f+col.Strip)
			}
		}
		flush(text)
		text = fmt.Sprintf("trim(%s, %s)", text, duck.Literal(col.Strip))
	}
	for _, f := range formats {
		switch {
		case isInstant(f): // see timestamp
		case f == isoFormat:
			flush(text)
			attempts = append(attempts, castISO(text, as))
		case fixedLength(f) > 0:
			flush(text)
			attempts = append(attempts, cast(parse(text, f), as))
		default:
			list = append(list, f)
		}
	}
	flush(text)
	return attempts
}

// shortYearsFirst asks formats with two-digit years first: %Y would read 17 as the year 17, while %y cannot read 2017.
func shortYearsFirst(formats []string) []string {
	sorted := slices.Clone(formats)
	slices.SortStableFunc(sorted, func(a, b string) int {
		return cmp.Compare(strings.Count(b, "%y"), strings.Count(a, "%y"))
	})
	return sorted
}

func cast(x, as string) string {
	if as == "timestamp" {
		return x
	}
	return fmt.Sprintf("cast(%s as %s)", x, as)
}

func coalesce(attempts []string) string {
	switch len(attempts) {
	case 0:
		return "null"
	case 1:
		return attempts[0]
	}
	return "coalesce(" + strings.Join(attempts, ", ") + ")"
}

// parse reads a text in one format. One whose numbers stand side by side needs all of its digits.
func parse(text, format string) string {
	parsed := fmt.Sprintf("try_strptime(%s, %s)", text, duck.Literal(format))
	if n := fixedLength(format); n > 0 {
		return fmt.Sprintf("case when length(%s) = %d then %s end", text, n, parsed)
	}
	return parsed
}

// isoPatterns are what ISO texts look like, by what is read of them. DuckDB's casts would take more: anything behind a day, three digits of an hour, and UTC
// behind a wall time, which they then drop.
var isoPatterns = map[string]string{
	"date":        `\d{4}-\d{2}-\d{2}`,
	"timestamp":   `\d{4}-\d{2}-\d{2}([T ]\d{1,2}:\d{2}(:\d{2}(\.\d+)?)?)?`,
	"timestamptz": `\d{4}-\d{2}-\d{2}[T ]\d{1,2}:\d{2}(:\d{2}(\.\d+)?)?( ?(Z|z|[+-]\d{2}(:?\d{2})?)| UTC)`,
}

func castISO(text, as string) string {
	return fmt.Sprintf("case when regexp_full_match(%[1]s, '%[2]s') then try_cast(%[1]s as %[3]s) end", text, isoPatterns[as], as)
}

// isInstant says whether texts in a format say their offset, and so need no zone.
func isInstant(format string) bool {
	return format == epochFormat || hasOffset(format) || inUTC(format)
}

func hasOffset(format string) bool { return strings.Contains(format, "%z") }

// guessesZone: DuckDB takes a label for the first zone that has it, BST for Bangladesh's, and asks nobody.
func guessesZone(format string) bool { return strings.Contains(format, "%Z") }

// inUTC says whether a format ends in one of the labels that mean nothing else.
func inUTC(format string) bool {
	if guessesZone(format) {
		return false
	}
	return slices.ContainsFunc([]string{"GMT", "UTC", "Z"}, func(label string) bool { return strings.HasSuffix(format, label) })
}

// timestamp reads instants (with offset) and wall times (of the column's zone).
func (col Column) timestamp(e expressions, text, w string, m manner) (expressions, error) {
	bare := text
	if col.stripsLate(m.traits) {
		bare = fmt.Sprintf("trim(%s, %s)", text, duck.Literal(col.Strip))
	}
	var withOffset []string
	for _, f := range shortYearsFirst(col.Formats) {
		switch {
		case f == isoFormat:
			withOffset = append(withOffset, castISO(bare, "timestamptz"))
		case f == epochFormat:
			// Up to 11 digits: what has 13 is milliseconds, and no date of this contract.
			withOffset = append(withOffset, fmt.Sprintf(`case when regexp_full_match(%[1]s, '\d{1,11}') then make_timestamptz(cast(%[1]s as bigint) * 1000000) end`, bare))
		case inUTC(f):
			withOffset = append(withOffset, fmt.Sprintf("make_timestamptz(epoch_us(%s))", parse(bare, f)))
		case hasOffset(f):
			withOffset = append(withOffset, fmt.Sprintf("cast(try_strptime(%s, %s) as timestamptz)", bare, duck.Literal(f)))
		}
	}
	e.read = coalesce(col.parses(text, m.traits, "timestamp"))
	if e.read == "null" {
		e.read = "null::timestamp"
	}
	at, err := col.wallInstant(w, m)
	e.value = coalesce(append([]string{at}, withOffset...))
	return e, err
}

// wallInstant is the SQL of the instant of a wall time, of the column's zone or of the one that the row names.
func (col Column) wallInstant(w string, m manner) (string, error) {
	if col.ZoneColumn != "" {
		return col.instantByLabel(w, fmt.Sprintf("r%d", m.table.column(col.ZoneColumn)), m.origin.LoadedAt)
	}
	zone, err := time.LoadLocation(col.Zone)
	if err != nil {
		return "", fmt.Errorf("column %s: load zone: %w", col.Name, err)
	}
	return instant(w, zone, m.origin.LoadedAt), nil
}
