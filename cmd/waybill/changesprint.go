package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/big"
	"strings"

	"github.com/fourmarketing/waybill/pipelines/changes"
	"github.com/fourmarketing/waybill/pipelines/ledger"
)

// printChanges prints the lists with their counts, then the rows worth reading, then a line that sums up.
func (l *commandLine) printChanges(ctx context.Context, a *changes.Answer, f changesFlags) error {
	fmt.Fprintf(l.stdout, "from %s to %s\n", releaseText(a.Since), releaseText(a.Until))
	for _, n := range a.Notes {
		fmt.Fprintln(l.stdout, "note:", visible(n))
	}
	var rows [][]string
	for _, of := range a.Lists {
		parts := f.partsOf(of)
		if len(parts) == 0 && of.Problem == "" {
			parts = []part{{}}
		}
		for _, p := range parts {
			rows = append(rows, partLine(of.List, p))
		}
	}
	grid(l.stdout, []string{"list", "", "in", "was", "new", "gone", "worse", "better", "changed", "now", "ageing", "same"}, rows)
	for _, of := range a.Lists {
		for _, n := range of.Notes {
			fmt.Fprintf(l.stdout, "note: %s: %s\n", of.List, visible(n))
		}
		if of.Problem != "" {
			fmt.Fprintf(l.stdout, "not compared: %s: %s\n", of.List, visible(of.Problem))
		}
	}
	shown, err := l.printChangedRows(ctx, a, f)
	if err != nil {
		return err
	}
	l.printTally(a, f, shown)
	return nil
}

func releaseText(d ledger.Dated) string {
	return fmt.Sprintf("release %d (as of %s)", d.ID, d.AsOf.UTC().Format("2006-01-02 15:04Z"))
}

// partLine is a part of a list: rows, and the money in them, or by how much it moved.
func partLine(list string, p part) []string {
	by := map[changes.State]total{}
	var was, now total
	for _, c := range p.counts {
		of := by[c.State]
		of.add(c.Rows(), c.Change)
		by[c.State] = of
		was.add(c.RowsWas, c.Was)
		now.add(c.RowsNow, c.Now)
		if c.State != changes.StateGone {
			now.unknown += c.Unknown
		}
	}
	line := []string{list, p.name, p.currency, was.text()}
	for _, s := range []changes.State{changes.StateNew, changes.StateGone, changes.StateWorse, changes.StateBetter, changes.StateChanged} {
		line = append(line, by[s].moved())
	}
	return append(line, now.text(), orBlank(by[changes.StateAgeing].rows), orBlank(by[changes.StateSame].rows))
}

// total is how many rows there are, and their money.
type total struct {
	rows    int64
	sum     *big.Rat // nil: no amount is known
	places  int      // the most that any amount has
	unknown int64    // rows of which nobody knows the amount, as far as they are counted
}

// add adds rows and an amount as it is written.
func (t *total) add(rows int64, amount string) {
	t.rows += rows
	v, ok := new(big.Rat).SetString(amount)
	if !ok {
		return
	}
	if t.sum == nil {
		t.sum = new(big.Rat)
	}
	t.sum.Add(t.sum, v)
	if _, fraction, found := strings.Cut(amount, "."); found {
		t.places = max(t.places, len(fraction))
	}
}

// text is how much there is: 52  3201.00, or 52  3201.00 (4 ?) where of four nobody knows.
func (t total) text() string {
	text := count(t.rows)
	if t.sum != nil && t.rows > 0 {
		text += "  " + t.sum.FloatString(t.places)
	}
	if t.unknown > 0 {
		text += fmt.Sprintf(" (%s ?)", count(t.unknown))
	}
	return text
}

// moved is how much came or went: 3  +12.50.
func (t total) moved() string {
	if t.sum == nil || t.sum.Sign() == 0 {
		return orBlank(t.rows)
	}
	sign := ""
	if t.sum.Sign() > 0 {
		sign = "+"
	}
	return count(t.rows) + "  " + sign + t.sum.FloatString(t.places)
}

// orBlank is a number, and nothing where it is none.
func orBlank(n int64) string {
	if n == 0 {
		return ""
	}
	return count(n)
}

// printChangedRows prints rows of each list and tells how many.
func (l *commandLine) printChangedRows(ctx context.Context, a *changes.Answer, f changesFlags) (int64, error) {
	var shown int64
	for _, of := range a.Lists {
		var rows [][]string
		err := a.Rows(ctx, of, f.wanted(), func(r changes.Row) error {
			rows = append(rows, []string{string(r.State), keyText(r.Key), r.Brand, moneyText(r), f.fit(whatText(of, r))})
			if len(rows) == rowsAtOnce { // so that --all of a long list takes no more memory than a short one's
				printRows(l.stdout, of.List, rows)
				shown, rows = shown+int64(len(rows)), nil
			}
			return nil
		})
		if err != nil {
			return shown, err
		}
		if len(rows) > 0 {
			printRows(l.stdout, of.List, rows)
		}
		shown += int64(len(rows))
	}
	return shown, nil
}

