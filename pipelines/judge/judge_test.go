package judge_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/fourmarketing/waybill/pipelines/judge"
)

// TestDocuments: each line is a list of candidates in the order of their arrival, as document=content or document=content@newest, and what counts.
func TestDocuments(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, arrivals string
		alike          bool
		want           string
	}{
		{"a correction", "a=X a=Y", true, "a=Y"},
		{"going back", "a=X a=Y a=X", true, "a=X#2"},
		{"a repetition changes nothing", "a=X a=X", true, "a=X#0"},
		{"the same bytes under another name", "day1=X day2=X", true, "day1=X#0"},
		{"the same bytes of another document", "day1=X day2=X", false, "day1=X day2=X"},
		{"a duplicate whose original goes", "day1=X day2=X day1=Y", true, "day1=Y day2=X"},
		{"what an original once was", "day1=X day1=Y day2=X", true, "day1=Y day2=X"},
		{"an older version that comes late", "a=Y@2 a=X@1", true, "a=Y"},
		{"versions are numbers", "a=X@10 a=Y@9", true, "a=X"},
		{"versions have numbers in them", "a=X@v10 a=Y@v9b", true, "a=X"},
		{"a number, and one with a letter", "a=X@10 a=Y@9 a=Z@1a", true, "a=X"},
		{"a day, and another's second", "a=X@20261128 a=Y@20261127_2", true, "a=X"},
		{"decimals", "a=X@10.50 a=Y@9.75", true, "a=X"},
		{"instants in parts of a second", "a=X@2026-03-29T01:00:00.5 a=Y@2026-03-29T01:00:00.25", true, "a=X"},
		{"files without records", "a= b=", true, "a= b="},
	} {
		var all []judge.Candidate
		for i, text := range strings.Fields(c.arrivals) {
			document, rest, _ := strings.Cut(text, "=")
			content, newest, _ := strings.Cut(rest, "@")
			all = append(all, judge.Candidate{Document: document, Content: content, Newest: newest, Arrival: int64(i)})
		}
		got := judged[c.alike](all)
		var counts []string
		for i, v := range got {
			if text := all[i].Document + "=" + all[i].Content; v.Counts && !slices.Contains(strings.Fields(c.want), text) {
				text += fmt.Sprintf("#%d", i)
				counts = append(counts, text)
			} else if v.Counts {
				counts = append(counts, text)
			}
		}
		slices.Sort(counts)
		if strings.Join(counts, " ") != c.want {
			t.Errorf("%s: %s: %v count, want %s", c.name, c.arrivals, counts, c.want)
		}
	}
}

// TestOrderOfEventsDoesNotMatter: any order of the same arrivals gives the same verdicts; of each document one counts, or none where another
// document tells the same; and whoever does not count says who does.
func TestOrderOfEventsDoesNotMatter(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		alike := rapid.Bool().Draw(rt, "alike")
		all := rapid.SliceOfN(rapid.Custom(func(rt *rapid.T) judge.Candidate {
			return judge.Candidate{
				Document: rapid.SampledFrom([]string{"a", "b", "c"}).Draw(rt, "document"), Content: rapid.SampledFrom([]string{"", "X", "Y", "Z"}).Draw(rt, "content"),
				Newest: rapid.SampledFrom([]string{"", "1", "2", "10", "1a", "v10", "v9", "1.5", "1.25"}).Draw(rt, "newest"),
			}
		}), 0, 9).Draw(rt, "arrivals")
		for i := range all {
			all[i].Arrival = int64(i)
		}
		want := judged[alike](all)
		counting := map[string]int{}
		for i, v := range want {
			if v.Counts {
				counting[all[i].Document]++
			}
			if w := want[v.Winner]; !w.Counts || v.Counts != (v.Winner == i) || (v.Duplicate && all[v.Winner].Content != all[i].Content) {
				rt.Fatalf("%d of %+v: %+v", i, all, v)
			}
		}
		for i, c := range all {
			n := counting[c.Document]
			if n > 1 || (n == 0 && (!alike || !want[i].Duplicate && all[want[i].Winner].Document == c.Document)) {
				rt.Fatalf("%d loads of %s count in %+v: %+v", n, c.Document, all, want)
			}
		}
		order := rapid.Permutation(indexes(len(all))).Draw(rt, "order")
		shuffled := make([]judge.Candidate, len(all))
		for k, i := range order {
			shuffled[k] = all[i]
		}
		for k, v := range judged[alike](shuffled) {
			if w := want[order[k]]; v.Counts != w.Counts || v.Duplicate != w.Duplicate || order[v.Winner] != w.Winner {
				rt.Fatalf("%+v: %+v, and %+v in the order %v", all, w, v, order)
			}
		}
	})
}

func indexes(n int) []int {
	out := make([]int, n)
	for i := range out {
		out[i] = i
	}
	return out
}

// judged is how candidates are judged, by whether their documents are told apart by the names of files alone.
var judged = map[bool]func([]judge.Candidate) []judge.Verdict{false: judge.Documents, true: judge.Files}
