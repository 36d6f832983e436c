package changes

import (
	"context"
	"database/sql"
	"fmt"
	"math/big"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"

	"pgregory.net/rapid"

	"github.com/fourmarketing/waybill"
	"github.com/fourmarketing/waybill/lake"
	"github.com/fourmarketing/waybill/transforms/duck"
	"github.com/fourmarketing/waybill/transforms/models"
)

// complaints is a list that has everything a list can have.
const complaints = `/*
description: d
key: [kind, document]
list:
  where: state <> 'closed'
  by: [kind]
  worse: {severity: [low, high], units: more}
  amount: amount
  currency: currency
  clock: [age_hours]
  show: [detail]
columns: {kind: it, document: it, state: it, severity: it, units: it, amount: it, currency: it, age_hours: it, detail: it, brand: it, _built_at: it}
*/
select 1 as x`

// columns of the list, with their types in the lake.
var complaintColumns = []lake.Field{
	field("kind", "VARCHAR"), field("document", "VARCHAR"), field("state", "VARCHAR"), field("severity", "VARCHAR"), field("units", "INTEGER"), field("amount", "DECIMAL(18,4)"),
	field("currency", "VARCHAR"), field("age_hours", "INTEGER"), field("detail", "VARCHAR"), field("brand", "VARCHAR"), field("_built_at", "INTEGER"),
}

func field(name, kind string) lake.Field {
	var f lake.Field
	f.Name, f.Type = name, waybill.Type(kind)
	return f
}

func complaintList(t *testing.T) *models.Model {
	t.Helper()
	p, err := models.Read(fstest.MapFS{"marts/desk/complaints.sql": {Data: []byte(complaints)}})
	if err != nil {
		t.Fatal(err)
	}
	return p.Lists()[0]
}

// complaint is a row; an empty text is null.
type complaint struct {
	kind, document, state, severity, units, amount, currency, age, detail, brand string
}

func (r complaint) cells() []string {
	return []string{r.kind, r.document, r.state, r.severity, r.units, r.amount, r.currency, r.age, r.detail, r.brand}
}

// rowsOf is a select of complaints.
func rowsOf(rows []complaint, built int) side {
	var selects []string
	for _, r := range append(rows, complaint{}) {
		var items []string
		for i, v := range r.cells() {
			value := "null"
			if v != "" {
				value = duck.Literal(v)
			}
			items = append(items, fmt.Sprintf("cast(%s as %s) as %s", value, complaintColumns[i].Type, complaintColumns[i].Name))
		}
		selects = append(selects, "select "+strings.Join(items, ", ")+", "+strconv.Itoa(built)+" as _built_at, "+strconv.FormatBool(r == complaint{})+" as is_blank")
	}
	return side{release: int64(built), from: "select * exclude (is_blank) from (" + strings.Join(selects, " union all ") + ") where not is_blank", columns: complaintColumns}
}

// compared compares two versions of the list.
func compared(ctx context.Context, db *sql.DB, c comparison) ([]Count, []Row, error) {
	l := Listed{List: "complaints", table: "compared"}
	if _, err := db.ExecContext(ctx, "drop table if exists compared"); err != nil {
		return nil, nil, err
	}
	if err := (&Changes{}).fill(ctx, db, c, &l); err != nil {
		return nil, nil, err
	}
	if l.Problem != "" {
		return nil, nil, fmt.Errorf("%s", l.Problem)
	}
	var rows []Row
	a := &Answer{db: db}
	err := a.Rows(ctx, l, Wanted{States: States()}, func(r Row) error { rows = append(rows, r); return nil })
	return l.Counts, rows, err
}

func openDuck(t *testing.T) *sql.DB {
	t.Helper()
	db := duck.Open(duck.Config{Threads: 1})
	t.Cleanup(func() { db.Close() })
	return db
}

