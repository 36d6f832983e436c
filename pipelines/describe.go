package pipelines

import (
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/agnivade/levenshtein"
	"github.com/goccy/go-yaml"
)

// unknownField is how the YAML library words an unknown key; only the key's name is taken from it.
var unknownField = regexp.MustCompile(`unknown field "([^"]+)"`)

// Describe turns a YAML error into "file:line:column: what, and the nearest key that would be right". The keys are the given ones; without
// any, those of a pipeline definition.
func Describe(origin string, err error, keys ...string) error {
	var syntax yaml.Error
	if !errors.As(err, &syntax) {
		return fmt.Errorf("%s: %w", origin, err)
	}
	where, what := origin, syntax.GetMessage()
	if t := syntax.GetToken(); t != nil && t.Position != nil {
		where = fmt.Sprintf("%s:%d:%d", origin, t.Position.Line, t.Position.Column)
	}
	if m := unknownField.FindStringSubmatch(what); m != nil {
		what = fmt.Sprintf("unknown key %q", m[1])
		what += hintOf(m[1], keys)
	}
	for part, hint := range map[string]string{
		"'\t'":                                 "indent with spaces, YAML takes no tab",
		"value is not allowed in this context": "a quote or bracket that is not closed, here or above, or a space too many or too few at the line's beginning?",
		"non-map value is specified":           "a key without its colon, here or in the line above?",
	} {
		if strings.Contains(what, part) {
			what += "; " + hint
		}
	}
	return fmt.Errorf("%s: %s", where, what)
}

// hintOf says what may have been meant by a key that its place does not take: the nearest one that it does, or all when they are few.
func hintOf(key string, keys []string) string {
	known := keys
	if len(known) == 0 {
		known = knownKeys()
	}
	near := Nearest(key, known)
	switch {
	case near == key:
		return "; it stands in the wrong place"
	case near != "":
		return fmt.Sprintf("; did you mean %q?", near)
	case len(keys) > 0 && len(keys) <= 16:
		return fmt.Sprintf("; it takes %s", strings.Join(keys, ", "))
	}
	return ""
}

// knownKeys are the words of a pipeline definition.
func knownKeys() []string {
	return strings.Fields(`pipeline sources schedule cron zone feeds feed file match ignore ready stable_for marker pull resource
		settings worklist expect by days calendar sequence supersede mode identity document newest_by decode format type delimiter quote encoding header
		fields null record header_record trailer count_field sum_field sum_of policy control count tables where each columns limits max_rejected
		min_rows_vs_last allow_empty max_unpacked_bytes max_unpacked_ratio max_records max_columns max_record_bytes max_nesting on_drift new_column missing_column from position path formats future strip extract decimal_mark group_mark negative affixes codes required
		min max enum regex pii optional`)
}

// Nearest returns the known word that is closest to a mistyped one, empty when none is close.
func Nearest(word string, known []string) string {
	best, distance := "", 1+len(word)/2
	for _, k := range known {
		if d := levenshtein.ComputeDistance(strings.ToLower(word), strings.ToLower(k)); d < distance {
			best, distance = k, d
		}
	}
	return best
}
