package models

import (
	"bytes"
	"cmp"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
)

// Any stands in a rule's key for every value.
const Any = "*"

// ruleColumns are what every seed of dated rules has: valid_from is the first day of a rule, valid_to the first day on which it is none any more (blank:
// it still is), rule_id what rows that it decided about are marked with, source where it is written.
var ruleColumns = []string{"rule_id", "valid_from", "valid_to", "source"}

// NamedColumn is a column of a seed whose values are names of something that the configuration or another list knows.
type NamedColumn struct {
	Column string
	Kind   string // brand, site, …; who resolves it knows the kinds
}

// SeedRow is a row of a seed with its place.
type SeedRow struct {
	Line   int // in the CSV, from 1
	Values []string
}

// Rows returns the rows of a seed for some of its columns, as text, with their lines. The error names a column that the seed has not.
func (s *Seed) Rows(columns ...string) ([]SeedRow, error) {
	in := csv.NewReader(bytes.NewReader(s.data))
	header, err := in.Read()
	if err != nil {
		return nil, fmt.Errorf("%s: read the header: %w", s.Path, err)
	}
	places := make([]int, len(columns))
	for i, c := range columns {
		if places[i] = slices.Index(header, c); places[i] < 0 {
			return nil, fmt.Errorf("%s has no column %s%s", s.Path, c, didYouMean(c, header))
		}
	}
	records, lines, err := readRecords(in)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", s.Path, err)
	}
	out := make([]SeedRow, len(records))
	for i, record := range records {
		out[i] = SeedRow{Line: lines[i], Values: make([]string, len(places))}
		for j, p := range places {
			out[i].Values[j] = record[p]
		}
	}
	return out, nil
}

// readRecords reads what is left of a CSV, with the line on which each record begins.
func readRecords(in *csv.Reader) (records [][]string, lines []int, err error) {
	for {
		record, err := in.Read()
		switch {
		case errors.Is(err, io.EOF):
			return records, lines, nil
		case err != nil:
			return nil, nil, err
		}
		line, _ := in.FieldPos(0)
		records, lines = append(records, record), append(lines, line)
	}
}

// rule is a row of a seed of dated rules.
type rule struct {
	line     int
	id       string
	key      []string
	from, to time.Time // the day after the last
}

// forever is the end of rules that still hold.
var forever = time.Date(9999, time.December, 31, 0, 0, 0, 0, time.UTC)

// checkRules wants each key of a seed of dated rules to have exactly one rule on each day from its first on, and of two rules that fit the same
// document the one to be more exact.
func (r *reader) checkRules(s *Seed) {
	rules, ok := r.rulesOf(s)
	if !ok {
		return
	}
	byKey := map[string][]rule{}
	for _, one := range rules {
		k := strings.Join(one.key, "\x00")
		byKey[k] = append(byKey[k], one)
	}
	before := len(r.errs)
	for _, same := range byKey {
		slices.SortFunc(same, func(a, b rule) int { return cmp.Or(a.from.Compare(b.from), cmp.Compare(a.line, b.line)) })
		r.checkPeriods(s, same)
	}
	slices.SortFunc(r.errs[before:], func(a, b error) int { return strings.Compare(a.Error(), b.Error()) })
	if len(r.errs) == before {
		r.checkTies(s, rules, byKey)
	}
}

// rulesOf reads the rows; false where one of them cannot be read, which has been said.
func (r *reader) rulesOf(s *Seed) ([]rule, bool) {
	rows, err := s.Rows(append(slices.Clone(ruleColumns), s.Periods...)...)
	if err != nil {
		r.errs = append(r.errs, err)
		return nil, false
	}
	before, seen := len(r.errs), map[string]int{}
	var rules []rule
	for _, row := range rows {
		one := rule{line: row.Line, id: row.Values[0], key: row.Values[len(ruleColumns):], to: forever}
		if first, twice := seen[one.id]; twice || one.id == "" {
			r.fail(s.Path, row.Line, "rule_id %q %s: orders are marked with it; give each row one of its own", one.id,
				map[bool]string{true: fmt.Sprintf("stands on line %d already", first), false: "is blank"}[twice])
		}
		seen[one.id] = row.Line
		one.from = r.day(s, row.Line, "valid_from", row.Values[1], "the first day of the rule")
		if row.Values[2] != "" {
			one.to = r.day(s, row.Line, "valid_to", row.Values[2], "the first day on which the rule holds no more, or nothing")
		}
		if !one.from.IsZero() && !one.to.IsZero() && !one.from.Before(one.to) {
			r.fail(s.Path, row.Line, "valid_to %s is not after valid_from %s: the rule holds on no day; valid_to is the first day on which it holds no more", row.Values[2], row.Values[1])
		}
		if strings.TrimSpace(row.Values[3]) == "" {
			r.fail(s.Path, row.Line, "source is blank; write where the rule is agreed, such as the contract and its paragraph")
		}
		for i, v := range one.key {
			if v == "" {
				r.fail(s.Path, row.Line, "%s is blank; write %s for any", s.Periods[i], Any)
			}
		}
		rules = append(rules, one)
	}
	return rules, len(r.errs) == before
}

