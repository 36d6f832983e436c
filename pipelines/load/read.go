package load

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"regexp"
	"regexp/syntax"
	"slices"
	"strings"

	"github.com/fourmarketing/waybill/pipelines/decode"
	"github.com/fourmarketing/waybill/transforms/typing"
)

// records are those of a file, one after another; io.EOF after the last.
type records interface {
	Next() (decode.Record, error)
}

// open reads a file in its format.
func (r *reader) open(from io.Reader) error {
	c := r.in.Contract
	var err error
	if c.Format.Type == typing.XML {
		r.records, err = xmlRecords(from, c)
		return err
	}
	if r.text, err = decode.NewText(from, c.Format.Encoding); err != nil {
		return err
	}
	if c.Format.Type == typing.JSON {
		r.records = decode.Documents(r.text, decode.JSONDialect{MaxRecord: r.dialect.MaxRecord, Arrays: c.ReadsArrays()})
		return nil
	}
	r.records = decode.NewRecords(r.text, r.dialect)
	return nil
}

func dialect(c typing.Contract) decode.Dialect {
	f, most := c.Format, c.Grown().MaxRecordBytes
	if f.Type != typing.CSV {
		return decode.Dialect{MaxRecord: most}
	}
	return decode.Dialect{Delim: f.Delim(), Quote: f.QuoteByte(), MaxRecord: most}
}

// pattern is a regular expression that is asked of every record: most are told by their first byte.
type pattern struct {
	re    *regexp.Regexp
	first byte // 0 when it can be any
}

func newPattern(expression string) (*pattern, error) {
	if expression == "" {
		return nil, nil //nolint:nilnil // no pattern is no error
	}
	re, err := regexp.Compile(expression)
	if err != nil {
		return nil, err
	}
	p := &pattern{re: re}
	if rest, anchored := strings.CutPrefix(expression, "^"); anchored && !alternates(expression) {
		if inner, err := regexp.Compile(rest); err == nil {
			if literal, _ := inner.LiteralPrefix(); literal != "" {
				p.first = literal[0]
			}
		}
	}
	return p, nil
}

// alternates: ^A|B is anchored on one side only.
func alternates(expression string) bool {
	tree, err := syntax.Parse(expression, syntax.Perl)
	return err != nil || tree.Op == syntax.OpAlternate
}

func (p *pattern) match(record []byte) bool {
	if p == nil || (p.first != 0 && (len(record) == 0 || record[0] != p.first)) {
		return false
	}
	return p.re.Match(record)
}

// reader goes through the records of one file: it sets aside what is no data, rejects what is no whole record, and hands on the rest in
// batches.
type reader struct {
	in      Input
	dialect decode.Dialect
	growth  typing.Growth
	records records
	trailer *pattern
	opening *pattern // header record
	header  []byte   // as sent, for repetitions of it
	names   *headerNames
	text    *decode.Text // nil for XML
	layout  typing.Layout
	mask    masker
	feeder  *feeder
	log     *rejectLog
	res     *Result

	seen     bool // any record at all
	torn     bool // the last record has no line end
	short    bool // and too few fields
	lastLine int64
	last     *decode.Record // the one before, which is the trailer unless others follow
	empty    int64          // rows that have delimiters only
	named    int            // fields of the header up to the last that has a name
}

// heldError carries a hold up to Load.
type heldError struct{ hold Hold }

func (e *heldError) Error() string { return e.hold.String() }

func held(h Hold) error { return &heldError{hold: h} }

