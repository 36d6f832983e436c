package main

import (
	"fmt"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"
)

// visible is a text from outside as a terminal may get it: what would move the cursor, colour, ring, retitle, break the line or turn the order of
// letters round is written as \x1b and the like. Names of files, values, rejects and what partners answer go through it.
func visible(s string) string { return visibleBut(s, "") }

// visibleBut leaves some control characters as they are.
func visibleBut(s, kept string) string {
	if strings.IndexFunc(s, func(r rune) bool { return hidden(r) && !strings.ContainsRune(kept, r) }) < 0 {
		return s
	}
	var b strings.Builder
	for i, r := range s {
		switch {
		case !hidden(r):
			b.WriteRune(r)
		case r == utf8.RuneError:
			if _, width := utf8.DecodeRuneInString(s[i:]); width > 1 {
				b.WriteRune(r) // it stands there itself
			} else {
				fmt.Fprintf(&b, `\x%02x`, s[i])
			}
		case strings.ContainsRune(kept, r):
			b.WriteRune(r)
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\r':
			b.WriteString(`\r`)
		case r == '\t':
			b.WriteString(`\t`)
		default:
			fmt.Fprintf(&b, `\u%04x`, r) // as in JSON, which may stand in what is printed
		}
	}
	return b.String()
}

// hidden are control characters, those that begin a line, those that turn the order round, and bytes that are no UTF-8, which old terminals take for control characters.
func hidden(r rune) bool {
	return unicode.IsControl(r) || r == utf8.RuneError || r == '\u2028' || r == '\u2029' || unicode.Is(unicode.Bidi_Control, r)
}

// people is an output that people read. It is the last line: whatever is printed, no control character but line ends and tabs gets through.
type people struct{ to io.Writer }

// Write writes text, in whole characters.
func (p people) Write(text []byte) (int, error) {
	if _, err := io.WriteString(p.to, visibleBut(string(text), "\n\t")); err != nil {
		return 0, err //nolint:wrapcheck // a Writer says what its own writer says
	}
	return len(text), nil
}

// unescaped is the output for what programs read: exact bytes, CSV, and a terminal's own progress bars.
func unescaped(w io.Writer) io.Writer {
	if p, ok := w.(people); ok {
		return p.to
	}
	return w
}
