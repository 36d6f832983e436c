package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/big"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/fourmarketing/waybill/internal/testservers"
	"github.com/fourmarketing/waybill/sandbox/world"
)

// changesReport is what `waybill changes --json` answers.
type changesReport struct {
	Since, Until struct {
		Release int64     `json:"release"`
		AsOf    time.Time `json:"as_of"`
	}
	Notes []string         `json:"notes"`
	Tally map[string]int64 `json:"tally"`
	Lists []struct {
		List    string   `json:"list"`
		Problem string   `json:"problem"`
		Notes   []string `json:"notes"`
		Counts  []struct {
			State    string `json:"state"`
			Currency string `json:"currency"`
			RowsWas  int64  `json:"rows_was"`
			RowsNow  int64  `json:"rows_now"`
			Was      string `json:"was"`
			Now      string `json:"now"`
		} `json:"counts"`
		Rows []struct {
			State string             `json:"state"`
			Key   map[string]*string `json:"key"`
			Brand string             `json:"brand"`
			Moved []struct {
				Column string `json:"column"`
			} `json:"moved"`
		} `json:"rows"`
	} `json:"lists"`
}

// watched is a list as docs/meanings.md has it: what makes a row worse, what is money, what only the clock moves.
type watched struct {
	mart             string
	on               func(row map[string]string) bool
	worse            string
	words            []string // from good to bad
	amount, currency string
	clock            []string
}

var watchedLists = []watched{
	{mart: "orders_at_risk", worse: "risk_state", words: []string{"", "ok", "at_risk", "breached"}, amount: "total_amount", currency: "currency", clock: []string{"days_left", "age_hours"}},
	{
		mart: "returns_open", worse: "why", words: []string{
			"", "announced", "on_its_way", "to_book", "to_grade", "to_refund", "refunded_early", "not_sent", "not_booked", "not_graded", "part_refunded", "lost", "past_promise",
			"past_law", "refund_failed", "order_unknown",
		},
		amount: "at_stake_amount", currency: "currency", clock: []string{"days_left", "days_over", "age_hours"},
	},
	{mart: "fct_breaks", worse: "severity", words: []string{"", "medium", "high", "critical"}, amount: "amount", currency: "currency", clock: []string{"age_hours", "first_seen_at"}},
	{
		mart: "fct_claimable_parcels", on: func(row map[string]string) bool { return row["state"] == "open" },
		amount: "claimable_amount", currency: "currency", clock: []string{"days_left"},
	},
	{
		mart: "fct_disputes", on: func(row map[string]string) bool {
			return !slices.Contains([]string{"won", "lost", "closed"}, row["state"])
		},
		worse: "state", words: []string{"", "inquiry", "under_review", "needs_response"}, amount: "amount", currency: "currency",
	},
	{mart: "feed_gaps"},
}

// truthOf are the rows of a list that really were on it at an instant, by their key.
func truthOf(t *testing.T, w *world.World, l watched, at time.Time) (rows map[string]map[string]string, key []string) {
	t.Helper()
	rows = map[string]map[string]string{}
	for _, table := range w.Truth(at) {
		if table.Mart != "marts."+l.mart {
			continue
		}
		for _, cells := range table.Rows {
			row := map[string]string{}
			for i, c := range table.Columns {
				if !strings.HasPrefix(c, "_") {
					row[c] = cells[i]
				}
			}
			if l.on == nil || l.on(row) {
				rows[keyOf(table.Key, func(c string) string { return row[c] })] = row
			}
		}
		return rows, table.Key
	}
	t.Fatalf("the world tells nothing of %s", l.mart)
	return nil, nil
}

func keyOf(columns []string, value func(string) string) string {
	var out []string
	for _, c := range columns {
		out = append(out, value(c))
	}
	return strings.Join(out, " ")
}

// became is what happened to a row of both instants.
func (l watched) became(was, now map[string]string) string {
	a, b := slices.Index(l.words, was[l.worse]), slices.Index(l.words, now[l.worse])
	by := 0
	if l.worse != "" && a >= 0 && b >= 0 {
		by = b - a
	}
	before, knownWas := new(big.Rat).SetString(was[l.amount])
	after, knownNow := new(big.Rat).SetString(now[l.amount])
	if by == 0 && knownWas && knownNow && was[l.currency] == now[l.currency] {
		by = after.Abs(after).Cmp(before.Abs(before))
	}
	moved, aged := false, false
	for c := range now {
		if was[c] == now[c] || was[c] == world.Untold || now[c] == world.Untold {
			continue
		}
		if slices.Contains(l.clock, c) {
			aged = true
		} else {
			moved = true
		}
	}
	switch {
	case by > 0:
		return "worse"
	case by < 0:
		return "better"
	case moved:
		return "changed"
	case aged:
		return "ageing"
	}
	return "same"
}

