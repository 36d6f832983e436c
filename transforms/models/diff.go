package models

import (
	"fmt"
	"sort"
	"strings"
)

// table is rows as text.
type table struct {
	columns []string
	rows    [][]string
}

// compare says in words how got differs from want, which have the same columns. If they hold the whole key, rows of one key are
// compared column by column; else whole rows are.
func compare(key []string, want, got table) string {
	at := positions(want.columns, key)
	if at == nil {
		at = positions(want.columns, want.columns)
	}
	wanted, given := byKey(want, at), byKey(got, at)
	var lines []string
	for _, k := range union(wanted, given) {
		w, g := wanted[k], given[k]
		for i := range max(len(w), len(g)) {
			switch {
			case i >= len(g):
				lines = append(lines, "missing    "+show(want.columns, w[i]))
			case i >= len(w):
				lines = append(lines, "unexpected "+show(want.columns, g[i]))
			default:
				lines = append(lines, different(want.columns, at, w[i], g[i])...)
			}
		}
	}
	return strings.Join(lines, "\n")
}

// positions returns where the names stand among the columns, nil if one does not or there are none.
func positions(columns, names []string) []int {
	var out []int
	for _, n := range names {
		found := false
		for i, c := range columns {
			if c == n {
				out, found = append(out, i), true
			}
		}
		if !found {
			return nil
		}
	}
	return out
}

func byKey(t table, at []int) map[string][][]string {
	out := map[string][][]string{}
	for _, r := range t.rows {
		parts := make([]string, len(at))
		for i, p := range at {
			parts[i] = r[p]
		}
		k := strings.Join(parts, "\x00")
		out[k] = append(out[k], r)
	}
	return out
}

func union(a, b map[string][][]string) []string {
	seen := map[string]bool{}
	for k := range a {
		seen[k] = true
	}
	for k := range b {
		seen[k] = true
	}
	out := make([]string, 0, len(seen))
	for k := range seen {
		out = append(out, k)
	}
	sort.Strings(out)
	return out
}

func different(columns []string, key []int, want, got []string) []string {
	var out []string
	for i, c := range columns {
		if want[i] != got[i] {
			out = append(out, fmt.Sprintf("           %s: want %s, got %s", c, want[i], got[i]))
		}
	}
	if len(out) == 0 {
		return nil
	}
	var names, values []string
	for _, k := range key {
		names, values = append(names, columns[k]), append(values, want[k])
	}
	return append([]string{"different  " + show(names, values)}, out...)
}

func show(columns, values []string) string {
	parts := make([]string, len(columns))
	for i, c := range columns {
		parts[i] = c + "=" + values[i]
	}
	return strings.Join(parts, " ")
}
