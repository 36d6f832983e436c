package stripe_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/fourmarketing/waybill"
	"github.com/fourmarketing/waybill/connectors/connectortest"
	"github.com/fourmarketing/waybill/connectors/internal/rest"
	"github.com/fourmarketing/waybill/connectors/stripe"
)

var (
	_ waybill.Connector   = (*stripe.Connector)(nil)
	_ waybill.Checker     = (*stripe.Connector)(nil)
	_ waybill.FeedChecker = (*stripe.Connector)(nil)
)

var runAt = time.Date(2026, 4, 8, 6, 0, 0, 500, time.UTC)

const testKey = "rk_test_of_an_account_0000"

// api is a Stripe that answers each call with the next of its answers, or as answer says.
type api struct {
	mu     sync.Mutex
	asked  []*http.Request
	answer func(n int, q url.Values, w http.ResponseWriter)
}

func (a *api) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.asked = append(a.asked, r)
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Request-Id", "req_1")
	switch {
	case r.Header.Get("Authorization") != "Bearer "+testKey:
		w.WriteHeader(http.StatusUnauthorized)
		io.WriteString(w, example("invalid_key.json"))
	case r.Header.Get("Stripe-Version") != "2026-08-26.dahlia":
		w.WriteHeader(http.StatusBadRequest)
		io.WriteString(w, `{"error":{"message":"Invalid Stripe API version","type":"invalid_request_error"}}`)
	default:
		a.answer(len(a.asked), r.URL.Query(), w)
	}
}

func (a *api) count() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return len(a.asked)
}

func restConfig(attempts int) rest.Config {
	return rest.Config{Attempts: attempts, WaitMin: time.Millisecond, WaitMax: time.Second, Timeout: 5 * time.Second, CallsPerSecond: 10_000}
}

func start(t testing.TB, answer func(n int, q url.Values, w http.ResponseWriter), change func(*stripe.Config)) (*api, *stripe.Connector) {
	t.Helper()
	a := &api{answer: answer}
	srv := httptest.NewServer(a)
	t.Cleanup(srv.Close)
	return a, connect(t, srv.URL, change)
}