// TestChangesAreWhatHappened runs a world at its checkpoints and asks what changed between each two. What is new, gone, worse and better is what really
// happened meanwhile, row by row, and the money is that of the world.
func TestChangesAreWhatHappened(t *testing.T) {
	t.Parallel()
	box := startWorld(t, small(23))
	p := join(t, box)
	points := box.World().Checkpoints()
	for i, at := range points {
		advance(t, box, at)
		p.must(exitDone, "run", "--as-of", stamp(at))
		if i == 0 {
			says(t, p.must(exitUsage, "changes").err, "no release is of before", "the oldest is release 1")
		}
	}
	seen := map[string]int{}
	for i := 1; i < len(points); i++ {
		var r changesReport
		p.report(exitDone, &r, "changes", "--all", "--since", fmt.Sprintf("release:%d", i), "--until", fmt.Sprintf("release:%d", i+1))
		for _, l := range watchedLists {
			r.happened(t, box.World(), l, [2]time.Time{points[i-1], points[i]}, seen)
		}
	}
	for _, state := range []string{"new", "gone", "worse", "better", "changed", "ageing"} {
		if seen[state] == 0 {
			t.Errorf("no row of this world is %s: nothing is shown of it", state)
		}
	}
	changesAsPeopleReadThem(t, p, points)
}

// happened compares one list of an answer with the world at two instants.
func (r changesReport) happened(t *testing.T, w *world.World, l watched, between [2]time.Time, seen map[string]int) {
	t.Helper()
	was, key := truthOf(t, w, l, between[0])
	now, _ := truthOf(t, w, l, between[1])
	want := map[string]string{}
	for k, row := range now {
		want[k] = "new"
		if before, there := was[k]; there {
			want[k] = l.became(before, row)
		}
	}
	for k := range was {
		if now[k] == nil {
			want[k] = "gone"
		}
	}
	for _, got := range r.Lists {
		if got.List != l.mart {
			continue
		}
		if got.Problem != "" {
			t.Errorf("%s: %s", l.mart, got.Problem)
		}
		for _, row := range got.Rows {
			k := keyOf(key, func(c string) string { return deref(row.Key[c]) })
			// What the world does not know may have moved as well.
			untold := row.State == "changed" && slices.Contains([]string{"same", "ageing"}, want[k]) && !slices.ContainsFunc(row.Moved, func(m struct {
				Column string `json:"column"`
			},
			) bool {
				v, told := now[k][m.Column]
				return told && v != world.Untold && v != was[k][m.Column]
			})
			if want[k] != row.State && !untold {
				t.Errorf("%s to %s, %s: %s is %s, and %q happened: %v", between[0], between[1], l.mart, k, row.State, want[k], row.Moved)
			}
			seen[row.State]++
			delete(want, k)
		}
		for k, state := range want {
			if state != "same" {
				t.Errorf("%s to %s, %s: %s is not told, and it is %s", between[0], between[1], l.mart, k, state)
			}
		}
		rows, money := map[string]int64{}, map[string]*big.Rat{}
		add := func(side, currency, amount string, n int64) {
			at := side + " " + currency
			if money[at] == nil {
				money[at] = new(big.Rat)
			}
			if v, ok := new(big.Rat).SetString(amount); ok {
				money[at].Add(money[at], v)
			}
			rows[at] += n
		}
		for _, c := range got.Counts {
			add("was", c.Currency, c.Was, c.RowsWas)
			add("now", c.Currency, c.Now, c.RowsNow)
		}
		for side, truth := range map[string]map[string]map[string]string{"was": was, "now": now} {
			for _, row := range truth {
				amount, ok := new(big.Rat).SetString(row[l.amount])
				if !ok {
					amount = new(big.Rat)
				}
				add(side, row[l.currency], new(big.Rat).Neg(amount).RatString(), -1)
			}
		}
		for at, sum := range money {
			if sum.Sign() != 0 || rows[at] != 0 {
				t.Errorf("%s to %s, %s: %s are %d rows and %s more than happened", between[0], between[1], l.mart, at, rows[at], sum.FloatString(4))
			}
		}
		return
	}
	t.Errorf("%s is not compared", l.mart)
}

func deref(v *string) string {
	if v == nil {
		return ""
	}
	return *v
}

