// Package judge says which of the loads of a document counts. It is one pure function, which every event only calls: an arrival, a correction, an
// earlier version restored, a changed contract, a reload, a file held or let go. It knows no file, ledger or table.
package judge

import (
	"cmp"
	"slices"
	"strings"
)

// Candidate is a document as one version of a file tells it. A file that is held is none.
type Candidate struct {
	Document string // what it tells of: candidates of one document are versions of one another
	Content  string // hash of what it tells; equal hashes tell the same
	Newest   string // by which versions of a document follow one another, before their arrival; may be empty
	Arrival  int64  // its number among all arrivals
}

// Verdict is what becomes of a candidate.
type Verdict struct {
	Counts    bool
	Winner    int  // the candidate that counts in its place; itself where it counts
	Duplicate bool // it tells what the winner told before
}

// Documents judges candidates. Of a document the greatest one counts, by Newest and then by arrival; where those before it told the same, the first of
// them, so that a repetition changes nothing. The verdicts depend on the set of candidates alone and not on the order in which they are given.
func Documents(all []Candidate) []Verdict {
	verdicts, _ := documents(all)
	return verdicts
}

// Files judges candidates whose documents are told apart by nothing but the names of their files: as Documents, and two that tell the same are one
// besides, of which the first counts.
func Files(all []Candidate) []Verdict {
	verdicts, winners := documents(all)
	oneOfEach(all, winners, verdicts)
	return verdicts
}

func documents(all []Candidate) (verdicts []Verdict, winners []int) {
	verdicts = make([]Verdict, len(all))
	byDocument := map[string][]int{}
	for i, c := range all {
		byDocument[c.Document] = append(byDocument[c.Document], i)
	}
	for _, of := range byDocument {
		slices.SortFunc(of, func(a, b int) int { return order(all[a], all[b]) })
		winner := of[len(of)-1]
		for k := len(of) - 2; k >= 0 && all[of[k]].Content == all[winner].Content; k-- {
			winner = of[k]
		}
		for _, i := range of {
			verdicts[i] = Verdict{Winner: winner, Counts: i == winner, Duplicate: all[winner].Arrival < all[i].Arrival && all[i].Content == all[winner].Content}
		}
		winners = append(winners, winner)
	}
	return verdicts, winners
}

// oneOfEach lets of winners that tell the same the first arrived count.
func oneOfEach(all []Candidate, winners []int, verdicts []Verdict) {
	slices.SortFunc(winners, func(a, b int) int { return cmp.Compare(all[a].Arrival, all[b].Arrival) })
	first := map[string]int{}
	for _, w := range winners {
		content := all[w].Content
		if content == "" { // nothing in it: empty files are alike by nature
			continue
		}
		if f, ok := first[content]; ok {
			verdicts[w] = Verdict{Winner: f, Duplicate: true}
			continue
		}
		first[content] = w
	}
	for i, v := range verdicts { // what lost to a duplicate lost to what that is a duplicate of
		if !v.Counts && verdicts[v.Winner].Duplicate {
			verdicts[i].Winner = verdicts[v.Winner].Winner
		}
	}
}

func order(a, b Candidate) int {
	return cmp.Or(byNewest(a.Newest, b.Newest), cmp.Compare(a.Arrival, b.Arrival))
}

// byNewest compares texts part by part: digits as a number, but behind a point as the fraction that they are, and all else as text. A rule that looked at
// both texts whole would have no order: 9 before 10 as numbers, 10 before 9a and 9a before 9b as texts, but 1a before 9.
func byNewest(a, b string) int {
	fraction := false
	for a != "" && b != "" {
		x, y := digits(a), digits(b)
		if x == "" || y == "" {
			if a[0] != b[0] {
				return cmp.Compare(a[0], b[0])
			}
			fraction = a[0] == '.'
			a, b = a[1:], b[1:]
			continue
		}
		c := cmp.Compare(x, y)
		if !fraction {
			m, n := strings.TrimLeft(x, "0"), strings.TrimLeft(y, "0")
			c = cmp.Or(cmp.Compare(len(m), len(n)), cmp.Compare(m, n))
		}
		if c != 0 {
			return c
		}
		a, b, fraction = a[len(x):], b[len(y):], false
	}
	return cmp.Compare(len(a), len(b))
}

// digits are those that a text begins with.
func digits(text string) string {
	return text[:len(text)-len(strings.TrimLeft(text, "0123456789"))]
}
