package typing

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// Element is an element of an XML record that the contract reads, see decode.Shape.
type Element struct {
	Path []string // names below the record's element
	List bool     // a hop goes through it, or a path says which of several
	Text bool     // a column, or a table's where, reads it
}

// elementPath is a path of elements; the last name may be an attribute's.
var (
	elementPath = regexp.MustCompile(`^(/[^/@\s]+)+$`)
	countPath   = regexp.MustCompile(`^(/[^/@\s]+)+(/@[^/@\s]+)?$`)
	step        = regexp.MustCompile(`\.(\w+|"[^"]+")|\[\d+\]`)
)

// PathNames are the names in a path of elements such as Format.Record; none for an empty path.
func PathNames(path string) []string {
	if path == "" {
		return nil
	}
	return strings.Split(strings.TrimPrefix(path, "/"), "/")
}

// Elements are the elements of a record of XML that the contract reads.
func (c Contract) Elements() []Element {
	var all []Element
	add := func(path []string, list, text bool) { all = append(all, Element{slices.Clone(path), list, text}) }
	// walk follows a path, and notes where it goes by an index into a list.
	walk := func(from []string, path string) []string {
		at := slices.Clone(from)
		for _, s := range step.FindAllString(path, -1) {
			if s[0] == '[' {
				add(at, true, false)
				continue
			}
			at = append(at, strings.Trim(s[1:], `"`))
		}
		return at
	}
	for _, t := range c.Tables {
		if p, err := parsePath(t.Where.Path, 0); err == nil {
			add(walk(nil, p.start()), false, true)
		}
		levels := [][]string{{}}
		for _, text := range t.Each {
			h, err := parseHop(text)
			if err != nil {
				return nil // Validate says what is wrong
			}
			at := walk(levels[len(levels)-1], h.Path)
			add(at, !h.IsText, h.IsText)
			if levels = append(levels, at); h.IsText {
				break // what is inside a text is no element
			}
		}
		for _, col := range t.Columns {
			for _, path := range col.Path {
				p, err := parsePath(path, len(t.Each))
				if level := len(t.Each) - p.Out; err == nil && !t.inText(level) {
					add(walk(levels[level], p.start()), false, true)
				}
			}
		}
	}
	return all
}

// inText says whether a level of the table's hops is inside a text.
func (t Table) inText(level int) bool {
	return slices.ContainsFunc(t.Each[:level], func(text string) bool { return strings.HasPrefix(text, "json(") })
}

// start is the part of a place that is in the record itself.
func (p place) start() string {
	if p.Inner != "" {
		return p.Inner
	}
	return p.Path
}

// validateElements refuses a contract that reads an element as a text and what is inside it as well.
func (c Contract) validateElements(p *problems) {
	texts := map[string]bool{}
	all := c.Elements()
	for _, e := range all {
		texts[strings.Join(e.Path, "/")] = texts[strings.Join(e.Path, "/")] || e.Text
	}
	said := map[string]bool{}
	for _, e := range all {
		for n := range len(e.Path) {
			outer := strings.Join(e.Path[:n], "/")
			if n > 0 && texts[outer] && !said[outer] {
				said[outer] = true
				p.say("tables", `<%s> is read as a text and what is inside it as well; write its text as "#text" inside it`, outer)
			}
		}
	}
}

func (c Contract) validateControl(p *problems) {
	checkPolicy(p, "control.policy", c.Control.Policy, PolicyHold, PolicyReject, PolicyWarn)
	if c.Format.Type != XML {
		if c.Control != (Control{}) {
			p.say("control", "is for xml only")
		}
		return
	}
	if c.Control.Count == "" && c.Control.Policy != "" {
		p.say("control.count", "is needed: where the file says how many records it has")
	}
	if c.Control.Count != "" && !countPath.MatchString(c.Control.Count) {
		p.say("control.count", "%q is no path of elements from the root, such as /despatch_notes/total or /despatch_notes/@total", c.Control.Count)
	}
	c.validateElements(p)
}

// keyBits are those of a RecordKey below the line.
const keyBits = 32

// sharesLines says whether several records may start on one line.
func (f Format) sharesLines() bool { return f.Type == XML || f.Type == JSON }

// RecordKey is what a record goes by while it is typed: its line, and of XML and JSON, where several records may start on one line, also its number
// among those, from 0.
func (c Contract) RecordKey(line int64, nth int) int64 {
	if !c.Format.sharesLines() {
		return line
	}
	return line<<keyBits | int64(nth)
}

// LineOf is the line in a RecordKey.
func (c Contract) LineOf(key int64) int64 {
	if !c.Format.sharesLines() {
		return key
	}
	return key >> keyBits
}

// lineOfXMLRecord is the SQL of a record's line.
func lineOfXMLRecord() string { return fmt.Sprintf("_line >> %d", keyBits) }

// lineOfXMLEntry is the SQL of the line of a list's entry: its own where it has one, else that of what it is in.
func lineOfXMLEntry(level int) string {
	return coalesce([]string{fmt.Sprintf(`try_cast(json_extract_string(e%d, '$."#line"') as bigint)`, level), "_at"})
}

// lineOutput is the SQL of the column _line over a table's values.
func (c Contract) lineOutput() string {
	switch c.Format.Type {
	case XML:
		return "_at as _line"
	case JSON:
		return fmt.Sprintf("_line >> %d as _line", keyBits)
	}
	return "_line"
}
