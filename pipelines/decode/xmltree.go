package decode

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"strconv"
)

// Shape says how a reader of records uses an element: it is read as one text, what is inside it is read, or it may be there several times.
// What nobody reads has no shape and is written as it stands.
type Shape struct {
	list   bool
	text   bool
	inside map[string]*Shape
}

// Read notes that the element at a path of names below s is read. As a list, it is a list in JSON however often it is there, and each object
// in the list tells its line as #line. As text, it is a text whatever attributes it has. An element that is not read as a list and is
// there twice, or is read as text and has elements inside, makes its record one with a fault.
func (s *Shape) Read(path []string, list, text bool) {
	for _, name := range path {
		if s.inside == nil {
			s.inside = map[string]*Shape{}
		}
		if s.inside[name] == nil {
			s.inside[name] = &Shape{}
		}
		s = s.inside[name]
	}
	s.list, s.text = s.list || list, s.text || text
}

func (s *Shape) of(name string) *Shape {
	if s == nil {
		return nil
	}
	return s.inside[name]
}

// layout is XML's white space.
const layout = " \t\r\n"

// node is an element of a record, or an attribute, whose name then begins with @.
type node struct {
	name string
	line int64
	text []byte
	kids []*node // attributes first
}

func newNode(t xml.StartElement, line int64) *node {
	n := &node{name: t.Name.Local, line: line}
	for _, a := range t.Attr {
		if a.Name.Space == "xmlns" || (a.Name.Space == "" && a.Name.Local == "xmlns") {
			continue
		}
		n.kids = append(n.kids, &node{name: "@" + a.Name.Local, line: line, text: []byte(a.Value)})
	}
	return n
}

// elements says whether other elements are inside.
func (n *node) elements() bool {
	return len(n.kids) > 0 && n.kids[len(n.kids)-1].name[0] != '@'
}

// writer writes a record as JSON.
type writer struct {
	json  []byte
	fault string // the first
}

func (w *writer) wrong(format string, args ...any) {
	if w.fault == "" {
		w.fault = fmt.Sprintf(format, args...)
	}
}

func (w *writer) element(n *node, s *Shape) {
	text := bytes.Trim(n.text, layout)
	asText := s != nil && s.text && len(s.inside) == 0
	switch {
	case asText && n.elements():
		w.wrong("<%s> on line %d has elements inside, a text is expected", n.name, n.line)
	case asText || len(n.kids) == 0:
		w.string(text)
		return
	}
	w.json = append(w.json, '{')
	if s != nil && s.list {
		w.key("#line")
		w.json = strconv.AppendInt(w.json, n.line, 10)
	}
	w.kids(n, s)
	if len(text) > 0 {
		w.key("#text")
		w.string(text)
	}
	w.json = append(w.json, '}')
}

// kids writes what is inside an element, each name where it is first.
func (w *writer) kids(n *node, s *Shape) {
	same := make(map[string][]*node, len(n.kids))
	for _, k := range n.kids {
		same[k.name] = append(same[k.name], k)
	}
	for _, k := range n.kids {
		all, inner := same[k.name], s.of(k.name)
		if all[0] != k {
			continue
		}
		w.key(k.name)
		list := inner != nil && inner.list
		if len(all) == 1 && !list {
			w.element(k, inner)
			continue
		}
		if inner != nil && !list {
			w.wrong("<%s> is in <%s> %d times, on line %d again; one is expected", k.name, n.name, len(all), all[1].line)
		}
		w.json = append(w.json, '[')
		for i, item := range all {
			if i > 0 {
				w.json = append(w.json, ',')
			}
			w.element(item, inner)
		}
		w.json = append(w.json, ']')
	}
}

// key begins a member of an object.
func (w *writer) key(name string) {
	if w.json[len(w.json)-1] != '{' {
		w.json = append(w.json, ',')
	}
	w.string([]byte(name))
	w.json = append(w.json, ':')
}

// string writes a text. XML has no control characters but tab and line ends, so few need an escape.
func (w *writer) string(text []byte) {
	w.json = append(w.json, '"')
	for _, b := range text {
		switch b {
		case '"', '\\':
			w.json = append(w.json, '\\', b)
		case '\n':
			w.json = append(w.json, '\\', 'n')
		case '\r':
			w.json = append(w.json, '\\', 'r')
		case '\t':
			w.json = append(w.json, '\\', 't')
		default:
			w.json = append(w.json, b)
		}
	}
	w.json = append(w.json, '"')
}
