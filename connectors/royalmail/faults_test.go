package royalmail_test

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/fourmarketing/waybill"
	"github.com/fourmarketing/waybill/connectors/connectortest"
	"github.com/fourmarketing/waybill/connectors/royalmail"
)

// That nothing is known of a number is an answer, with whatever status it comes.
func TestNotKnownIsAnAnswer(t *testing.T) {
	t.Parallel()
	for _, code := range []string{"E1142", "E1283", "E1284", "E1308", "E2001"} {
		for _, status := range []int{400, 404, 200} {
			a, c := start(t, nil, nil)
			a.fail = func(_ int, call string, w http.ResponseWriter) bool {
				if call == "events N001" {
					say(w, status, strings.ReplaceAll(example("not_found.json"), "E1142", code))
				}
				return call == "events N001"
			}
			got, err := pull(t, c, request(numbers(3)...))
			if err != nil || !slices.Equal(got.known, []string{"N000", "N002"}) || !slices.Equal(got.unknown, []string{"N001"}) || len(got.failed) > 0 {
				t.Errorf("%s with %d: events of %v, unknown %v, failed %v, %v", code, status, got.known, got.unknown, got.failed, err)
			}
		}
	}
}

// A summary says it in five ways. None of them costs a call for the events.
func TestSummaryOfUnknownNumbers(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		status  int
		body    string
		unknown bool
	}{
		"piece":                   {200, summaries("X1"), true},
		"error beside 200":        {200, strings.ReplaceAll(example("summary_error.json"), "090367574000000FE1E1B", "X1"), true},
		"404 with the piece":      {404, `{"httpCode":"404","httpMessage":"Not Found","mailPieces":[{"mailPieceId":"X1","status":"404"}]}`, true},
		"404 with a number":       {404, `{"httpCode":404,"httpMessage":"Not Found","mailPieces":[{"mailPieceId":"x1","status":404}]}`, true},
		"400 without":             {400, example("not_found.json"), true},
		"trouble with the piece":  {200, `{"mailPieces":[{"mailPieceId":"X1","status":"404","error":{"errorCode":"E1307"}}]}`, false},
		"another piece":           {200, summaries("X2"), false},
		"nothing":                 {200, `{"mailPieces":[]}`, false},
		"503 with the piece":      {200, `{"httpCode":"503","mailPieces":[{"mailPieceId":"X1","status":"404"}]}`, false},
		"the technical E0013":     {400, `{"httpCode":"400","errors":[{"errorCode":"E0013"}],"mailPieces":[{"mailPieceId":"X1","status":"404"}]}`, false},
		"an address that is none": {404, `{"httpCode":"404","httpMessage":"Not Found"}`, false},
	} {
		a, conn := start(t, nil, nil)
		a.fail = func(_ int, call string, w http.ResponseWriter) bool {
			if strings.HasPrefix(call, "summary") {
				say(w, c.status, c.body)
			}
			return strings.HasPrefix(call, "summary")
		}
		got, err := pull(t, conn, request("X1"))
		if err != nil || !slices.Equal(got.unknown, []string{"X1"}) {
			t.Errorf("%s: unknown %v, %v", name, got.unknown, err)
		}
		if bySummary := len(a.calls) == 1 && len(got.failed) == 0; bySummary != c.unknown {
			t.Errorf("%s: calls %q, failed %v", name, a.calls, got.failed)
		}
	}
}

// A number that always fails, in whatever way, has a line that says how, and is the only one without an answer.
func TestNoAnswerIsSaidAndLeavesTheOthers(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		status  int
		body    string
		problem string
		kept    bool // the line has the exact bytes
	}{
		"temporary with 200": {200, example("unavailable.json"), "200 with httpCode 503 E1307", true},
		"a page":             {200, "<html>Sorry, we are busy</html>", "200 text/html that is no JSON as asked for", true},
		"a page for 404":     {404, "<html>Not found</html>", "404 text/html that is no JSON as asked for", true},
		"cut JSON":           {200, example("events.json")[:500], "200 text/html that is no JSON as asked for", true},
		"another JSON":       {200, `{"something":"unexpected"}`, "200 without a piece", true},
		"null":               {200, `null`, "200 without a piece", true},
		"a summary":          {200, summaries("N001"), "200 without a piece", true},
		"a piece of nobody":  {200, `{"mailPieces":{}}`, "200 without a piece", true},
		"400":                {400, `{"httpCode":"400","httpMessage":"Bad Request"}`, "400", true},
		"400 of another API": {400, `{"httpCode":"400","errors":[{"errorCode":"E0099"}]}`, "400 E0099", true},
		"500":                {500, example("trouble.json"), "500 Internal Server Error", false},
		"forbidden":          {403, example("forbidden.json"), "403 Forbidden", false},
	} {
		a, conn := start(t, nil, nil)
		a.fail = func(_ int, call string, w http.ResponseWriter) bool {
			if call == "events N001" {
				w.Header().Set("Content-Type", "text/html; charset=utf-8")
				say(w, c.status, c.body)
			}
			return call == "events N001"
		}
		got, err := pull(t, conn, request(numbers(4)...))
		if err != nil || !slices.Equal(got.known, []string{"N000", "N002", "N003"}) {
			t.Errorf("%s: events of %v, %v", name, got.known, err)
		}
		said := got.failed["N001"]
		if len(got.failed) != 1 || len(said) != 1 || !strings.HasPrefix(said[0], "events: "+c.problem) {
			t.Errorf("%s: failed %v, want N001: events: %s", name, got.failed, c.problem)
		}
		x := got.lines[2]
		if x.Status != c.status || (*x.Body == c.body) != c.kept || !strings.HasSuffix(x.Request.URL, "/N001/events") || x.At != "2026-04-01T06:00:00.000Z" {
			t.Errorf("%s: line %+v", name, x)
		}
	}
}

