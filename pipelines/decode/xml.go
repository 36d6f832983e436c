package decode

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// XMLFault is what is wrong with an XML file as a whole.
type XMLFault string

// The faults. A file with any of them is not to be read further: nothing is guessed and nothing repaired.
const (
	NotWellFormed XMLFault = "xml"       // it breaks the rules of XML 1.0 or of its namespaces, or goes beyond what is read of them
	CutOff        XMLFault = "truncated" // it ends before its root element does
	OtherRoot     XMLFault = "root"      // its root element is another one
	BadCharset    XMLFault = "encoding"  // it declares a character set that is unknown or not its own
)

// XMLError says where a file stops being the XML that is wanted.
type XMLError struct {
	Fault  XMLFault
	Line   int64 // from 1
	Char   int64 // the last character that was read on the line, from 1; 0 before the first
	Reason string
}

// Error says the place and the reason.
func (e *XMLError) Error() string {
	if e.Fault == NotWellFormed {
		return fmt.Sprintf("character %d: %s; the file is held as it is: ask the partner for well-formed XML", e.Char, e.Reason)
	}
	return fmt.Sprintf("character %d: %s", e.Char, e.Reason)
}

// XMLDialect says what is read of an XML file. Names are local: prefixes and namespaces tell no elements apart.
type XMLDialect struct {
	Record    []string // the elements from the root to the one that is a record
	Total     []string // from the root to the element, or the @attribute, that has the number of records; empty for none
	Shape     *Shape   // how elements of a record are read; nil when nothing is known of them
	MaxRecord int      // bytes; a longer record, or a longer piece outside of records, is a *SizeError
	MaxDepth  int      // elements within elements; 0 for 100
}

const (
	maxOthers = 20 // names of elements beside the records that are counted each by itself
	maxTotals = 1000
	maxTotal  = 100 // bytes of a total
)

// XML finds records in the UTF-8 text of an XML file and gives each as a JSON document. It reads token by token and holds one record at a
// time. Of a document type it takes the name at most: no entity is declared, nothing outside the file is fetched.
//
// A record's JSON: an element that has only text is that text; another is an object of its attributes (@name), its elements and, as #text,
// its own text. Elements with one name are a list. White space around a text is layout and is left out. See Shape for what a reader can ask.
type XML struct {
	d      XMLDialect
	at     *cursor
	tokens *xml.Decoder

	Begun     bool           // the file has a byte
	Container bool           // the element that holds the records is there
	Totals    []Total        // in the order of the file; where there are too many, the last is no number
	Others    map[string]int // elements beside the records, by name; "…" for those of further names

	open     []opened // elements, outermost first
	ended    bool     // the root element is closed
	first    bool     // the token at hand is the file's first
	matched  int      // how many of the outermost are those of d.Record
	totals   int      // and of d.Total
	prefixes map[string]int
	tree     []*node // the elements from the record to the innermost that is open; empty outside of records
	last     int64   // the line on which the latest record starts
	nth      int
	json     []byte
}

// Total is the text of an element with the sender's number of records.
type Total struct {
	Text string
	Line int64
}

// opened is an element whose end is to come.
type opened struct {
	name     xml.Name // Space is the prefix
	prefixes []string // declared by it
	total    []byte   // its text, if it is the total
}

// NewXML reads records from text as Text gives it.
func NewXML(r io.Reader, d XMLDialect) *XML {
	if d.MaxDepth == 0 {
		d.MaxDepth = 100
	}
	at := newCursor(r)
	x := &XML{d: d, at: at, tokens: xml.NewDecoder(at), Others: map[string]int{}, prefixes: map[string]int{"xml": 1}, first: true}
	x.tokens.CharsetReader = func(_ string, r io.Reader) (io.Reader, error) { return r, nil } // Text has seen to it
	x.Container = len(d.Record) == 1
	return x
}

// Next returns the next record, io.EOF after the last. Its Bytes are JSON.
func (x *XML) Next() (Record, error) {
	for {
		if len(x.tree) == 0 {
			x.at.allow(x.d.MaxRecord)
		}
		line := x.at.line
		token, err := x.tokens.RawToken()
		x.Begun = x.Begun || x.at.read > 0
		if err == nil {
			var done *node
			if done, err = x.take(token, line); done != nil {
				return x.record(done), nil
			}
		}
		x.first = false
		if err != nil {
			return Record{}, x.stop(err)
		}
	}
}

