package typing

import (
	"fmt"
	"slices"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/fourmarketing/waybill/transforms/duck"
)

// Part is a run of whole records that one statement types.
type Part struct {
	Records array.RecordReader // batches of RecordSchema; read once
	Traits  Traits             // of CSV: what may occur in them
}

// RecordSchema is a line number and so many texts: the fields that the contract reads, each null where it is empty. A record of JSON is one
// text.
func RecordSchema(fields int) *arrow.Schema {
	all := []arrow.Field{{Name: "l", Type: arrow.PrimitiveTypes.Int64}}
	for i := range fields {
		all = append(all, arrow.Field{Name: fmt.Sprintf("f%d", i), Type: arrow.BinaryTypes.StringView, Nullable: true})
	}
	return arrow.NewSchema(all, nil)
}

// Layout says where a CSV table's columns stand in a record.
type Layout struct {
	Fields int   // of a record
	Index  []int // per column of the contract: its field, -1 when the file lacks it, and for those that are repeated
	// Entries have the fields of the repeated columns, by entry and column of the contract; -1 for other columns and where the file lacks one.
	Entries [][]int
}

// Reads lists the fields of a record that the contract reads, from 0 upwards.
func (c Contract) Reads(l Layout) []int {
	if c.Format.Type != CSV {
		return []int{0}
	}
	var fields []int
	for _, places := range append([][]int{l.Index}, l.Entries...) {
		for _, at := range places {
			if at >= 0 {
				fields = append(fields, at)
			}
		}
	}
	slices.Sort(fields)
	return slices.Compact(fields)
}

// csvSource selects _line and the columns' texts of the records in a view.
func (c Contract) csvSource(layout Layout, view string) string {
	fields := c.Reads(layout)
	selected := []string{"l as _line"}
	for i, at := range layout.Index {
		selected = append(selected, fmt.Sprintf("%s as c%d", textOf(fields, at), i))
	}
	return fmt.Sprintf("select %s from %s", strings.Join(selected, ", "), duck.Ident(view))
}

// textOf is the SQL of a field's text among those that are read.
func textOf(fields []int, at int) string {
	if at < 0 {
		return "cast(null as varchar)"
	}
	return fmt.Sprintf("f%d", slices.Index(fields, at))
}

// jsonRecords selects _line and the record as JSON, null where it is none, or no object where the contract reads objects.
func (c Contract) jsonRecords(view string) string {
	opening := "'{'"
	if c.ReadsArrays() {
		opening = "'{', '['"
	}
	return fmt.Sprintf(`select l as _line, case when left(ltrim(f0, e' \t\r\n'), 1) in (%s) then try_cast(f0 as json) end as e0 from %s`, opening, duck.Ident(view))
}

// ReadsArrays says whether a record may be an array: some path or hop begins with an entry of one.
func (c Contract) ReadsArrays() bool {
	if len(c.Format.Parts) > 0 && strings.HasPrefix(c.Format.Parts[0], "$[") {
		return true
	}
	for _, t := range c.Tables {
		starts := []string{t.Where.Path}
		if len(t.Each) > 0 {
			starts = append(starts, t.Each[0])
		}
		for _, col := range t.Columns {
			for _, path := range col.Path {
				if outer := strings.TrimLeft(path, "^"); len(path)-len(outer) == len(t.Each) {
					starts = append(starts, outer)
				}
			}
		}
		if slices.ContainsFunc(starts, func(path string) bool { return strings.HasPrefix(path, "$[") }) {
			return true
		}
	}
	return false
}

