package pipelines

import (
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/bmatcuk/doublestar/v4"
	"github.com/robfig/cron/v3"
)

// Kinds are what settings can name, by the word in a field's tag: `names:"zone"`. A kind says what is wrong with a value and what to do; nil
// is a value that stands for something. `names:"zone,required"` may not be left out. A text that names nothing has the tag `names:"-"`.
type Kinds map[string]func(value string) error

// Resolve looks at every setting of a struct that was decoded from the document and gives each of the kinds its values: every fault at once,
// each with its place. Kinds that are not given are not looked at. What a map's tag says is about its keys.
func (d *Document) Resolve(settings any, kinds Kinds) []error {
	w := walk{document: d, kinds: kinds}
	w.structOf(reflect.ValueOf(settings), "")
	return w.faults
}

type walk struct {
	document *Document
	kinds    Kinds
	faults   []error
}

func (w *walk) structOf(v reflect.Value, at string) {
	for i := range v.NumField() {
		field := v.Type().Field(i)
		key, options, _ := strings.Cut(field.Tag.Get("yaml"), ",")
		if !field.IsExported() || key == "-" {
			continue
		}
		if options == "inline" {
			w.value(v.Field(i), at, "")
			continue
		}
		if at != "" {
			key = at + "." + key
		}
		w.value(v.Field(i), key, field.Tag.Get("names"))
	}
}

func (w *walk) value(v reflect.Value, at, tag string) {
	name, need, _ := strings.Cut(tag, ",")
	if need == "required" && isEmpty(v) && w.kinds[name] != nil {
		w.faults = append(w.faults, w.document.Fault(at, "is not set"))
		return
	}
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			w.value(v.Elem(), at, tag)
		}
	case reflect.Struct:
		w.structOf(v, at)
	case reflect.Slice:
		for i := range v.Len() {
			w.value(v.Index(i), fmt.Sprintf("%s[%d]", at, i), name+",required") // an empty word in a list names nothing
		}
	case reflect.Map:
		for _, k := range v.MapKeys() {
			if k.Kind() == reflect.String {
				w.word(k.String(), at+"."+k.String(), name)
			}
		}
	case reflect.String:
		w.word(v.String(), at, name)
	}
}

func isEmpty(v reflect.Value) bool {
	return v.IsZero() || (v.Kind() == reflect.Slice && v.Len() == 0)
}

func (w *walk) word(value, at, kind string) {
	check := w.kinds[kind]
	if check == nil || value == "" {
		return
	}
	if err := check(value); err != nil {
		w.faults = append(w.faults, w.document.Fault(at, "%w", err))
	}
}

// OneOf is a kind with a list of words: what they are, where more of them could be added, and which there are.
func OneOf(what, remedy string, known []string) func(string) error {
	return func(value string) error {
		if slices.Contains(known, value) {
			return nil
		}
		return fmt.Errorf("%q is no %s%s; %s", value, what, hint(value, known), remedy)
	}
}

// few is how many words are listed where none of them is near.
const few = 8

// hint is the nearest of the words, one that goes on or begins like the value, or all of them where they are few.
func hint(value string, known []string) string {
	near := ""
	for _, k := range known { // GB is rather meant for GB-EAW than for GG, which is one letter off
		if near == "" && value != "" && strings.HasPrefix(k, value) {
			near = k
		}
	}
	if near == "" {
		near = Nearest(value, known)
	}
	for _, k := range known {
		if near == "" && strings.HasPrefix(value, k) {
			near = k
		}
	}
	switch {
	case near != "":
		return fmt.Sprintf("; the nearest is %q", near)
	case len(known) > 0 && len(known) <= few:
		return "; there are " + strings.Join(known, ", ")
	}
	return ""
}

// Zone is the kind of time zones. The nearest comes from the known ones, if any are given.
func Zone(known []string) func(string) error {
	return func(value string) error {
		if _, err := time.LoadLocation(value); err == nil && value != "Local" {
			return nil
		}
		return OneOf("time zone", "write its IANA name, such as Europe/London or UTC, in just these letters", known)(value)
	}
}

// forms are the kinds that need to know nothing else.
func forms() Kinds {
	return Kinds{
		"cron": func(v string) error {
			if _, err := cron.ParseStandard(v); err != nil {
				return fmt.Errorf("%q is no line of cron: %w; write five fields, such as */15 * * * *", v, err)
			}
			return nil
		},
		"time": ClockTime,
		"days": OneOf("kind of days", "write working or all", []string{"working", "all"}),
		"mode": OneOf("mode", "write file, where a later version takes an earlier one's place, or none", []string{"file", "none"}),
		"glob": func(v string) error {
			if !doublestar.ValidatePattern(v) {
				return fmt.Errorf("%q is no glob; a [ or { is not closed", v)
			}
			return nil
		},
		"group": func(v string) error {
			re, err := regexp.Compile(v)
			if err != nil {
				return fmt.Errorf("%w; write a regular expression as Go's regexp/syntax has it", err)
			}
			if re.NumSubexp() < 1 {
				return fmt.Errorf("%q has no group; put the part that is meant in brackets", v)
			}
			return nil
		},
		"marker": func(v string) error {
			if !strings.Contains(v, "{name}") {
				return fmt.Errorf("%q is one name for all files; write \"{name}.ok\", where {name} is the data file's", v)
			}
			return nil
		},
		"new": func(string) error { return nil },
	}
}

// ClockTime is the kind of times of day.
func ClockTime(value string) error {
	if t, err := time.Parse("15:04", value); err != nil || t.Format("15:04") != value {
		return fmt.Errorf("%q is no time of day; write hours and minutes, such as \"06:30\"", value)
	}
	return nil
}

// Flatten lists the errors that errors.Join put together, however deep.
func Flatten(err error) []error {
	if err == nil {
		return nil
	}
	many, ok := err.(interface{ Unwrap() []error })
	if !ok {
		return []error{err}
	}
	var all []error
	for _, one := range many.Unwrap() {
		all = append(all, Flatten(one)...)
	}
	return all
}

var errNoPull = errors.New("needs either file.match (file connectors) or pull.resource (API connectors)")
