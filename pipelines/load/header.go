package load

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/agnivade/levenshtein"

	"github.com/fourmarketing/waybill/transforms/typing"
)

// normal is a header name as it is compared: without surrounding blanks, byte order mark, doubled blanks and case.
func normal(name string) string {
	return strings.ToLower(strings.Join(strings.Fields(strings.TrimPrefix(name, "\uFEFF")), " "))
}

// matching is a header that is being matched with a table's columns.
type matching struct {
	header  []string
	layout  typing.Layout
	used    []bool // names that some column takes
	missing []int  // columns
	notes   []DriftNote
}

// find looks for a column that stands once in a record.
func (m *matching) find(c int, col typing.Column, at map[string][]int) {
	m.layout.Index[c] = -1
	for _, alias := range col.From {
		places := at[normal(alias)]
		if len(places) == 0 {
			continue
		}
		m.layout.Index[c] = places[0]
		for _, i := range places {
			m.used[i] = true
		}
		if len(places) > 1 {
			m.notes = append(m.notes, DriftNote{Kind: "duplicate_column", Column: col.Name, Detail: fmt.Sprintf("the header has %q %d times, and nobody can tell which is meant; "+
				"if each is an entry of its own, say repeated: true of %s", alias, len(places), col.Name)})
		}
		return
	}
	if !col.Optional {
		m.missing = append(m.missing, c)
	}
}

// findRepeated looks for the columns that stand in a record for each of its entries.
func (m *matching) findRepeated(t typing.Table) {
	entries, unclear := entriesOf(t, m.header, m.used)
	m.layout.Entries = entries
	if unclear != nil {
		m.notes = append(m.notes, *unclear)
	}
	for c, col := range t.Columns {
		if !col.Repeated {
			continue
		}
		m.layout.Index[c] = -1
		if !col.Optional && !slices.ContainsFunc(entries, func(entry []int) bool { return entry[c] >= 0 }) {
			m.missing = append(m.missing, c)
		}
	}
}

// matchHeader finds the contract's columns in a header. The notes tell what is new, what is missing, and what is there twice.
func matchHeader(t typing.Table, header []string) (typing.Layout, []DriftNote) {
	m := matching{header: header, layout: typing.Layout{Fields: len(header), Index: make([]int, len(t.Columns))}, used: make([]bool, len(header))}
	at := map[string][]int{}
	for i, name := range header {
		at[normal(name)] = append(at[normal(name)], i)
	}
	if t.Repeats() {
		m.findRepeated(t)
	}
	for c, col := range t.Columns {
		if !col.Repeated {
			m.find(c, col, at)
		}
	}
	return m.layout, m.told(t)
}

// told are the notes.
func (m *matching) told(t typing.Table) []DriftNote {
	header, used, missing, notes := m.header, m.used, m.missing, m.notes
	if len(missing) > 0 && !slices.Contains(used, true) {
		// What stands here is data, perhaps personal: it is not repeated in notes.
		return []DriftNote{{
			Kind: "missing_column", Column: t.Columns[missing[0]].Name,
			Detail: fmt.Sprintf("the first line names none of the contract's columns (%q, …); has the file lost its header?", []string(t.Columns[missing[0]].From)),
		}}
	}
	var spare []string
	for i, name := range header {
		if !used[i] && normal(name) != "" {
			spare = append(spare, name)
		}
	}
	reach := 0
	if len(missing) == 1 && len(spare) == 1 {
		reach = math.MaxInt // any name: it is likely the same column, however it is written
	}
	firstMissing := len(notes)
	for _, c := range missing {
		notes = append(notes, missingNote(t.Columns[c], spare, reach))
	}
	if len(missing) > 0 {
		notes[firstMissing].Detail += fmt.Sprintf("; header found: %q", header)
	}
	for _, name := range spare {
		notes = append(notes, DriftNote{Kind: "new_column", Column: name, Detail: fmt.Sprintf("the header has %q, which the contract does not know", name)})
	}
	return notes
}

// missingNote names the nearest name that nothing else uses, up to reach letters away or half of the wanted name.
func missingNote(col typing.Column, spare []string, reach int) DriftNote {
	detail := fmt.Sprintf("the header has none of %q", []string(col.From))
	best, distance := "", 0
	for _, name := range spare {
		for _, alias := range col.From {
			d := levenshtein.ComputeDistance(normal(name), normal(alias))
			if d <= max(reach, len(alias)/2) && (best == "" || d < distance) {
				best, distance = name, d
			}
		}
	}
	if best != "" {
		detail += fmt.Sprintf("; the nearest unknown name is %q: if it is meant, add it to from of %s and reload the file", best, col.Name)
	}
	return DriftNote{Kind: "missing_column", Column: col.Name, Detail: detail}
}

// positional is the layout of records without a header.
func positional(t typing.Table, fields int) typing.Layout {
	layout := typing.Layout{Fields: fields, Index: make([]int, len(t.Columns))}
	for i, col := range t.Columns {
		layout.Index[i] = -1
		if col.Position != nil {
			layout.Index[i] = *col.Position
		}
	}
	return layout
}

// driftHold is the hold that the contract's policies ask for, nil if none.
func driftHold(d typing.Drift, notes []DriftNote) *Hold {
	for _, n := range notes {
		policy := d.MissingColumn
		switch n.Kind {
		case "new_column":
			policy = d.NewColumn.Or(typing.PolicyWarn)
		case "duplicate_column":
			policy = typing.PolicyHold
		}
		if policy.Or(typing.PolicyHold) == typing.PolicyHold {
			return &Hold{Rule: n.Kind, Column: n.Column, Detail: n.Detail}
		}
	}
	return nil
}
