package pipelines

import (
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/agnivade/levenshtein"
	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"

	"github.com/fourmarketing/waybill/transforms/typing"
)

// unknownField is how the YAML library words an unknown key; only the key's name is taken from it.
var unknownField = regexp.MustCompile(`unknown field "([^"]+)"`)

// placed is how errors of our own kinds of values begin, which the YAML library passes on as they are.
var placed = regexp.MustCompile(`(?s)^\[(\d+):(\d+)\] (.*)$`)

// wrongType is how the YAML library words a value of another type; only Go's name of the type is taken from it.
var wrongType = regexp.MustCompile(`^cannot unmarshal .* into Go (?:struct field \S+|value) of type ([^ ]+)`)

// notOf says what is wanted in place of a value.
func notOf(goType string, t *token.Token) string {
	wanted := "is not of the form that is wanted here"
	switch {
	case goType == "time.Duration":
		wanted = lengthOfTime
	case strings.HasPrefix(goType, "int"), strings.HasPrefix(goType, "uint"):
		wanted = "is no whole number such as 300000, without a unit"
	case strings.HasPrefix(goType, "float"):
		wanted = "is no number such as 0.5"
	case goType == "bool":
		wanted = "is neither true nor false"
	case goType == "string":
		wanted = "begins a list or block where a text is wanted"
	}
	if t == nil {
		return "a value " + wanted
	}
	return fmt.Sprintf("%q %s", t.Value, wanted)
}

const lengthOfTime = "is no length of time such as 30s, 10m or 2h"

// duration is how Go, and our own kind of it, refuse a length of time; they know no place.
var duration = regexp.MustCompile(`^(?:time: .*duration )?(".*")(?: is no duration such as 60s or 5m)?$`)

// DescribeIn is Describe for an error that may know no place in the node of which it is.
func DescribeIn(node ast.Node, origin string, err error, keys ...string) error {
	if m := duration.FindStringSubmatch(err.Error()); m != nil {
		if text, wrong := strconv.Unquote(m[1]); wrong == nil {
			for _, n := range ast.Filter(ast.StringType, node) {
				if t := n.GetToken(); t.Value == text && t.Position != nil {
					return fmt.Errorf("%s:%d:%d: %q %s", origin, t.Position.Line, t.Position.Column, text, lengthOfTime)
				}
			}
		}
	}
	return Describe(origin, err, keys...)
}

// Describe turns a YAML error into "file:line:column: what, and the nearest key that would be right". The keys are the given ones; without
// any, those of a pipeline definition.
func Describe(origin string, err error, keys ...string) error {
	var syntax yaml.Error
	if !errors.As(err, &syntax) {
		if m := placed.FindStringSubmatch(err.Error()); m != nil {
			return fmt.Errorf("%s:%s:%s: %s", origin, m[1], m[2], m[3])
		}
		return fmt.Errorf("%s: %w", origin, err)
	}
	where, what := origin, syntax.GetMessage()
	if t := syntax.GetToken(); t != nil && t.Position != nil {
		where = fmt.Sprintf("%s:%d:%d", origin, t.Position.Line, t.Position.Column)
	}
	if m := wrongType.FindStringSubmatch(what); m != nil {
		what = notOf(m[1], syntax.GetToken())
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
	return slices.Concat(KeysOf(reflect.TypeFor[Pipeline]()), KeysOf(reflect.TypeFor[typing.Column]()), []string{"where", "each", "columns"})
}

// KeysOf are the YAML keys of a struct and of those in it, for the nearest to a mistyped one.
func KeysOf(t reflect.Type) []string {
	switch t.Kind() {
	case reflect.Pointer, reflect.Slice:
		return KeysOf(t.Elem())
	case reflect.Struct:
		var keys []string
		for i := range t.NumField() {
			key, _, _ := strings.Cut(t.Field(i).Tag.Get("yaml"), ",")
			if key != "" && key != "-" {
				keys = append(keys, key)
			}
			if t.Field(i).Type != t {
				keys = append(keys, KeysOf(t.Field(i).Type)...)
			}
		}
		return keys
	default:
		return nil
	}
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
