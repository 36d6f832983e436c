package decode

import (
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// Every sign is marked, in order and once, wherever the search begins; what else is marked is a control character between LF and CR.
func TestMarksAreWhereSignsAre(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		letters := rapid.SampledFrom([]byte("\n\r\t,;|\"' a0\x00\x0b\x0c\x0e\x7f\x80\x8a\x8d\xa2\xac\xff"))
		text := rapid.SliceOfN(letters, 0, 300).Draw(rt, "text")
		from := rapid.IntRange(0, len(text)).Draw(rt, "from")
		d := Dialect{Delim: rapid.SampledFrom([]byte(",;|\t\x00")).Draw(rt, "delim"), Quote: rapid.SampledFrom([]byte("\"'\x00")).Draw(rt, "quote")}
		var signs, marks []int32
		for i := from; i < len(text); i++ {
			if b := text[i]; b == '\n' || b == '\r' || (b != 0 && (b == d.Delim || b == d.Quote)) {
				signs = append(signs, int32(i))
			}
		}
		for _, at := range signsOf(d).mark(nil, text, from) {
			if b := text[at]; b == '\v' || b == '\f' {
				continue
			}
			marks = append(marks, at)
		}
		if !slices.Equal(signs, marks) {
			rt.Fatalf("%q from %d: marks at %v, signs at %v", text, from, marks, signs)
		}
	})
}