func (r *reader) day(s *Seed, line int, column, text, want string) time.Time {
	d, err := time.Parse(time.DateOnly, text)
	if err != nil {
		r.fail(s.Path, line, "%s %q is no date; write %s, as in 2026-03-01", column, text, want)
	}
	return d
}

// checkPeriods wants the rules of one key, in order of their first days, to follow one another without overlap or gap.
func (r *reader) checkPeriods(s *Seed, same []rule) {
	for i := 1; i < len(same); i++ {
		was, next := same[i-1], same[i]
		from, to := next.from.Format(time.DateOnly), was.to.Format(time.DateOnly)
		switch {
		case was.to.Equal(forever):
			r.fail(s.Path, next.line, "rule %s begins on %s while rule %s of line %d, for the same %s, has no end; write valid_to %s there", next.id, from, was.id, was.line, s.keyNames(), from)
		case was.to.After(next.from):
			r.fail(s.Path, next.line, "rule %s begins on %s while rule %s of line %d, for the same %s, holds until %s; end that on %s", next.id, from, was.id, was.line, s.keyNames(), to, from)
		case was.to.Before(next.from):
			r.fail(s.Path, next.line, "from %s to %s no rule holds for this %s: rule %s of line %d has ended, %s begins later; write valid_to %s there", to, from, s.keyNames(), was.id, was.line, next.id, from)
		}
	}
}

func (s *Seed) keyNames() string { return strings.Join(s.Periods, ", ") }

// checkTies wants of two rules that fit one document one to be more exact, or a third that is more exact than both.
func (r *reader) checkTies(s *Seed, rules []rule, byKey map[string][]rule) {
	nested := make([]bool, len(s.Periods))
	for _, n := range s.Names {
		if i := slices.Index(s.Periods, n.Column); i >= 0 {
			nested[i] = n.Kind == "destination"
		}
	}
	places := r.destinations()
	for i, a := range rules {
		for _, b := range rules[i+1:] {
			both, tie := places.meet(a.key, b.key, nested)
			if !tie || !a.from.Before(b.to) || !b.from.Before(a.to) {
				continue
			}
			from, to := latest(a.from, b.from), earliest(a.to, b.to)
			better := byKey[strings.Join(both, "\x00")]
			if len(better) > 0 && !better[0].from.After(from) && !better[len(better)-1].to.Before(to) {
				continue
			}
			var said []string
			for j, column := range s.Periods {
				said = append(said, column+" "+both[j])
			}
			r.fail(s.Path, b.line, "rule %s and rule %s of line %d both fit %s, and neither is the more exact; add a row for just that, from %s",
				b.id, a.id, a.line, strings.Join(said, ", "), from.Format(time.DateOnly))
		}
	}
}

// destinations are the regions that lie in each calendar, in part at least, as the seed destination_areas has them.
type destinations map[[2]string]bool

func (r *reader) destinations() destinations {
	out := destinations{}
	s := r.project.Seed("destination_areas")
	if s == nil {
		return out
	}
	rows, err := s.Rows("country", "calendar", "region")
	if err != nil {
		return out // a seed of the project's own, by another meaning
	}
	for _, row := range rows {
		out[[2]string{row.Values[1], row.Values[0] + ":" + row.Values[2]}] = true
	}
	return out
}

// meet is the key of what two rules both fit; tie says that there is such, and that neither rule is the more exact of the two.
func (d destinations) meet(a, b []string, nested []bool) (both []string, tie bool) {
	aNarrower, bNarrower := false, false
	for i := range a {
		switch {
		case a[i] == b[i]:
			both = append(both, a[i])
		case d.isCaseOf(a[i], b[i], nested[i]):
			aNarrower, both = true, append(both, a[i])
		case d.isCaseOf(b[i], a[i], nested[i]):
			bNarrower, both = true, append(both, b[i])
		default:
			return nil, false
		}
	}
	return both, aNarrower && bNarrower
}

// isCaseOf says whether a value is a case of a wider one. Destinations are nested: GB:highlands_islands in GB-SCT in GB.
func (d destinations) isCaseOf(value, wider string, nested bool) bool {
	switch {
	case wider == Any:
		return value != Any
	case !nested || destinationLevel(value) <= destinationLevel(wider) || value[:2] != wider[:2]:
		return false
	case destinationLevel(wider) == 2:
		return d[[2]string{wider, value}]
	}
	return true
}

// destinationLevel is how exact a destination is: any, a country (GB), a calendar in it (GB-SCT), a region of it (GB:highlands_islands).
func destinationLevel(d string) int {
	switch {
	case len(d) < 2:
		return 0
	case strings.Contains(d, ":"):
		return 3
	case strings.Contains(d, "-"):
		return 2
	}
	return 1
}

func latest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func earliest(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}