// TestStates has a row of each state, and of what decides between them.
func TestStates(t *testing.T) {
	t.Parallel()
	base := complaint{"late", "1", "open", "low", "2", "10.50", "GBP", "5", "text", "Aster"}
	with := func(change func(*complaint)) complaint { r := base; change(&r); return r }
	m, db := complaintList(t), openDuck(t)
	for name, c := range map[string]struct {
		was, now complaint
		want     string
	}{
		"new":                       {complaint{}, base, "new"},
		"gone":                      {base, complaint{}, "gone"},
		"ended, and still there":    {base, with(func(r *complaint) { r.state = "closed" }), "gone state open→closed"},
		"begun again":               {with(func(r *complaint) { r.state = "closed" }), base, "new state closed→open"},
		"the same":                  {base, base, "same"},
		"older":                     {base, with(func(r *complaint) { r.age = "9" }), "ageing age_hours 5→9"},
		"more severe":               {base, with(func(r *complaint) { r.severity, r.age = "high", "9" }), "worse severity low→high"},
		"less severe":               {with(func(r *complaint) { r.severity = "high" }), base, "better severity high→low"},
		"severe at last":            {with(func(r *complaint) { r.severity = "" }), base, "worse severity ∅→low"},
		"of a word nobody ranks":    {with(func(r *complaint) { r.severity = "odd" }), base, "changed severity odd→low"},
		"odd, and more money":       {with(func(r *complaint) { r.severity = "odd" }), with(func(r *complaint) { r.amount = "11" }), "worse severity odd→low amount 10.50→11.00"},
		"more units":                {base, with(func(r *complaint) { r.units = "3" }), "worse units 2→3"},
		"severity before money":     {base, with(func(r *complaint) { r.severity, r.amount = "high", "1" }), "worse severity low→high amount 10.50→1.00"},
		"more money":                {base, with(func(r *complaint) { r.amount = "10.51" }), "worse amount 10.50→10.51"},
		"less money":                {base, with(func(r *complaint) { r.amount = "9.996" }), "better amount 10.50→9.996"},
		"a greater difference":      {with(func(r *complaint) { r.amount = "-10" }), with(func(r *complaint) { r.amount = "-12" }), "worse amount -10.00→-12.00"},
		"another currency":          {base, with(func(r *complaint) { r.amount, r.currency = "99", "JPY" }), "changed amount 10.50→99.00 currency GBP→JPY"},
		"money known at last":       {with(func(r *complaint) { r.amount = "" }), base, "changed amount ∅→10.50"},
		"another text":              {base, with(func(r *complaint) { r.detail = "" }), "changed detail text→∅"},
		"a null in its key":         {with(func(r *complaint) { r.kind = "" }), with(func(r *complaint) { r.kind, r.age = "", "6" }), "ageing age_hours 5→6"},
		"closed before and after":   {with(func(r *complaint) { r.state = "closed" }), with(func(r *complaint) { r.state, r.amount = "closed", "99" }), ""},
		"nobody knows if it closed": {base, with(func(r *complaint) { r.state = "" }), "gone state open→∅"},
	} {
		_, rows, err := compared(t.Context(), db, comparison{of: m, was: rowsOf(some(c.was), 1), now: rowsOf(some(c.now), 2)})
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		var got []string
		for _, r := range rows {
			got = append(got, inWords(r))
		}
		if strings.Join(got, "; ") != c.want {
			t.Errorf("%s: got %q, want %q", name, got, c.want)
		}
	}
}

func some(r complaint) []complaint {
	if r == (complaint{}) {
		return nil
	}
	return []complaint{r}
}

func inWords(r Row) string {
	text := string(r.State)
	for _, m := range r.Moved {
		text += fmt.Sprintf(" %s %s→%s", m.Column, orNull(m.Was), orNull(m.Now))
	}
	return text
}

func orNull(v *string) string {
	if v == nil {
		return "∅"
	}
	return *v
}

// drawList makes a version of the list, of kinds. Where a kind may be null, keys may be alike too; else no two rows have the same.
func drawList(rt *rapid.T, label string, kinds ...string) []complaint {
	alike := slices.Contains(kinds, "")
	pick := func(words ...string) string { return rapid.SampledFrom(words).Draw(rt, label) }
	var out []complaint
	for range rapid.IntRange(0, 12).Draw(rt, label+" rows") {
		r := complaint{
			kind: pick(kinds...), document: pick("1", "2", "3", "4"), state: pick("open", "open", "open", "closed", ""), severity: pick("low", "high", "odd", ""), units: pick("1", "2", ""),
			amount: pick("0", "5.25", "-5.25", "7", ""), currency: pick("GBP", "GBP", "KWD", ""), age: pick("1", "2"), detail: pick("a", "b"), brand: pick("Aster", "Brine", ""),
		}
		if alike || !slices.ContainsFunc(out, func(o complaint) bool { return o.kind == r.kind && o.document == r.document }) {
			out = append(out, r)
		}
	}
	return out
}

func (r complaint) listed(brand string) bool {
	return r.state != "" && r.state != "closed" && (brand == "" || r.brand == brand)
}

// became is what the head says became of a row, worked out without SQL.
func became(was, now complaint, brand string) State {
	number := func(s string) *big.Rat { v, _ := new(big.Rat).SetString(s); return v }
	grade := map[string]int{"": 0, "low": 1, "high": 2}
	switch {
	case !was.listed(brand):
		return StateNew
	case !now.listed(brand):
		return StateGone
	}
	a, knownWas := grade[was.severity]
	b, knownNow := grade[now.severity]
	by := 0
	if knownWas && knownNow {
		by = b - a
	}
	if by == 0 && was.units != "" && now.units != "" {
		by = number(now.units).Cmp(number(was.units))
	}
	if by == 0 && was.amount != "" && now.amount != "" && was.currency == now.currency {
		by = new(big.Rat).Abs(number(now.amount)).Cmp(new(big.Rat).Abs(number(was.amount)))
	}
	older := now
	older.age = was.age
	switch {
	case by > 0:
		return StateWorse
	case by < 0:
		return StateBetter
	case older != was:
		return StateChanged
	case now != was:
		return StateAgeing
	}
	return StateSame
}