// However many numbers fail and wherever they stand, all the others are asked in the same run.
func TestFailingNumbersNeverKeepOthersBack(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		n := rapid.IntRange(1, 70).Draw(rt, "numbers")
		all := numbers(n)
		poisoned := map[string]bool{}
		for _, i := range rapid.SliceOfNDistinct(rapid.IntRange(0, n-1), 0, n, rapid.ID).Draw(rt, "poisoned") {
			poisoned[all[i]] = true
		}
		summaryToo := rapid.Bool().Draw(rt, "the summary fails of them too")
		a, c := start(t, nil, nil)
		a.fail = func(_ int, call string, w http.ResponseWriter) bool {
			kind, what, _ := strings.Cut(call, " ")
			bad := false
			for _, number := range strings.Split(what, ",") {
				bad = bad || poisoned[number]
			}
			if bad = bad && (kind == "events" || summaryToo); bad {
				say(w, 500, example("trouble.json"))
			}
			return bad
		}
		got, err := pull(t, c, request(all...))
		if err != nil {
			rt.Fatal(err)
		}
		var want []string
		for _, number := range all {
			if !poisoned[number] {
				want = append(want, number)
			}
			if said := got.failed[number]; poisoned[number] != slices.Contains(said, "events: 500 Internal Server Error") {
				rt.Fatalf("%s, poisoned %v: failed %v", number, poisoned[number], said)
			}
		}
		if !slices.Equal(got.known, want) {
			rt.Fatalf("events of %v, want %v", got.known, want)
		}
		// Two attempts of every failure, and a question about nobody for each three.
		if most := n + 3 + 5*len(poisoned)/2 + 9; len(a.calls) > most {
			rt.Fatalf("%d calls for %d numbers of which %d fail, at most %d", len(a.calls), n, len(poisoned), most)
		}
	})
}

// Failures with answers between them are no reason to doubt Royal Mail, which would cost a call.
func TestScatteredFailuresAskAboutNobody(t *testing.T) {
	t.Parallel()
	a, c := start(t, nil, nil)
	a.fail = func(_ int, call string, w http.ResponseWriter) bool {
		odd := strings.HasPrefix(call, "events") && strings.ContainsAny(call[len(call)-1:], "13579")
		if odd {
			say(w, 200, example("unavailable.json"))
		}
		return odd
	}
	got, err := pull(t, c, request(numbers(10)...))
	if err != nil || len(got.known) != 5 || len(a.calls) != 11 {
		t.Errorf("%v, calls %q: %v", got.known, a.calls, err)
	}
}

// What a warehouse wrote in place of a number is asked as it stands, by both endpoints, and no other number suffers.
func TestNumbersThatAreNone(t *testing.T) {
	t.Parallel()
	a, c := start(t, nil, nil)
	a.fail = func(n int, _ string, w http.ResponseWriter) bool {
		if n == 1 {
			say(w, 400, `{"httpCode":"400","httpMessage":"Bad Request"}`)
		}
		return n == 1
	}
	strange := []string{"X/1", "X 2?a=b&c", "X3,N000", "X%2F4", "X..", "Xé"}
	got, err := pull(t, c, request(append(strange, "N001")...))
	if err != nil || !slices.Equal(got.known, []string{"N001"}) || !slices.Equal(got.unknown, strange) {
		t.Errorf("events of %q, unknown %q, %v", got.known, got.unknown, err)
	}
	want := []string{"summary " + strings.Join(strange, ",") + ",N001"}
	for _, n := range append(strange, "N001") {
		want = append(want, "events "+n)
	}
	if !slices.Equal(a.calls, want) {
		t.Errorf("calls %q\nwant %q", a.calls, want)
	}
}

