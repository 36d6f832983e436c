package load

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/fourmarketing/waybill/transforms/typing"
)

// entriesOf finds the fields of a table's repeated columns: under names with numbers, or under one name that is there several times. Entries are in the order of
// their numbers, or of the header. used is marked where one is found. The note says of names that are there several times why nobody can tell which
// belong together.
func entriesOf(t typing.Table, header []string, used []bool) (entries [][]int, unclear *DriftNote) {
	byNumber := map[int][]int{}
	times := map[int][]string{}
	for c, col := range t.Columns {
		if !col.Repeated {
			continue
		}
		found := placesOf(col, header)
		for number, at := range found {
			if byNumber[number] == nil {
				byNumber[number] = slices.Repeat([]int{-1}, len(t.Columns))
			}
			byNumber[number][c] = at
			used[at] = true
		}
		if !col.Optional || len(found) > 0 {
			times[len(found)] = append(times[len(found)], col.Name)
		}
	}
	numbers := make([]int, 0, len(byNumber))
	for number := range byNumber {
		numbers = append(numbers, number)
	}
	slices.Sort(numbers)
	for _, number := range numbers {
		entries = append(entries, byNumber[number])
	}
	if len(times) > 1 && !t.Numbered() {
		unclear = &DriftNote{Kind: "duplicate_column", Detail: fmt.Sprintf("the repeated columns are not there the same number of times: %s; nobody can tell which belong together", counts(times))}
	}
	return entries, unclear
}

// placesOf are a repeated column's fields by the number of their entry, from 1 where names have none.
func placesOf(col typing.Column, header []string) map[int]int {
	places := map[int]int{}
	for _, alias := range col.From {
		before, behind, numbered := strings.Cut(normal(alias), typing.EntryNumber)
		pattern := regexp.MustCompile("^" + regexp.QuoteMeta(before) + `(\d{1,4})` + regexp.QuoteMeta(behind) + "$")
		for at, name := range header {
			m := pattern.FindStringSubmatch(normal(name))
			switch {
			case numbered && m != nil:
				number, _ := strconv.Atoi(m[1]) // the pattern allows digits only
				places[number] = at
			case !numbered && normal(name) == normal(alias):
				places[len(places)+1] = at
			}
		}
	}
	return places
}

func counts(times map[int][]string) string {
	var all []string
	for n, names := range times {
		all = append(all, fmt.Sprintf("%s %d times", strings.Join(names, ", "), n))
	}
	slices.Sort(all)
	return strings.Join(all, "; ")
}
