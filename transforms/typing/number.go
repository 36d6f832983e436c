package typing

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/fourmarketing/waybill/transforms/duck"
)

// The ways in which a negative number may be written besides a minus before it, which is always one.
const (
	Trailing    = "trailing"    // 12.50-
	Parentheses = "parentheses" // (12.50)
)

// groupMarks are what may stand between groups of three digits: the last two are the no-break space and the narrow one.
const groupMarks = ",. '’\u00a0\u202f"

// blanks may stand between an affix and its number.
const blanks = `[ \x{00A0}\x{202F}]*`

// mark is the character before a number's fraction. Where the point divides groups and the contract says nothing else, it is the comma.
func (col Column) mark() string {
	switch {
	case col.DecimalMark != "":
		return col.DecimalMark
	case col.GroupMark == ".":
		return ","
	}
	return "."
}

// hasForm says whether numbers of the column may be written in a way that DuckDB does not read. A decimal comma alone is none for decimals: it is replaced.
func (col Column) hasForm() bool {
	comma := col.mark() == "," && !strings.HasPrefix(col.Type, "decimal")
	return col.isNumber() && (col.GroupMark != "" || len(col.Negative) > 0 || len(col.Affixes) > 0 || comma)
}

// readsForm says whether SQL for these traits has to look for the column's form.
func (col Column) readsForm(tr Traits) bool { return col.hasForm() && (tr.Numbers || col.places() < 0) }

// figures is the pattern of a number without sign and affixes. Groups are of three digits, the first of one to three without leading noughts:
// 0.123 is not 123.
func (col Column) figures() string {
	whole, fraction := `\d+`, regexp.QuoteMeta(col.mark())
	if col.GroupMark != "" {
		whole = fmt.Sprintf(`(?:\d+|[1-9]\d{0,2}(?:%s\d{3})+)`, regexp.QuoteMeta(col.GroupMark))
	}
	return fmt.Sprintf(`(%[1]s(?:%[2]s\d*)?|%[2]s\d+)`, whole, fraction)
}

// spelling is one way to write a number: its sign, and a pattern whose group 1 are its figures.
type spelling struct{ sign, pattern string }

// spellings are the ways in which the contract lets a number be written. An affix may stand before or behind it, inside or outside of its sign.
func (col Column) spellings() []spelling {
	before, behind := "", ""
	if len(col.Affixes) > 0 {
		quoted := make([]string, len(col.Affixes))
		for i, a := range col.Affixes {
			quoted[i] = regexp.QuoteMeta(a)
		}
		affix := strings.Join(quoted, "|")
		before, behind = fmt.Sprintf(`(?:(?:%s)%s)?`, affix, blanks), fmt.Sprintf(`(?:%s(?:%s))?`, blanks, affix)
	}
	n := col.figures()
	all := []spelling{
		{"", fmt.Sprintf(`(?:\+?%[1]s|%[1]s\+)%[2]s%[3]s`, before, n, behind)},
		{"-", fmt.Sprintf(`(?:-%[1]s|%[1]s-)%[2]s%[3]s`, before, n, behind)},
	}
	if slices.Contains(col.Negative, Trailing) {
		all = append(all, spelling{"-", fmt.Sprintf(`%[1]s%[2]s(?:-%[3]s|%[3]s-)`, before, n, behind)})
	}
	if slices.Contains(col.Negative, Parentheses) {
		all = append(all, spelling{"-", fmt.Sprintf(`\(%s%s%s\)`, before, n, behind)})
		if len(col.Affixes) > 0 {
			all = append(all, spelling{"-", fmt.Sprintf(`%s\(%s\)%s`, before, n, behind)})
		}
	}
	return all
}

// plain is the SQL of a number's text as DuckDB writes numbers, null for what is in none of the column's spellings.
func (col Column) plain(text string) string {
	var b strings.Builder
	for _, s := range col.spellings() {
		pattern := duck.Literal("^(?:" + s.pattern + ")$")
		fmt.Fprintf(&b, " when regexp_matches(%[1]s, %[2]s) then concat(%[3]s, regexp_extract(%[1]s, %[2]s, 1))", text, pattern, duck.Literal(s.sign))
	}
	out := "case" + b.String() + " end"
	if col.GroupMark != "" {
		out = fmt.Sprintf("replace(%s, %s, '')", out, duck.Literal(col.GroupMark))
	}
	if col.mark() != "." {
		out = fmt.Sprintf("replace(%s, %s, '.')", out, duck.Literal(col.mark()))
	}
	return out
}

// Figure is a total of the column's numbers as DuckDB writes numbers, where a sender writes it as it writes them; false for what is in none of the spellings.
func (col Column) Figure(text string) (string, bool) {
	for _, s := range col.spellings() {
		if m := regexp.MustCompile("^(?:" + s.pattern + ")$").FindStringSubmatch(text); m != nil {
			plain := m[1]
			if col.GroupMark != "" {
				plain = strings.ReplaceAll(plain, col.GroupMark, "")
			}
			return s.sign + strings.Replace(plain, col.mark(), ".", 1), true
		}
	}
	return "", false
}

