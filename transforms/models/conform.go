package models

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// conforming holds the types of the staging models of a fact against its declaration. A type that is not the declared one, and does not
// hold all values of which the declared one is made, is an error: a cast would round money or shift an instant without a word.
func (s *Session) conforming(ctx context.Context, f *Fact) error {
	var errs []error
	for _, m := range f.From {
		described, err := s.describe(ctx, quoted(m.Name))
		if err != nil {
			return fmt.Errorf("%s: %w", m.Path, err)
		}
		types := map[string]string{}
		for _, d := range described {
			types[d.name] = d.duckType
		}
		at := &snippet{path: m.Path, line: m.line, sql: m.SQL}
		for _, c := range m.facts.output {
			want := f.typeOf(c.name)
			if got := types[c.name]; want != "" && got != "" && !fitsInto(got, want) {
				errs = append(errs, fmt.Errorf("%s:%d: column %s is %s, and %s in %s (%s:%d): cast it",
					m.Path, at.lineAt(c.at), c.name, got, want, f.Name, f.Path, f.line))
			}
		}
	}
	return errors.Join(errs...)
}

func (f *Fact) typeOf(column string) string {
	for _, c := range f.Columns {
		if c.Name == column {
			return string(c.Type)
		}
	}
	for _, c := range factTail {
		if c.Name == column {
			return string(c.Type)
		}
	}
	return ""
}

// fitsInto tells whether every value of a type, as DuckDB describes it, is one of the declared type.
func fitsInto(got, want string) bool {
	t, ok := lakeType(got)
	if !ok {
		wide, can := widened(got)
		if !can {
			return false
		}
		t, _ = lakeType(wide)
	}
	if string(t) == want || (t == "INTEGER" && want == "BIGINT") {
		return true
	}
	p, s, isDecimal := decimalOf(string(t))
	wantP, wantS, wantsDecimal := decimalOf(want)
	if !wantsDecimal {
		return false
	}
	switch {
	case isDecimal:
		return s <= wantS && p-s <= wantP-wantS
	case t == "INTEGER":
		return wantP-wantS >= 10
	}
	return false
}

// decimalOf reads the digits of DECIMAL(18,2).
func decimalOf(t string) (precision, scale int, ok bool) {
	found := decimalType.FindStringSubmatch(t)
	if found == nil {
		return 0, 0, false
	}
	precision, err := strconv.Atoi(found[1])
	if err != nil {
		return 0, 0, false
	}
	scale, err = strconv.Atoi(strings.TrimSpace(found[2]))
	return precision, scale, err == nil
}
