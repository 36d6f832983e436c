package load

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"strings"

	"github.com/fourmarketing/waybill/pipelines/decode"
	"github.com/fourmarketing/waybill/transforms/typing"
)

// stars stand where a reject would show personal data.
const stars = "***"

// masker takes personal data out of the text of rejected records, because people read rejects and partners get them. The exact
// text is in the kept bytes, on the line that the reject names.
type masker struct {
	dialect decode.Dialect
	fields  map[int]bool    // CSV: fields with personal data
	first   int             // the first of them
	want    int             // fields of a good record
	keys    map[string]bool // JSON: names of members with personal data
}

var lastKey = regexp.MustCompile(`[.\[]"?([^.\]"]+)"?\]?$`)

func newMasker(c typing.Contract, d decode.Dialect, layout typing.Layout) masker {
	m := masker{dialect: d, fields: map[int]bool{}, keys: map[string]bool{}, first: layout.Fields, want: layout.Fields}
	for _, t := range c.Tables {
		for i, col := range t.Columns {
			if col.PII != typing.Hash && col.PII != typing.Drop {
				continue
			}
			for _, path := range col.Path {
				if k := lastKey.FindStringSubmatch(member(t, path)); k != nil {
					m.keys[k[1]] = true
				}
			}
			if len(col.Path) > 0 {
				continue
			}
			if at := layout.Index[i]; at >= 0 {
				m.fields[at] = true
				m.first = min(m.first, at)
			}
		}
	}
	return m
}

// member is a path that ends in a member's name: a hop that $ alone is all of gives its own.
func member(t typing.Table, path string) string {
	rest := strings.TrimLeft(path, "^")
	if level := len(t.Each) - (len(path) - len(rest)); rest == "$" && level > 0 {
		return strings.TrimSuffix(strings.TrimSuffix(t.Each[level-1], "?"), "[*]")
	}
	return path
}

// record is the text of a rejected record as it may be shown.
func (m masker) record(text []byte) string {
	switch {
	case len(m.keys) > 0:
		return m.json(text)
	case len(m.fields) == 0:
		return string(text)
	}
	spans, ok := decode.Spans(text, m.dialect)
	if !ok || len(spans) != m.want {
		return m.ragged(text, spans)
	}
	var b strings.Builder
	from := 0
	for i, s := range spans {
		if m.fields[i] && s.To > s.From {
			b.Write(text[from:s.From])
			b.WriteString(stars)
			from = s.To
		}
	}
	b.Write(text[from:])
	return b.String()
}

// ragged keeps only the fields that cannot be personal, however the others are shifted.
func (m masker) ragged(text []byte, spans []decode.Span) string {
	safe := min(m.first, m.first-(m.want-len(spans)), len(spans)-1)
	if safe <= 0 {
		return stars
	}
	return string(text[:spans[safe-1].To]) + string(rune(m.dialect.Delim)) + stars
}

func (m masker) json(text []byte) string {
	v, ok := decodeJSON(text)
	if !ok {
		return fmt.Sprintf("%s (%d bytes that are no JSON)", stars, len(text))
	}
	masked, err := json.Marshal(m.value(v))
	if err != nil {
		return stars
	}
	return string(masked)
}

func decodeJSON(text []byte) (any, bool) {
	var v any
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	if err := d.Decode(&v); err != nil {
		return nil, false
	}
	return v, !d.More()
}

// value masks the members with personal names at any depth, also within texts that are JSON themselves.
func (m masker) value(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for k, inner := range v {
			if m.keys[k] && inner != nil {
				v[k] = stars
			} else {
				v[k] = m.value(inner)
			}
		}
	case []any:
		for i := range v {
			v[i] = m.value(v[i])
		}
	case string:
		if inner, ok := decodeJSON([]byte(v)); ok && strings.ContainsAny(v, "{[") {
			if text, err := json.Marshal(m.value(inner)); err == nil {
				return string(text)
			}
		}
	}
	return v
}
