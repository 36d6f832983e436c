package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os/exec"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestHeldByACheck keeps the last good release before readers until somebody lets the new one through by name.
func TestHeldByACheck(t *testing.T) {
	t.Parallel()
	p := depot(t)
	p.write("in/DESP_1.csv", despatch(goodLine))
	p.pull(exitDone)
	p.write("in/DESP_2.csv", despatch("AV1002,07/04/2026 12:00,700,"))
	o := p.pull(exitWithheld)
	says(t, o.out, "qty_is_plausible", "1 row", "700", "waybill build --release-by NAME --why REASON")
	if got := p.ask("select sum(qty) from marts.fct_despatch"); got != "2" {
		t.Errorf("readers see %s units, want the 2 of the last good release", got)
	}
	p.pull(exitWithheld) // it stays held
	says(t, p.must(exitDone, "state", "release").out, "release 1", "held since", "qty_is_plausible")
	p.must(exitWithheld, "check")
	alone := p.must(exitWithheld, "check", "qty_is_plausible") // with the mart that it reads
	says(t, alone.out, "check failed: checks.qty_is_plausible: 1 row", "waybill check qty_is_plausible --json")
	p.must(exitUsage, "build", "--release-by", "Ana")
	p.must(exitDone, "build", "--release-by", "Ana", "--why", "a pallet of samples", "--as-of", stamp(depotNow))
	if got := p.ask("select sum(qty) from marts.fct_despatch"); got != "702" {
		t.Errorf("readers see %s units after the release, want 702", got)
	}
	var state struct {
		Released struct {
			By, Why, Failures string
		}
		IsHeld bool `json:"is_held"`
	}
	p.report(exitDone, &state, "state", "release")
	if state.IsHeld || state.Released.By != "Ana" || state.Released.Why != "a pallet of samples" || !strings.Contains(state.Released.Failures, "qty_is_plausible") {
		t.Errorf("who released what is not on record: %+v", state)
	}
	if o := p.pull(exitDone); !strings.Contains(o.out, "no news") {
		t.Errorf("a run after the release finds news:\n%s", o)
	}
}

// TestJSON parses what every command prints for programs.
func TestJSON(t *testing.T) {
	t.Parallel()
	p := depot(t)
	p.write("in/DESP_1.csv", despatch(goodLine, "AV1002,never,1,"))
	p.write("in/DESP_2.csv", "")
	asOf := stamp(depotNow)
	for _, args := range [][]string{
		{"doctor"},
		{"plan", "--as-of", asOf},
		{"run", "--as-of", asOf},
		{"plan", "--as-of", asOf},
		{"build", "--as-of", asOf},
		{"check", "--as-of", asOf},
		{"files", "list"},
		{"files", "why", "DESP_1.csv"},
		{"files", "reload", "DESP_2.csv"},
		{"rejects", "list"},
		{"rejects", "show"},
		{"rejects", "report"},
		{"rejects", "replay", "--as-of", asOf},
		{"query", "select * from marts.fct_despatch"},
		{"query", "select null as a where false"},
		{"state", "runs"},
		{"state", "release"},
		{"state", "tables"},
		{"state", "maintain"},
	} {
		var any json.RawMessage
		p.report(exitDone, &any, args...)
		if len(any) < 2 || any[0] != '[' && any[0] != '{' {
			t.Errorf("waybill %s --json: %q is neither a list nor an object", strings.Join(args, " "), any)
		}
	}
}