// stop is why reading ends.
func (x *XML) stop(err error) error {
	var syntax *xml.SyntaxError
	var known *XMLError
	switch {
	case x.at.err != nil:
		return x.at.err
	case errors.As(err, &known):
		return known
	case errors.Is(err, io.EOF) && (x.ended || !x.Begun):
		return io.EOF
	case x.at.ended && len(x.open) > 0:
		return x.fault(CutOff, "the file ends within <%s>; wait for the whole file or ask the partner", x.open[len(x.open)-1].name.Local)
	case x.at.ended && !x.ended:
		return x.fault(CutOff, "the file ends before its root element; wait for the whole file or ask the partner")
	case errors.As(err, &syntax):
		return x.wrong("%s", plain(syntax.Msg))
	}
	return x.wrong("%s", strings.TrimPrefix(err.Error(), "xml: "))
}

// plain is what the parser says, without the text behind a bare ampersand: that may be a part of somebody's name. Entities that HTML has are no name.
func plain(message string) string {
	entity, ok := strings.CutPrefix(message, "invalid character entity &")
	if !ok {
		return message
	}
	if _, known := xml.HTMLEntity[strings.TrimSuffix(entity, ";")]; known {
		return message
	}
	return "an & begins no entity; as a character it is written &amp;"
}

func (x *XML) fault(f XMLFault, format string, args ...any) error {
	return &XMLError{Fault: f, Line: x.at.line, Char: x.at.char, Reason: fmt.Sprintf(format, args...)}
}

func (x *XML) wrong(format string, args ...any) error { return x.fault(NotWellFormed, format, args...) }

// take takes a token that starts on a line; it returns the record that the token ends, if it ends one.
func (x *XML) take(token xml.Token, line int64) (*node, error) {
	switch t := token.(type) {
	case xml.StartElement:
		return nil, x.start(t, line)
	case xml.EndElement:
		return x.end(t)
	case xml.CharData:
		return nil, x.text(t)
	case xml.ProcInst:
		if t.Target == "xml" && !x.first {
			return nil, x.wrong("an XML declaration stands in the middle; are these several files in one?")
		}
	case xml.Directive:
		switch {
		case !bytes.HasPrefix(t, []byte("DOCTYPE")) || len(x.open) > 0 || x.ended:
			return nil, x.wrong("a declaration <!… stands where none may be")
		case bytes.ContainsRune(t, '['):
			return nil, x.wrong("the document type declares elements or entities of its own, which are not read")
		}
	}
	return nil, nil //nolint:nilnil // most tokens end no record
}

func (x *XML) start(t xml.StartElement, line int64) error {
	depth := len(x.open)
	switch {
	case x.ended:
		return x.wrong("a second root element <%s>; are these several files in one?", t.Name.Local)
	case depth == x.d.MaxDepth:
		return x.wrong("more elements within one another than limits.max_nesting, %d", x.d.MaxDepth)
	}
	el := opened{name: t.Name}
	if err := x.declare(&el, t); err != nil {
		return err
	}
	if depth == 0 && t.Name.Local != x.d.Record[0] {
		return x.fault(OtherRoot, "the root element is <%s>, <%s> is expected; is it another kind of file?", t.Name.Local, x.d.Record[0])
	}
	x.open = append(x.open, el)
	switch {
	case len(x.tree) > 0:
		parent, n := x.tree[len(x.tree)-1], newNode(t, line)
		parent.kids = append(parent.kids, n)
		x.tree = append(x.tree, n)
	case x.matches(x.d.Record, &x.matched, t.Name.Local):
		x.tree = append(x.tree, newNode(t, line))
	default:
		x.beside(t, line)
	}
	return nil
}

// matches counts how far the open elements are those of a path, and says whether they are all of it.
func (x *XML) matches(path []string, matched *int, name string) bool {
	depth := len(x.open)
	if *matched == depth-1 && depth <= len(path) && path[depth-1] == name {
		*matched = depth
	}
	return *matched == depth && depth == len(path)
}

