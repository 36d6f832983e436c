package royalmail_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/fourmarketing/waybill"
	"github.com/fourmarketing/waybill/connectors/connectortest"
	"github.com/fourmarketing/waybill/connectors/internal/rest"
	"github.com/fourmarketing/waybill/connectors/royalmail"
)

var (
	_ waybill.Connector   = (*royalmail.Connector)(nil)
	_ waybill.Checker     = (*royalmail.Connector)(nil)
	_ waybill.FeedChecker = (*royalmail.Connector)(nil)
)

var runAt = time.Date(2026, 4, 1, 6, 0, 0, 0, time.UTC)

// api is a Royal Mail that answers with its published examples and can be told to fail. Numbers that begin with X it does not know.
type api struct {
	mu    sync.Mutex
	calls []string // "summary A,B" or "events A"
	// fail answers a call itself; it is told the how manieth call this is.
	fail func(n int, call string, w http.ResponseWriter) bool
}

func (a *api) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a.mu.Lock()
	defer a.mu.Unlock()
	call := "summary " + r.URL.Query().Get("mailPieceId")
	if number, ok := strings.CutSuffix(strings.TrimPrefix(r.URL.Path, "/mailpieces/v2/"), "/events"); ok {
		call = "events " + number
	}
	a.calls = append(a.calls, call)
	w.Header().Set("Content-Type", "application/json")
	kind, what, _ := strings.Cut(call, " ")
	switch {
	case r.Header.Get("X-Ibm-Client-Id") != "the-id" || r.Header.Get("X-Ibm-Client-Secret") != "the-secret":
		say(w, http.StatusUnauthorized, example("unauthorised.json"))
	case r.Header.Get("X-Accept-RMG-Terms") != "yes":
		say(w, http.StatusBadRequest, example("terms_missing.json"))
	case a.fail != nil && a.fail(len(a.calls), call, w):
	case kind == "events" && isStranger(what):
		say(w, http.StatusNotFound, example("not_found.json"))
	case kind == "events":
		say(w, http.StatusOK, strings.Replace(example("events.json"), "090367574000000FE1E1B", what, 1))
	case r.URL.Path == "/mailpieces/v2/summary" && strings.Count(what, ",") < 30:
		say(w, http.StatusOK, summaries(strings.Split(what, ",")...))
	default:
		w.WriteHeader(http.StatusTeapot)
	}
}

func isStranger(number string) bool {
	return strings.HasPrefix(number, "X") || number == "AA000000000GB"
}

func say(w http.ResponseWriter, status int, text string) {
	w.WriteHeader(status)
	io.WriteString(w, text)
}

// summaries is the published summary of a known and an unknown number, for these numbers.
func summaries(numbers ...string) string {
	var sample struct{ MailPieces []map[string]any }
	if err := json.Unmarshal([]byte(example("summary_partial.json")), &sample); err != nil {
		return err.Error()
	}
	var out []map[string]any
	for _, n := range numbers {
		piece := map[string]any{}
		from := sample.MailPieces[0]
		if isStranger(n) {
			from = sample.MailPieces[1]
		}
		for k, v := range from {
			piece[k] = v
		}
		piece["mailPieceId"] = n
		out = append(out, piece)
	}
	text, err := json.Marshal(map[string]any{"mailPieces": out})
	if err != nil {
		return err.Error()
	}
	return string(text)
}

func example(name string) string {
	b, err := os.ReadFile("../../testdata/connectors/royalmail/" + name)
	if err != nil {
		return err.Error()
	}
	return string(b)
}

func start(t testing.TB, change func(*royalmail.Config), clock func() time.Time) (*api, *royalmail.Connector) {
	t.Helper()
	a := &api{}
	srv := httptest.NewServer(a)
	t.Cleanup(srv.Close)
	cfg := royalmail.Config{
		BaseURL: srv.URL, ClientID: "the-id", ClientSecret: "the-secret", CallsPerSecond: 10_000, DailyQuota: 10_000,
		HTTP: rest.Config{WaitMin: time.Millisecond, WaitMax: time.Second, Timeout: 5 * time.Second},
	}
	if change != nil {
		change(&cfg)
	}
	if clock == nil {
		clock = func() time.Time { return runAt }
	}
	c, err := royalmail.New(cfg, clock)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return a, c
}

func request(work ...string) waybill.Request {
	return waybill.Request{Feed: "tracking", Resource: "tracking", Now: runAt, Work: work, Cursor: "as it was"}
}

func numbers(n int) []string {
	var out []string
	for i := range n {
		out = append(out, fmt.Sprintf("N%03d", i))
	}
	return out
}

// question is what a line of the log says that it was about.
type question struct {
	Endpoint string
	Answered []struct {
		Number string
		Known  bool
	}
	Unanswered []string
	Problem    string
}

func asked(t testing.TB, x rest.Exchange) question {
	t.Helper()
	var q question
	if err := json.Unmarshal([]byte(x.Request.Ask), &q); err != nil {
		t.Fatalf("ask %q: %v", x.Request.Ask, err)
	}
	return q
}

// log is what the lines of all items came to.
type log struct {
	items    int
	lines    []rest.Exchange
	known    []string            // whose events were answered
	unknown  []string            // of any endpoint
	failed   map[string][]string // endpoint and problems by number
	answered map[string]bool     // by any endpoint
}

