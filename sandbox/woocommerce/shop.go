// Package woocommerce is a web shop of the sandbox behind WooCommerce's REST API v3: orders with windows, filters and paging, and
// the refunds of an order (https://woocommerce.github.io/woocommerce-rest-api-docs/, and WooCommerce's own controllers where
// that is silent). It answers from a view of the simulated world as of the world's clock, and knows nothing of Waybill.
//
// Unlike a real shop it takes HTTP Basic authentication without TLS, because it listens on loopback only.
package woocommerce

import (
	"crypto/subtle"
	"encoding/json"
	"net/http"
	"regexp"
	"strconv"
	"time"
)

// Options is what a shop needs to know.
type Options struct {
	Key, Secret string                     // consumer key and secret; every other pair is refused
	Orders      func(at time.Time) []Order // what the shop knows at an instant, in any order
	At          func() time.Time           // the world's clock
	Now         func() time.Time           // the wall clock, for the Date of an answer
	Zone        *time.Location             // the site's zone, of the times that are not GMT; nil means UTC
	Address     string                     // how links name the shop; empty means https://shop.example
}

// Shop serves one shop's REST API. It is safe for use by several goroutines if Orders is.
type Shop struct{ options Options }

// New makes a shop.
func New(o Options) *Shop {
	if o.Zone == nil {
		o.Zone = time.UTC
	}
	if o.Address == "" {
		o.Address = "https://shop.example"
	}
	return &Shop{options: o}
}

const base = "/wp-json/wc/v3"

var (
	ordersRoute  = regexp.MustCompile(`^` + base + `/orders/?$`)
	refundsRoute = regexp.MustCompile(`^` + base + `/orders/(\d+)/refunds/?$`)
)

// failure is a WordPress error.
type failure struct {
	Code    string         `json:"code"`
	Message string         `json:"message"`
	Data    map[string]any `json:"data"`
}

func refuse(status int, code, message string) failure {
	return failure{Code: code, Message: message, Data: map[string]any{"status": status}}
}

// ServeHTTP answers GET /wp-json/wc/v3/orders and /wp-json/wc/v3/orders/<id>/refunds.
func (s *Shop) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Date", s.options.Now().UTC().Format(http.TimeFormat))
	isOrders, refunds := ordersRoute.MatchString(r.URL.Path), refundsRoute.FindStringSubmatch(r.URL.Path)
	if r.Method != http.MethodGet || (!isOrders && refunds == nil) {
		write(w, http.StatusNotFound, refuse(http.StatusNotFound, "rest_no_route", "No route was found matching the URL and request method."))
		return
	}
	if f, ok := s.authorise(r); !ok {
		write(w, http.StatusUnauthorized, f)
		return
	}
	q, f, ok := readQuery(r.URL.Query())
	if !ok {
		write(w, http.StatusBadRequest, f)
		return
	}
	if isOrders {
		s.listOrders(w, r, q)
		return
	}
	id, err := strconv.ParseInt(refunds[1], 10, 64)
	if err != nil {
		id = 0 // PHP's absint of a number that is too large is no order's id either
	}
	s.listRefunds(w, r, q, id)
}

// authorise knows a key that is unknown from a secret that is wrong, as WooCommerce does: the first is no login at all.
func (s *Shop) authorise(r *http.Request) (failure, bool) {
	key, secret, ok := r.BasicAuth()
	if !ok {
		key, secret = r.URL.Query().Get("consumer_key"), r.URL.Query().Get("consumer_secret")
	}
	if !same(key, s.options.Key) {
		return refuse(http.StatusUnauthorized, "woocommerce_rest_cannot_view", "Sorry, you cannot list resources."), false
	}
	if !same(secret, s.options.Secret) {
		return refuse(http.StatusUnauthorized, "woocommerce_rest_authentication_error", "Consumer secret is invalid."), false
	}
	return failure{}, true
}

func same(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }

func write(w http.ResponseWriter, status int, v any) {
	text, err := json.Marshal(v)
	if err != nil {
		status, text = http.StatusInternalServerError, []byte(`{"code":"internal_server_error","message":"There has been a critical error on this website.","data":{"status":500}}`)
	}
	w.Header().Set("Content-Type", "application/json; charset=UTF-8")
	w.Header().Set("Content-Length", strconv.Itoa(len(text)))
	w.WriteHeader(status)
	_, _ = w.Write(text) // the client may have gone
}
