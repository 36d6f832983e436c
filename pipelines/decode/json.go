package decode

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// JSONError says where a text of JSON documents cannot be parted any more: behind that place nobody can tell what belongs to which document.
type JSONError struct {
	Line int64
	Cut  bool // the text ends within a document
	Want string
}

// Error says the line and what should stand there.
func (e *JSONError) Error() string {
	if e.Cut {
		return "the text ends in the middle of a JSON document; wait for the whole file or ask the partner"
	}
	return fmt.Sprintf("on line %d stands no %s; is the file JSON?", e.Line, e.Want)
}

// sniffed is how much of a text is looked at before it is known how its documents stand in it.
const sniffed = 64 << 10

// JSONDialect is what JSON documents are.
type JSONDialect struct {
	MaxRecord int  // bytes; a longer document is a *SizeError
	Arrays    bool // an array is a document; else its entries are
}

// Documents reads JSON documents however they stand in a text: one a line, over several lines, or as the entries of an array.
func Documents(text io.Reader, dialect JSONDialect) interface{ Next() (Record, error) } {
	head := make([]byte, 0, sniffed+16)
	var err error
	for err == nil && len(head) < sniffed {
		var n int
		n, err = text.Read(head[len(head):cap(head)])
		head = head[:len(head)+n]
	}
	rest := io.MultiReader(bytes.NewReader(head), text) // a text that went wrong says so again
	if head = bytes.TrimLeft(head, " \t\r\n"); startsArray(head) && !dialect.Arrays || opensLine(head) {
		return &documents{r: rest, buf: make([]byte, 0, sniffed), d: dialect, line: 1}
	}
	return NewRecords(rest, Dialect{MaxRecord: dialect.MaxRecord})
}

func startsArray(head []byte) bool { return len(head) > 0 && head[0] == '[' }

// opensLine says whether the first document goes on behind its first line.
func opensLine(head []byte) bool {
	first, _, several := bytes.Cut(head, []byte("\n"))
	var document json.RawMessage
	var syntax *json.SyntaxError
	err := json.Unmarshal(first, &document)
	return several && errors.As(err, &syntax) && int(syntax.Offset) >= len(bytes.TrimRight(first, " \t\r"))
}

// documents parts a text by its brackets.
type documents struct {
	r       io.Reader
	buf     []byte
	at      int // in buf
	d       JSONDialect
	line    int64 // of buf[at]
	err     error // of r
	inArray bool
	behind  bool  // a value of the array: a comma or its end comes next
	last    int64 // line of the last document
	nth     int   // on that line
}

// Next returns the next document, io.EOF after the last.
func (d *documents) Next() (Record, error) {
	for {
		c, err := d.peek()
		switch {
		case errors.Is(err, io.EOF) && d.inArray:
			return Record{}, &JSONError{Line: d.line, Cut: true}
		case err != nil:
			return Record{}, err
		case d.inArray && c == ']':
			d.inArray, d.behind = false, false
			d.at++
		case d.inArray && d.behind && c == ',':
			d.behind = false
			d.at++
		case d.inArray && d.behind:
			return Record{}, &JSONError{Line: d.line, Want: "comma or ] behind an entry"}
		case !d.inArray && !d.d.Arrays && c == '[':
			d.inArray = true
			d.at++
		default:
			d.behind = d.inArray
			return d.document()
		}
	}
}

// peek passes blanks and returns the byte behind them.
func (d *documents) peek() (byte, error) {
	for {
		for ; d.at < len(d.buf); d.at++ {
			switch c := d.buf[d.at]; c {
			case '\n':
				d.line++
			case ' ', '\t', '\r':
			default:
				return c, nil
			}
		}
		if err := d.fill(); err != nil {
			return 0, err
		}
	}
}

// document takes the value that begins here.
func (d *documents) document() (Record, error) {
	rec := Record{Line: d.line}
	var s nesting
	for n := 0; ; n++ {
		for d.at+n == len(d.buf) {
			err := d.fill()
			switch {
			case errors.Is(err, io.EOF) && s.scalar():
				return d.take(rec, n)
			case errors.Is(err, io.EOF):
				return rec, &JSONError{Line: rec.Line, Cut: true}
			case err != nil:
				return rec, err
			}
		}
		switch s.see(d.buf[d.at+n]) {
		case endsHere:
			return d.take(rec, n+1)
		case endsBefore:
			if n == 0 {
				return rec, &JSONError{Line: rec.Line, Want: "document"}
			}
			return d.take(rec, n)
		}
		if n >= d.d.MaxRecord {
			return rec, &SizeError{Line: rec.Line, Limit: d.d.MaxRecord}
		}
	}
}

func (d *documents) take(rec Record, n int) (Record, error) {
	if d.nth++; rec.Line != d.last {
		d.nth, d.last = 0, rec.Line
	}
	rec.Bytes, rec.Nth = d.buf[d.at:d.at+n], d.nth
	rec.Fields = []Span{{0, n}}
	d.line += int64(bytes.Count(rec.Bytes, []byte("\n")))
	d.at += n
	return rec, nil
}

// fill reads more text behind what is there.
func (d *documents) fill() error {
	if d.err != nil {
		return d.err
	}
	if d.at > 0 {
		d.buf = d.buf[:copy(d.buf, d.buf[d.at:])]
		d.at = 0
	}
	if cap(d.buf)-len(d.buf) < 16 {
		d.buf = append(make([]byte, 0, 2*cap(d.buf)), d.buf...)
	}
	n, err := d.r.Read(d.buf[len(d.buf):cap(d.buf)])
	d.buf = d.buf[:len(d.buf)+n]
	var encoding *EncodingError
	if d.err = err; errors.As(err, &encoding) {
		encoding.Line = d.line + lineEnds(d.buf[d.at:])
	}
	if n > 0 {
		return nil
	}
	return err
}

// nesting follows a value from its first byte to its last.
type nesting struct {
	depth           int
	begun, inString bool
	escaped         bool
}

// Where a value ends.
type ending int

const (
	goesOn ending = iota
	endsHere
	endsBefore
)

// scalar says whether the value has neither brackets nor quotes, and so ends with the text.
func (s *nesting) scalar() bool { return s.begun && s.depth == 0 && !s.inString }

func (s *nesting) see(c byte) ending {
	first := !s.begun
	s.begun = true
	switch {
	case s.escaped:
		s.escaped = false
	case s.inString && c == '\\':
		s.escaped = true
	case s.inString && c == '"':
		s.inString = false
		return s.closed()
	case s.inString:
	case c == '"' && (first || s.depth > 0):
		s.inString = true
	case c == '{' || c == '[':
		s.depth++
	case (c == '}' || c == ']') && s.depth > 0:
		s.depth--
		return s.closed()
	case s.depth == 0 && (c == ',' || c == ']' || c == '}' || c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '"'):
		return endsBefore
	}
	return goesOn
}

func (s *nesting) closed() ending {
	if s.depth == 0 {
		return endsHere
	}
	return goesOn
}
