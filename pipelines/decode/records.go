package decode

import (
	"bytes"
	"errors"
	"fmt"
	"io"
)

// Dialect is how records and fields are set apart.
type Dialect struct {
	Delim     byte // 0 when a record is one whole line (NDJSON)
	Quote     byte // 0 when there are no quotes
	MaxRecord int  // bytes; a longer record is a *SizeError
}

// SizeError says that a record does not end within the limit.
type SizeError struct {
	Line  int64
	Limit int
}

// Error says where the record begins.
func (e *SizeError) Error() string {
	return fmt.Sprintf("the record that starts on line %d is longer than %d bytes; is this another kind of file?", e.Line, e.Limit)
}

// Record is one record as it stands in the text. Bytes and Fields are valid until the next call of Next.
type Record struct {
	Bytes  []byte // without the line end
	Line   int64  // physical line it starts on, from 1
	Fields []Span // of Bytes; a single one when the dialect has no delimiter
	Broken bool   // a quote that is not closed as it should be: only the first physical line is taken
	Torn   bool   // the text ends without a line end
}

// Records finds records in UTF-8 text. LF, CRLF and CR end a line, also mixed; within quotes they belong to the field. A quote opens a
// field only as its first character; elsewhere in a field without quotes it is a character like any other. When a quoted field goes
// wrong, the line on which its record starts is one broken record and reading goes on at the next line, so that one stray quote costs
// one line and not the rest of the file.
type Records struct {
	r          io.Reader
	d          Dialect
	buf        []byte
	start, end int
	line       int64 // of buf[start]
	lf, cr, q  int   // next of each at or after start; end when there is none in the buffer
	err        error // of r
	fields     []Span
}

const recordBuffer = 256 << 10

// NewRecords reads records from text as Text gives it.
func NewRecords(r io.Reader, d Dialect) *Records {
	size := min(recordBuffer, max(d.MaxRecord, 64))
	return &Records{r: r, d: d, buf: make([]byte, size), line: 1}
}

// Next returns the next record, io.EOF after the last. Blank lines are records without bytes.
func (s *Records) Next() (Record, error) {
	for {
		if rec, ok := s.plain(); ok {
			return rec, nil
		}
		if s.q < s.eol() {
			if rec, ok := s.quoted(); ok {
				return rec, nil
			}
		}
		if s.err != nil {
			return s.last()
		}
		if err := s.fill(); err != nil {
			if rec, ok := s.broken(); ok { // a quote that is never closed
				return rec, nil
			}
			return Record{}, err
		}
	}
}

// eol is where the line ends that starts at s.start, end if that is not in the buffer.
func (s *Records) eol() int { return min(s.lf, s.cr) }

// plain takes a record that ends before the next quote.
func (s *Records) plain() (Record, bool) {
	s.lf, s.cr = s.ahead(s.lf, '\n'), s.ahead(s.cr, '\r')
	if s.d.Quote != 0 {
		s.q = s.ahead(s.q, s.d.Quote)
	} else {
		s.q = s.end
	}
	eol := s.eol()
	if eol == s.end || s.q < eol || !s.certain(eol) {
		return Record{}, false
	}
	s.split(eol)
	return s.take(eol, 1), true
}

// ahead moves a remembered place forward to the next b.
func (s *Records) ahead(at int, b byte) int {
	if at >= s.start {
		return at
	}
	return s.find(b, s.start)
}

func (s *Records) find(b byte, from int) int {
	if i := bytes.IndexByte(s.buf[from:s.end], b); i >= 0 {
		return from + i
	}
	return s.end
}

// split finds the fields of a record without regard to quotes.
func (s *Records) split(eol int) {
	s.fields = s.fields[:0]
	record, from := s.buf[s.start:eol], 0
	for s.d.Delim != 0 {
		n := bytes.IndexByte(record[from:], s.d.Delim)
		if n < 0 {
			break
		}
		s.fields = append(s.fields, Span{from, from + n})
		from += n + 1
	}
	s.fields = append(s.fields, Span{from, len(record)})
}

// certain is false for a CR that is the last byte at hand: an LF may follow.
func (s *Records) certain(eol int) bool {
	return s.buf[eol] != '\r' || eol+1 < s.end || s.err != nil
}

// take cuts the record that ends at eol, its fields being found, and passes its line end.
func (s *Records) take(eol int, lines int64) Record {
	rec := Record{Bytes: s.buf[s.start:eol], Line: s.line, Fields: s.fields}
	s.start = eol + 1
	if s.buf[eol] == '\r' && s.start < s.end && s.buf[s.start] == '\n' {
		s.start++
	}
	s.line += lines
	return rec
}

