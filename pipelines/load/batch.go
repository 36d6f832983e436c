package load

import (
	"bytes"
	"encoding/binary"
	"slices"
	"sync/atomic"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/fourmarketing/waybill/pipelines/decode"
	"github.com/fourmarketing/waybill/transforms/typing"
)

// columns say which fields of a record a batch has, and which texts in them mean nothing.
type columns struct {
	fields []int  // of a record, from 0
	places []int  // per field, Contract.Numbers
	refs   []bool // per field, Contract.References; nil where there is none
	quote  byte
	null   []string // besides the empty text
	plain  bool     // nobody asks for traits
	exact  bool     // the record is a document of JSON, whose long fractions are to arrive with all their digits
	schema *arrow.Schema
	key    func(line int64, nth int) int64 // what a record goes by
}

func columnsOf(c typing.Contract, l typing.Layout, quote byte) columns {
	fields := c.Reads(l)
	return columns{fields: fields, places: c.Numbers(l, fields), refs: c.References(l, fields), quote: quote, null: c.Format.Null, plain: c.Format.Type != typing.CSV, exact: c.Format.Type == typing.JSON, schema: typing.RecordSchema(len(fields)), key: c.RecordKey}
}

// batch is some thousand records, field by field as Arrow wants them. A value of more than twelve bytes is not copied: its view points into
// the records' text. A batch that nobody reads any more is used again.
type batch struct {
	columns
	text    []byte        // the records, and values that had doubled quotes
	records []decode.Span // in text
	lines   []int64       // what the records go by, in order: see typing.Contract.RecordKey
	values  []place       // record after record, the columns' fields of it, quotes included
	texts   []texts       // per field, once the batch is complete
	traits  typing.Traits
	unusual bool         // the text has something else than what ASCII prints, which matters in references
	lent    atomic.Int32 // buffers that Arrow has
	desk    *desk
}

// place is where a value stands in the batch's text. It is small because there are many.
type place struct{ from, to int32 }

// texts are the values of one field.
type texts struct {
	views []uint64 // Arrow's string views, two words each
	valid []byte   // a bit per value
	nulls int
}

// takeBatch takes a batch from those that are free, or makes one.
func takeBatch(d *desk, c columns) *batch {
	var b *batch
	select {
	case b = <-d.free:
	default:
		b = &batch{}
	}
	b.desk, b.columns, b.traits = d, c, typing.Traits{}
	b.text, b.records, b.lines, b.values = b.text[:0], b.records[:0], b.lines[:0], b.values[:0]
	return b
}

// add appends a record. Its fields are as many as the contract expects.
func (b *batch) add(rec decode.Record) {
	start := len(b.text)
	longer := 0
	if b.exact {
		b.text = appendExact(b.text, rec.Bytes)
		longer = len(b.text) - start - len(rec.Bytes)
	} else {
		b.text = append(b.text, rec.Bytes...)
	}
	b.records = append(b.records, decode.Span{From: start, To: len(b.text)})
	b.lines = append(b.lines, b.key(rec.Line, rec.Nth))
	for _, at := range b.fields {
		field := rec.Fields[at]
		b.values = append(b.values, place{int32(start + field.From), int32(start + field.To + longer)})
	}
}

// stretch is how many records are made into columns at a time, so that they are still in a core's cache for the last of the columns.
const stretch = 256

// complete makes columns of the records, a stretch of one column at a time: its values are much alike.
func (b *batch) complete() {
	n := len(b.lines)
	b.traits.Plus = !b.plain && bytes.IndexByte(b.text, '+') >= 0
	b.unusual = b.refs != nil && !printable(b.text)
	b.text = slices.Grow(b.text, viewBytes)
	b.texts = slices.Grow(b.texts[:0], len(b.fields))[:len(b.fields)]
	for i := range b.texts {
		t := &b.texts[i]
		t.views = slices.Grow(t.views[:0], 2*n)[:2*n]
		t.valid = allValid(t.valid, n)
		t.nulls = 0
	}
	for from := 0; from < n; from += stretch {
		for field := range b.texts {
			b.fill(field, from, min(from+stretch, n))
		}
	}
}

// fill makes the texts of one field of some of the records, and notes what occurs in them.
func (b *batch) fill(field, first, end int) {
	t, text, places, width := &b.texts[field], b.text, b.places[field], len(b.fields)
	for i := first; i < end; i++ {
		v := b.values[i*width+field]
		if v.from < v.to && text[v.from] == b.quote && b.quote != 0 {
			v = b.unquote(v)
			text = b.text
		}
		if v.from == v.to || (b.null != nil && slices.Contains(b.null, string(text[v.from:v.to]))) {
			t.valid[i>>3] &^= 1 << (i & 7)
			t.nulls++
			continue
		}
		if (odd[text[v.from]] || odd[text[v.to-1]]) && !b.plain {
			look(&b.traits, text[v.from:v.to])
		}
		if b.unusual && b.refs[field] {
			lookReference(&b.traits, text[v.from:v.to])
		}
		if places >= 0 && !b.traits.Numbers {
			b.traits.Numbers = !plainNumber(text[v.from:v.to], places)
		}
		t.views[2*i], t.views[2*i+1] = view(text[v.from:cap(text)], int(v.from), int(v.to-v.from))
	}
}

// allValid is a bitmap of so many values that are all there.
func allValid(bits []byte, n int) []byte {
	bits = slices.Grow(bits[:0], (n+7)/8)[:(n+7)/8]
	for i := range bits {
		bits[i] = 0xFF
	}
	return bits
}

