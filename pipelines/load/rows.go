package load

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/fourmarketing/waybill/pipelines/decode"
	"github.com/fourmarketing/waybill/transforms/typing"
)

// kind is what a record of CSV is, by its text.
type kind int

const (
	dataRow     kind = iota
	emptyRow         // has delimiters only, as spreadsheets pad their tables
	headerRow        // the header again, or the header record: files glued together have them inside
	otherHeader      // has names of the header and no values, in another order
	trailerLike      // matches the trailer's pattern, as data may, too
)

func (r *reader) kindOf(rec decode.Record) kind {
	switch {
	case r.in.Contract.Format.Type != typing.CSV:
		return dataRow
	case onlyDelimiters(rec.Bytes, r.dialect) && r.layout.Fields > 1:
		return emptyRow
	case r.trailer.match(rec.Bytes):
		return trailerLike
	case r.repeatsHeader(rec.Bytes):
		return headerRow
	case r.names.all(rec.Bytes, r.dialect):
		if r.names.inOrder(rec.Bytes, r.dialect) {
			return headerRow
		}
		return otherHeader
	}
	return dataRow
}

// onlyDelimiters says whether a record has fields and no value in them.
func onlyDelimiters(record []byte, d decode.Dialect) bool {
	for _, c := range record {
		if c != d.Delim && c != ' ' && c != '\t' && (c != d.Quote || d.Quote == 0) {
			return false
		}
	}
	return bytes.IndexByte(record, d.Delim) >= 0
}

// one takes the next record that is not blank.
func (r *reader) one(ctx context.Context, rec decode.Record) error {
	what := r.kindOf(rec)
	if what == emptyRow {
		r.empty++
		return nil
	}
	r.torn, r.lastLine = rec.Torn, rec.Line
	if r.last != nil {
		before := *r.last
		r.last = nil
		if err := r.notLast(ctx, before, what); err != nil {
			return err
		}
	}
	switch what {
	case trailerLike:
		r.last = &decode.Record{
			Bytes: slices.Clone(rec.Bytes), Fields: slices.Clone(rec.Fields), Line: rec.Line, Nth: rec.Nth, Broken: rec.Broken, Torn: rec.Torn,
		}
		return nil
	case headerRow:
		r.res.RepeatedHeaders++
		return nil
	case otherHeader:
		return held(Hold{Rule: "header", Line: rec.Line, Detail: fmt.Sprintf("another header stands in the file, %q, and the rows behind it have their values in its order; "+
			"ask the partner for the files that were put together here", decode.Fields(rec.Bytes, r.dialect))})
	}
	return r.data(ctx, rec)
}

// notLast takes a record that looks like the trailer and has others behind it. With rows behind it and the fields of a row it is one, "Total Gym" for all that
// its trailer begins with Total; otherwise it closes one of several files in one.
func (r *reader) notLast(ctx context.Context, rec decode.Record, behind kind) error {
	if (behind == dataRow || behind == trailerLike) && r.malformed(rec) == "" {
		return r.data(ctx, rec)
	}
	return r.control(rec)
}

// data takes a record that is to become rows.
func (r *reader) data(ctx context.Context, rec decode.Record) error {
	r.res.Records++
	if rule := r.malformed(rec); rule != "" {
		r.short = rec.Torn
		return r.reject(rec, rule)
	}
	if rec.Torn && r.in.Contract.Format.Type == typing.JSON && !json.Valid(rec.Bytes) {
		r.short = true
	}
	return r.feeder.add(ctx, rec)
}

// headerNames are the names by which a header is known wherever it stands: its own, and all that the contract has for it.
type headerNames struct {
	names  map[string]bool // normal ones, and those of the file as they are written
	first  [256]bool       // their first bytes
	header []string        // the file's, normal
}

func namesOf(t typing.Table, header []string) *headerNames {
	n := &headerNames{names: map[string]bool{}}
	add := func(name string) {
		for _, form := range []string{strings.TrimSpace(name), normal(name), strings.ToUpper(normal(name))} {
			if form != "" {
				n.names[form], n.first[form[0]] = true, true
			}
		}
	}
	for _, name := range header {
		add(name)
		n.header = append(n.header, normal(name))
	}
	for _, col := range t.Columns {
		for _, name := range col.From {
			add(name)
		}
	}
	return n
}

// all says whether all values of a record are names, and there are two at least. The first is looked at before the record is taken apart: nearly none is a name.
func (n *headerNames) all(record []byte, d decode.Dialect) bool {
	if n == nil || len(record) == 0 || !n.mayBegin(record[0], d) {
		return false
	}
	start := bytes.TrimLeft(trimMark(record), " \t"+string(rune(d.Quote)))
	if len(start) == 0 || !n.first[start[0]] {
		return false
	}
	end := bytes.IndexByte(start, d.Delim)
	if end < 0 || !n.names[string(bytes.TrimRight(start[:end], " \t"+string(rune(d.Quote))))] {
		return false
	}
	found := 0
	for _, value := range decode.Fields(trimMark(record), d) {
		if name := normal(value); name == "" {
			continue
		} else if !n.names[name] {
			return false
		}
		found++
	}
	return found > 1
}

// mayBegin says whether a header could begin with a byte: that of a name, or one that may stand before it.
func (n *headerNames) mayBegin(c byte, d decode.Dialect) bool {
	return n.first[c] || c == ' ' || c == '\t' || c == d.Quote || c == 0xEF
}

// inOrder says whether a record has the names of the file's header, where they stand there.
func (n *headerNames) inOrder(record []byte, d decode.Dialect) bool {
	values := decode.Fields(trimMark(record), d)
	for i := range values {
		values[i] = normal(values[i])
	}
	return slices.Equal(trimEmpty(values), trimEmpty(n.header))
}

func trimEmpty(names []string) []string {
	for len(names) > 0 && names[len(names)-1] == "" {
		names = names[:len(names)-1]
	}
	return names
}