// quoted takes a record with quotes in it; false when more bytes are needed.
func (s *Records) quoted() (Record, bool) {
	s.fields = s.fields[:0]
	eol := s.eol()
	for i := s.start; ; i++ {
		from := i
		switch {
		case i < s.end && s.buf[i] == s.d.Quote:
			var closed, whole bool
			i, closed, whole = s.quotedField(i)
			if !whole && s.err == nil {
				return Record{}, false
			}
			if !closed {
				return s.broken()
			}
		case i > eol: // a field before this one has line ends in it
			i = s.bareField(i)
		default:
			n := bytes.IndexByte(s.buf[i:eol], s.d.Delim)
			if i += n; n < 0 {
				i = eol
			}
		}
		if i == s.end {
			return Record{}, false // at the end of the text, last takes it
		}
		s.fields = append(s.fields, Span{from - s.start, i - s.start})
		if s.buf[i] == s.d.Delim {
			continue
		}
		if !s.certain(i) {
			return Record{}, false
		}
		lines := int64(1)
		if i > eol {
			lines += lineEnds(s.buf[s.start:i])
		}
		return s.take(i, lines), true
	}
}

// bareField passes the field without quotes that begins at i.
func (s *Records) bareField(i int) int {
	for i < s.end && s.buf[i] != s.d.Delim && s.buf[i] != '\n' && s.buf[i] != '\r' {
		i++
	}
	return i
}

// quotedField passes the quoted field that opens at i. closed: it is followed by what may follow; whole: no more bytes are needed to know.
func (s *Records) quotedField(i int) (next int, closed, whole bool) {
	i++
	for {
		i = s.find(s.d.Quote, i)
		if i == s.end {
			return i, false, false
		}
		i++
		if i == s.end {
			return i, s.err != nil, s.err != nil
		}
		if s.buf[i] != s.d.Quote {
			b := s.buf[i]
			return i, b == s.d.Delim || b == '\n' || b == '\r', true
		}
		i++
	}
}

func (s *Records) broken() (Record, bool) {
	eol := s.eol()
	if eol == s.end || !s.certain(eol) {
		return Record{}, false
	}
	s.split(eol)
	rec := s.take(eol, 1)
	rec.Broken = true
	return rec, true
}

// last takes what stands after the last line end.
func (s *Records) last() (Record, error) {
	if !errors.Is(s.err, io.EOF) {
		var encoding *EncodingError
		if errors.As(s.err, &encoding) {
			encoding.Line = s.line + lineEnds(s.buf[s.start:s.end])
		}
		return Record{}, s.err
	}
	if s.start == s.end {
		return Record{}, io.EOF
	}
	rec := Record{Bytes: s.buf[s.start:s.end], Line: s.line, Torn: true}
	fields, ok := Spans(rec.Bytes, s.d)
	if !ok && s.eol() < s.end { // an open quote swallowed line ends: give up its first line only
		rec, _ = s.broken()
		return rec, nil
	}
	rec.Fields, rec.Broken = fields, !ok
	s.start = s.end
	return rec, nil
}

// fill reads more text behind what is there.
func (s *Records) fill() error {
	if s.start > 0 {
		copy(s.buf, s.buf[s.start:s.end])
		s.lf, s.cr, s.q = s.lf-s.start, s.cr-s.start, s.q-s.start
		s.end -= s.start
		s.start = 0
	}
	if len(s.buf)-s.end < 16 {
		if s.end >= s.d.MaxRecord {
			return &SizeError{Line: s.line, Limit: s.d.MaxRecord}
		}
		s.buf = append(s.buf, make([]byte, len(s.buf))...)
	}
	from := s.end
	// A record that is not whole is looked at again from its start, so each time half of it is added at least.
	for more := 1 + s.end/2; s.err == nil && s.end-from < more && len(s.buf)-s.end >= 16; {
		var n int
		n, s.err = s.r.Read(s.buf[s.end:])
		s.end += n
	}
	for _, p := range []struct {
		at *int
		b  byte
	}{{&s.lf, '\n'}, {&s.cr, '\r'}, {&s.q, s.d.Quote}} {
		if *p.at >= from {
			*p.at = s.find(p.b, from)
		}
	}
	return nil
}

// lineEnds counts line ends inside a record: LF, CRLF or CR.
func lineEnds(b []byte) int64 {
	n := bytes.Count(b, []byte{'\n'})
	for {
		i := bytes.IndexByte(b, '\r')
		if i < 0 {
			return int64(n)
		}
		if b = b[i+1:]; len(b) == 0 || b[0] != '\n' {
			n++
		}
	}
}