// TestQueryOnlyReads tries to change the published marts and to reach files through a query.
func TestQueryOnlyReads(t *testing.T) {
	t.Parallel()
	p := depot(t)
	p.write("in/DESP_1.csv", despatch(goodLine))
	p.pull(exitDone)
	for _, q := range []string{
		"delete from marts.fct_despatch", "create table marts.x as select 1", "drop table marts.fct_despatch", "insert into marts.fct_despatch select * from marts.fct_despatch",
		"copy marts.fct_despatch to '" + p.dir + "/out.csv'", "select * from read_text('" + p.config() + "')", "attach '" + p.dir + "/other.duckdb'",
		"set enable_external_access = true", "select 1; delete from marts.fct_despatch", "install httpfs",
	} {
		if o := p.run("query", q); o.code == exitDone {
			t.Errorf("%s went through:\n%s", q, o)
		}
	}
	if got := p.ask("select count(*) from marts.fct_despatch"); got != "1" {
		t.Errorf("%s rows are left of 1", got)
	}
	says(t, p.must(exitDone, "query", "--format", "csv", "select '=cmd()' as a, 1.50 as b").out, "a,b", "'=cmd(),1.50")
	// An instant is not taken for a day because it is a midnight.
	midnight := "select timestamptz '2026-03-01 00:00:00Z' as placed_at, date '2026-03-01' as placed_on, 'nan'::double as ratio"
	says(t, p.must(exitDone, "query", "--format", "csv", midnight).out, "2026-03-01 00:00:00Z,2026-03-01,NaN")
	says(t, p.must(exitDone, "query", "--json", midnight).out, `"2026-03-01 00:00:00Z"`, `"2026-03-01"`, `"NaN"`)
	p.must(exitUsage, "query", "--format", "xml", "select 1")
	p.must(exitUsage, "query")
}

// TestTwoRuns starts runs at once on one lake: whoever finds a feed taken says by whom, the marts are right either way.
func TestTwoRuns(t *testing.T) {
	t.Parallel()
	p := depot(t)
	units := 0
	for i := range 30 {
		p.write(fmt.Sprintf("in/DESP_%d.csv", i), despatch(fmt.Sprintf("AV%d,07/04/2026 12:00,%d,", 1000+i, i+1)))
		units += i + 1
	}
	ended := make(chan outcome, 4)
	for range cap(ended) {
		go func() { ended <- p.run("run", "--as-of", stamp(depotNow)) }()
	}
	for range cap(ended) {
		o := <-ended
		switch o.code {
		case exitDone:
		case exitFailed:
			says(t, o.err, "leased by another run", "until")
		default:
			t.Errorf("exit %d\n%s", o.code, o)
		}
	}
	p.pull(exitDone)
	if got := p.ask("select sum(qty) || ' of ' || count(*) from marts.fct_despatch"); got != fmt.Sprintf("%d of 30", units) {
		t.Errorf("%s, want %d of 30", got, units)
	}
}

var servedAt = regexp.MustCompile(`http://[0-9.:]+`)

// serving is a running `waybill serve`.
type serving struct {
	cmd   *exec.Cmd
	url   string
	lines chan string // of its output
	log   chan string
}

func serve(t *testing.T, p *office) *serving {
	t.Helper()
	s := &serving{cmd: command(t.Context(), nil, "serve", "--listen", "127.0.0.1:0", "-c", p.config()), lines: make(chan string, 1000), log: make(chan string, 10_000)}
	out, err := s.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	log, err := s.cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		for sc := bufio.NewScanner(out); sc.Scan(); {
			s.lines <- sc.Text()
		}
		close(s.lines)
	}()
	go func() {
		for sc := bufio.NewScanner(log); sc.Scan(); {
			var line struct{ Time, Level, Msg string }
			if err := json.Unmarshal(sc.Bytes(), &line); err != nil || line.Time == "" || line.Level == "" || line.Msg == "" {
				t.Errorf("a line of the log is no JSON with time, level and msg: %s", sc.Text())
			}
			s.log <- sc.Text()
		}
		close(s.log)
	}()
	s.url = servedAt.FindString(s.wait(t, s.lines, "health and metrics"))
	return s
}

// wait reads what is printed, or logged, until a line has the words.
func (s *serving) wait(t *testing.T, from chan string, words string) string {
	t.Helper()
	timeout := time.After(40 * time.Second)
	for {
		select {
		case line, ok := <-from:
			if !ok {
				t.Fatalf("serve ended before it said %q", words)
			}
			if strings.Contains(line, words) {
				return line
			}
		case <-timeout:
			t.Fatalf("serve does not say %q", words)
		}
	}
}