// pull lists and opens everything.
func pull(t testing.TB, c *royalmail.Connector, r waybill.Request) (log, error) {
	t.Helper()
	out := log{failed: map[string][]string{}, answered: map[string]bool{}}
	items, err := c.List(context.Background(), r)
	if err != nil {
		return out, err
	}
	out.items = len(items)
	for _, it := range items {
		lines, err := connectortest.Exchanges(t, c, it)
		if err != nil {
			return out, err
		}
		for _, x := range lines {
			q := asked(t, x)
			for _, a := range q.Answered {
				out.answered[a.Number] = true
				switch {
				case !a.Known:
					out.unknown = append(out.unknown, a.Number)
				case q.Endpoint == "events":
					out.known = append(out.known, a.Number)
				}
			}
			for _, n := range q.Unanswered {
				out.failed[n] = append(out.failed[n], q.Endpoint+": "+q.Problem)
			}
		}
		out.lines = append(out.lines, lines...)
	}
	return out, nil
}

func TestKeepsExactAnswers(t *testing.T) {
	t.Parallel()
	a, c := start(t, nil, nil)
	items, err := c.List(t.Context(), request("FQ087430672GB", "X1", " ", "AB123456789GB", "FQ087430672GB"))
	if err != nil || len(items) != 1 {
		t.Fatalf("%v, %v", items, err)
	}
	if it := items[0]; !strings.HasPrefix(it.Name, "tracking/20260401T060000Z-") || it.Cursor != "as it was" || it.Size != -1 {
		t.Errorf("item %+v", it)
	}
	got, err := connectortest.Exchanges(t, c, items[0])
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"summary FQ087430672GB,X1,AB123456789GB", "events FQ087430672GB", "events AB123456789GB"}
	if !slices.Equal(a.calls, want) || len(got) != len(want) {
		t.Fatalf("%d lines after the calls %q, want %q", len(got), a.calls, want)
	}
	if x := got[0]; x.Status != 200 || *x.Body != summaries("FQ087430672GB", "X1", "AB123456789GB") || x.At != "2026-04-01T06:00:00.000Z" ||
		x.Headers["Content-Type"] != "application/json" || !strings.Contains(x.Request.URL, "/mailpieces/v2/summary?mailPieceId=FQ087430672GB") ||
		x.Request.Ask != `{"endpoint":"summary","answered":[{"number":"FQ087430672GB","known":true},{"number":"X1","known":false},{"number":"AB123456789GB","known":true}]}` {
		t.Errorf("summary: %+v", x)
	}
	if x := got[1]; x.Status != 200 || *x.Body != strings.Replace(example("events.json"), "090367574000000FE1E1B", "FQ087430672GB", 1) ||
		!strings.HasSuffix(x.Request.URL, "/mailpieces/v2/FQ087430672GB/events") ||
		x.Request.Ask != `{"endpoint":"events","answered":[{"number":"FQ087430672GB","known":true}]}` {
		t.Errorf("events: %+v", x)
	}
}

func TestAsksThirtyAtATime(t *testing.T) {
	t.Parallel()
	a, c := start(t, nil, nil)
	got, err := pull(t, c, request(numbers(65)...))
	if err != nil || got.items != 2 || !slices.Equal(got.known, numbers(65)) || len(got.failed) > 0 {
		t.Fatalf("%d items, events of %v, failed %v, %v", got.items, got.known, got.failed, err)
	}
	var sizes []int
	for _, call := range a.calls {
		if list, ok := strings.CutPrefix(call, "summary "); ok {
			sizes = append(sizes, len(strings.Split(list, ",")))
		}
	}
	if !slices.Equal(sizes, []int{30, 30, 5}) || len(a.calls) != 68 {
		t.Errorf("summaries of %v, %d calls", sizes, len(a.calls))
	}
}

func TestFeedSettings(t *testing.T) {
	t.Parallel()
	_, c := start(t, nil, nil)
	r := request(numbers(5)...)
	r.Settings = map[string]any{"batch_size": 2}
	if got, err := pull(t, c, r); err != nil || got.items != 3 || len(got.known) != 5 {
		t.Errorf("%d items, %v, %v", got.items, got.known, err)
	}
	for _, bad := range []map[string]any{{"batchsize": 2}, {"batch_size": 0}, {"calls_today": -1}} {
		if err := c.CheckFeed("tracking", bad); err == nil {
			t.Errorf("%v passed", bad)
		}
	}
	if err := c.CheckFeed("events", nil); err == nil {
		t.Error("an unknown resource passed")
	}
}

func TestSameQuestionsTwiceAreTheSameItems(t *testing.T) {
	t.Parallel()
	a, c := start(t, nil, nil)
	first, err := c.List(t.Context(), request(numbers(3)...))
	if err != nil {
		t.Fatal(err)
	}
	second, err := c.List(t.Context(), request(numbers(3)...))
	if err != nil || first[0].Name != second[0].Name || len(a.calls) != 0 {
		t.Errorf("%s, then %s after %d calls: %v", first[0].Name, second[0].Name, len(a.calls), err)
	}
}

// FuzzSettings: whatever stands in a feed's settings is taken or refused, never a panic.
func FuzzSettings(f *testing.F) {
	f.Add("calls_today", "12")
	f.Add("service", "\x00: [")
	f.Add("batch_size", "1e9")
	_, c := start(f, nil, nil)
	f.Fuzz(func(t *testing.T, key, value string) {
		r := request("N1")
		r.Settings = map[string]any{key: value}
		if items, err := c.List(t.Context(), r); err == nil && len(items) != 1 {
			t.Fatal("taken, but nothing is listed")
		}
	})
}
