package stripe

import (
	"crypto/subtle"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Options is what an account needs to know.
type Options struct {
	Key string           // the account's secret or restricted key; every other is refused
	At  func() time.Time // the world's clock: what is known, and what has become available
	Now func() time.Time // the wall clock: calls a second
	// What the lists show as of an instant, in any order; nil for an account that has none. Stripe shows a transaction some seconds after its time of
	// creation; whoever wants that leaves it out until then.
	BalanceTransactions func(at time.Time) []BalanceTransaction
	Payouts             func(at time.Time) []Payout
	Disputes            func(at time.Time) []Dispute
	PerSecond           int // calls; 0 means 25, which docs.stripe.com/rate-limits names for one endpoint
}

// Account serves one account's API. It is safe for use by several goroutines.
type Account struct {
	options Options

	mu       sync.Mutex
	throttle int // calls still to be refused
	second   int64
	burst    int
	calls    int
}

// New makes an account.
func New(o Options) *Account {
	if o.PerSecond == 0 {
		o.PerSecond = 25
	}
	return &Account{options: o}
}

// Throttle refuses the next calls with 429, whatever their rate.
func (a *Account) Throttle(times int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.throttle = times
}

// refusal is an answer that is an error (docs.stripe.com/api/errors).
type refusal struct {
	status  int
	Type    string `json:"type"`
	Code    string `json:"code,omitempty"`
	Param   string `json:"param,omitempty"`
	Message string `json:"message"`
}

func invalid(code, param, format string, args ...any) *refusal {
	return &refusal{status: http.StatusBadRequest, Type: "invalid_request_error", Code: code, Param: param, Message: fmt.Sprintf(format, args...)}
}

// ServeHTTP answers one call.
func (a *Account) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Request-Id", "req_"+strconv.Itoa(a.count()))
	if no := a.admit(w, r); no != nil {
		answer(w, no.status, map[string]any{"error": no})
		return
	}
	b := a.book()
	var rows []row
	var no *refusal
	q, no := parseQuery(r.URL.Query())
	switch {
	case no != nil:
	case r.URL.Path == "/v1/balance_transactions":
		rows, no = b.listTransactions(q)
	case r.URL.Path == "/v1/payouts":
		rows, no = b.listPayouts(q)
	case r.URL.Path == "/v1/disputes":
		rows, no = b.listDisputes(q)
	default:
		no = &refusal{status: http.StatusNotFound, Type: "invalid_request_error", Message: fmt.Sprintf("Unrecognized request URL (%s: %s).", r.Method, r.URL.Path)}
	}
	if no == nil {
		rows, no = q.within(rows)
	}
	if no != nil {
		answer(w, no.status, map[string]any{"error": no})
		return
	}
	page := rows[:min(q.limit, len(rows))]
	data := make([]any, len(page))
	for i, one := range page {
		data[i] = one.object()
	}
	answer(w, http.StatusOK, map[string]any{"object": "list", "url": r.URL.Path, "has_more": len(rows) > len(page), "data": data})
}

func (a *Account) count() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.calls++
	return a.calls
}

// admit checks key, rate, method and version, in the order in which Stripe does.
func (a *Account) admit(w http.ResponseWriter, r *http.Request) *refusal {
	key, basic, ok := r.BasicAuth()
	if !ok {
		key, ok = strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	}
	if !ok || basic != "" {
		return &refusal{
			status: http.StatusUnauthorized, Type: "invalid_request_error",
			Message: "You did not provide an API key. You need to provide your API key in the Authorization header, using Bearer auth (e.g. 'Authorization: Bearer YOUR_SECRET_KEY').",
		}
	}
	if subtle.ConstantTimeCompare([]byte(key), []byte(a.options.Key)) != 1 {
		return &refusal{status: http.StatusUnauthorized, Type: "invalid_request_error", Message: "Invalid API Key provided: " + starred(key)}
	}
	if !a.take() {
		w.Header().Set("Stripe-Rate-Limited-Reason", "endpoint-rate")
		return &refusal{status: http.StatusTooManyRequests, Type: "invalid_request_error", Code: "rate_limit", Message: "Request rate limit exceeded."}
	}
	if r.Method != http.MethodGet {
		return &refusal{status: http.StatusNotFound, Type: "invalid_request_error", Message: fmt.Sprintf("Unrecognized request URL (%s: %s).", r.Method, r.URL.Path)}
	}
	if version := r.Header.Get("Stripe-Version"); version != "" && version != Version {
		return invalid("", "", "Invalid Stripe API version: %s", version)
	}
	w.Header().Set("Stripe-Version", Version)
	return nil
}

// take books a call against the rate; false when it is one too many.
func (a *Account) take() bool {
	now := a.options.Now().Unix()
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.throttle > 0 {
		a.throttle--
		return false
	}
	if now != a.second {
		a.second, a.burst = now, 0
	}
	a.burst++
	return a.burst <= a.options.PerSecond
}

func (a *Account) book() book {
	at := a.options.At()
	return book{at: at, transactions: asOf(a.options.BalanceTransactions, at), payouts: asOf(a.options.Payouts, at), disputes: asOf(a.options.Disputes, at)}
}

func asOf[T any](list func(time.Time) []T, at time.Time) []T {
	if list == nil {
		return nil
	}
	return list(at)
}

// starred is a key as Stripe shows it in an error.
func starred(key string) string {
	if len(key) <= 12 {
		return strings.Repeat("*", len(key))
	}
	return key[:8] + strings.Repeat("*", len(key)-12) + key[len(key)-4:]
}

func answer(w http.ResponseWriter, status int, v any) {
	b, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Length", strconv.Itoa(len(b)))
	w.WriteHeader(status)
	_, _ = w.Write(b) // a client that went away needs no answer
}
