// Package shopify is a web shop of the sandbox behind Shopify's Admin GraphQL API: tokens, calculated query cost and
// throttling, paging, and bulk operations with their JSONL files. It answers from a view of the simulated world as of
// the world's clock. It knows one shop and nothing of warehouses, carriers or Waybill.
package shopify

import (
	"context"
	"crypto/subtle"
	"encoding/json"
	"fmt"
	"io"
	"mime"
	"net/http"
	"regexp"
	"sync"
	"time"

	"github.com/graph-gophers/graphql-go"
	"github.com/graph-gophers/graphql-go/errors"

	"github.com/fourmarketing/waybill/sandbox/world"
)

// Version is the API version served.
const Version = "2026-01"

var endpoint = regexp.MustCompile(`^/admin/api/(\d{4}-\d{2}|unstable)/graphql\.json$`)

// Options is what a shop needs to know.
type Options struct {
	Name, Currency string
	Token          string                               // the access token of the app; every other is refused
	Orders         func(at time.Time) []world.ShopOrder // what the shop knows at an instant
	At             func() time.Time                     // the world's clock
	Now            func() time.Time                     // the wall clock, which restores throttled points
	BucketSize     float64                              // points; 0 means 20,000 (Shopify Plus)
	RestoreRate    float64                              // points a second; 0 means 1,000 (Shopify Plus)
}

// Shop serves one shop's Admin API. It is safe for use by several goroutines.
type Shop struct {
	options Options
	schema  *graphql.Schema
	points  *bucket
	bulk    *bulkOperations

	mu       sync.Mutex
	throttle int // answers still to be "Throttled"
	newest   *orderBook
}

// orderBook is the shop's state at an instant.
type orderBook struct {
	at     time.Time
	orders []*order
	nodes  map[graphql.ID]any
}

// New makes a shop. Close stops its bulk operations.
func New(o Options) (*Shop, error) {
	if o.BucketSize == 0 {
		o.BucketSize = 20_000
	}
	if o.RestoreRate == 0 {
		o.RestoreRate = 1000
	}
	s := &Shop{options: o, points: newBucket(o.BucketSize, o.RestoreRate, o.Now)}
	s.bulk = newBulkOperations(s)
	schema, err := graphql.ParseSchema(sdl, &root{s}, graphql.UseFieldResolvers())
	if err != nil {
		return nil, fmt.Errorf("parse admin schema: %w", err)
	}
	s.schema = schema
	return s, nil
}

// Close stops what still runs.
func (s *Shop) Close() { s.bulk.close() }

// Throttle answers the next calls with "Throttled", whatever the points.
func (s *Shop) Throttle(times int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.throttle = times
}

// HoldBulk keeps bulk operations that start from now on RUNNING for so many looks at them.
func (s *Shop) HoldBulk(looks int) { s.bulk.hold(looks) }

// FailBulk makes the next bulk operations end FAILED, with the first half of their lines as partial data.
func (s *Shop) FailBulk(times int) { s.bulk.failNext(times) }

func (s *Shop) throttled() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.throttle == 0 {
		return false
	}
	s.throttle--
	return true
}

type atKey struct{}

// book gives the shop's state as of the world's clock, or as of the instant that a bulk operation began.
func (s *Shop) book(ctx context.Context) (*orderBook, error) {
	at, ok := ctx.Value(atKey{}).(time.Time)
	if !ok {
		at = s.options.At()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.newest != nil && s.newest.at.Equal(at) {
		return s.newest, nil
	}
	book := &orderBook{at: at, nodes: map[graphql.ID]any{}}
	for _, src := range s.options.Orders(at) {
		o, err := convert(src)
		if err != nil {
			return nil, err
		}
		book.orders = append(book.orders, o)
		index(book.nodes, o)
	}
	s.newest = book
	return book, nil
}

// ServeHTTP answers the Admin API and the downloads of bulk files, which carry their own signature.
func (s *Shop) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if s.bulk.serves(r.URL.Path) {
		s.bulk.ServeHTTP(w, r)
		return
	}
	if !endpoint.MatchString(r.URL.Path) {
		writeJSON(w, http.StatusNotFound, map[string]string{"errors": "Not Found"})
		return
	}
	if subtle.ConstantTimeCompare([]byte(r.Header.Get("X-Shopify-Access-Token")), []byte(s.options.Token)) != 1 {
		text := "[API] Invalid API key or access token (unrecognized login or wrong password)"
		writeJSON(w, http.StatusUnauthorized, map[string]string{"errors": text})
		return
	}
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", http.MethodPost)
		writeJSON(w, http.StatusMethodNotAllowed, map[string]string{"errors": "Method Not Allowed"})
		return
	}
	q, err := readQuestion(r)
	if err != nil {
		writeJSON(w, http.StatusBadRequest, map[string]string{"errors": err.Error()})
		return
	}
	w.Header().Set("X-Shopify-Api-Version", Version)
	writeJSON(w, http.StatusOK, s.answer(context.WithValue(r.Context(), hostKey{}, r.Host), q))
}

