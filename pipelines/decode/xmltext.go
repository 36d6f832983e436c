package decode

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"regexp"
	"strings"
)

// declaredEncoding finds the character set in an XML declaration, which is ASCII in all but UTF-16.
var declaredEncoding = regexp.MustCompile(`^<\?xml\s[^>]*?\sencoding\s*=\s*["']([A-Za-z][A-Za-z0-9._-]*)["']`)

// longestDeclaration is how far a declaration is looked for, in bytes.
const longestDeclaration = 1024

// XMLText reads an XML file in the character set that it declares, UTF-8 where it declares none (XML 1.0, appendix F). A name that is not
// empty is used instead of the declared one; a byte order mark wins over both. What is declared and cannot be is an *XMLError.
func XMLText(r io.Reader, name string) (*Text, error) {
	buffered := bufio.NewReaderSize(r, longestDeclaration)
	start, err := buffered.Peek(longestDeclaration)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	if name == "" {
		if name, err = declared(start); err != nil {
			return nil, err
		}
	}
	return NewText(buffered, name)
}

func declared(start []byte) (string, error) {
	wide := func(s string) bool { return bytes.HasPrefix(start, []byte(s)) }
	switch {
	case wide("\xFF\xFE"), wide("\xFE\xFF"), wide("\xEF\xBB\xBF"):
		return "", nil // Text goes by the mark
	case wide("<\x00?\x00"):
		return "utf-16le", nil
	case wide("\x00<\x00?"):
		return "utf-16be", nil
	}
	found := declaredEncoding.FindSubmatch(start)
	if found == nil {
		return "", nil
	}
	_, canonical, err := LookUp(string(found[1]))
	switch {
	case err != nil:
		return "", &XMLError{Fault: BadCharset, Line: 1, Reason: err.Error() + ", which the file declares; ask the partner and set format.encoding"}
	case strings.HasPrefix(canonical, "utf-16"):
		return "", &XMLError{Fault: BadCharset, Line: 1, Reason: "the file declares " + string(found[1]) +
			" and has one byte a character; ask the partner which encoding it is and set format.encoding"}
	}
	return canonical, nil
}

// cursor gives the parser its bytes one by one, so that it never reads ahead of a token, and knows where it is.
type cursor struct {
	r       *bufio.Reader
	line    int64 // from 1; LF, CRLF and CR end a line, as in Records
	char    int64 // characters read on the line
	afterCR bool
	read    int64 // bytes in all
	left    int   // bytes until the limit
	limit   int
	from    int64 // the line where the limit's count begins
	ended   bool  // there are no more
	err     error // of the source, or that the limit is reached
}

func newCursor(r io.Reader) *cursor {
	return &cursor{r: bufio.NewReaderSize(r, recordBuffer), line: 1}
}

// allow starts to count bytes against a limit.
func (c *cursor) allow(limit int) { c.limit, c.left, c.from = limit, limit, c.line }

// ReadByte is what the parser calls.
func (c *cursor) ReadByte() (byte, error) {
	if c.err != nil {
		return 0, c.err
	}
	b, err := c.r.ReadByte()
	if errors.Is(err, io.EOF) {
		c.ended = true
		return 0, io.EOF
	}
	var encoding *EncodingError
	if errors.As(err, &encoding) {
		encoding.Line = c.line
	}
	if err == nil && c.left == 0 {
		err = &SizeError{Line: c.from, Limit: c.limit}
	}
	if err != nil {
		c.err = err
		return 0, err
	}
	c.left--
	c.read++
	switch {
	case b == '\n' && c.afterCR: // counted
	case b == '\n' || b == '\r':
		c.line, c.char = c.line+1, 0
	case b&0xC0 != 0x80: // not the second byte of a character
		c.char++
	}
	c.afterCR = b == '\r'
	return b, nil
}

// Read is there because the parser asks for a reader.
func (c *cursor) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	b, err := c.ReadByte()
	if err != nil {
		return 0, err
	}
	p[0] = b
	return 1, nil
}
