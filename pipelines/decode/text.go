package decode

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/htmlindex"
	"golang.org/x/text/transform"
)

// EncodingError says which byte is no text in the file's character set.
type EncodingError struct {
	Encoding string
	Offset   int64 // of the byte in the decoded layers, from 0
	Line     int64 // physical line it is on, from 1; set by Records
	Byte     byte
	UTF8     bool // it is what UTF-8 has here, as all bytes before it are
}

// Error says where the byte is and what to do.
func (e *EncodingError) Error() string {
	if e.UTF8 {
		return fmt.Sprintf("byte 0x%02X at offset %d is no %s, and those up to it are UTF-8; set format.encoding: utf-8 if the partner writes that now", e.Byte, e.Offset, e.Encoding)
	}
	return fmt.Sprintf("byte 0x%02X at offset %d is no %s; ask the partner which encoding the file has and set format.encoding",
		e.Byte, e.Offset, e.Encoding)
}

// LookUp finds a character set by its WHATWG name; cp1252 and an empty name (UTF-8) are known too.
func LookUp(name string) (encoding.Encoding, string, error) {
	name = strings.ToLower(strings.TrimSpace(name))
	if name == "" {
		name = "utf-8"
	}
	enc, err := htmlindex.Get(name)
	if err != nil || enc == encoding.Replacement {
		return nil, "", fmt.Errorf("%q is no WHATWG encoding name such as utf-8, windows-1252 or utf-16le", name)
	}
	canonical, err := htmlindex.Name(enc)
	if err != nil {
		canonical = name
	}
	return enc, canonical, nil
}

// Text reads UTF-8 from bytes in another character set. It is strict: what is no character is an *EncodingError. A
// byte order mark of UTF-8 or UTF-16 wins over the configured name and is not part of the text.
type Text struct {
	r          io.Reader
	name       string
	raw        []byte
	start, end int
	offset     int64 // of raw[start] in the file
	err        error // of r, once it has one
	begun      bool
	table      *[128]string // single-byte sets: the upper half; empty where there is no character
	decoder    *encoding.Decoder
	multibyte  multibyte // single-byte sets: whether the bytes above ASCII are UTF-8 all the same
}

const rawBuffer = 128 << 10

// NewText reads r in the named encoding.
func NewText(r io.Reader, name string) (*Text, error) {
	t := &Text{r: r, raw: make([]byte, rawBuffer)}
	return t, t.use(name)
}

func (t *Text) use(name string) error {
	enc, canonical, err := LookUp(name)
	if err != nil {
		return err
	}
	t.name, t.table, t.decoder = canonical, nil, nil
	if canonical == "utf-8" {
		return nil
	}
	if cm, ok := enc.(*charmap.Charmap); ok && asciiBelow(cm) {
		t.table = upperHalf(cm)
		return nil
	}
	t.decoder = enc.NewDecoder()
	return nil
}

func asciiBelow(cm *charmap.Charmap) bool {
	for b := range 0x80 {
		if cm.DecodeByte(byte(b)) != rune(b) {
			return false
		}
	}
	return true
}

// upperHalf maps bytes from 0x80. The WHATWG tables fill the holes of windows code pages with C1 control characters; no
// partner means those, so they are no characters here.
func upperHalf(cm *charmap.Charmap) *[128]string {
	var table [128]string
	name, err := htmlindex.Name(cm)
	windows := err == nil && strings.HasPrefix(name, "windows-")
	for i := range table {
		r := cm.DecodeByte(byte(0x80 + i))
		if r == utf8.RuneError || (windows && r >= 0x80 && r <= 0x9F) {
			continue
		}
		table[i] = string(r)
	}
	return &table
}

// Read gives the next piece of UTF-8; a character is never cut. p must hold at least 16 bytes.
func (t *Text) Read(p []byte) (int, error) {
	if t.begun && t.start == t.end && t.err == nil && t.table == nil && t.decoder == nil {
		if n, err := t.direct(p); n > 0 || err != nil {
			return n, err
		}
	}
	for {
		if t.start == t.end || (t.begun && t.stuck()) || !t.begun {
			if err := t.fill(); err != nil {
				return 0, err
			}
			if t.start == t.end {
				if t.err != nil {
					return 0, t.err
				}
				continue
			}
		}
		n, used, err := t.convert(p)
		t.start += used
		t.offset += int64(used)
		if n > 0 || err != nil {
			return n, err
		}
		if used == 0 && !t.stuck() {
			return 0, t.bad(0)
		}
	}
}

// direct reads UTF-8 where it is wanted, without a copy. What is no whole character goes the other way.
func (t *Text) direct(p []byte) (int, error) {
	n, err := t.r.Read(p[:min(len(p), len(t.raw))])
	if t.err = err; err != nil && !errors.Is(err, io.EOF) {
		return 0, err
	}
	valid := validPrefix(p[:n])
	t.start, t.end = 0, copy(t.raw, p[valid:n])
	t.offset += int64(valid)
	if valid == 0 && t.end == 0 && err != nil {
		return 0, err
	}
	return valid, nil
}

// stuck says that what is left in the buffer is the beginning of a character.
func (t *Text) stuck() bool { return t.end-t.start < 8 && t.err == nil }

