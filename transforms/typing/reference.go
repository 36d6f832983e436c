package typing

import (
	"fmt"
	"slices"
	"strings"

	"github.com/fourmarketing/waybill/transforms/duck"
)

// ruleSpreadsheet is the rule of references that a spreadsheet has damaged.
const ruleSpreadsheet = "spreadsheet_id"

// scientific is how a spreadsheet writes a long number; its last digits are gone.
const scientific = `^\d([.,]\d+)?[eE]\+\d+$`

// inFormula and afterApostrophe are how texts are kept from a spreadsheet. Where a contract does not take them off (strip), somebody's spreadsheet has written
// the file, and the references beside this one may have lost their noughts.
const (
	inFormula       = `^=".*"$`
	afterApostrophe = `^'.*[^']$`
)

// invisible are characters that nobody sees and that make another key: zero-width ones, marks of direction, byte order marks, soft hyphens.
const invisible = `[\x{00AD}\x{061C}\x{180E}\x{200B}-\x{200F}\x{202A}-\x{202E}\x{2060}-\x{2064}\x{2066}-\x{2069}\x{FEFF}]`

// otherBlanks are those that look like a blank and are none: no-break ones, those of fixed width, ideographic ones.
const otherBlanks = `[\x{00A0}\x{1680}\x{2000}-\x{200A}\x{202F}\x{205F}\x{3000}]`

// controls are characters that no reference has: NUL to US, DEL, and C1.
const controls = `[\x{00}-\x{1F}\x{7F}-\x{9F}]`

// visible is the SQL of a reference without what nobody sees. Most have ASCII alone.
func visible(text string) string {
	return fmt.Sprintf("case when strlen(%[1]s) = length(%[1]s) then %[1]s else regexp_replace(regexp_replace(%[1]s, '%[2]s', '', 'g'), '%[3]s', ' ', 'g') end",
		text, invisible, otherBlanks)
}

// referenceChecks are the rules of a reference over its text c as sent and r as cleaned.
func (col Column) referenceChecks(c, r string, tr Traits, add func(rule, bad string)) {
	matches := func(text, pattern string) string {
		return fmt.Sprintf("coalesce(regexp_matches(%s, %s), false)", text, duck.Literal(pattern))
	}
	if tr.Controls {
		add("control", matches(fmt.Sprintf("trim(%s, e' \\t')", c), controls))
	}
	var damage []string
	if tr.Plus {
		damage = append(damage, scientific)
	}
	if tr.Equals {
		damage = append(damage, inFormula)
	}
	if tr.Apostrophes {
		damage = append(damage, afterApostrophe)
	}
	if len(damage) > 0 {
		add(ruleSpreadsheet, matches(r, strings.Join(damage, "|")))
	}
	if col.Width > 0 {
		add(ruleSpreadsheet, fmt.Sprintf(`coalesce(length(%[1]s) < %[2]d and regexp_full_match(%[1]s, '\d+'), false)`, r, col.Width))
	}
}

// References says which of these fields of CSV are references; nil where none is.
func (c Contract) References(l Layout, fields []int) []bool {
	if c.Format.Type != CSV || !slices.ContainsFunc(c.Tables[0].Columns, func(col Column) bool { return col.Reference }) {
		return nil
	}
	out := make([]bool, len(fields))
	for i, at := range fields {
		for k, col := range c.Tables[0].Columns {
			out[i] = out[i] || (col.Reference && k < len(l.Index) && l.Index[k] == at)
		}
	}
	return out
}

func (col Column) validateReference(at string, p *problems) {
	if col.Reference && col.Type != "text" {
		p.say(at+".reference", "stands on a text column; a number has lost the noughts before it")
	}
	if col.Width != 0 && (!col.Reference || col.Width < 0) {
		p.say(at+".width", "is how many characters a column of reference: true has, where it is of digits alone")
	}
}