func (s *serving) get(t *testing.T, path string) string {
	t.Helper()
	res, err := http.Get(s.url + path)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != http.StatusOK {
		t.Fatalf("%s: %s %v\n%s", path, res.Status, err, body)
	}
	return string(body)
}

// stop sends SIGTERM and waits for a good end.
func (s *serving) stop(t *testing.T) {
	t.Helper()
	if err := s.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	s.wait(t, s.lines, "drained")
	if err := s.cmd.Wait(); err != nil {
		t.Errorf("serve did not end well after SIGTERM: %v", err)
	}
}

// TestServe runs pipelines on their schedules, shows its health and numbers, drains on SIGTERM, and catches up on what was due meanwhile.
func TestServe(t *testing.T) {
	t.Parallel()
	p := depot(t)
	p.write("in/DESP_1.csv", despatch(goodLine))
	s := serve(t, p)
	s.wait(t, s.log, `"msg":"run started"`)
	says(t, s.wait(t, s.log, `"msg":"feed ended","feed":"depot/despatch"`), `"loaded":1`, `"rows":1`, `"rejected":0`)
	says(t, s.wait(t, s.log, `"msg":"release"`), `"release":1`, `"held_areas":[]`)
	says(t, s.wait(t, s.log, `"msg":"published"`), `"target":"duckdb:`, `"release":1`)
	says(t, s.wait(t, s.log, `"files":1`), `"msg":"run ended"`, `"status":"done"`)
	if got := s.get(t, "/healthz"); got != "ok\n" {
		t.Errorf("/healthz says %q", got)
	}
	p.write("in/DESP_2.csv", despatch("AV1002,07/04/2026 12:00,3,"))
	s.wait(t, s.log, `"files":1`)
	p.write("in/DESP_8.csv", "Order,Despatch date,No of items,Tracking number\n"+goodLine+"\n") // without its trailer
	says(t, s.wait(t, s.log, `"held":1`), `"msg":"feed ended"`)
	says(t, s.get(t, "/metrics"), `waybill_files_held{feed="despatch",rule="truncated",source="depot"} 1`)
	says(t, s.get(t, "/metrics"), `waybill_runs_total{outcome="done",pipeline="depot"}`, `waybill_records_total{feed="despatch",source="depot",state="loaded"} 2`,
		`waybill_last_success_timestamp_seconds{pipeline="depot"}`)
	s.stop(t)
	if got := p.ask("select sum(qty) from marts.fct_despatch"); got != "5" {
		t.Errorf("%s units, want 5", got)
	}

	p.edit("pipelines/depot.yaml", `cron: "@every 2s"`, `cron: "@every 1s"`)
	p.write("in/DESP_3.csv", despatch("AV1003,07/04/2026 12:00,4,"))
	time.Sleep(1100 * time.Millisecond)
	s = serve(t, p)
	s.wait(t, s.log, `"files":1`)
	s.stop(t)
	var runs []struct{ Trigger, Status, Error string }
	p.report(exitDone, &runs, "state", "runs")
	caught := 0
	for _, r := range runs {
		if r.Trigger == "catch-up" {
			caught++
		}
		if r.Status != "done" && r.Status != "skipped" { // the scheduled run while the catch-up was under way
			t.Errorf("a run is %s: %s", r.Status, r.Error)
		}
	}
	if caught != 2 {
		t.Errorf("%d runs caught up, want one at each start: %v", caught, runs)
	}
}