// TestEachRowIsInOneState draws two versions of a list: each row has the state that the head says, and none has two.
func TestEachRowIsInOneState(t *testing.T) {
	t.Parallel()
	m, db := complaintList(t), openDuck(t)
	rapid.Check(t, func(rt *rapid.T) {
		was, now := drawList(rt, "was", "late", "lost"), drawList(rt, "now", "late", "lost")
		brand := rapid.SampledFrom([]string{"", "", "Aster"}).Draw(rt, "brand")
		want := map[string]State{}
		find := func(rows []complaint, like complaint) complaint {
			for _, r := range rows {
				if r.kind == like.kind && r.document == like.document {
					return r
				}
			}
			return complaint{}
		}
		for _, r := range append(slices.Clone(was), now...) {
			a, b := find(was, r), find(now, r)
			if a.listed(brand) || b.listed(brand) {
				want[r.kind+" "+r.document] = became(a, b, brand)
			}
		}
		counts, rows, err := compared(t.Context(), db, comparison{of: m, was: rowsOf(was, 1), now: rowsOf(now, 2), brand: brand})
		if err != nil {
			rt.Fatal(err)
		}
		got := map[string]State{}
		for _, r := range rows {
			key := *r.Key[0].Value + " " + *r.Key[1].Value
			if got[key] != "" {
				rt.Fatalf("%s is %s and %s", key, got[key], r.State)
			}
			got[key] = r.State
		}
		if fmt.Sprint(got) != fmt.Sprint(want) {
			rt.Fatalf("got %v\nwant %v", got, want)
		}
		reconciles(rt, counts, was, now, brand)
	})
}

// TestCountsReconcile draws two versions of a list with keys that are alike or have nulls, as a build that was let through may have: still no row is
// counted twice or not at all.
func TestCountsReconcile(t *testing.T) {
	t.Parallel()
	m, db := complaintList(t), openDuck(t)
	rapid.Check(t, func(rt *rapid.T) {
		was, now := drawList(rt, "was", "late", "lost", ""), drawList(rt, "now", "late", "lost", "")
		counts, _, err := compared(t.Context(), db, comparison{of: m, was: rowsOf(was, 1), now: rowsOf(now, 2)})
		if err != nil {
			rt.Fatal(err)
		}
		reconciles(rt, counts, was, now, "")
	})
}

// orEmpty is the only value that a count is by; none for null.
func orEmpty(by []*string) string {
	if by[0] == nil {
		return ""
	}
	return *by[0]
}

// reconciles holds that by kind and currency rows and money of before, plus what is new, less what is gone, and what moved, come to those of now.
func reconciles(rt *rapid.T, counts []Count, was, now []complaint, brand string) {
	type total struct {
		rows  int64
		money string
	}
	sum := func(rows []complaint) map[string]total {
		n, money := map[string]int64{}, map[string]*big.Rat{}
		for _, r := range rows {
			if !r.listed(brand) {
				continue
			}
			at := r.kind + " " + r.currency
			if money[at] == nil {
				money[at] = new(big.Rat)
			}
			n[at]++
			if v, ok := new(big.Rat).SetString(r.amount); ok {
				money[at].Add(money[at], v)
			}
		}
		out := map[string]total{}
		for at := range n {
			out[at] = total{n[at], money[at].FloatString(4)}
		}
		return out
	}
	add := func(of func(Count) (int64, string)) map[string]total {
		n, money := map[string]int64{}, map[string]*big.Rat{}
		for _, c := range counts {
			rows, text := of(c)
			at := orEmpty(c.By) + " " + c.Currency
			if money[at] == nil {
				money[at] = new(big.Rat)
			}
			n[at] += rows
			if v, ok := new(big.Rat).SetString(text); ok {
				money[at].Add(money[at], v)
			}
		}
		out := map[string]total{}
		for at := range n {
			if n[at] > 0 {
				out[at] = total{n[at], money[at].FloatString(4)}
			}
		}
		return out
	}
	if got, want := add(func(c Count) (int64, string) { return c.RowsWas, c.Was }), sum(was); fmt.Sprint(got) != fmt.Sprint(want) {
		rt.Fatalf("before: counted %v, were %v", got, want)
	}
	if got, want := add(func(c Count) (int64, string) { return c.RowsNow, c.Now }), sum(now); fmt.Sprint(got) != fmt.Sprint(want) {
		rt.Fatalf("now: counted %v, are %v", got, want)
	}
	for _, c := range counts {
		if (c.State == StateNew && c.RowsWas > 0) || (c.State == StateGone && c.RowsNow > 0) {
			rt.Fatalf("%+v", c)
		}
		if c.Change == "" {
			continue
		}
		change, _ := new(big.Rat).SetString(c.Change)
		before, _ := new(big.Rat).SetString(c.Was)
		after, _ := new(big.Rat).SetString(c.Now)
		if new(big.Rat).Sub(after, before).Cmp(change) != 0 {
			rt.Fatalf("%s to %s is not %s", c.Was, c.Now, c.Change)
		}
	}
}
