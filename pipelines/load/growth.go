package load

import (
	"bytes"
	"context"
	"fmt"

	"github.com/fourmarketing/waybill/pipelines/decode"
	"github.com/fourmarketing/waybill/transforms/typing"
)

// ruleSize holds a file that becomes larger than a limit of its contract; ruleNesting rejects a record whose lists and objects go too deep: DuckDB
// goes into them by recursion, and would end the whole process.
const (
	ruleSize    = "size"
	ruleNesting = "nesting"
)

// exchangeNesting is for lines of kept answers, whose bodies are texts that are read as JSON themselves: brackets in texts count there.
const exchangeNesting = 10_000

// tooWide holds a file whose header has too many columns.
func tooWide(header decode.Record, most typing.Growth) error {
	if n := len(header.Fields); n > most.MaxColumns {
		return held(Hold{Rule: ruleSize, Line: header.Line, Detail: fmt.Sprintf("the header has %d columns, limits.max_columns is %d; is it another kind of file? Raise it if not", n, most.MaxColumns)})
	}
	return nil
}

// grow takes a record as long as neither it nor the file is too large.
func (r *reader) grow(ctx context.Context, rec decode.Record) error {
	most := r.growth
	if r.res.Records >= most.MaxRecords {
		return held(Hold{Rule: ruleSize, Line: rec.Line, Detail: fmt.Sprintf("the file has more records than limits.max_records, %d; ask the partner for smaller files, or raise it", most.MaxRecords)})
	}
	deepest, texts := most.MaxNesting, false
	switch r.in.Contract.Format.Type {
	case typing.CSV, typing.XML: // XML knows its depth itself
		return r.one(ctx, rec)
	case typing.Exchange:
		deepest, texts = exchangeNesting, true
	}
	if !deeperThan(rec.Bytes, deepest, texts) {
		return r.one(ctx, rec)
	}
	r.res.Records++
	r.torn, r.lastLine = rec.Torn, rec.Line
	return r.log.add(rejectRow{
		Line: rec.Line, Rule: ruleNesting, Original: stars,
		Detail: optional(fmt.Sprintf("lists and objects within one another, more than limits.max_nesting, %d", deepest)),
	})
}

// deeperThan tells whether lists and objects of a JSON document go deeper than so many levels. In texts brackets count only if they are asked for.
func deeperThan(document []byte, most int, texts bool) bool {
	if bytes.Count(document, []byte{'['})+bytes.Count(document, []byte{'{'}) <= most {
		return false
	}
	depth, quoted := 0, false
	for i := 0; i < len(document); i++ {
		switch b := document[i]; {
		case b == '\\' && quoted && !texts:
			i++
		case b == '"' && !texts:
			quoted = !quoted
		case quoted:
		case b == '[' || b == '{':
			if depth++; depth > most {
				return true
			}
		case b == ']' || b == '}':
			depth--
		}
	}
	return false
}
