package models

import (
	"fmt"
	"sort"
	"strings"

	"github.com/fourmarketing/waybill"
)

// vocabulary is the texts that a value can be, where that is known: of an enumerated column of a fact, of literals, and of what chooses
// among such values. No text (null) is always possible.
type vocabulary struct {
	known bool
	words map[string]bool
	of    map[ColumnName]bool // columns of facts that it comes from
}

// or is a value that is one or the other.
func (v vocabulary) or(other vocabulary) vocabulary {
	if !v.known || !other.known {
		return vocabulary{}
	}
	out := vocabulary{known: true, words: map[string]bool{}, of: merged(v.of, other.of)}
	for _, from := range []map[string]bool{v.words, other.words} {
		for w := range from {
			out.words[w] = true
		}
	}
	return out
}

// enumerated is the vocabulary of a fact's column, unknown where it is not enumerated.
func enumerated(c ColumnName, words []string) vocabulary {
	if len(words) == 0 {
		return vocabulary{}
	}
	v := vocabulary{known: true, words: map[string]bool{}, of: map[ColumnName]bool{c: true}}
	for _, w := range words {
		v.words[w] = true
	}
	return v
}

// constant is the vocabulary of a literal: itself where it is a text, none where it is null.
func constant(e map[string]any) vocabulary {
	value := object(e, "value")
	if null, _ := value["is_null"].(bool); null {
		return vocabulary{known: true}
	}
	text, isText := value["value"].(string)
	if !isText || str(object(value, "type"), "id") != "VARCHAR" {
		return vocabulary{}
	}
	return vocabulary{known: true, words: map[string]bool{text: true}}
}

// comparison is a literal held against a value whose words are known and that it is none of.
type comparison struct {
	literal string
	words   vocabulary
	at      int
}

// compare takes =, <>, in and what is like them: the first operand against the others. Case x when 'a' comes as x = 'a'.
func (t *tracer) compare(e map[string]any, operands []map[string]any, in *env) flow {
	flows := make([]flow, len(operands))
	out := flow{}
	for i, o := range operands {
		flows[i] = t.expression(o, in)
		out.from = merged(out.from, flows[i].from)
	}
	switch str(e, "type") {
	case "COMPARE_EQUAL", "COMPARE_NOTEQUAL", "COMPARE_DISTINCT_FROM", "COMPARE_NOT_DISTINCT_FROM", "COMPARE_IN", "COMPARE_NOT_IN":
	default:
		return out
	}
	for i := 1; i < len(operands); i++ {
		t.held(operands[i], flows[i], flows[0])
		t.held(operands[0], flows[0], flows[i])
	}
	return out
}

// held notes a literal that the other side can never be.
func (t *tracer) held(literal map[string]any, f, other flow) {
	if str(literal, "class") != "CONSTANT" || !other.words.known || len(other.words.words) == 0 {
		return
	}
	for text := range f.words.words {
		if !other.words.words[text] {
			t.compared = append(t.compared, comparison{literal: text, words: other.words, at: place(literal)}) // always false
		}
	}
}

func (c comparison) String() string {
	var words []string
	for w := range c.words.words {
		words = append(words, w)
	}
	sort.Strings(words)
	var of []string
	for _, name := range sortedColumns(c.words.of) {
		of = append(of, name.String())
	}
	whose := "the values that stand beside it"
	if len(of) > 0 {
		whose = strings.Join(of, ", ")
	}
	return fmt.Sprintf("'%s' is none of %s%s: %s", c.literal, whose, didYouMean(c.literal, words), strings.Join(words, ", "))
}

// Mistakes returns the literals of a model that are compared with values which are never so, and those that a staging model gives for a
// column of its fact which has no such word; each with file and line.
func (l *Lineage) Mistakes(m *Model) []error {
	t := l.traced[m.Name]
	if t == nil {
		return nil
	}
	var out []error
	place := &snippet{path: m.Path, line: m.line, sql: m.SQL}
	for _, c := range t.compared {
		out = append(out, fmt.Errorf("%s:%d: %s", m.Path, place.lineAt(c.at), c))
	}
	f := l.project.factOf(m)
	if f == nil {
		return out
	}
	for _, declared := range f.Columns {
		for _, given := range t.made {
			if given.name != declared.Name || len(declared.Words) == 0 || !given.flow.words.known {
				continue
			}
			allowed := enumerated(ColumnName{f.Name, declared.Name}, declared.Words)
			for _, w := range sortedKeys(given.flow.words.words) {
				if !allowed.words[w] {
					out = append(out, fmt.Errorf("%s:%d: %s", m.Path, place.lineAt(given.at), comparison{literal: w, words: allowed}))
				}
			}
		}
	}
	return out
}

// factOf is the fact that a model conforms to, nil if it conforms to none.
func (p *Project) factOf(m *Model) *Fact {
	if m.Head.ConformsTo == "" {
		return nil
	}
	fact := p.byName[waybill.TableName{Namespace: Canonical, Name: m.Head.ConformsTo}]
	if fact == nil {
		return nil
	}
	return fact.fact
}
