package typing

import (
	"slices"
	"strings"
)

// Step leads from a nested value to one inside it. One of its kinds is set.
type Step struct {
	Member     string // of an object
	Entry      string // of a list: its number from 0, * for each
	Values     bool   // each value of an object
	Text       bool   // what is in a text that is JSON
	Key, Value string // of a list the entries whose member Key is Value
}

// Place is where a column's value may stand in a record of json, exchange or xml.
type Place struct {
	Table, Column int // of the contract, and of the table
	Steps         []Step
}

// Places are those of all columns; a column has several where its path or its hops have. CSV has none: its values stand in fields, see Layout.
func (c Contract) Places() []Place {
	var all []Place
	for t, table := range c.Tables {
		levels := waysInto(table.Each)
		for i, col := range table.Columns {
			for _, path := range col.Path {
				p, err := parsePath(path, len(table.Each))
				if err != nil {
					continue // Validate says what is wrong
				}
				for _, from := range levels[len(table.Each)-p.Out] {
					all = append(all, Place{Table: t, Column: i, Steps: slices.Concat(from, p.steps())})
				}
			}
		}
	}
	return all
}

// WaysToParts lead to what stands apart in a record (Format.Parts); one that takes no step where records have no parts.
func (c Contract) WaysToParts() [][]Step {
	levels := waysInto(c.Format.Parts)
	return levels[len(levels)-1]
}

// WaysToWheres lead to the values by which tables choose their records.
func (c Contract) WaysToWheres() [][]Step {
	var all [][]Step
	for _, t := range c.Tables {
		if p, err := parsePath(t.Where.Path, 0); err == nil && t.Where.Path != "" {
			all = append(all, p.steps())
		}
	}
	return all
}

// waysInto are, for the record itself and behind each hop, the ways that lead there.
func waysInto(hops []string) [][][]Step {
	levels := [][][]Step{{nil}}
	for _, text := range hops {
		var next [][]Step
		if h, err := parseHop(text); err == nil {
			for _, from := range levels[len(levels)-1] {
				for _, way := range h.ways() {
					next = append(next, slices.Concat(from, way))
				}
			}
		}
		levels = append(levels, next)
	}
	return levels
}

// ways are two where a list may also be an object, or left away around a single one.
func (h hop) ways() [][]Step {
	ways := h.own()
	for _, further := range h.Or {
		ways = append(ways, further.own()...)
	}
	return ways
}

func (h hop) own() [][]Step {
	to := slices.Concat(h.Pick.steps(), stepsOf(h.Path))
	switch {
	case h.IsText:
		return [][]Step{slices.Concat(to, []Step{{Text: true}})}
	case h.Lone:
		return [][]Step{slices.Concat(to, []Step{{Entry: "*"}}), to}
	case h.Gaps:
		return [][]Step{slices.Concat(to, []Step{{Entry: "*"}}), slices.Concat(to, []Step{{Values: true}})}
	}
	return [][]Step{slices.Concat(to, []Step{{Entry: "*"}})}
}

func (p place) steps() []Step {
	var inner []Step
	if p.Inner != "" {
		inner = slices.Concat(stepsOf(p.Inner), []Step{{Text: true}})
	}
	return slices.Concat(inner, p.Pick.steps(), stepsOf(p.Path))
}

func (p pick) steps() []Step {
	if p.Member == "" {
		return nil
	}
	return slices.Concat(stepsOf(p.List), []Step{{Key: p.Member, Value: p.Value}})
}

// stepsOf reads a path such as $.a."b c"[0].
func stepsOf(path string) []Step {
	var all []Step
	for _, s := range step.FindAllString(path, -1) {
		if s[0] == '[' {
			all = append(all, Step{Entry: strings.Trim(s, "[]")})
		} else {
			all = append(all, Step{Member: strings.Trim(s[1:], `"`)})
		}
	}
	return all
}