// jsonSource selects _line and the columns' texts of the rows that a table takes from each record. What a column takes from an element further out
// is taken before the element's list is walked: rows carry that text, and none of them the record that it is from.
func (c Contract) jsonSource(t Table, records string) (string, error) {
	x, err := c.extracts(t)
	if err != nil {
		return "", err
	}
	from := records
	if t.Where.Path != "" {
		p, err := parsePath(t.Where.Path, 0)
		if err != nil {
			return "", err
		}
		from = fmt.Sprintf("select * from (%s) where regexp_matches(json_extract_string(%s, %s), %s)",
			from, c.element(p, 0), duck.Literal(p.Path), duck.Literal(t.Where.Regex))
	}
	carried := []string{"_line"}
	inParts := c.Format.inParts(t)
	if c.Format.Type == XML {
		from = fmt.Sprintf("select *, %s as _at from (%s)", lineOfXMLRecord(), from)
		carried = append(carried, "_at")
	}
	for level, text := range t.Each {
		h, err := parseHop(text)
		if err != nil {
			return "", err
		}
		next, entry := c.step(h, fmt.Sprintf("e%d", level))
		from = fmt.Sprintf("select %s, %s as next from (%s)", strings.Join(slices.Concat(carried, x.taken[level]), ", "), next, from)
		carried = slices.Concat(carried, x.names[level])
		if inParts && level == len(c.Format.Parts)-1 {
			from = fmt.Sprintf("select %s, %s as e%d, generate_subscripts(next, 1) as _part from (%s)", strings.Join(carried, ", "), entry, level+1, from)
			carried = append(carried, "_part")
		} else {
			from = fmt.Sprintf("select %s, %s as e%d from (%s)", strings.Join(carried, ", "), entry, level+1, from)
		}
		if c.Format.Type == XML {
			from = fmt.Sprintf("select * replace (%s as _at) from (%s)", lineOfXMLEntry(level+1), from)
		}
	}
	from = fmt.Sprintf("select %s from (%s)", strings.Join(slices.Concat(carried, x.taken[len(t.Each)]), ", "), from)
	part := fmt.Sprintf("cast(%d as bigint) as _part", wholeRecord)
	if inParts {
		part = "_part"
	}
	selected := []string{"_line", part}
	if c.Format.Type == XML {
		selected = append(selected, "_at")
	}
	return fmt.Sprintf("select %s from (%s)", strings.Join(append(selected, x.columns...), ", "), from), nil
}

// step is the SQL of what a hop goes into, and of each entry of it.
func (c Contract) step(h hop, element string) (next, entry string) {
	if h.IsText {
		return fmt.Sprintf("try_cast(%s as json)", c.bodyText(element, h.Path)), "next"
	}
	list := h.entries(element)
	if h.Keep {
		list = fmt.Sprintf("case when len(coalesce(%[1]s, [])) = 0 then [cast(null as json)] else %[1]s end", list)
	}
	return list, "unnest(next)"
}

// element is the JSON value that a path starts from.
func (c Contract) element(p place, depth int) string {
	e := fmt.Sprintf("e%d", depth-p.Out)
	if p.Inner != "" {
		e = fmt.Sprintf("try_cast(%s as json)", c.bodyText(e, p.Inner))
	}
	return p.Pick.from(e)
}

// extracts are what a table's columns take from the elements of each level, 0 being the record.
type extracts struct {
	taken, names [][]string // by level
	columns      []string   // over the names
}

// extracts asks each element for all of its paths at once, because DuckDB parses the text for every call.
func (c Contract) extracts(t Table) (extracts, error) {
	depth := len(t.Each)
	x := extracts{taken: make([][]string, depth+1), names: make([][]string, depth+1)}
	var elements []string
	paths, levels := map[string][]string{}, map[string]int{}
	for i, col := range t.Columns {
		var places []string
		for _, path := range col.Path {
			p, err := parsePath(path, depth)
			if err != nil {
				return x, fmt.Errorf("column %s: %w", col.Name, err)
			}
			e := c.element(p, depth)
			if paths[e] == nil {
				elements = append(elements, e)
				levels[e] = depth - p.Out
			}
			paths[e] = append(paths[e], p.Path)
			places = append(places, fmt.Sprintf("x%d[%d]", slices.Index(elements, e), len(paths[e])))
		}
		x.columns = append(x.columns, fmt.Sprintf("%s as c%d", coalesce(places), i))
	}
	for k, e := range elements {
		level, name := levels[e], fmt.Sprintf("x%d", k)
		x.taken[level] = append(x.taken[level], fmt.Sprintf("json_extract_string(%s, %s) as %s", e, duck.List(paths[e]), name))
		x.names[level] = append(x.names[level], name)
	}
	return x, nil
}