// number is the SQL of an exact number over a text as DuckDB writes numbers. Plain numbers, as Contract.Numbers means them, need no closer look.
func (col Column) number(text string, tr Traits) string {
	switch _, scale, isDecimal := col.decimal(); {
	case col.places() >= 0 && !tr.Numbers:
		return fmt.Sprintf("try_cast(%s as %s)", text, col.lakeType())
	case isDecimal:
		return exactDecimal(text, scale, col.lakeType())
	default:
		return col.integer(text)
	}
}

// NoNumbers stands in Contract.Numbers for a field whose numbers, if it has any, need a closer look.
const NoNumbers = -1

// Numbers says of each of these fields how many digits a plain number in it has after the point, at most; NoNumbers where plain ones are not
// looked for. A plain number is digits after at most one minus, with a point between digits; DuckDB casts it exactly, without more checks.
func (c Contract) Numbers(l Layout, fields []int) []int {
	out := make([]int, len(fields))
	for i, at := range fields {
		out[i] = NoNumbers
		for k, col := range c.Tables[0].Columns {
			if k < len(l.Index) && l.Index[k] == at && col.places() >= 0 && (out[i] == NoNumbers || col.places() < out[i]) {
				out[i] = col.places()
			}
		}
	}
	return out
}

// places is how many digits a plain number of the column has after the point at most; NoNumbers for other columns.
func (col Column) places() int {
	switch {
	case !col.isNumber() || col.Strip != "" || col.Extract != "":
		return NoNumbers
	case !strings.HasPrefix(col.Type, "decimal"):
		return 0
	case col.mark() == ",":
		return NoNumbers
	}
	_, scale, _ := col.decimal()
	return scale
}

// noughts is what an integer may have behind its figures. 1.000 may be one or a thousand, so it is none unless the contract names its marks.
func (col Column) noughts() string {
	if col.DecimalMark == "" && col.GroupMark == "" {
		return `(\.(0{0,2}|0{4,}))?`
	}
	return `(\.0*)?`
}

// integer is exact: 0016 and 66.00 are numbers, 1.5 and 5E+12 are not, though a cast would round them. The common spelling is told by
// casting back, which costs less than looking for dots and exponents.
func (col Column) integer(text string) string {
	return fmt.Sprintf(`case when cast(try_cast(%[1]s as %[2]s) as varchar) = %[1]s then try_cast(%[1]s as %[2]s)
		when regexp_full_match(%[1]s, '[+-]?\d+%[3]s') then try_cast(regexp_extract(%[1]s, '^[+-]?\d+') as %[2]s) end`, text, col.lakeType(), col.noughts())
}

// exactDecimal takes no more places than the column has, unless they are zeros: a cast would round money without a word. As with integers the
// common spelling is told by casting back.
func exactDecimal(text string, scale int, t any) string {
	return fmt.Sprintf(`case when cast(try_cast(%[1]s as %[4]s) as varchar) = %[1]s then try_cast(%[1]s as %[4]s)
		when regexp_full_match(%[1]s, '[+-]?(\d+(\.\d{0,%[2]d}0*)?|\.\d{1,%[3]d}0*)') then try_cast(%[1]s as %[4]s) end`,
		text, scale, max(scale, 1), t)
}

// badAffix is what an affix cannot have: what numbers are made of, or blanks at its ends.
var badAffix = regexp.MustCompile(`[\d+\-()]|^\s|\s$|^$`)

func (col Column) validateNumber(at string, p *problems) {
	if !col.isNumber() {
		if col.DecimalMark != "" || col.GroupMark != "" || len(col.Negative) > 0 || len(col.Affixes) > 0 {
			p.say(at+".type", "decimal_mark, group_mark, negative and affixes are for integer, bigint and decimal(p,s)")
		}
		return
	}
	if col.DecimalMark != "" && col.DecimalMark != "," && col.DecimalMark != "." {
		p.say(at+".decimal_mark", "%q is neither , nor .", col.DecimalMark)
	}
	if col.GroupMark != "" && (utf8.RuneCountInString(col.GroupMark) != 1 || !strings.Contains(groupMarks, col.GroupMark)) {
		p.say(at+".group_mark", "%q is no comma, point, apostrophe or space between groups of three digits", col.GroupMark)
	}
	if col.GroupMark == col.mark() {
		p.say(at+".group_mark", "is the decimal mark, too; write decimal_mark: %q beside it", map[string]string{",": ".", ".": ","}[col.GroupMark])
	}
	for _, form := range col.Negative {
		if form != Trailing && form != Parentheses {
			p.say(at+".negative", "%q is none of trailing (12.50-), parentheses ((12.50)); a minus before the number is always one", form)
		}
	}
	for _, a := range col.Affixes {
		if badAffix.MatchString(a) || a == col.mark() || a == col.GroupMark {
			p.say(at+".affixes", "%q: an affix is a unit such as £, EUR or %%, without digits, signs, parentheses or a mark, and without blanks around it", a)
		}
	}
}
