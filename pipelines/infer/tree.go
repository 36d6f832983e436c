package infer

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/fourmarketing/waybill/pipelines/decode"
	"github.com/fourmarketing/waybill/transforms/typing"
)

// tree is what a file's records have in common: values at paths, and lists whose entries have values of their own.
type tree struct {
	values map[string][]string // by path, of the rows of this level
	order  []string            // of paths, as they came
	lists  map[string]*tree
	named  []string // lists, as they came
	rows   int
}

func newTree() *tree { return &tree{values: map[string][]string{}, lists: map[string]*tree{}} }

// mostDeep is how deep objects within objects are looked at.
const mostDeep = 6

// add takes one value into the tree.
func (t *tree) add(v any, at string, deep int) {
	switch v := v.(type) {
	case map[string]any:
		if deep == mostDeep {
			return
		}
		for _, key := range slices.Sorted(maps.Keys(v)) {
			if word := inPath(key); word != "" {
				t.add(v[key], at+"."+word, deep+1)
			}
		}
	case []any:
		list := t.lists[at]
		if list == nil {
			list = newTree()
			t.lists[at] = list
			t.named = append(t.named, at)
		}
		for _, entry := range v {
			list.rows++
			list.add(entry, "$", deep+1)
		}
	case nil:
	default:
		if _, known := t.values[at]; !known {
			t.order = append(t.order, at)
		}
		text := fmt.Sprint(v)
		if len(t.values[at]) < mostValues {
			t.values[at] = append(t.values[at], text)
		}
	}
}

var word = regexp.MustCompile(`^[A-Za-z0-9_]+$`)

// inPath is a key as a path has it, empty for one that no path can have.
func inPath(key string) string {
	switch {
	case word.MatchString(key):
		return key
	case key == "" || strings.ContainsAny(key, "\"=[]()\\"):
		return ""
	}
	return `"` + key + `"`
}

// ownText is where XML has the text of an element that has other things besides.
const ownText = `."#text"`

// part gives a text that stands where there are elements, too, its own path, or drops it where it is blank or stands among a list's.
func (t *tree) part() {
	for _, at := range slices.Clone(t.order) {
		below := func(other string) bool { return strings.HasPrefix(other, at+".") }
		isList := t.lists[at] != nil
		if !isList && !slices.ContainsFunc(t.order, below) && !slices.ContainsFunc(t.named, below) {
			continue
		}
		values := t.values[at]
		delete(t.values, at)
		t.order = slices.DeleteFunc(t.order, func(other string) bool { return other == at })
		if isList || strings.TrimSpace(strings.Join(values, "")) == "" {
			continue
		}
		if _, known := t.values[at+ownText]; !known {
			t.order = append(t.order, at+ownText)
		}
		t.values[at+ownText] = append(t.values[at+ownText], values...)
	}
}

// tables are a table of the tree's own values, and one of each of its lists of values.
func (t *tree) tables(name string, each []string, f *format) []*table {
	t.part()
	own := &table{name: name, each: each, records: t.rows}
	used := map[string]bool{}
	var null []string
	for _, at := range t.order {
		c := &column{name: columnName(strings.TrimPrefix(at, "$"), used), path: at, at: -1, values: t.values[at]}
		if at == "$" {
			c.name = "value"
		}
		null = append(null, c.settle()...)
		own.columns = append(own.columns, c)
	}
	f.null = append(f.null, null...)
	var out []*table
	if len(own.columns) > 0 {
		own.unique()
		out = append(out, own)
	}
	for _, at := range t.named {
		last := at[strings.LastIndexByte(at, '.')+1:]
		child := name + "_" + columnName(strings.TrimPrefix(last, "$"), map[string]bool{})
		if at == "$" {
			child = name
		}
		out = append(out, t.lists[at].tables(child, append(slices.Clone(each), at+"[*]"), f)...)
	}
	return out
}