func connect(t testing.TB, baseURL string, change func(*stripe.Config)) *stripe.Connector {
	t.Helper()
	cfg := stripe.Config{BaseURL: baseURL, APIKey: testKey, Since: "2026-04-02", HTTP: restConfig(2)}
	if change != nil {
		change(&cfg)
	}
	c, err := stripe.New(cfg, func() time.Time { return runAt })
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

func example(name string) string {
	b, err := os.ReadFile("../../testdata/connectors/stripe/" + name)
	if err != nil {
		return err.Error()
	}
	return string(b)
}

// say answers every call alike.
func say(status int, body string) func(int, url.Values, http.ResponseWriter) {
	return func(_ int, _ url.Values, w http.ResponseWriter) {
		w.WriteHeader(status)
		io.WriteString(w, body)
	}
}

// page is a list with rows of these ids.
func page(more bool, ids ...string) string {
	rows := make([]string, len(ids))
	for i, id := range ids {
		rows[i] = fmt.Sprintf(`{"id":%q,"object":"payout"}`, id)
	}
	return fmt.Sprintf(`{"object":"list","has_more":%t,"data":[%s]}`, more, strings.Join(rows, ","))
}

func request(resource string, work ...string) waybill.Request {
	return waybill.Request{Feed: resource, Resource: resource, Now: runAt, Work: work}
}

func items(t testing.TB, c *stripe.Connector, r waybill.Request) []waybill.Item {
	t.Helper()
	all, err := c.List(context.Background(), r)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// one pulls the only item of a request.
func one(t testing.TB, c *stripe.Connector, r waybill.Request) ([]rest.Exchange, error) {
	t.Helper()
	all := items(t, c, r)
	if len(all) != 1 {
		t.Fatalf("%d items: %v", len(all), all)
	}
	return connectortest.Exchanges(t, c, all[0])
}

func ids(t testing.TB, lines []rest.Exchange) []string {
	t.Helper()
	var out []string
	for _, x := range lines {
		var p struct{ Data []struct{ ID string } }
		if err := json.Unmarshal([]byte(*x.Body), &p); err != nil {
			t.Fatal(err)
		}
		for _, d := range p.Data {
			out = append(out, d.ID)
		}
	}
	return out
}

func TestKeepsExactAnswers(t *testing.T) {
	t.Parallel()
	for resource, query := range map[string]string{
		"payouts":              "created%5Bgte%5D=1775088000&created%5Blt%5D=1775606400&limit=100",
		"disputes":             "created%5Bgte%5D=1775088000&created%5Blt%5D=1775606400&limit=100",
		"balance_transactions": "created%5Bgte%5D=1775088000&created%5Blt%5D=1775606400&expand%5B%5D=data.source&limit=100",
	} {
		_, c := start(t, say(200, example(resource+".json")), nil)
		r := request(resource)
		r.Now = time.Date(2026, 4, 8, 0, 0, 0, 0, time.UTC)
		all := items(t, c, r)
		if len(all) != 1 || all[0].Name != resource+"/20260402T000000Z_20260408T000000Z.ndjson" || all[0].Cursor != "2026-04-08T00:00:00Z" || all[0].Size != -1 {
			t.Fatalf("items %+v", all)
		}
		got, err := connectortest.Exchanges(t, c, all[0])
		if err != nil || len(got) != 1 {
			t.Fatalf("%d lines, %v", len(got), err)
		}
		x := got[0]
		if *x.Body != example(resource+".json") || x.Status != 200 || x.At != "2026-04-08T06:00:00.000Z" || x.Headers["Request-Id"] != "req_1" ||
			x.Request.Ask != "2026-04-02T00:00:00Z/2026-04-08T00:00:00Z" || !strings.HasSuffix(x.Request.URL, "/v1/"+resource+"?"+query) {
			t.Errorf("%s: %+v", resource, x)
		}
	}
}

func TestTurnsPages(t *testing.T) {
	t.Parallel()
	pages := map[string]string{"": page(true, "po_9", "po_8"), "po_8": page(true, "po_7", "po_6"), "po_6": page(false, "po_5")}
	a, c := start(t, func(_ int, q url.Values, w http.ResponseWriter) { io.WriteString(w, pages[q.Get("starting_after")]) }, nil)
	got, err := one(t, c, request("payouts"))
	if err != nil || !slices.Equal(ids(t, got), []string{"po_9", "po_8", "po_7", "po_6", "po_5"}) || len(got) != 3 {
		t.Errorf("%v, %v", ids(t, got), err)
	}
	for _, r := range a.asked {
		if q := r.URL.Query(); q.Get("created[lt]") != a.asked[0].URL.Query().Get("created[lt]") || q.Get("limit") != "100" {
			t.Errorf("a page of another window: %s", r.URL)
		}
	}
}

// An empty window is an answer: its line says that there was nothing.
func TestNothingNew(t *testing.T) {
	t.Parallel()
	_, c := start(t, say(200, page(false)), nil)
	if got, err := one(t, c, request("disputes")); err != nil || len(got) != 1 {
		t.Errorf("%v, %v", got, err)
	}
	r := request("disputes")
	r.Cursor = "2026-04-08T06:00:00Z"
	if all := items(t, c, r); len(all) != 0 {
		t.Errorf("nothing has passed since the cursor: %v", all)
	}
}

// A page in the middle that cannot be had must not look like the end.
func TestNoShortWindow(t *testing.T) {
	t.Parallel()
	for name, second := range map[string]func(http.ResponseWriter){
		"down":    func(w http.ResponseWriter) { w.WriteHeader(http.StatusServiceUnavailable) },
		"no JSON": func(w http.ResponseWriter) { io.WriteString(w, "<html>Back soon</html>") },
		"cut": func(w http.ResponseWriter) {
			w.Header().Set("Content-Length", "500")
			io.WriteString(w, page(false, "po_7"))
		},
		"half":    func(w http.ResponseWriter) { io.WriteString(w, page(false, "po_7")[:40]) },
		"no list": func(w http.ResponseWriter) { io.WriteString(w, `{"id":"po_7","object":"payout"}`) },
		"another": func(w http.ResponseWriter) {
			io.WriteString(w, `{"object":"search_result","has_more":false,"data":[]}`)
		},
		"no end":   func(w http.ResponseWriter) { io.WriteString(w, `{"object":"list","data":[{"id":"po_7"}]}`) },
		"no id":    func(w http.ResponseWriter) { io.WriteString(w, page(false, "po_7", "")) },
		"no more":  func(w http.ResponseWriter) { io.WriteString(w, page(true)) },
		"the same": func(w http.ResponseWriter) { io.WriteString(w, page(true, "po_8")) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, c := start(t, func(_ int, q url.Values, w http.ResponseWriter) {
				if q.Get("starting_after") != "" {
					second(w)
					return
				}
				io.WriteString(w, page(true, "po_9", "po_8"))
			}, nil)
			if got, err := one(t, c, request("payouts")); !errors.Is(err, waybill.ErrTemporary) {
				t.Errorf("%d lines, %v", len(got), err)
			}
		})
	}
}

func TestCutAnswerIsAskedAgain(t *testing.T) {
	t.Parallel()
	a, c := start(t, func(n int, _ url.Values, w http.ResponseWriter) {
		if n == 1 {
			w.Header().Set("Content-Length", "500")
		}
		io.WriteString(w, page(false, "po_1"))
	}, nil)
	if got, err := one(t, c, request("payouts")); err != nil || len(got) != 1 || a.count() != 2 {
		t.Errorf("%d lines after %d calls, %v", len(got), a.count(), err)
	}
}

func TestThrottled(t *testing.T) {
	t.Parallel()
	limited := `{"error":{"code":"rate_limit","message":"Request rate limit exceeded.","type":"invalid_request_error"}}`
	a, c := start(t, func(n int, _ url.Values, w http.ResponseWriter) {
		if n < 3 {
			w.WriteHeader(http.StatusTooManyRequests)
			io.WriteString(w, limited)
			return
		}
		io.WriteString(w, page(false, "po_1"))
	}, func(cfg *stripe.Config) { cfg.HTTP.Attempts = 4 })
	if got, err := one(t, c, request("payouts")); err != nil || len(got) != 1 || a.count() != 3 {
		t.Errorf("%d lines after %d calls, %v", len(got), a.count(), err)
	}
	_, c = start(t, say(http.StatusTooManyRequests, limited), nil)
	if _, err := one(t, c, request("payouts")); !errors.Is(err, waybill.ErrTemporary) || !strings.Contains(err.Error(), "rate_limit") {
		t.Errorf("always throttled: %v", err)
	}
}

func TestWrongKey(t *testing.T) {
	t.Parallel()
	a, c := start(t, say(200, page(false)), func(cfg *stripe.Config) { cfg.APIKey = "rk_live_of_somebody_0000" })
	for _, r := range []waybill.Request{request("payouts"), request("payout_transactions", "po_1", "po_2")} {
		before := a.count()
		_, err := one(t, c, r)
		if !errors.Is(err, waybill.ErrAuth) || a.count() != before+1 || strings.Contains(err.Error(), "rk_live_of_somebody_0000") {
			t.Errorf("after %d calls: %v", a.count()-before, err)
		}
	}
	if f := c.Check(t.Context()); len(f) != 1 || f[0].OK || !strings.Contains(f[0].Remedy, "Dashboard") {
		t.Errorf("doctor: %+v", f)
	}
}

func TestCheck(t *testing.T) {
	t.Parallel()
	_, c := start(t, say(200, page(false)), nil)
	if f := c.Check(t.Context()); len(f) != 3 || !f[0].OK || !f[2].OK || !strings.Contains(f[0].Detail, "test mode") {
		t.Errorf("%+v", f)
	}
	_, c = start(t, func(n int, _ url.Values, w http.ResponseWriter) {
		if n == 2 {
			w.WriteHeader(http.StatusForbidden)
			io.WriteString(w, `{"error":{"message":"The provided key does not have the required permissions. Having the 'rak_payout_read' permission would allow this request to continue.","type":"invalid_request_error"}}`)
			return
		}
		io.WriteString(w, page(false))
	}, nil)
	f := c.Check(t.Context())
	if len(f) != 3 || !f[0].OK || f[1].OK || !f[2].OK || !strings.Contains(f[1].Detail, "rak_payout_read") || !strings.Contains(f[1].Remedy, "permission") {
		t.Errorf("%+v", f)
	}
	_, c = start(t, say(200, page(false)), func(cfg *stripe.Config) { cfg.Version = "2019-01-01" })
	if f := c.Check(t.Context()); f[0].OK || !strings.Contains(f[0].Remedy, "2019-01-01") {
		t.Errorf("%+v", f)
	}
}

func TestUnknownItem(t *testing.T) {
	t.Parallel()
	_, c := start(t, say(200, page(false)), nil)
	for _, it := range []waybill.Item{
		{Name: "payouts/20260401T000000Z_20260402T000000Z.ndjson", Request: request("payouts")},
		{Name: "payout_transactions/x.ndjson", Request: request("payout_transactions", "po_1")},
		{Name: "payout_transactions/x.ndjson", Request: request("payout_transactions")},
	} {
		if _, err := c.Open(t.Context(), it); !errors.Is(err, waybill.ErrNotFound) {
			t.Errorf("%s: %v", it.Name, err)
		}
	}
	if _, err := c.Open(t.Context(), waybill.Item{Request: request("charges")}); err == nil {
		t.Error("an unknown resource was opened")
	}
}

func TestCancelled(t *testing.T) {
	t.Parallel()
	for _, r := range []waybill.Request{request("payouts"), request("payout_transactions", "po_1")} {
		ctx, cancel := context.WithCancel(t.Context())
		_, c := start(t, func(_ int, _ url.Values, w http.ResponseWriter) {
			cancel()
			io.WriteString(w, page(true, "txn_1"))
		}, nil)
		f, err := c.Open(ctx, items(t, c, r)[0])
		if err == nil {
			_, err = io.ReadAll(f)
		}
		if !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v", r.Resource, err)
		}
	}
}

// FuzzAnswer: whatever comes with status 200 is kept as it is or refused, never a panic, and never without an end.
func FuzzAnswer(f *testing.F) {
	f.Add(page(true, "po_1"))
	f.Add(page(false, "po_1", "po_2"))
	f.Add(`{"object":"list","has_more":null,"data":[]}`)
	f.Add(`{"object":"list","has_more":true,"data":[{"id":7}]}`)
	f.Add("\x00[")
	var body string
	a, c := start(f, func(_ int, _ url.Values, w http.ResponseWriter) { io.WriteString(w, body) }, func(cfg *stripe.Config) { cfg.HTTP.Attempts = 1 })
	f.Fuzz(func(t *testing.T, answer string) {
		a.mu.Lock()
		body = answer
		a.mu.Unlock()
		if got, err := one(t, c, request("payouts")); err == nil && (len(got) != 1 || !json.Valid([]byte(answer))) {
			t.Errorf("%q was taken for a whole window: %v", answer, got)
		}
	})
}
