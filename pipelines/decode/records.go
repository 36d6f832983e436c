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
	return fmt.Sprintf("the record that starts on line %d is longer than limits.max_record_bytes, %d; is this another kind of file?", e.Line, e.Limit)
}

// Record is one record as it stands in the text. Bytes and Fields are valid until the next call of Next.
type Record struct {
	Bytes  []byte // without the line end
	Line   int64  // physical line it starts on, from 1
	Nth    int    // of the records that start on that line, from 0; XML only
	Fields []Span // of Bytes; a single one when the dialect has no delimiter
	Broken bool   // a quote that is not closed as it should be: only the first physical line is taken
	Torn   bool   // the text ends without a line end
	Fault  string // XML: why it is not as Shape wants it, empty when it is
}

// Records finds records in UTF-8 text. LF, CRLF and CR end a line, also mixed; within quotes they belong to the field. A quote opens a
// field only as its first character, or behind blanks where another one closes it on the same line; elsewhere in a field without quotes it is a character like
// any other. When a quoted field goes
// wrong, the line on which its record starts is one broken record and reading goes on at the next line, so that one stray quote costs
// one line and not the rest of the file.
type Records struct {
	r          io.Reader
	d          Dialect
	signs      signs
	buf        []byte
	start, end int
	line       int64   // of buf[start]
	marks      []int32 // where signs stand in the buffer, in order
	next       int     // of the marks: the first that is not before start
	err        error   // of r
	fields     []Span
}

const recordBuffer = 256 << 10

// NewRecords reads records from text as Text gives it.
func NewRecords(r io.Reader, d Dialect) *Records {
	size := min(recordBuffer, max(d.MaxRecord, 64))
	return &Records{r: r, d: d, signs: signsOf(d), buf: make([]byte, size), line: 1}
}

// Next returns the next record, io.EOF after the last. Blank lines are records without bytes.
func (s *Records) Next() (Record, error) {
	for {
		if rec, ok := s.whole(); ok {
			return rec, nil
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

// whole takes a record; false when more bytes are needed, and at the end of the text, where last takes it.
func (s *Records) whole() (Record, bool) {
	buf, start, fields := s.buf[:s.end], s.start, s.fields[:0]
	delim, quote := s.signs.delim, s.signs.quote
	from, lines := start, int64(1)
	for i := s.next; i < len(s.marks); i++ {
		at := int(s.marks[i])
		switch b := buf[at]; {
		case b == '\n' || b == '\r':
			if !s.certain(at) {
				return Record{}, false
			}
			s.fields = append(fields, Span{from - start, at - start})
			return s.take(i, lines), true
		case b == delim:
			fields = append(fields, Span{from - start, at - start})
			from = at + 1
		case b == quote && at == from:
			closing, within := s.closingMark(i)
			switch {
			case closing == len(s.marks) && s.err != nil:
				return s.broken()
			case closing == len(s.marks) || int(s.marks[closing])+1 == s.end:
				return Record{}, false
			case !s.endsField(buf[s.marks[closing]+1]):
				return s.broken()
			}
			i, lines = closing, lines+within
		case b == quote && blanks(buf[from:at]):
			switch closing, ok := s.closingOnLine(i); {
			case ok && closing < 0:
				return Record{}, false
			case ok:
				from, i = at, closing
			}
		}
	}
	return Record{}, false
}

// closingOnLine is the mark of the quote that closes a field in quotes with blanks before them; -1 while it is not known. False where no quote before the end of
// the line closes a field: then the quote is a character like any other.
func (s *Records) closingOnLine(opening int) (closing int, quoted bool) {
	for i := opening + 1; i < len(s.marks); i++ {
		at := int(s.marks[i])
		switch s.buf[at] {
		case '\n', '\r':
			return 0, false
		case s.d.Quote:
			switch {
			case at+1 == s.end && s.err == nil:
				return -1, true
			case at+1 == s.end || s.endsField(s.buf[at+1]):
				return i, true
			case s.buf[at+1] == s.d.Quote:
				i++ // a doubled one
			default:
				return 0, false
			}
		}
	}
	return -1, s.err == nil
}

// blanks says whether a text has some, and nothing else.
func blanks(text []byte) bool {
	return len(text) > 0 && len(bytes.Trim(text, " \t")) == 0
}

// closingMark is the mark of the quote that closes the field which the mark i opens, as far as the text is known, and how many line ends are
// between them.
func (s *Records) closingMark(i int) (closing int, lines int64) {
	for i++; i < len(s.marks); i++ {
		at := s.marks[i]
		switch s.buf[at] {
		case s.d.Quote:
			if int(at)+1 == s.end || s.buf[at+1] != s.d.Quote {
				return i, lines
			}
			i++ // a doubled one
		case '\r':
			lines++
		case '\n':
			if s.buf[at-1] != '\r' {
				lines++
			}
		}
	}
	return i, lines
}

// endsField says whether a byte ends a field: a delimiter, where there is one, or a line end.
func (s *Records) endsField(b byte) bool { return b == s.signs.delim || b == '\n' || b == '\r' }

// eol is the mark of the first line end at or after start; false when none is known.
func (s *Records) eol() (int, bool) {
	for i := s.next; i < len(s.marks); i++ {
		if b := s.buf[s.marks[i]]; b == '\n' || b == '\r' {
			return i, true
		}
	}
	return 0, false
}

// certain is false for a CR that is the last byte at hand: an LF may follow.
func (s *Records) certain(eol int) bool {
	return s.buf[eol] != '\r' || eol+1 < s.end || s.err != nil
}

// take cuts the record that ends at a mark, its fields being found, and passes its line end.
func (s *Records) take(mark int, lines int64) Record {
	eol := int(s.marks[mark])
	rec := Record{Bytes: s.buf[s.start:eol], Line: s.line, Fields: s.fields}
	s.start, s.next = eol+1, mark+1
	if s.buf[eol] == '\r' && s.start < s.end && s.buf[s.start] == '\n' {
		s.start, s.next = eol+2, mark+2
	}
	s.line += lines
	return rec
}

// broken takes one line, whatever its quotes are like.
func (s *Records) broken() (Record, bool) {
	mark, ok := s.eol()
	if !ok || !s.certain(int(s.marks[mark])) {
		return Record{}, false
	}
	s.fields = s.fields[:0]
	from := s.start
	for _, at := range s.marks[s.next : mark+1] {
		if s.endsField(s.buf[at]) {
			s.fields = append(s.fields, Span{from - s.start, int(at) - s.start})
			from = int(at) + 1
		}
	}
	rec := s.take(mark, 1)
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
	if !ok { // an open quote swallowed line ends: give up its first line only
		if line, some := s.broken(); some {
			return line, nil
		}
	}
	rec.Fields, rec.Broken = fields, !ok
	s.start, s.next = s.end, len(s.marks)
	return rec, nil
}

// fill reads more text behind what is there.
func (s *Records) fill() error {
	if s.start > 0 {
		s.moveUp()
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
	s.marks = s.signs.mark(s.marks, s.buf[:s.end], from)
	return nil
}

// moveUp drops what has been taken.
func (s *Records) moveUp() {
	copy(s.buf, s.buf[s.start:s.end])
	rest := s.marks[s.next:]
	for i, at := range rest {
		s.marks[i] = at - int32(s.start)
	}
	s.marks, s.next = s.marks[:len(rest)], 0
	s.start, s.end = 0, s.end-s.start
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