// rowsAtOnce is how many rows are laid out together.
const rowsAtOnce = 1000

func printRows(w io.Writer, list string, rows [][]string) {
	fmt.Fprintf(w, "\n%s:\n", list)
	grid(w, []string{"", "row", "brand", "money", "what"}, rows)
}

// keyText is what tells a row from the others.
func keyText(key changes.Values) string {
	var out []string
	for _, v := range key {
		if v.Value != nil {
			out = append(out, *v.Value)
		}
	}
	return strings.Join(out, " ")
}

// moneyText is a row's money: of now, of before if it is gone, and both where it moved.
func moneyText(r changes.Row) string {
	text := func(m *changes.Money) string {
		if m == nil {
			return ""
		}
		return strings.TrimSpace(m.Amount + " " + m.Currency)
	}
	was, now := text(r.Was), text(r.Now)
	switch {
	case r.State == changes.StateGone || now == "":
		return was
	case was == "" || was == now:
		return now
	}
	return was + " → " + now
}

// widest is how much of what a row is about stands on its line; --all and --json have all of it.
const widest = 130

// fit is a text as far as it fits.
func (f changesFlags) fit(text string) string {
	if runes := []rune(text); len(runes) > widest && !f.all {
		return string(runes[:widest]) + " …"
	}
	return text
}

// longText is what is not worth to be read as it was before: a sentence.
const longText = 24

// whatText says what moved besides the money, and of a row what it is about.
func whatText(of changes.Listed, r changes.Row) string {
	var out []string
	named := map[string]bool{}
	for _, m := range r.Moved {
		named[m.Column] = true
		was, now := orNothing(m.Was), orNothing(m.Now)
		switch {
		case m.Column == of.Amount || m.Column == of.Currency:
		case len(was) > longText || len(now) > longText:
			out = append(out, m.Column+" → "+now)
		default:
			out = append(out, fmt.Sprintf("%s %s → %s", m.Column, was, now))
		}
	}
	for _, v := range r.About {
		if v.Value != nil && !named[v.Column] {
			out = append(out, *v.Value)
		}
	}
	return strings.Join(out, "; ")
}

func orNothing(v *string) string {
	if v == nil || *v == "" {
		return "nothing"
	}
	return *v
}

// printTally sums up in one line, and says how to see the rest. Money stands by list alone: one order may be on several.
func (l *commandLine) printTally(a *changes.Answer, f changesFlags, shown int64) {
	sum := byState(a.Lists)
	var news int64
	var words []string
	for _, s := range changes.States() {
		if s == changes.StateAgeing || s == changes.StateSame {
			continue
		}
		news += sum[s]
		words = append(words, fmt.Sprintf("%s %s", count(sum[s]), s))
	}
	fmt.Fprintf(l.stdout, "\n%s on %s; %s ageing, %s the same", strings.Join(words, ", "), plural(len(a.Lists), "list"), count(sum[changes.StateAgeing]), count(sum[changes.StateSame]))
	if left := news - shown; left > 0 && !f.all {
		fmt.Fprintf(l.stdout, "; %s not shown: waybill changes --since release:%d --list NAME --all", plural(left, "row"), a.Since.ID)
	}
	fmt.Fprintln(l.stdout)
}

// printChangesJSON writes one JSON value row by row: a list may have more of them than fit into memory.
func (l *commandLine) printChangesJSON(ctx context.Context, a *changes.Answer, f changesFlags) error {
	wanted := f.wanted()
	wanted.Most = 0
	head, err := opened(struct {
		*changes.Answer
		Tally map[changes.State]int64 `json:"tally"`
	}{a, byState(a.Lists)})
	if err != nil {
		return err
	}
	fmt.Fprintf(l.stdout, "%s, \"lists\": [", head)
	for i, of := range a.Lists {
		if head, err = opened(of); err != nil {
			return err
		}
		fmt.Fprintf(l.stdout, "%s\n %s, \"rows\": [", comma(i), head)
		n := 0
		err = a.Rows(ctx, of, wanted, func(r changes.Row) error {
			text, err := json.Marshal(r)
			if err == nil {
				_, err = fmt.Fprintf(l.stdout, "%s\n  %s", comma(n), text)
			}
			n++
			return err
		})
		if err != nil {
			return err
		}
		fmt.Fprint(l.stdout, "]}")
	}
	fmt.Fprintln(l.stdout, "\n]}")
	return nil
}

// opened is the JSON object of a value without its end, so that more can be written into it.
func opened(v any) (string, error) {
	text, err := json.Marshal(v)
	return strings.TrimSuffix(string(text), "}"), err
}

// comma stands before all entries of a list but the first.
func comma(i int) string {
	if i == 0 {
		return ""
	}
	return ","
}
