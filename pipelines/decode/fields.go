package decode

import "bytes"

// Span is where a field stands in its record, quotes included.
type Span struct{ From, To int }

// Spans finds the fields of one record; false when a quoted field is not closed as it should be.
func Spans(record []byte, d Dialect) ([]Span, bool) {
	if d.Delim == 0 {
		return []Span{{0, len(record)}}, true
	}
	var spans []Span
	for i := 0; ; {
		i += behindBlanks(record[i:], d)
		from := i
		if d.Quote != 0 && i < len(record) && record[i] == d.Quote {
			var closed bool
			if i, closed = closing(record, i, d.Quote); !closed {
				return append(spans, Span{from, len(record)}), false
			}
			if i < len(record) && record[i] != d.Delim {
				return append(spans, Span{from, len(record)}), false
			}
		} else if n := bytes.IndexByte(record[i:], d.Delim); n >= 0 {
			i += n
		} else {
			i = len(record)
		}
		spans = append(spans, Span{from, i})
		if i == len(record) {
			return spans, true
		}
		i++
	}
}

// behindBlanks is how many blanks stand before the quotes of a field that begins here; 0 where it has none, or where they do not close on its line.
func behindBlanks(record []byte, d Dialect) int {
	n := 0
	for n < len(record) && (record[n] == ' ' || record[n] == '\t') && record[n] != d.Delim {
		n++
	}
	if n == 0 || n == len(record) || d.Quote == 0 || record[n] != d.Quote {
		return 0
	}
	end, closed := closing(record, n, d.Quote)
	if !closed || bytes.ContainsAny(record[n:end], "\r\n") || (end < len(record) && record[end] != d.Delim) {
		return 0
	}
	return n
}

// closing returns the place after the quote that closes the field opened at i.
func closing(record []byte, i int, quote byte) (int, bool) {
	i++
	for {
		n := bytes.IndexByte(record[i:], quote)
		if n < 0 {
			return len(record), false
		}
		i += n + 1
		if i == len(record) || record[i] != quote {
			return i, true
		}
		i++
	}
}

// Fields are the values of one record, quotes removed. A field that is not closed as it should be is given as it stands.
func Fields(record []byte, d Dialect) []string {
	spans, _ := Spans(record, d)
	values := make([]string, len(spans))
	for i, s := range spans {
		value, doubled := Value(record[s.From:s.To], d.Quote)
		if doubled {
			value = AppendSingle(nil, value, d.Quote)
		}
		values[i] = string(value)
	}
	return values
}

// Value is what stands in a field, without the quotes round it. doubled: quotes within it are doubled, and AppendSingle makes them single.
func Value(field []byte, quote byte) (value []byte, doubled bool) {
	if n := len(field); quote != 0 && n >= 2 && field[0] == quote && field[n-1] == quote {
		value = field[1 : n-1]
		return value, bytes.IndexByte(value, quote) >= 0
	}
	return field, false
}

// AppendSingle appends a value of which the quotes are doubled.
func AppendSingle(to, value []byte, quote byte) []byte {
	return append(to, bytes.ReplaceAll(value, []byte{quote, quote}, []byte{quote})...)
}
