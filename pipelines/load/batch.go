package load

import (
	"bytes"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/fourmarketing/waybill/pipelines/decode"
	"github.com/fourmarketing/waybill/transforms/typing"
)

// columns say which fields of a record a chunk has, and which texts in them mean nothing.
type columns struct {
	fields []int // of a record, from 0
	quote  byte
	null   []string // besides the empty text
	plain  bool     // nobody asks for traits
	schema *arrow.Schema
}

func columnsOf(c typing.Contract, l typing.Layout, quote byte) columns {
	fields := c.Reads(l)
	return columns{fields: fields, quote: quote, null: c.Format.Null, plain: c.Format.Type != typing.CSV, schema: typing.ChunkSchema(len(fields))}
}

// batch is some thousand records, field by field as Arrow wants them. A value of more than twelve bytes is not copied: its view points into
// the records' text.
type batch struct {
	columns
	text    []byte        // the records, and values that had doubled quotes
	records []decode.Span // in text
	lines   []int64
	texts   []texts // per field
	traits  typing.Traits
}

// texts are the values of one field.
type texts struct {
	views []arrow.ViewHeader
	valid []byte // a bit per value
	nulls int
}

// newBatch makes room for as much as the batch before it came to hold; nil is for the first.
func newBatch(c columns, before *batch) *batch {
	b := &batch{columns: c, texts: make([]texts, len(c.fields))}
	if before == nil {
		return b
	}
	n := len(before.lines)
	b.text, b.records, b.lines = make([]byte, 0, len(before.text)+len(before.text)/8), make([]decode.Span, 0, n), make([]int64, 0, n)
	for i := range b.texts {
		b.texts[i] = texts{views: make([]arrow.ViewHeader, 0, n), valid: make([]byte, 0, (n+7)/8)}
	}
	return b
}

func (b *batch) add(rec decode.Record) {
	from := len(b.text)
	b.text = append(b.text, rec.Bytes...)
	b.records = append(b.records, decode.Span{From: from, To: len(b.text)})
	b.lines = append(b.lines, rec.Line)
	for i, at := range b.fields {
		span := rec.Fields[at]
		value, doubled := decode.Value(b.text[from+span.From:from+span.To], b.quote)
		place := from + span.From
		if len(value) < span.To-span.From {
			place++
		}
		if doubled {
			place = len(b.text)
			b.text = decode.AppendSingle(b.text, value, b.quote)
			value = b.text[place:]
		}
		if !b.plain {
			look(&b.traits, value)
		}
		b.texts[i].add(value, place, b.null)
	}
}

// add appends a value that stands at a place of the batch's text.
func (t *texts) add(value []byte, place int, null []string) {
	n := len(t.views)
	if n&7 == 0 {
		t.valid = append(t.valid, 0)
	}
	t.views = append(t.views, arrow.ViewHeader{})
	if len(value) == 0 || isNull(value, null) {
		t.nulls++
		return
	}
	t.valid[n>>3] |= 1 << (n & 7)
	view := &t.views[n]
	view.SetBytes(value)
	if !arrow.IsViewInline(len(value)) {
		view.SetIndexOffset(0, int32(place))
	}
}

func isNull(value []byte, null []string) bool {
	for _, text := range null {
		if string(value) == text {
			return true
		}
	}
	return false
}

// arrow is the batch as DuckDB reads it. Its memory is the batch's own.
func (b *batch) arrow() arrow.RecordBatch {
	n := len(b.lines)
	b.traits.Plus = !b.plain && bytes.IndexByte(b.text, '+') >= 0
	text := memory.NewBufferBytes(b.text)
	lines := memory.NewBufferBytes(arrow.Int64Traits.CastToBytes(b.lines))
	all := []arrow.Array{array.NewInt64Data(array.NewData(arrow.PrimitiveTypes.Int64, n, []*memory.Buffer{nil, lines}, nil, 0, 0))}
	for _, t := range b.texts {
		views := memory.NewBufferBytes(arrow.ViewHeaderTraits.CastToBytes(t.views))
		all = append(all, array.NewStringViewData(array.NewData(arrow.BinaryTypes.StringView, n,
			[]*memory.Buffer{memory.NewBufferBytes(t.valid), views, text}, nil, t.nulls, 0)))
	}
	return array.NewRecordBatch(b.schema, all, int64(n))
}

// odd marks the bytes that something may have to be taken off for when they stand at a value's edge.
var odd = [256]bool{' ': true, '\t': true, '\'': true, '=': true}

// look notes what has to be taken off a value.
func look(t *typing.Traits, value []byte) {
	if len(value) == 0 || (!odd[value[0]] && !odd[value[len(value)-1]]) {
		return
	}
	const blanks, marks = " \t", `='"`
	core := bytes.Trim(value, marks)
	t.Spaces = t.Spaces || len(bytes.Trim(value, blanks)) < len(value) || len(bytes.Trim(core, blanks)) < len(core)
	t.Equals = t.Equals || bytes.IndexByte(value, '=') >= 0
	inner := bytes.Trim(value, blanks+`="`)
	t.Apostrophes = t.Apostrophes || (len(inner) > 0 && inner[0] == '\'' && inner[len(inner)-1] != '\'')
}