// begin reads what stands before the data and finds the layout.
func (r *reader) begin() error {
	f := r.in.Contract.Format
	if f.Type != typing.CSV {
		return nil
	}
	table := r.in.Contract.Tables[0]
	if r.opening != nil {
		rec, err := r.filled()
		if err != nil {
			return err
		}
		if !r.opening.match(rec.Bytes) {
			return held(Hold{Rule: "header_record", Line: rec.Line, Detail: fmt.Sprintf("the first record has %d fields and does not match %s; is it another kind of file?",
				len(decode.Fields(rec.Bytes, r.dialect)), r.in.Contract.HeaderRecord.Match)}) // of a file that nobody knows no value is repeated
		}
	}
	if !f.Header {
		r.layout = positional(table, f.Fields)
		return nil
	}
	rec, err := r.filled()
	if err != nil {
		return err
	}
	r.header = append([]byte(nil), rec.Bytes...)
	if err := tooWide(rec, r.in.Contract.Grown()); err != nil {
		return err
	}
	names := decode.Fields(r.header, r.dialect)
	r.layout, r.res.Drift = matchHeader(table, names)
	r.names, r.named = namesOf(table, names), len(trimEmpty(slices.Clone(names)))
	if h := driftHold(r.in.Contract.OnDrift, r.res.Drift); h != nil {
		h.Line = rec.Line
		return held(*h)
	}
	if r.in.Contract.OnDrift.NewColumn == typing.PolicyIgnore {
		kept := r.res.Drift[:0]
		for _, n := range r.res.Drift {
			if n.Kind != "new_column" {
				kept = append(kept, n)
			}
		}
		r.res.Drift = kept
	}
	return nil
}

// filled is the next record that is not blank. A file that ends before its data begins is cut off.
func (r *reader) filled() (decode.Record, error) {
	for {
		rec, err := r.records.Next()
		if errors.Is(err, io.EOF) {
			if !r.seen {
				return rec, held(emptyFile)
			}
			return rec, held(Hold{Rule: "truncated", Detail: "the file ends before its header"})
		}
		if err != nil || !blank(rec.Bytes) {
			r.seen = true
			return rec, err
		}
	}
}

var emptyFile = Hold{Rule: "empty", Detail: "the file has no bytes; ask the partner whether the upload was cut off"}

// blank lines are no records; a lone Ctrl-Z is how old DOS programs end a file.
func blank(record []byte) bool {
	return len(record) == 0 || (len(record) == 1 && record[0] == 0x1A)
}

// read goes through the data.
func (r *reader) read(ctx context.Context) error {
	for {
		rec, err := r.records.Next()
		if errors.Is(err, io.EOF) {
			return r.end(ctx)
		}
		if err != nil {
			return err
		}
		if blank(rec.Bytes) {
			continue
		}
		r.seen = true
		if err := r.grow(ctx, rec); err != nil {
			return err
		}
	}
}

// countRest counts the records of a file that is held already, so that people see how much waits. What else is wrong with it does not
// matter any more.
func (r *reader) countRest() {
	for {
		rec, err := r.records.Next()
		if err != nil {
			return
		}
		if !blank(rec.Bytes) && !r.trailer.match(rec.Bytes) && !r.repeatsHeader(rec.Bytes) {
			r.res.Records++
		}
	}
}

// repeatsHeader: files glued together have headers inside.
func (r *reader) repeatsHeader(record []byte) bool {
	record = trimMark(record)
	if r.header != nil && len(record) == len(r.header) && string(record) == string(r.header) {
		return true
	}
	return r.opening.match(record)
}

func trimMark(record []byte) []byte {
	if len(record) >= 3 && record[0] == 0xEF && record[1] == 0xBB && record[2] == 0xBF {
		return record[3:]
	}
	return record
}

func (r *reader) malformed(rec decode.Record) string {
	switch {
	case rec.Fault != "":
		return "element"
	case rec.Broken:
		return "quote"
	case r.in.Contract.Format.Type == typing.CSV && !r.hasFields(len(rec.Fields)):
		return "fields"
	case bytes.IndexByte(rec.Bytes, 0) >= 0:
		return "nul"
	}
	return ""
}