// When summaries fail altogether, events still tell everything.
func TestEventsStandInForTheSummary(t *testing.T) {
	t.Parallel()
	a, c := start(t, nil, nil)
	a.fail = func(_ int, call string, w http.ResponseWriter) bool {
		if strings.HasPrefix(call, "summary") {
			say(w, 200, "<html>")
		}
		return strings.HasPrefix(call, "summary")
	}
	got, err := pull(t, c, request("N1", "X2", "N3"))
	if err != nil || !slices.Equal(got.known, []string{"N1", "N3"}) || !slices.Equal(got.unknown, []string{"X2"}) || len(got.failed) != 3 {
		t.Errorf("events of %v, unknown %v, failed %v, %v", got.known, got.unknown, got.failed, err)
	}
}

func TestNothingAnsweredIsAnError(t *testing.T) {
	t.Parallel()
	t.Run("down", func(t *testing.T) {
		t.Parallel()
		a, c := start(t, nil, nil)
		a.fail = func(_ int, _ string, w http.ResponseWriter) bool { w.WriteHeader(503); return true }
		if _, err := pull(t, c, request(numbers(60)...)); !errors.Is(err, waybill.ErrTemporary) || len(a.calls) != 8 {
			t.Errorf("after %d calls: %v", len(a.calls), err)
		}
	})
	t.Run("down with pages", func(t *testing.T) {
		t.Parallel()
		a, c := start(t, nil, nil)
		a.fail = func(_ int, _ string, w http.ResponseWriter) bool { say(w, 200, "<html>Sorry</html>"); return true }
		if _, err := pull(t, c, request(numbers(60)...)); !errors.Is(err, waybill.ErrTemporary) || len(a.calls) != 4 {
			t.Errorf("after %d calls: %v", len(a.calls), err)
		}
	})
	t.Run("events down", func(t *testing.T) {
		t.Parallel()
		a, c := start(t, nil, nil)
		a.fail = func(_ int, call string, w http.ResponseWriter) bool {
			if strings.HasPrefix(call, "events") {
				w.WriteHeader(503)
			}
			return strings.HasPrefix(call, "events")
		}
		if _, err := pull(t, c, request(numbers(60)...)); !errors.Is(err, waybill.ErrTemporary) || len(a.calls) != 9 {
			t.Errorf("after %d calls: %v", len(a.calls), err)
		}
	})
	t.Run("plan used up after the summary", func(t *testing.T) {
		t.Parallel()
		a, c := start(t, nil, nil)
		a.fail = func(n int, _ string, w http.ResponseWriter) bool {
			if n > 1 {
				w.WriteHeader(429)
			}
			return n > 1
		}
		got, err := pull(t, c, request(numbers(20)...))
		if err != nil || len(got.lines) != 1 || len(got.answered) != 20 || len(got.known) != 0 {
			t.Errorf("%d lines, %v", len(got.lines), err)
		}
	})
	t.Run("only numbers that fail", func(t *testing.T) {
		t.Parallel()
		a, c := start(t, nil, nil)
		a.fail = func(_ int, call string, w http.ResponseWriter) bool {
			if strings.Contains(call, "N00") {
				w.WriteHeader(503)
			}
			return strings.Contains(call, "N00")
		}
		got, err := pull(t, c, request(numbers(2)...))
		if err != nil || len(got.answered) != 0 || len(got.failed) != 2 {
			t.Errorf("failed %v, %v", got.failed, err)
		}
	})
	for name, change := range map[string]func(*royalmail.Config){
		"wrong id":     func(cfg *royalmail.Config) { cfg.ClientID = "another-id" },
		"wrong secret": func(cfg *royalmail.Config) { cfg.ClientSecret = "another-secret" },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a, c := start(t, change, nil)
			_, err := pull(t, c, request(numbers(4)...))
			if !errors.Is(err, waybill.ErrAuth) || len(a.calls) != 1 || strings.Contains(err.Error(), "another-secret") {
				t.Errorf("after %d calls: %v", len(a.calls), err)
			}
			if f := c.Check(t.Context()); f[0].OK || !strings.Contains(f[0].Remedy, "client_id") {
				t.Errorf("doctor: %+v", f)
			}
		})
	}
	t.Run("forbidden altogether", func(t *testing.T) {
		t.Parallel()
		a, c := start(t, nil, nil)
		a.fail = func(_ int, _ string, w http.ResponseWriter) bool { say(w, 403, example("forbidden.json")); return true }
		if _, err := pull(t, c, request(numbers(4)...)); !errors.Is(err, waybill.ErrAuth) || len(a.calls) != 2 {
			t.Errorf("after %d calls: %v", len(a.calls), err)
		}
	})
	t.Run("terms taken off on the way", func(t *testing.T) {
		t.Parallel()
		a, c := start(t, nil, nil)
		a.fail = func(_ int, _ string, w http.ResponseWriter) bool {
			say(w, 400, example("terms_missing.json"))
			return true
		}
		_, err := pull(t, c, request(numbers(4)...))
		if err == nil || !strings.Contains(err.Error(), "X-Accept-RMG-Terms") || errors.Is(err, waybill.ErrTemporary) || len(a.calls) != 1 {
			t.Errorf("after %d calls: %v", len(a.calls), err)
		}
		if f := c.Check(t.Context()); f[0].OK || !strings.Contains(f[0].Remedy, "X-Accept-RMG-Terms") {
			t.Errorf("doctor: %+v", f)
		}
	})
	t.Run("cancelled", func(t *testing.T) {
		t.Parallel()
		a, c := start(t, nil, nil)
		connectortest.EndsWithContext(t, c, request(numbers(4)...), func(end func()) {
			a.fail = func(n int, _ string, _ http.ResponseWriter) bool {
				if n == 2 {
					end()
				}
				return false
			}
		})
	})
}