// readJSON reads lines of JSON, or a log of answers that an API connector kept.
func (d *draft) readJSON(text []byte) error {
	records := decode.Documents(bytes.NewReader(bytes.TrimPrefix(text, []byte("\uFEFF"))), decode.JSONDialect{MaxRecord: 64 << 20})
	all, bodies := newTree(), newTree()
	exchange, broken := true, 0
	for {
		rec, err := records.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return fmt.Errorf("%s %w: %w", d.name, ErrNoExample, err)
		}
		if len(bytes.TrimSpace(rec.Bytes)) == 0 {
			continue
		}
		v, err := jsonOf(rec.Bytes)
		if err != nil {
			broken++
			continue
		}
		all.rows++
		all.add(v, "$", 0)
		o, _ := v.(map[string]any)
		body, isText := o["body"].(string)
		_, asked := o["request"].(map[string]any)
		exchange = exchange && isText && asked
		if inner, err := jsonOf([]byte(body)); err == nil {
			bodies.rows++
			bodies.add(inner, "$", 0)
		}
	}
	if all.rows == 0 {
		return fmt.Errorf("%s %w: nothing of it is JSON", d.name, ErrNoExample)
	}
	if broken > 0 {
		d.notes = append(d.notes, fmt.Sprintf("%d lines are no JSON; they would be rejected.", broken))
	}
	d.format.kind, d.format.why["type"], d.format.count = "json", "JSON documents, one a line, over lines, or in an array", -1
	d.tables = all.tables(d.name, nil, &d.format)
	if exchange {
		d.format.kind, d.format.why["type"], d.format.encoding = "exchange", "a line is a request with its answer, as connectors keep them", ""
		d.tables = slices.DeleteFunc(d.tables, func(t *table) bool { return len(t.each) > 0 })
		for _, t := range d.tables {
			t.columns = slices.DeleteFunc(t.columns, func(c *column) bool { return c.path == "$.body" || strings.HasPrefix(c.path, "$.headers") })
		}
		d.tables = append(d.tables, bodies.tables(d.name+"_answers", []string{"json($.body)"}, &d.format)...)
	}
	return d.check()
}

// check sees to tables that bear one name, and that there is any.
func (d *draft) check() error {
	used := map[string]bool{}
	for _, t := range d.tables {
		t.name = columnName(t.name, used)
	}
	slices.Sort(d.format.null)
	d.format.null = slices.Compact(d.format.null)
	if len(d.tables) == 0 {
		return fmt.Errorf("%s %w: its records have no value", d.name, ErrNoExample)
	}
	return nil
}

// jsonOf reads one JSON document, numbers as they are written.
func jsonOf(text []byte) (any, error) {
	r := json.NewDecoder(bytes.NewReader(text))
	r.UseNumber()
	var v any
	if err := r.Decode(&v); err != nil {
		return nil, err
	}
	if _, err := r.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("a second document begins on the line")
	}
	return v, nil
}

// readXML finds the element that is a record: the outermost that is there several times, else the first below the root that has elements.
func (d *draft) readXML(text []byte) error {
	d.format.kind, d.format.why["type"], d.format.encoding, d.format.count = "xml", "it begins with <", "", -1
	var err error
	if d.format.record, d.format.why["record"], err = recordElement(text); err != nil {
		return fmt.Errorf("%s %w: %w", d.name, ErrNoExample, err)
	}
	x := decode.NewXML(bytes.NewReader(text), decode.XMLDialect{Record: typing.PathNames(d.format.record), MaxRecord: 8 << 20})
	all := newTree()
	for {
		rec, err := x.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return fmt.Errorf("%s %w: %w", d.name, ErrNoExample, err)
		}
		v, err := jsonOf(rec.Bytes)
		if err != nil {
			return fmt.Errorf("%s %w: %w", d.name, ErrNoExample, err)
		}
		all.rows++
		all.add(v, "$", 0)
	}
	d.tables = all.tables(d.name, nil, &d.format)
	return d.check()
}

func recordElement(text []byte) (path, why string, err error) {
	r := xml.NewDecoder(bytes.NewReader(text))
	r.CharsetReader = func(_ string, in io.Reader) (io.Reader, error) { return in, nil } // it is UTF-8 by now
	var open []string
	counts := map[string]int{}
	var order []string
	for {
		token, err := r.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return "", "", err
		}
		switch e := token.(type) {
		case xml.StartElement:
			open = append(open, e.Name.Local)
			at := "/" + strings.Join(open, "/")
			if counts[at]++; counts[at] == 1 {
				order = append(order, at)
			}
		case xml.EndElement:
			open = open[:len(open)-1]
		}
	}
	depth := func(at string) int { return strings.Count(at, "/") }
	for deep := 2; deep <= mostDeep; deep++ {
		for _, at := range order {
			if depth(at) == deep && counts[at] > 1 {
				return at, fmt.Sprintf("the outermost element that is there several times (%d)", counts[at]), nil
			}
		}
	}
	for _, at := range order {
		if depth(at) == 2 && slices.ContainsFunc(order, func(other string) bool { return strings.HasPrefix(other, at+"/") }) {
			for _, below := range order { // a list of one: the element within
				if depth(below) == 3 && strings.HasPrefix(below, at+"/") && slices.ContainsFunc(order, func(other string) bool { return strings.HasPrefix(other, below+"/") }) {
					return below, "the first element with elements in it, within one", nil
				}
			}
			return at, "the first element below the root with elements in it", nil
		}
	}
	if len(order) > 0 {
		return order[0], "the file has no element that is there several times, so it is one record", nil
	}
	return "", "", errors.New("it has no element")
}
