package typing

import (
	"fmt"
	"strings"

	"github.com/fourmarketing/waybill/transforms/duck"
)

// Chunk is a file of whole records on local disk: each starts with its line number and the delimiter, and ends with a
// newline. Records of CSV are as they were sent; those of JSON are one text, set apart from the number by JSONDelim.
type Chunk struct {
	Path    string
	Records int64
	Longest int // bytes of its longest record
	Traits  Traits
}

// JSONDelim stands between line number and JSON text in a chunk; it cannot occur in JSON.
const JSONDelim = '\x1f'

const (
	lineBytes   = 2 << 20  // what DuckDB takes by default
	bufferBytes = 32 << 20 // of DuckDB's CSV reader
)

// Layout says where a CSV table's columns stand in a record.
type Layout struct {
	Fields int   // of a record
	Index  []int // per column of the contract: its field, -1 when the file lacks it
}

// readChunk is read_csv over a chunk, with everything said and nothing sniffed.
func readChunk(ch Chunk, delim, quote byte, null []string, columns []string) string {
	q := ""
	if quote != 0 {
		q = string(rune(quote))
	}
	var types strings.Builder
	types.WriteString("'l': 'BIGINT'")
	for _, c := range columns {
		fmt.Fprintf(&types, ", '%s': 'VARCHAR'", c)
	}
	longest := max(lineBytes, ch.Longest+64)
	return fmt.Sprintf(`read_csv(%s, auto_detect = false, header = false, delim = %s, quote = %s, escape = %s, new_line = '\n',
		nullstr = %s, strict_mode = false, max_line_size = %d, buffer_size = %d, columns = {%s})`,
		duck.Literal(ch.Path), duck.Literal(string(rune(delim))), duck.Literal(q), duck.Literal(q),
		duck.List(append([]string{""}, null...)), longest, max(bufferBytes, 2*longest), types.String())
}

// csvSource selects _line and the columns' texts of a CSV chunk.
func csvSource(f Format, t Table, layout Layout, ch Chunk) string {
	fields := make([]string, layout.Fields)
	for i := range fields {
		fields[i] = fmt.Sprintf("f%d", i)
	}
	selected := []string{"l as _line"}
	for i := range t.Columns {
		text := "cast(null as varchar)"
		if at := layout.Index[i]; at >= 0 {
			text = fields[at]
		}
		selected = append(selected, fmt.Sprintf("%s as c%d", text, i))
	}
	return fmt.Sprintf("select %s from %s", strings.Join(selected, ", "), readChunk(ch, f.Delim(), f.QuoteByte(), f.Null, fields))
}

// jsonRecords selects _line and the record as JSON, null where it is none.
func jsonRecords(ch Chunk) string {
	return "select l as _line, try_cast(j as json) as e0 from " + readChunk(ch, JSONDelim, 0, nil, []string{"j"})
}

// jsonSource selects _line and the columns' texts of the rows that a table takes from each record.
func (c Contract) jsonSource(t Table, records string) (string, error) {
	from := records
	if t.Where.Path != "" {
		p, err := parsePath(t.Where.Path, 0)
		if err != nil {
			return "", err
		}
		from = fmt.Sprintf("select * from (%s) where regexp_matches(json_extract_string(%s, %s), %s)",
			from, c.element(p, 0), duck.Literal(p.Path), duck.Literal(t.Where.Regex))
	}
	for i, text := range t.Each {
		h, err := parseHop(text)
		if err != nil {
			return "", err
		}
		outer, inner := fmt.Sprintf("e%d", i), fmt.Sprintf("e%d", i+1)
		if h.IsText {
			from = fmt.Sprintf("select *, try_cast(%s as json) as %s from (%s)", c.bodyText(outer, h.Path), inner, from)
			continue
		}
		list := fmt.Sprintf("json_extract(%s, %s)", outer, duck.Literal(h.Path+"[*]"))
		if h.Keep {
			list = fmt.Sprintf("case when len(coalesce(%[1]s, [])) = 0 then [cast(null as json)] else %[1]s end", list)
		}
		from = fmt.Sprintf("select *, unnest(%s) as %s from (%s)", list, inner, from)
	}
	return c.jsonColumns(t, from)
}

// element is the JSON value that a path starts from.
func (c Contract) element(p place, depth int) string {
	e := fmt.Sprintf("e%d", depth-p.Out)
	if p.Inner != "" {
		return fmt.Sprintf("try_cast(%s as json)", c.bodyText(e, p.Inner))
	}
	return e
}

// jsonColumns asks each element for all of its paths at once, because DuckDB parses the text for every call.
func (c Contract) jsonColumns(t Table, from string) (string, error) {
	depth := len(t.Each)
	var elements []string
	paths := map[string][]string{}
	selected := []string{"_line"}
	for i, col := range t.Columns {
		p, err := parsePath(col.Path, depth)
		if err != nil {
			return "", fmt.Errorf("column %s: %w", col.Name, err)
		}
		e := c.element(p, depth)
		if paths[e] == nil {
			elements = append(elements, e)
		}
		paths[e] = append(paths[e], p.Path)
		k := 0
		for elements[k] != e {
			k++
		}
		selected = append(selected, fmt.Sprintf("x%d[%d] as c%d", k, len(paths[e]), i))
	}
	extracts := []string{"_line"}
	for k, e := range elements {
		extracts = append(extracts, fmt.Sprintf("json_extract_string(%s, %s) as x%d", e, duck.List(paths[e]), k))
	}
	return fmt.Sprintf("select %s from (select %s from (%s))", strings.Join(selected, ", "), strings.Join(extracts, ", "), from), nil
}