// hasFields says whether a row may have so many fields: as many as the header, or fewer where spreadsheets have padded it with fields without names.
func (r *reader) hasFields(n int) bool {
	return n == r.layout.Fields || (n < r.layout.Fields && r.named > 0 && n >= r.named)
}

func (r *reader) reject(rec decode.Record, rule string) error {
	row := rejectRow{Line: rec.Line, Rule: rule, Original: r.mask.record(rec.Bytes)}
	switch rule {
	case "fields":
		row.Detail = optional(fmt.Sprintf("%d fields, %d expected", len(rec.Fields), r.layout.Fields))
	case "element":
		row.Detail = optional(rec.Fault)
	case "nul":
		row.Detail = optional("a NUL byte, which is in no text and which Postgres cannot keep")
	case "quote":
		row.Detail = optional("a quoted field is not closed as it should be")
	}
	return r.log.add(row)
}

// end looks at how the file stops. A file that stops in the middle is held before anybody counts.
func (r *reader) end(ctx context.Context) error {
	if x, ok := r.records.(*decode.XML); ok {
		if err := r.endXML(x); err != nil {
			return err
		}
	}
	if !r.seen && !r.in.Contract.Limits.AllowEmpty {
		return held(emptyFile)
	}
	whole := r.last != nil
	if whole {
		if err := r.control(*r.last); err != nil {
			return err
		}
	}
	if err := r.cutOff(whole); err != nil {
		return err
	}
	if err := r.seemsUTF8(); err != nil {
		return err
	}
	if r.empty > 0 {
		r.res.Warnings = append(r.res.Warnings, fmt.Sprintf("empty_rows: %d rows have delimiters only and were left out", r.empty))
	}
	return r.feeder.send(ctx)
}

// cutOff holds a file that ends before its sender's end, as far as that can be seen.
func (r *reader) cutOff(trailer bool) error {
	wanted, policy := r.in.Contract.Trailer, r.in.Contract.OnDrift.LastLine.Or(typing.PolicyWarn)
	cut := Hold{Rule: "truncated", Line: r.lastLine}
	switch {
	case r.torn && r.short:
		cut.Detail = "the last line is cut off in the middle of a record; wait for the whole file or ask the partner"
		return held(cut)
	case wanted.Wanted() && !trailer && wanted.Policy != typing.PolicyWarn:
		cut.Detail = fmt.Sprintf("the file does not end with a trailer that matches %s; wait for the whole file or ask the partner", wanted.Match)
		return held(cut)
	case wanted.Wanted() && !trailer:
		r.res.Warnings = append(r.res.Warnings, "truncated: the file does not end with a trailer")
	case wanted.Wanted() || !r.torn || r.in.Contract.Format.Type != typing.CSV || r.res.Records == 0 || policy == typing.PolicyIgnore:
	case policy == typing.PolicyWarn:
		r.res.Warnings = append(r.res.Warnings, "last_line: the last line has no line end, and its last value may be cut")
	default:
		return held(Hold{Rule: "last_line", Line: r.lastLine, Detail: "the last line has no line end, and its last value may be cut; wait for the whole file or ask the partner"})
	}
	return nil
}

// seemsUTF8 holds a file whose contract names a single-byte character set, and which is UTF-8 all the same: Café would become CafÃ©.
func (r *reader) seemsUTF8() error {
	policy := r.in.Contract.OnDrift.Encoding.Or(typing.PolicyHold)
	if r.text == nil || policy == typing.PolicyIgnore {
		return nil
	}
	chars, seems := r.text.SeemsUTF8()
	if !seems {
		return nil
	}
	detail := fmt.Sprintf("the contract says %s, and all that is not ASCII makes UTF-8, %d characters; set format.encoding: utf-8 if the partner writes that now", r.in.Contract.Format.Encoding, chars)
	if policy == typing.PolicyWarn {
		r.res.Warnings = append(r.res.Warnings, "encoding: "+detail)
		return nil
	}
	return held(Hold{Rule: "encoding", Detail: detail})
}