// Royal Mail writes barcodes in capitals, whatever was asked.
func TestNumbersInLowerCase(t *testing.T) {
	t.Parallel()
	a, c := start(t, nil, nil)
	a.fail = func(_ int, call string, w http.ResponseWriter) bool {
		if strings.HasPrefix(call, "summary") {
			say(w, 200, strings.ReplaceAll(summaries("ab123456789gb", "X9"), "ab123456789gb", "AB123456789GB"))
		}
		return strings.HasPrefix(call, "summary")
	}
	got, err := pull(t, c, request("ab123456789gb", "x9"))
	if err != nil || !slices.Equal(got.known, []string{"ab123456789gb"}) || !slices.Equal(got.unknown, []string{"x9"}) || len(got.failed) > 0 {
		t.Errorf("events of %v, unknown %v, failed %v, %v", got.known, got.unknown, got.failed, err)
	}
}

func TestUnknownItem(t *testing.T) {
	t.Parallel()
	_, c := start(t, nil, nil)
	if _, err := c.Open(t.Context(), waybill.Item{Name: "other/thing"}); !errors.Is(err, waybill.ErrNotFound) {
		t.Errorf("error %v", err)
	}
}

// FuzzAnswer: whatever a body is, it says something of every number or is no answer, which is temporary or about the terms.
func FuzzAnswer(f *testing.F) {
	for _, name := range []string{"events.json", "not_found.json", "unavailable.json", "summary_error.json", "terms_missing.json", "summary_partial.json"} {
		f.Add(200, example(name))
		f.Add(404, example(name))
	}
	f.Add(200, `{"httpCode":{},"errors":[{"errorCode":[]}],"mailPieces":{"mailPieceId":7}}`)
	f.Add(200, `{"httpCode":"2e2","errors":[null],"mailPieces":[[],null]}`)
	asked := []string{"090367574000000FE1E1B", "ZZ000000000GB"}
	f.Fuzz(func(t *testing.T, status int, body string) {
		told, summary, events := royalmail.Judge(status, body, asked)
		for _, err := range []error{summary, events} {
			if err != nil && !errors.Is(err, waybill.ErrTemporary) && !strings.Contains(err.Error(), "X-Accept-RMG-Terms") {
				t.Error(err)
			}
		}
		if summary == nil && len(told) != len(asked) {
			t.Errorf("told of %v", told)
		}
		if len(told) > 0 && (told[asked[0]] || told[asked[1]]) && events == nil && status/100 == 2 {
			t.Errorf("both a summary and a history: %s", body)
		}
	})
}

func TestEitherFormOfMailPiecesIsRead(t *testing.T) {
	t.Parallel()
	asked := []string{"N001"}
	history := `{"mailPieceId":"N001","events":[{"eventCode":"EVKSP"}]}`
	summary := `{"mailPieceId":"N001","status":"200","summary":{"statusCategory":"DELIVERED"}}`
	if _, isSummary, isHistory := royalmail.Judge(200, `{"mailPieces":[`+history+`]}`, asked); isHistory != nil || isSummary == nil {
		t.Errorf("a history in a list: as a history %v, as a summary %v", isHistory, isSummary)
	}
	if told, err, _ := royalmail.Judge(200, `{"mailPieces":`+summary+`}`, asked); err != nil || !told["N001"] {
		t.Errorf("a summary without a list tells %v, %v", told, err)
	}
	if _, _, err := royalmail.Judge(200, `{"mailPieces":[`+history+`,`+history+`]}`, asked); err == nil {
		t.Error("two histories are taken for one")
	}
}
