package decode

import (
	"encoding/binary"
	"math/bits"
)

// signs finds the bytes that set records and fields apart, 64 at a time. Fields are so short that a search for each of their ends would
// take longer than what it finds.
type signs struct {
	delim, quote   byte   // a line end where the dialect has none
	delims, quotes uint64 // the same in every byte
}

const (
	everyByte = 0x0101010101010101
	lowBits   = 0x7F * everyByte
	highBits  = 0x80 * everyByte
)

func signsOf(d Dialect) signs {
	g := signs{delim: '\n', quote: '\n'}
	if d.Delim != 0 {
		g.delim = d.Delim
	}
	if d.Quote != 0 {
		g.quote = d.Quote
	}
	g.delims, g.quotes = uint64(g.delim)*everyByte, uint64(g.quote)*everyByte
	return g
}

// mark appends the places of signs in text from a place on: delimiters, quotes, LF, CR, and what is between LF and CR.
func (g signs) mark(marks []int32, text []byte, from int) []int32 {
	for ; from+64 <= len(text); from += 64 {
		block := text[from : from+64]
		found := g.in(block)<<0 | g.in(block[8:])<<8 | g.in(block[16:])<<16 | g.in(block[24:])<<24 |
			g.in(block[32:])<<32 | g.in(block[40:])<<40 | g.in(block[48:])<<48 | g.in(block[56:])<<56
		for ; found != 0; found &= found - 1 {
			marks = append(marks, int32(from+bits.TrailingZeros64(found)))
		}
	}
	for ; from < len(text); from++ {
		if b := text[from]; b == g.delim || b == g.quote || (b >= '\n' && b <= '\r') {
			marks = append(marks, int32(from))
		}
	}
	return marks
}

// in has a bit for each of eight bytes that is a sign, the first byte's the lowest.
func (g signs) in(text []byte) uint64 {
	x := binary.LittleEndian.Uint64(text)
	low := x & lowBits
	ends := (low + (0x80-'\n')*everyByte) &^ (low + (0x80-'\r'-1)*everyByte) &^ x & highBits
	found := zeroBytes(x^g.delims) | zeroBytes(x^g.quotes) | ends
	return (found >> 7) * 0x0102040810204080 >> 56 // gathers the eight bits
}

// zeroBytes has the highest bit of each byte set that is 0 in x, and no other.
func zeroBytes(x uint64) uint64 { return ^((x&lowBits + lowBits) | x | lowBits) }
