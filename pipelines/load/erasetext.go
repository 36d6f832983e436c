package load

import (
	"regexp"
	"slices"
	"strings"

	"github.com/fourmarketing/waybill/transforms/typing"
)

// address is an e-mail address within a text, as far as it may go. In an address of the web the sign is %40.
var address = regexp.MustCompile(`[\pL\pN._'+\-]+(?:@|%40)[\pL\pN\-]+(?:\.[\pL\pN\-]+)+`)

// addressIn is the subject's address in what may be one: without what people write around it.
func (e *Eraser) addressIn(found string) (string, bool) {
	for _, text := range []string{found, strings.Trim(found, "'.-_+")} {
		if e.subjects.Email(strings.ToLower(strings.Replace(text, "%40", "@", 1))) {
			return text, true
		}
	}
	return "", false
}

// bears tells whether a subject's address stands in a text.
func (e *Eraser) bears(text string) bool {
	if !strings.Contains(text, "@") && !strings.Contains(text, "%40") {
		return false
	}
	return slices.ContainsFunc(address.FindAllString(text, -1), func(found string) bool {
		_, is := e.addressIn(found)
		return is
	})
}

// without is a text in which stars stand for the subjects' addresses.
func (e *Eraser) without(text string) string {
	if !strings.Contains(text, "@") && !strings.Contains(text, "%40") {
		return text
	}
	return address.ReplaceAllStringFunc(text, func(found string) string {
		if own, is := e.addressIn(found); is {
			return strings.Replace(found, own, stars, 1)
		}
		return found
	})
}

// names are what the columns that take a value call by it.
func names(takes []typing.Column, value string) []Name {
	var all []Name
	for _, col := range takes {
		if col.Subject == "" {
			continue
		}
		if name := typing.SubjectName(strings.Trim(value, " \t"+col.Strip)); tellsApart(col.Subject, name) {
			all = append(all, Name{col.Subject, name})
		}
	}
	return all
}

// shortestParcel is how many characters a carrier's number has at least.
const shortestParcel = 8

// tellsApart tells names from what people write where there is none (n/a, unknown, 0000): that would be everybody's.
func tellsApart(kind typing.Subject, name string) bool {
	if strings.Trim(name, "0") == "" || !strings.ContainsAny(name, "0123456789") {
		return false
	}
	return kind != typing.SubjectParcel || (len(name) >= shortestParcel && strings.Trim(name, name[:1]) != "")
}

// named tells whether a column calls something by a value that is the subject's.
func (e *Eraser) named(takes []typing.Column, value string) bool {
	return slices.ContainsFunc(names(takes, value), func(n Name) bool { return e.subjects.Named(n.Kind, n.Name) })
}

// left is what stays of a value of a subject, by the columns that take it; isMapped tells that the contract needs it where no column does. What is personal
// or mapped by nobody goes, what a column extracts stays, and of all else the addresses go.
func (e *Eraser) left(value string, takes []typing.Column, isMapped bool) string {
	s := sight{mapped: isMapped}
	for _, col := range takes {
		s.admit(col)
	}
	switch {
	case value == "":
		return ""
	case s.personal && slices.ContainsFunc(takes, func(col typing.Column) bool { return rejects(col, value) }):
		return string(e.starred([]byte(value))) // its record is rejected, and stays so
	case s.personal:
		if text, _ := substitute(takes); text != "" || len(s.extracts) == 0 {
			return text
		}
		text, _ := s.extracted(value)
		return text
	case s.mapped:
		return e.without(value)
	case len(s.extracts) == 0:
		return ""
	}
	if text, ok := s.extracted(value); ok {
		return text
	}
	return e.without(value)
}

// extracted is a piece of a value from which all columns that extract get the same as from all of it; false if none is.
func (s *sight) extracted(value string) (string, bool) {
	for _, part := range s.parts(value) {
		if s.same(part, value) {
			return part, true
		}
	}
	return "", false
}

// parts are the pieces of a value that might be enough for the columns that extract from it.
func (s *sight) parts(value string) []string {
	var all []string
	for _, x := range s.extracts {
		if part := x.of(value); part != "" {
			all = append(all, part, part+stars)
		}
	}
	return append(all, "")
}

// same tells whether all columns extract the same from two texts.
func (s *sight) same(a, b string) bool {
	return !slices.ContainsFunc(s.extracts, func(x extract) bool { return x.of(a) != x.of(b) })
}

// of is what a column extracts from a value.
func (x extract) of(value string) string {
	if m := x.pattern.FindStringSubmatch(strings.Trim(value, x.strip)); len(m) > 1 {
		return m[1]
	}
	return ""
}

// substitutes are what may stand where a column wants a value and there is none any more.
var substitutes = []string{stars, "0", "00000000", "FORGOTTEN", "forgotten", "forgotten@example.invalid"}

// substitute is what stands in place of a personal value; nothing unless a column that takes it is required. False where a required one refuses all that
// could stand there.
func substitute(takes []typing.Column) (string, bool) {
	var wants []typing.Column
	for _, col := range takes {
		if (col.PII == typing.Hash || col.PII == typing.Drop) && col.Required {
			wants = append(wants, col)
		}
	}
	if len(wants) == 0 {
		return "", true
	}
	for _, text := range substitutes {
		if !slices.ContainsFunc(wants, func(col typing.Column) bool { return !takesText(col, text) }) {
			return text, true
		}
	}
	return "", false
}

// rejects tells whether a value breaks a rule of a personal column.
func rejects(col typing.Column, value string) bool {
	if col.PII != typing.Hash && col.PII != typing.Drop {
		return false
	}
	value = strings.Trim(value, " \t"+col.Strip)
	ok, err := regexp.MatchString(col.Regex, value)
	return value != "" && (err != nil || !ok || (len(col.Enum) > 0 && !slices.Contains(col.Enum, value)))
}

// takesText tells whether a column takes a text that is none of its codes.
func takesText(col typing.Column, text string) bool {
	if col.Type != "text" {
		return text == "0" && (col.Type == "integer" || col.Type == "bigint") && col.Min == "" && col.Max == ""
	}
	if len(col.Enum) > 0 {
		return slices.Contains(col.Enum, text)
	}
	if col.Extract != "" || col.Regex != "" {
		for _, expression := range []string{col.Extract, col.Regex} {
			if ok, err := regexp.MatchString(expression, text); err != nil || !ok {
				return false
			}
		}
	}
	return true
}
