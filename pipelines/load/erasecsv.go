package load

import (
	"bytes"
	"errors"
	"slices"
	"strings"

	"github.com/fourmarketing/waybill/pipelines/decode"
	"github.com/fourmarketing/waybill/transforms/typing"
)

// row erases in the records of one CSV file, which come to it in their order.
type row struct {
	*Eraser
	opened  bool              // the header record is behind
	isKnown bool              // so is the header
	takes   [][]typing.Column // of each field, the columns that take it
	header  []byte
	opening *pattern // header record
	trailer *pattern
}

func (e *Eraser) newRow() (*row, error) {
	r := &row{Eraser: e}
	var err, errTrailer error
	r.opening, err = newPattern(e.contract.HeaderRecord.Match)
	r.trailer, errTrailer = newPattern(e.contract.Trailer.Match)
	return r, errors.Join(err, errTrailer)
}

// isNoData tells whether a record is a trailer, or a header again.
func (r *row) isNoData(record []byte) bool {
	return r.trailer.match(record) || r.opening.match(record) || bytes.Equal(trimMark(record), r.header)
}

// erase is a record without the subjects' data, nil if it has none.
func (r *row) erase(got decode.Record, done *Erased) []byte {
	f := r.contract.Format
	switch {
	case !r.opened && r.contract.HeaderRecord.Match != "":
		r.opened = true
		return nil
	case r.isKnown && r.isNoData(got.Bytes):
		if text := r.without(string(got.Bytes)); text != string(got.Bytes) {
			done.Found++
			return []byte(text)
		}
		return nil
	case !r.isKnown && f.Header:
		layout, _ := matchHeader(r.contract.Tables[0], decode.Fields(got.Bytes, r.dialect))
		if len(r.contract.Reads(layout)) == 0 {
			layout.Fields = 0 // no header but data, of which nobody knows the fields
		}
		if r.know(layout); layout.Fields > 0 {
			r.header = slices.Clone(got.Bytes)
			return nil
		}
	}
	if !r.isKnown {
		r.know(positional(r.contract.Tables[0], f.Fields))
		if r.isNoData(got.Bytes) {
			return nil
		}
	}
	values := make([]string, len(got.Fields))
	for i, s := range got.Fields {
		value, doubled := decode.Value(got.Bytes[s.From:s.To], r.dialect.Quote)
		if doubled {
			value = decode.AppendSingle(nil, value, r.dialect.Quote)
		}
		values[i] = string(value)
	}
	text := []byte(nil)
	switch isWhole := !got.Broken && r.isWhole(values); {
	case isWhole && r.isOf(values, r.takes):
		r.note(values, done)
		text = r.whole(got, values)
	case !isWhole && r.isOf(values, slices.Repeat([][]typing.Column{r.contract.Tables[0].Columns}, len(values))): // any field may be any column's
		text = r.starred(got.Bytes)
	default:
		return nil
	}
	done.Found++
	if bytes.Equal(text, got.Bytes) {
		return nil
	}
	return text
}

// isWhole tells whether a record has every field that some column takes.
func (r *row) isWhole(values []string) bool {
	n := len(values)
	return n <= len(r.takes) && !slices.ContainsFunc(r.takes[n:], func(by []typing.Column) bool { return len(by) > 0 })
}

func (r *row) know(layout typing.Layout) {
	r.isKnown, r.takes = true, make([][]typing.Column, layout.Fields)
	for _, places := range append([][]int{layout.Index}, layout.Entries...) {
		for i, col := range r.contract.Tables[0].Columns {
			if at := places[i]; at >= 0 && at < len(r.takes) {
				r.takes[at] = append(r.takes[at], col)
			}
		}
	}
}

// isOf tells whether a record is a subject's, by its fields and the columns that may take each.
func (r *row) isOf(values []string, takes [][]typing.Column) bool {
	for i, v := range values {
		if r.bears(v) || r.named(takes[i], v) {
			return true
		}
	}
	return false
}

// note remembers what is named in a whole record.
func (r *row) note(values []string, done *Erased) {
	var own map[Name]bool
	if slices.ContainsFunc(values, r.bears) {
		own = done.Names
	}
	for i, v := range values {
		for _, n := range names(r.takes[i], v) {
			done.note(n, own)
		}
	}
}

// whole is a record of as many fields as the header has, without what is the subject's.
func (r *row) whole(got decode.Record, values []string) []byte {
	var out []byte
	from, first, filled := 0, -1, false
	for i, s := range got.Fields {
		left := r.left(values[i], r.takes[i], false)
		if left != values[i] {
			out = append(out, got.Bytes[from:s.From]...)
			if first < 0 {
				first = len(out)
			}
			out = append(out, r.field(left)...)
			from = s.To
		}
		filled = filled || left != ""
	}
	out = append(out, got.Bytes[from:]...)
	if first >= 0 && !filled { // a record of nothing is no record
		out = slices.Insert(out, first, []byte(stars)...)
	}
	return out
}

// field is a value as a field: in quotes where it needs them.
func (r *row) field(value string) string {
	quote := string(rune(r.dialect.Quote))
	if r.dialect.Quote == 0 || !strings.ContainsAny(value, "\r\n"+string(rune(r.dialect.Delim))+quote) {
		return value
	}
	return quote + strings.ReplaceAll(value, quote, quote+quote) + quote
}

// starred is a record that is none, letter by letter in stars: it breaks the same rule as before.
func (e *Eraser) starred(record []byte) []byte {
	return bytes.Map(func(c rune) rune {
		if c < 0x80 && (c < '0' || (c > '9' && c < '@') || (c > 'Z' && c < 'a') || c > 'z') || c == rune(e.dialect.Delim) || c == rune(e.dialect.Quote) {
			return c
		}
		return '*'
	}, record)
}
