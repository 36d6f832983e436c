package load

import "bytes"

// exactDigits is how many digits of a number a double gives back as they were.
const exactDigits = 15

// appendExact appends a document of JSON with its long fractions in quotes. DuckDB makes a double of a number with a fraction, and of
// 12345678901234.5678 that gives 12345678901234.568; of a text every digit arrives. Integers it keeps as they are.
func appendExact(text, document []byte) []byte {
	if !maybeLong(document) {
		return append(text, document...)
	}
	quoted := false
	for i := 0; i < len(document); {
		c := document[i]
		switch {
		case quoted && c == '\\' && i+1 < len(document):
			text = append(text, c, document[i+1])
			i += 2
			continue
		case c == '"':
			quoted = !quoted
		case !quoted && ofNumber(c):
			end := i
			for end < len(document) && ofNumber(document[end]) {
				end++
			}
			if number := document[i:end]; longFraction(number) {
				text = append(append(append(text, '"'), number...), '"')
			} else {
				text = append(text, number...)
			}
			i = end
			continue
		}
		text = append(text, c)
		i++
	}
	return text
}

// maybeLong says whether some point, in a text or not, has so many digits around it. Nearly no document has one.
func maybeLong(document []byte) bool {
	for at := 0; ; at++ {
		next := bytes.IndexByte(document[at:], '.')
		if next < 0 {
			return false
		}
		at += next
		from, to := at, at+1
		for from > 0 && document[from-1]-'0' <= 9 {
			from--
		}
		for to < len(document) && document[to]-'0' <= 9 {
			to++
		}
		if to-from-1 > exactDigits {
			return true
		}
	}
}

func ofNumber(c byte) bool {
	return c-'0' <= 9 || c == '.' || c == '-' || c == '+' || c == 'e' || c == 'E'
}

// longFraction says whether a text is a number as JSON writes one, with a point and more digits than a double gives back, noughts in front not counted.
func longFraction(number []byte) bool {
	rest := bytes.TrimPrefix(number, []byte{'-'})
	whole := digits(rest)
	if whole == 0 || (whole > 1 && rest[0] == '0') || whole == len(rest) || rest[whole] != '.' {
		return false
	}
	places := digits(rest[whole+1:])
	end := whole + 1 + places
	if places == 0 || (end != len(rest) && !isExponent(rest[end:])) {
		return false
	}
	return len(bytes.TrimLeft(rest[:end], "0."))-bytes.Count(bytes.TrimLeft(rest[:end], "0."), []byte{'.'}) > exactDigits
}

// isExponent says whether a text is e or E, a sign or none, and digits.
func isExponent(text []byte) bool {
	if len(text) < 2 || (text[0] != 'e' && text[0] != 'E') {
		return false
	}
	text = text[1:]
	if text[0] == '+' || text[0] == '-' {
		text = text[1:]
	}
	return len(text) > 0 && digits(text) == len(text)
}

// digits is how many digits a text begins with.
func digits(text []byte) int {
	n := 0
	for n < len(text) && text[n]-'0' <= 9 {
		n++
	}
	return n
}