// beside looks at an element outside of records: it may hold them, have their number, or be something that nobody expects.
func (x *XML) beside(t xml.StartElement, line int64) {
	depth := len(x.open)
	if x.matches(x.d.Total, &x.totals, t.Name.Local) {
		x.open[depth-1].total = []byte{}
		return
	}
	for _, a := range t.Attr {
		if n := len(x.d.Total); n == depth+1 && x.totals == depth && x.d.Total[depth] == "@"+a.Name.Local {
			x.total(a.Value, line)
		}
	}
	switch len(x.d.Record) {
	case depth + 1:
		x.Container = x.Container || x.matched == depth
	case depth:
		if x.matched == depth-1 && x.totals < depth {
			x.other(t.Name.Local)
		}
	}
}

func (x *XML) total(text string, line int64) {
	if len(x.Totals) == maxTotals {
		x.Totals[maxTotals-1] = Total{Text: "more totals than are read", Line: line}
		return
	}
	x.Totals = append(x.Totals, Total{Text: text, Line: line})
}

func (x *XML) other(name string) {
	if _, known := x.Others[name]; !known && len(x.Others) >= maxOthers {
		name = "…"
	}
	x.Others[name]++
}

// declare notes an element's namespaces and sees that its names use no others, and that no attribute is there twice.
func (x *XML) declare(el *opened, t xml.StartElement) error {
	for i, a := range t.Attr {
		if a.Name.Space == "xmlns" {
			el.prefixes = append(el.prefixes, a.Name.Local)
			x.prefixes[a.Name.Local]++
		}
		if slices.ContainsFunc(t.Attr[:i], func(b xml.Attr) bool { return a.Name == b.Name }) {
			return x.wrong("the attribute %s of <%s> is there twice", a.Name.Local, t.Name.Local)
		}
	}
	names := []xml.Name{t.Name}
	for _, a := range t.Attr {
		names = append(names, a.Name)
	}
	for _, n := range names {
		if n.Space != "" && n.Space != "xmlns" && x.prefixes[n.Space] == 0 {
			return x.wrong("the prefix of %s:%s is not declared", n.Space, n.Local)
		}
	}
	return nil
}

func (x *XML) end(t xml.EndElement) (*node, error) {
	if len(x.open) == 0 {
		return nil, x.wrong("</%s> closes nothing", t.Name.Local)
	}
	el := x.open[len(x.open)-1]
	if el.name != t.Name {
		return nil, x.wrong("<%s> is closed by </%s>", el.name.Local, t.Name.Local)
	}
	if el.total != nil {
		x.total(string(bytes.TrimSpace(el.total)), x.at.line)
	}
	x.open = x.open[:len(x.open)-1]
	x.matched, x.totals = min(x.matched, len(x.open)), min(x.totals, len(x.open))
	for _, p := range el.prefixes {
		if x.prefixes[p]--; x.prefixes[p] == 0 {
			delete(x.prefixes, p)
		}
	}
	x.ended = len(x.open) == 0
	if len(x.tree) == 0 {
		return nil, nil //nolint:nilnil // an element outside of records
	}
	done := x.tree[len(x.tree)-1]
	x.tree = x.tree[:len(x.tree)-1]
	if len(x.tree) > 0 {
		done = nil
	}
	return done, nil
}

func (x *XML) text(t xml.CharData) error {
	switch {
	case len(x.open) == 0:
		if len(bytes.Trim(t, layout)) > 0 {
			return x.wrong("text stands outside of the root element")
		}
	case len(x.tree) > 0:
		n := x.tree[len(x.tree)-1]
		n.text = append(n.text, t...)
	case x.open[len(x.open)-1].total != nil:
		el := &x.open[len(x.open)-1]
		el.total = append(el.total, t[:min(len(t), maxTotal-len(el.total))]...)
	}
	return nil
}

// record writes a record that is whole.
func (x *XML) record(n *node) Record {
	if n.line == x.last {
		x.nth++
	} else {
		x.last, x.nth = n.line, 0
	}
	w := writer{json: x.json[:0]}
	w.element(n, x.d.Shape)
	x.json = w.json
	return Record{Bytes: w.json, Line: n.line, Nth: x.nth, Fields: []Span{{0, len(w.json)}}, Fault: w.fault}
}
