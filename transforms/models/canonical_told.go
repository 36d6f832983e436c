package models

import (
	"fmt"
	"strings"

	"github.com/goccy/go-yaml/ast"

	"github.com/fourmarketing/waybill"
)

// Part says what a row is a part of: it is not known before the whole is.
type Part struct {
	Of waybill.TableName // the fact of the wholes, empty if there is none
	By string            // the column, of both, that tells the whole of one source

	of *Model
}

func (r *yamlReader) part(n ast.Node) Part {
	var p Part
	for _, k := range r.object(n, []string{"fact", "by"}) {
		switch k.key {
		case "fact":
			p.Of = waybill.TableName{Namespace: Canonical, Name: r.text(k.value)}
		case "by":
			p.By = r.text(k.value)
		}
	}
	if p.Of.Name == "" || p.By == "" {
		r.fail(n, "part_of needs fact and by")
	}
	return p
}

// findWhole finds the fact that a fact's rows are parts of.
func (r *reader) findWhole(m *Model) {
	var names []string
	for _, other := range r.models {
		if other.fact == nil || other == m {
			continue
		}
		if other.Name == m.fact.Part.Of {
			m.fact.Part.of = other
			if other.fact.At == "" {
				r.fail(m.Path, m.line, "%s: part_of: %s has no instant (at) from which its parts are known", m.Name, other.Name)
			}
			if !contains(columnNames(other.fact.Shape()), m.fact.Part.By) {
				r.fail(m.Path, m.line, "%s: part_of: %s has no column %s", m.Name, other.Name, m.fact.Part.By)
			}
			return
		}
		names = append(names, other.Name.Name)
	}
	r.fail(m.Path, m.line, "%s: part_of: no such fact as %s%s", m.Name, m.fact.Part.Of.Name, didYouMean(m.fact.Part.Of.Name, names))
}

// wholes are the models of the same partner that tell what the model's rows are parts of, and when those happened.
func (f *Fact) wholes(m *Model) []*Model {
	if f.Part.of == nil {
		return nil
	}
	var out []*Model
	for _, from := range f.Part.of.fact.From {
		if from.Area == m.Area && from.gives()[f.Part.of.fact.At] {
			out = append(out, from)
		}
	}
	return out
}

// told is the select of what one model tells.
func (f *Fact) told(m *Model) string {
	given := m.gives()
	rows, without := placed(f.faults(m), f.AtStake)
	items := []string{fmt.Sprintf("'%s' as partner", strings.ReplaceAll(m.Area, "'", "''")), "_source as source"}
	for _, c := range f.Columns {
		value := "null"
		if given[c.Name] {
			value = f.known(c, given, without)
		}
		items = append(items, fmt.Sprintf("cast(%s as %s) as %s", value, c.Type, c.Name))
	}
	for _, c := range factTail {
		value := c.Name
		if c.Name == "_received_at" {
			value = f.known(FactColumn{Column: c, Clock: Wall}, given, without)
		}
		items = append(items, fmt.Sprintf("cast(%s as %s) as %s", value, c.Type, c.Name))
	}
	var where []string
	if f.At != "" && given[f.At] {
		// What has no readable time had happened when it was received, as nothing else is known of it; a part with no time of its own, when the
		// whole had.
		at := "coalesce(" + f.At + ", _received_at)"
		if f.Part.By != "" {
			at = f.At
		}
		where = append(where, fmt.Sprintf("%[1]s is null or %[1]s <= known.as_of", at))
	}
	for _, whole := range f.wholes(m) {
		where = append(where, fmt.Sprintf("not exists (select 1 from %s as whole cross join known as k where whole._source = %[2]s._source and whole.%[3]s = %[2]s.%[3]s and whole.%[4]s > k.as_of)",
			whole.Name, m.Name.Name, f.Part.By, f.Part.of.fact.At))
	}
	if rows != "" {
		where = append(where, rows)
	}
	text := "select\n    " + strings.Join(items, ",\n    ") + "\nfrom " + m.Name.String() + "\ncross join known"
	if len(where) > 0 {
		text += "\nwhere (" + strings.Join(where, ")\n    and (") + ")"
	}
	return text
}

// known is the value of a column as of the instant that is asked about.
func (f *Fact) known(c FactColumn, given map[string]bool, without map[string]string) string {
	var when []string
	if c.Type == "TIMESTAMPTZ" && c.Name != f.At && (c.Clock == Happened || (c.Clock == Wall && !c.Required)) {
		when = append(when, c.Name+" <= known.as_of")
	}
	if c.Since != "" && given[c.Since] {
		when = append(when, c.Since+" <= known.as_of")
	}
	if bad := without[c.Name]; bad != "" {
		when = append(when, "not "+bad)
	}
	if len(when) == 0 {
		return c.Name
	}
	return "case when " + strings.Join(when, " and ") + " then " + c.Name + " end"
}

// addAside makes the model of what is set aside. Its select follows when it is known who conforms to the facts.
func (r *reader) addAside() {
	if facts := factsOf(r.models); len(facts) > 0 {
		r.depth = 0 // nobody's file: the engine makes it
		r.addModel(asideModel(facts))
	}
}

func factsOf(models []*Model) []*Fact {
	var out []*Fact
	for _, m := range models {
		if m.fact != nil {
			out = append(out, m.fact)
		}
	}
	return out
}
