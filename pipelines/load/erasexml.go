package load

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/fourmarketing/waybill/pipelines/decode"
	"github.com/fourmarketing/waybill/transforms/typing"
)

// elements erases in XML: record by record, of which one is held at a time.
func (e *Eraser) elements(rec *recording, done *Erased) error {
	if err := rec.mark(); err != nil {
		return err
	}
	tokens := tokensOf(rec)
	before, most := rec.given, e.dialect.MaxRecord
	wanted := typing.PathNames(e.contract.Format.Record)
	var open []string
	begin := int64(-1) // of the record
	for {
		at := before + tokens.InputOffset()
		token, err := tokens.RawToken()
		if err != nil {
			return e.rest(rec, err, done)
		}
		switch token := token.(type) {
		case xml.StartElement:
			open = append(open, token.Name.Local)
			if begin < 0 && slices.Equal(open, wanted) {
				begin = at
			}
		case xml.EndElement:
			isRecord := begin >= 0 && len(open) == len(wanted)
			open = open[:max(len(open)-1, 0)]
			if isRecord {
				err = e.element(rec, begin, before+tokens.InputOffset(), done)
				begin = -1
			}
		}
		if err == nil && begin < 0 {
			err = rec.pass(int(before + tokens.InputOffset() - rec.given))
		}
		if err == nil && len(rec.held) > most+recordAhead {
			return e.rest(rec, &decode.SizeError{Limit: most}, done)
		}
		if err != nil {
			return err
		}
	}
}

// recordAhead is how far the parser may have read ahead of a token, in bytes.
const recordAhead = 1 << 20

func tokensOf(r io.Reader) *xml.Decoder {
	d := xml.NewDecoder(r)
	d.CharsetReader = func(_ string, r io.Reader) (io.Reader, error) { return r, nil }
	d.Strict = true
	return d
}

// element writes one record, which stands from begin to end, without the subjects' data.
func (e *Eraser) element(rec *recording, begin, end int64, done *Erased) error {
	if err := rec.pass(int(begin - rec.given)); err != nil {
		return err
	}
	n := int(end - begin)
	text, err := e.elementText(rec.held[:n], done)
	if err != nil || bytes.Equal(text, rec.held[:n]) {
		return errors.Join(err, rec.pass(n))
	}
	done.Changed++
	return rec.put(n, text)
}

func (e *Eraser) elementText(record []byte, done *Erased) ([]byte, error) {
	look := &element{Eraser: e, found: map[Name]bool{}}
	if err := look.walk(record); err != nil {
		return nil, err
	}
	if !look.byEmail && !look.byName {
		return record, nil
	}
	done.Found++
	var own map[Name]bool
	if look.byEmail {
		own = done.Names
	}
	for n := range look.found {
		done.note(n, own)
	}
	cut := &element{Eraser: e, found: map[Name]bool{}, erases: true}
	if err := cut.walk(record); err != nil {
		return nil, err
	}
	return cut.out, nil
}

// element goes through a record of XML: first it looks whose it is, then it erases.
type element struct {
	*Eraser
	byEmail, byName bool
	found           map[Name]bool
	erases          bool
	out             []byte
	at              [][]*node // of the elements that are open, outermost first
}

func (x *element) walk(record []byte) error {
	tokens := tokensOf(bytes.NewReader(record))
	for {
		from := tokens.InputOffset()
		token, err := tokens.RawToken()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read a record of XML again: %w", err)
		}
		raw := record[from:tokens.InputOffset()]
		switch token := token.(type) {
		case xml.StartElement:
			x.enter(token.Name.Local)
			raw = x.start(token, raw)
		case xml.EndElement:
			x.at = x.at[:len(x.at)-1]
		case xml.CharData:
			raw = x.text(string(token), raw)
		case xml.Comment, xml.ProcInst:
			raw = x.remark(raw)
		}
		x.out = append(x.out, raw...)
	}
}

// enter finds the nodes of an element; one that is there several times is a list of it.
func (x *element) enter(name string) {
	if len(x.at) == 0 {
		x.at = append(x.at, x.tree.root)
		return
	}
	at := behind(x.at[len(x.at)-1], typing.Step{Member: name})
	at = append(at, behind(at, typing.Step{Entry: "*"})...)
	at = append(at, behind(at, typing.Step{Entry: "0"})...)
	x.at = append(x.at, at)
}

// see looks whose a value is.
func (x *element) see(value string, at []*node) {
	takes := takesAt(at)
	x.byEmail, x.byName = x.byEmail || x.bears(value), x.byName || x.named(takes, value)
	for _, n := range names(takes, value) {
		x.found[n] = true
	}
}

// text is what stays of an element's text.
func (x *element) text(value string, raw []byte) []byte {
	if len(x.at) == 0 || strings.TrimSpace(value) == "" {
		return raw
	}
	at := x.at[len(x.at)-1]
	at = append(slices.Clone(at), behind(at, typing.Step{Member: "#text"})...)
	x.see(value, at)
	if !x.erases {
		return raw
	}
	left := x.left(value, takesAt(at), isNeeded(at))
	if left == value {
		return raw
	}
	return escaped(left)
}

// start is what stays of an element's tag: attributes are values like others.
func (x *element) start(token xml.StartElement, raw []byte) []byte {
	changed := false
	for i, a := range token.Attr {
		if a.Name.Space == "xmlns" || a.Name.Local == "xmlns" {
			continue
		}
		at := behind(x.at[len(x.at)-1], typing.Step{Member: "@" + a.Name.Local})
		x.see(a.Value, at)
		if left := x.left(a.Value, takesAt(at), isNeeded(at)); x.erases && left != a.Value {
			token.Attr[i].Value, changed = left, true
		}
	}
	if !changed {
		return raw
	}
	out := []byte("<" + tagName(token.Name))
	for _, a := range token.Attr {
		out = append(out, " "+tagName(a.Name)+`="`...)
		out = append(append(out, escaped(a.Value)...), '"')
	}
	if bytes.HasSuffix(raw, []byte("/>")) {
		out = append(out, '/')
	}
	return append(out, '>')
}

// tagName is a name with its prefix.
func tagName(n xml.Name) string {
	if n.Space == "" {
		return n.Local
	}
	return n.Space + ":" + n.Local
}

// remark is a comment, of which nothing is a row's.
func (x *element) remark(raw []byte) []byte {
	x.byEmail = x.byEmail || x.bears(string(raw))
	if x.erases {
		return nil
	}
	return raw
}

// escaped is a text as XML; characters that the file's character set may not have stand as numbers.
func escaped(text string) []byte {
	var b bytes.Buffer
	if err := xml.EscapeText(&b, []byte(text)); err != nil {
		return nil // a buffer has no error
	}
	var out []byte
	for _, c := range b.String() {
		if c > 0xFF {
			out = append(out, fmt.Sprintf("&#%d;", c)...)
		} else {
			out = append(out, string(c)...)
		}
	}
	return out
}