type hostKey struct{}

// question is the body of a GraphQL call.
type question struct {
	Query         string         `json:"query"`
	OperationName string         `json:"operationName"`
	Variables     map[string]any `json:"variables"`
}

func readQuestion(r *http.Request) (question, error) {
	var q question
	body, err := io.ReadAll(io.LimitReader(r.Body, 1<<20))
	if err != nil {
		return q, fmt.Errorf("read query: %w", err)
	}
	if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err == nil && kind == "application/graphql" {
		q.Query = string(body)
		return q, nil
	}
	if err := json.Unmarshal(body, &q); err != nil {
		return q, fmt.Errorf("read query: %w", err)
	}
	return q, nil
}

// answered is the body of a GraphQL answer.
type answered struct {
	Data       json.RawMessage       `json:"data,omitempty"`
	Errors     []*errors.QueryError  `json:"errors,omitempty"`
	Extensions map[string]costReport `json:"extensions,omitempty"`
}

type costReport struct {
	Requested float64        `json:"requestedQueryCost"`
	Actual    *float64       `json:"actualQueryCost"`
	Throttle  throttleStatus `json:"throttleStatus"`
}

type throttleStatus struct {
	Maximum   float64 `json:"maximumAvailable"`
	Available float64 `json:"currentlyAvailable"`
	Restore   float64 `json:"restoreRate"`
}

// answer weighs the query, charges for it, runs it, and gives back what it did not use.
func (s *Shop) answer(ctx context.Context, q question) answered {
	p, errs := s.weighed(ctx, q)
	if len(errs) > 0 {
		return answered{Errors: errs}
	}
	cost := p.cost()
	report := func(left float64, actual *float64) map[string]costReport {
		status := throttleStatus{s.options.BucketSize, left, s.options.RestoreRate}
		return map[string]costReport{"cost": {cost, actual, status}}
	}
	if cost > maxQueryCost {
		text := fmt.Sprintf("Query cost is %.0f, which exceeds the single query max cost limit (%d).", cost, maxQueryCost)
		return answered{Errors: []*errors.QueryError{refusal(text, "MAX_COST_EXCEEDED")}}
	}
	left, ok := s.points.take(cost)
	if !ok || s.throttled() {
		if ok {
			left = s.points.giveBack(cost)
		}
		return answered{Errors: []*errors.QueryError{refusal("Throttled", "THROTTLED")}, Extensions: report(left, nil)}
	}
	r := s.schema.Exec(ctx, q.Query, q.OperationName, q.Variables)
	actual := cost
	if p.roots[0].operation == "QueryRoot" && len(r.Data) > 0 {
		if used, err := spent(r.Data); err == nil {
			actual = min(cost, used)
		}
	}
	left = s.points.giveBack(cost - actual)
	return answered{Data: r.Data, Errors: r.Errors, Extensions: report(left, &actual)}
}

// weighed runs a query dry.
func (s *Shop) weighed(ctx context.Context, q question) (*probe, []*errors.QueryError) {
	p := &probe{schema: s.schema.AST()}
	r := s.schema.Exec(context.WithValue(ctx, probeKey{}, p), q.Query, q.OperationName, q.Variables)
	if len(p.roots) == 0 {
		if len(r.Errors) > 0 {
			return nil, r.Errors
		}
		p.roots = append(p.roots, rootField{operation: "QueryRoot", name: "__schema"})
	}
	return p, nil
}

func refusal(text, code string) *errors.QueryError {
	e := &errors.QueryError{Message: text, Extensions: map[string]any{"code": code}}
	if code == "THROTTLED" {
		e.Extensions["documentation"] = "https://shopify.dev/api/usage/rate-limits"
	}
	return e
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	b, err := json.Marshal(v)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write(b) // a client that went away needs no answer
}