func (t *Text) fill() error {
	copy(t.raw, t.raw[t.start:t.end])
	t.start, t.end = 0, t.end-t.start
	for t.err == nil && t.end < 8 {
		n, err := t.r.Read(t.raw[t.end:])
		t.end += n
		if err != nil {
			t.err = err
		}
		if t.begun && n > 0 {
			break
		}
	}
	if t.err != nil && !errors.Is(t.err, io.EOF) {
		return t.err
	}
	if !t.begun {
		t.begun = true
		return t.readMark()
	}
	return nil
}

// readMark takes a byte order mark off and goes by it.
func (t *Text) readMark() error {
	for _, m := range []struct{ mark, name string }{{"\xEF\xBB\xBF", "utf-8"}, {"\xFF\xFE", "utf-16le"}, {"\xFE\xFF", "utf-16be"}} {
		if bytes.HasPrefix(t.raw[:t.end], []byte(m.mark)) {
			t.start = len(m.mark)
			t.offset = int64(t.start)
			return t.use(m.name)
		}
	}
	return nil
}

func (t *Text) bad(at int) *EncodingError {
	return &EncodingError{Encoding: t.name, Offset: t.offset + int64(at), Byte: t.raw[t.start+at]}
}

// convert turns the beginning of the buffer into UTF-8 in p. 0, 0 means that the bytes at hand are no whole character.
func (t *Text) convert(p []byte) (n, used int, err error) {
	src := t.raw[t.start:t.end]
	switch {
	case t.decoder != nil:
		return t.transform(p, src)
	case t.table != nil:
		return t.fromTable(p, src)
	}
	if len(src) > len(p) {
		src = src[:len(p)]
	}
	valid := validPrefix(src)
	if valid == 0 && (utf8.FullRune(src) || t.err != nil) {
		return 0, 0, t.bad(0)
	}
	return copy(p, src[:valid]), valid, nil
}

func (t *Text) fromTable(p, src []byte) (n, used int, err error) {
	for used < len(src) && n < len(p) {
		run := asciiPrefix(src[used:min(len(src), used+len(p)-n)])
		copy(p[n:], src[used:used+run])
		if n, used = n+run, used+run; run > 0 {
			t.multibyte.ascii()
		}
		if used == len(src) || n == len(p) || src[used] < 0x80 {
			continue
		}
		char := t.table[src[used]-0x80]
		if char == "" {
			if n > 0 {
				return n, used, nil // what is right comes first, so that lines can be counted
			}
			bad := t.bad(used)
			bad.UTF8 = !t.multibyte.not && t.multibyte.need > 0 && src[used] < 0xC0
			return 0, 0, bad
		}
		if len(p)-n < len(char) {
			break
		}
		n += copy(p[n:], char)
		t.multibyte.high(src[used])
		used++
	}
	return n, used, nil
}

// transform uses a decoder of x/text, which puts U+FFFD where there is no character.
func (t *Text) transform(p, src []byte) (n, used int, err error) {
	n, used, err = t.decoder.Transform(p, src, t.err != nil)
	if err != nil && !errors.Is(err, transform.ErrShortDst) && !errors.Is(err, transform.ErrShortSrc) {
		return 0, 0, t.bad(0)
	}
	at := bytes.Index(p[:n], []byte("\uFFFD"))
	if at < 0 {
		return n, used, nil
	}
	return t.upToDamage(p, src)
}

// upToDamage decodes again, byte by byte more, to find how many bytes are in order and which is the first that is not. Decoders with
// shift states (ISO-2022-JP) may be off by an escape sequence here; all others are exact.
func (t *Text) upToDamage(p, src []byte) (n, used int, err error) {
	enc, _, err := LookUp(t.name)
	if err != nil {
		return 0, 0, err
	}
	step := enc.NewDecoder()
	var one [16]byte
	for used < len(src) {
		wrote, took := 0, 0
		for width := 1; width <= 8 && took == 0 && used+width <= len(src); width++ {
			wrote, took, err = step.Transform(one[:], src[used:used+width], used+width == len(src) && t.err != nil)
			if err != nil && !errors.Is(err, transform.ErrShortSrc) {
				return n, used, err
			}
		}
		if took == 0 || wrote > len(p)-n || bytes.Contains(one[:wrote], []byte("\uFFFD")) {
			break
		}
		n += copy(p[n:], one[:wrote])
		used += took
	}
	if n > 0 {
		return n, used, nil
	}
	return 0, 0, t.bad(min(used, len(src)-1))
}

// asciiPrefix is how many bytes from the start are ASCII.
func asciiPrefix(b []byte) int {
	i := 0
	for ; i+8 <= len(b); i += 8 {
		if binary.LittleEndian.Uint64(b[i:])&0x8080808080808080 != 0 {
			break
		}
	}
	for i < len(b) && b[i] < 0x80 {
		i++
	}
	return i
}

// validPrefix is how many bytes from the start are whole UTF-8 characters.
func validPrefix(b []byte) int {
	if utf8.Valid(b) {
		return len(b)
	}
	i := 0
	for {
		i += asciiPrefix(b[i:])
		r, size := utf8.DecodeRune(b[i:])
		if r == utf8.RuneError && size <= 1 {
			return i
		}
		i += size
	}
}