// changesAsPeopleReadThem asks without --json, by time, for a brand, and wrongly.
func changesAsPeopleReadThem(t *testing.T, p *office, points []time.Time) {
	t.Helper()
	last := len(points)
	plain := p.must(exitDone, "changes").out
	says(t, plain, fmt.Sprintf("to release %d (as of", last), "orders_at_risk", "fct_breaks", "feed_health", " new, ", " on 12 lists; ")
	if narrow := p.must(exitDone, "changes", "--list", "orders_at_risk", "--rows", "1").out; strings.Contains(narrow, "fct_breaks") || len(narrow) >= len(plain) {
		t.Errorf("one list alone:\n%s", narrow)
	}
	whole := map[string]int64{}
	var one changesReport
	for _, brand := range []string{"Aster & Vale", "hart / rowe", "Nørre Studio", "Pell Mill", "Oxbow & Lark"} {
		p.report(exitDone, &one, "changes", "--brand", brand, "--list", "returns_open", "--list", "orders_at_risk")
		for _, l := range one.Lists {
			for _, c := range l.Counts {
				whole[l.List] += c.RowsNow
			}
			for _, r := range l.Rows {
				if !strings.EqualFold(r.Brand, brand) {
					t.Errorf("%s has a row of %s", brand, r.Brand)
				}
			}
		}
		one = changesReport{}
	}
	for list, n := range whole {
		if got := p.ask("select count(*) from marts." + list + " where brand is not null"); got != fmt.Sprint(n) {
			t.Errorf("%s: %d rows of all brands, the mart has %s", list, n, got)
		}
	}
	for _, c := range [][2]string{
		{"--since=2019-01-01", "no release is of before"},
		{"--since=release:99", "there is no release 99"},
		{"--list=orders_at_risc", "did you mean orders_at_risk?"},
		{"--brand=Aster", `did you mean "Aster & Vale"?`},
		{"--zone=Lundon", "is no zone such as"},
		{"--rows=0", "at least one"},
		{"--as-of=2026-04-01", "next: waybill changes --until 2026-04-01"},
	} {
		says(t, p.must(exitUsage, "changes", c[0]).err, c[1])
	}
}

// TestChangesInASharedLake compares releases of a lake on S3 with a catalog in Postgres: of a project's own list, before and after somebody of it was
// forgotten, when nothing of before may be read.
func TestChangesInASharedLake(t *testing.T) {
	t.Parallel()
	s3, dsn := testservers.StartS3(t), testservers.StartPostgres(t)
	p := forgetfulDepot(t)
	p.edit("waybill.yaml", "lake: {root: lake}", fmt.Sprintf("lake: {root: 's3://%s/ops', catalog: '%s', cache: cache, s3: {endpoint: '%s', access_key: '%s', secret_key: '%s'}}",
		s3.Bucket, dsn, s3.Endpoint, s3.AccessKey.Reveal(), s3.SecretKey.Reveal()))
	p.edit("sql/partners/depot/stg_depot__despatch.sql", "tracking_no, _file_id", "tracking_no, email, _file_id")
	p.edit("sql/marts/fulfilment/fct_despatch.sql", "tracking_no, _file_id", "tracking_no, email, _file_id")
	p.edit("sql/marts/fulfilment/fct_despatch.sql", "key: [_file_id, _line]", "key: [order_ref]\nlist: {worse: {qty: more}, show: [email]}")
	p.edit("sql/marts/fulfilment/fct_despatch.sql", "  tracking_no: the parcel\n", "  tracking_no: the parcel\n  email: hash of the customer's address\n")
	run := func(day int) { p.must(exitDone, "run", "--as-of", stamp(depotNow.AddDate(0, 0, day))) }
	states := func(args ...string) string {
		var r changesReport
		p.report(exitDone, &r, append([]string{"changes", "--list", "fct_despatch"}, args...)...)
		out := map[string]string{}
		for _, row := range r.Lists[0].Rows {
			out[deref(row.Key["order_ref"])] = row.State
		}
		return fmt.Sprint(r.Since.Release, r.Until.Release, slices.Sorted(maps.Keys(r.Tally)), out)
	}
	jane, joan, rose := "AA1,07/04/2026 10:15,2,JD001,jane@example.com,Jane Doe,+4412345", "AA2,07/04/2026 10:15,1,JD002,joan@example.com,Joan Roe,+4467890", "AA3,07/04/2026 11:15,1,JD003,rose@example.com,Rose Poe,+4467891"
	p.write("in/DESP_1.csv", sent(jane, joan))
	run(0)
	p.write("in/DESP_1.csv", sent(jane, strings.Replace(joan, "10:15,1", "10:15,3", 1), rose))
	run(1)
	if got := states(); got != "1 2 [new same worse] map[AA2:worse AA3:new]" {
		t.Errorf("since yesterday: %s", got)
	}
	for _, args := range [][]string{{"--json"}, nil} {
		text := p.must(exitDone, append([]string{"changes", "--list", "fct_despatch", "--all"}, args...)...).out
		says(t, text, "AA3", "qty")
		if args != nil && !json.Valid([]byte(text)) {
			t.Errorf("no JSON:\n%s", text)
		}
	}
	p.must(exitDone, "forget", "--email", "joan@example.com", "--yes")
	for _, since := range []string{"yesterday", "release:1", "release:2"} {
		o := p.must(exitUsage, "changes", "--list", "fct_despatch", "--since", since)
		says(t, o.err, "is not kept any more; the oldest that is kept is release 3", "next: the same after the next run")
	}
	p.write("in/DESP_2.csv", sent("AA4,08/04/2026 10:15,2,JD004,jack@example.com,Jack Loe,+4412346"))
	run(2)
	if got := states(); got != "3 4 [new same] map[AA4:new]" {
		t.Errorf("after forgetting: %s", got)
	}
	if err := os.RemoveAll(p.dir + "/cache"); err != nil {
		t.Fatal(err)
	}
	if got := states("--since", "release:3"); got != "3 4 [new same] map[AA4:new]" {
		t.Errorf("without a cache: %s", got)
	}
}