// unquote is where the value of a field in quotes stands.
func (b *batch) unquote(field place) place {
	value, doubled := decode.Value(b.text[field.from:field.to], b.quote)
	if !doubled {
		return place{field.from + 1, field.from + 1 + int32(len(value))}
	}
	from := len(b.text)
	b.text = slices.Grow(decode.AppendSingle(b.text, value, b.quote), viewBytes)
	return place{int32(from), int32(len(b.text))}
}

const (
	viewBytes   = arrow.ViewHeaderSizeBytes
	inlineBytes = 12
)

// view is Arrow's view of a value that starts at text and at so many bytes of the batch's: its length, then the value itself if it is short,
// otherwise its first four bytes, the number of the buffer, which is 0, and its place there. There is room for a view behind the value.
func view(text []byte, from, length int) (first, second uint64) {
	low, high := binary.LittleEndian.Uint64(text), uint64(binary.LittleEndian.Uint32(text[8:]))
	switch {
	case length > inlineBytes:
		low, high = low&0xFFFFFFFF, uint64(from)
	case length > 8:
		high &= 1<<(8*(length-8)) - 1
	default:
		low, high = low&(1<<(8*length)-1), 0
	}
	return uint64(length) | low<<32, low>>32 | high<<32
}

// arrow is the batch as DuckDB reads it. The caller releases it, and DuckDB what it took of it; then the batch is free.
func (b *batch) arrow() arrow.RecordBatch {
	n := len(b.lines)
	text := b.lend(b.text)
	defer text.Release()
	all := []arrow.Array{column(arrow.PrimitiveTypes.Int64, n, 0, nil, b.lend(arrow.Int64Traits.CastToBytes(b.lines)))}
	for _, t := range b.texts {
		text.Retain()
		all = append(all, column(arrow.BinaryTypes.StringView, n, t.nulls, b.lend(t.valid), b.lend(arrow.Uint64Traits.CastToBytes(t.views)), text))
	}
	defer func() {
		for _, a := range all {
			a.Release()
		}
	}()
	return array.NewRecordBatch(b.schema, all, int64(n))
}

// column makes an array that owns its buffers.
func column(of arrow.DataType, length, nulls int, buffers ...*memory.Buffer) arrow.Array {
	data := array.NewData(of, length, buffers, nil, nulls, 0)
	defer data.Release()
	for _, b := range buffers {
		if b != nil {
			b.Release()
		}
	}
	return array.MakeFromData(data)
}

// lend gives Arrow a part of the batch, until Free.
func (b *batch) lend(part []byte) *memory.Buffer {
	b.lent.Add(1)
	return memory.NewBufferWithAllocator(part, b)
}

// Free takes back a part that Arrow has released. It makes the batch an arrow/memory.Allocator, which is how Arrow tells.
func (b *batch) Free([]byte) {
	if b.lent.Add(-1) == 0 {
		b.desk.clear(b)
	}
}

// Allocate is there for memory.Allocator; nothing asks a batch for more memory.
func (b *batch) Allocate(size int) []byte { return make([]byte, size) }

// Reallocate is there for memory.Allocator.
func (b *batch) Reallocate(size int, part []byte) []byte {
	return append(make([]byte, 0, size), part...)[:size]
}

// odd marks the bytes that something may have to be taken off for when they stand at a value's edge.
var odd = [256]bool{' ': true, '\t': true, '\'': true, '=': true}

// look notes what has to be taken off a value with an odd edge.
func look(t *typing.Traits, value []byte) {
	if t.Spaces && bytes.IndexByte(value, '=') < 0 && bytes.IndexByte(value, '\'') < 0 {
		return // many a file pads all its values, and that is known by now
	}
	const blanks, marks = " \t", `='"`
	core := bytes.Trim(value, marks)
	t.Spaces = t.Spaces || len(bytes.Trim(value, blanks)) < len(value) || len(bytes.Trim(core, blanks)) < len(core)
	t.Equals = t.Equals || bytes.IndexByte(value, '=') >= 0
	inner := bytes.Trim(value, blanks)
	if len(inner) > 2 && bytes.HasPrefix(inner, []byte(`="`)) && inner[len(inner)-1] == '"' {
		inner = inner[2 : len(inner)-1]
	}
	t.Apostrophes = t.Apostrophes || (len(inner) > 0 && inner[0] == '\'' && inner[len(inner)-1] != '\'')
}

// lookReference notes what a reference has besides what ASCII prints. Behind an invisible character may stand what look would see at an edge.
func lookReference(t *typing.Traits, value []byte) {
	for _, c := range value {
		if c < ' ' || c >= 0x7F {
			t.Controls = true
			if c >= 0x80 {
				t.Invisible, t.Spaces, t.Equals, t.Apostrophes = true, true, true, true
				return
			}
		}
	}
}

// printable says whether a text has nothing but what ASCII prints, eight bytes at a time.
func printable(text []byte) bool {
	const every, high = 0x0101010101010101, 0x8080808080808080
	for ; len(text) >= 8; text = text[8:] {
		x := binary.LittleEndian.Uint64(text)
		if (x|(x-' '*every)|(x+every))&high != 0 { // above ASCII, below the blank, DEL
			return false
		}
	}
	for _, c := range text {
		if c < ' ' || c >= 0x7F {
			return false
		}
	}
	return true
}

// plainNumber says whether a text is a number as Contract.Numbers means it.
func plainNumber(text []byte, places int) bool {
	first, point := 0, -1
	if len(text) > 0 && text[0] == '-' {
		first = 1
	}
	for i := first; i < len(text); i++ {
		if text[i]-'0' <= 9 {
			continue
		}
		if text[i] != '.' || point >= 0 || i == first {
			return false
		}
		point = i
	}
	if point < 0 {
		return len(text) > first
	}
	return point+1 < len(text) && len(text)-point-1 <= places
}