// TestOutdated changes a contract after files were loaded under it: plan and run say so, one command loads them again, and going back to the first contract
// gives the first rows.
func TestOutdated(t *testing.T) {
	t.Parallel()
	p := depot(t)
	p.write("in/DESP_1.csv", despatch("AV1001,07/04/2026 12:00,1,"))
	p.write("in/DESP_2.csv", despatch("AV1002,07/04/2026 12:00,5,"))
	p.pull(exitDone)
	shows := func(units string) {
		t.Helper()
		if got := p.ask("select sum(qty) from marts.fct_despatch"); got != units {
			t.Errorf("readers see %s units, want %s", got, units)
		}
	}
	shows("6")
	const was, is = "type: integer, required: true", "type: integer, required: true, max: 3"
	p.edit("pipelines/depot.yaml", was, is)
	for _, o := range []outcome{p.must(exitDone, "plan", "--as-of", stamp(depotNow)), p.pull(exitDone)} {
		says(t, o.out, "outdated: depot/despatch: 2 files judged under another contract; next: waybill files reload --outdated --source depot/despatch")
	}
	says(t, p.must(exitDone, "plan", "--as-of", stamp(depotNow)).out, "next: waybill run --as-of "+stamp(depotNow))
	p.must(exitUsage, "files", "reload")
	p.must(exitUsage, "files", "reload", "DESP_1.csv", "--outdated")
	says(t, p.must(exitDone, "files", "reload", "--outdated").out, "DESP_2.csv: was loaded, 0 rejected; is held", "2 files loaded again")
	p.must(exitDone, "build", "--as-of", stamp(depotNow))
	shows("1")
	p.edit("pipelines/depot.yaml", is, was)
	says(t, p.must(exitDone, "files", "reload", "--outdated", "--source", "depot/despatch").out, "2 files loaded again; next: waybill build")
	p.must(exitDone, "build", "--as-of", stamp(depotNow))
	shows("6")
	says(t, p.must(exitDone, "files", "reload", "--outdated").out, "nothing to do")
	p.write("in/DESP_1.csv", despatch("AV1001,07/04/2026 12:00,2,"))
	p.pull(exitDone)
	says(t, p.must(exitDone, "files", "reload", "DESP_1.csv").out, "nothing to do")
}

// TestCodesChange: a contract gives a partner's word another meaning after files were loaded. They are shown as outdated until they are loaded again all at once,
// and then every row is read by the same codes.
func TestCodesChange(t *testing.T) {
	t.Parallel()
	p := depot(t)
	const was, is = "codes: {Packed: packed, Gone: despatched}", "codes: {Packed: picked, Gone: despatched}"
	p.edit("pipelines/depot.yaml", `status: {from: ["Status"], type: text, required: true}`, `status: {from: ["Status"], type: text, required: true, `+was+`}`)
	status := func(name, order, word string) {
		p.write("in/"+name, "Order,Status,Status date\n"+order+","+word+",07/04/2026 11:00\n")
	}
	reads := func(want string) {
		t.Helper()
		if got := p.ask("select string_agg(status, ' ' order by order_ref) from raw.depot_status"); got != want {
			t.Errorf("the table reads %q, want %q", got, want)
		}
	}
	status("STAT_1.csv", "AV1001", "Packed")
	status("STAT_2.csv", "AV1002", "Gone")
	p.pull(exitDone)
	reads("packed despatched")
	p.edit("pipelines/depot.yaml", was, is)
	status("STAT_3.csv", "AV1003", "Packed")
	says(t, p.pull(exitDone).out, "outdated: depot/order_status: 2 files judged under another contract; next: waybill files reload --outdated --source depot/order_status")
	reads("packed despatched picked")
	says(t, p.must(exitDone, "files", "reload", "--outdated").out, "2 files loaded again; next: waybill build")
	reads("picked despatched picked")
	if o := p.pull(exitDone); strings.Contains(o.out, "outdated") {
		t.Errorf("loaded again, files are still outdated:\n%s", o.out)
	}
}

// TestAsOfAhead: a mistyped year publishes no marts in which everything is late.
func TestAsOfAhead(t *testing.T) {
	t.Parallel()
	p := depot(t)
	says(t, p.must(exitUsage, "run", "--as-of", "2099-01-01").err, "days ahead of the clock")
	p.must(exitDone, "run", "--as-of", stamp(time.Now().Add(24*time.Hour)))
}
