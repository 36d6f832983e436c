package decode

// multibyte follows the bytes above ASCII of a text in a single-byte character set. Where all of them make UTF-8 the text is UTF-8: of what people write in
// such a set nearly nothing does by accident, since an Ã would have to be followed by a sign each time.
type multibyte struct {
	chars int64 // whole so far
	need  int   // bytes that the character at hand still wants
	not   bool  // some byte fits none
}

// high takes a byte above ASCII.
func (m *multibyte) high(b byte) {
	switch {
	case m.need > 0 && b < 0xC0:
		if m.need--; m.need == 0 {
			m.chars++
		}
	case m.need > 0 || b < 0xC2 || b > 0xF4:
		m.not = true
	case b >= 0xF0:
		m.need = 3
	case b >= 0xE0:
		m.need = 2
	default:
		m.need = 1
	}
}

// ascii takes bytes of ASCII.
func (m *multibyte) ascii() { m.not = m.not || m.need > 0 }

// SeemsUTF8 says of a text that was read in a single-byte character set that its bytes above ASCII, and how many characters they make, are UTF-8. It is known
// when the text is read to its end.
func (t *Text) SeemsUTF8() (int64, bool) {
	m := t.multibyte
	return m.chars, m.chars > 0 && !m.not && m.need == 0
}
