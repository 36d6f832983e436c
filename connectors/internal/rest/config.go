// Package rest is the HTTP transport that the API connectors share: bounded retries of what is safe to retry,
// rate limits, whole bodies, errors that name the call without its secrets, the window of time that a pull is about,
// and the exchange log in which the answers to many small requests are kept as one file. It knows no vendor: paths, queries, page cursors
// and the meaning of an answer belong to the connector.
package rest

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"time"

	"github.com/fourmarketing/waybill"
)

// Config bounds how a connection talks HTTP. The zero value means the defaults.
type Config struct {
	// Timeout is the longest one attempt may take from connecting to the last byte; for a download the longest
	// silence between two bytes. Default is the connection's timeouts.silence.
	Timeout time.Duration `yaml:"timeout"`
	// Attempts is how often one call is sent at most, the first time included. Default 5.
	Attempts int `yaml:"attempts"`
	// Patience is the longest one call may take with all its attempts and the waits between them. Default 5m.
	Patience time.Duration `yaml:"patience"`
	// WaitMin is the first wait between two attempts; it doubles from there, with jitter. Default 500ms.
	WaitMin time.Duration `yaml:"wait_min"`
	// WaitMax is the longest wait between two attempts. A Retry-After that is longer is not waited for. Default 60s.
	WaitMax time.Duration `yaml:"wait_max"`
	// MaxBody is the largest answer that is read into memory, in bytes; downloads are not bounded. Default 64 MiB.
	MaxBody int64 `yaml:"max_body"`
	// CallsPerSecond bounds the rate of this connection, attempts included. 0 means no bound.
	CallsPerSecond float64 `yaml:"calls_per_second"`

	connect time.Duration // timeouts.connect
}

// Within takes from a connection's bounds what is not set.
func (c Config) Within(b waybill.Bounds) Config {
	if c.Timeout == 0 {
		c.Timeout = b.Timeouts.Silence
	}
	c.connect = b.Timeouts.Connect
	return c
}

// Validate says which bound makes no sense.
func (c Config) Validate() error {
	switch {
	case c.Timeout < 0, c.Patience < 0, c.WaitMin < 0, c.WaitMax < 0:
		return errors.New("http: timeout, patience, wait_min and wait_max must not be negative")
	case c.Attempts < 0:
		return errors.New("http: attempts must be at least 1")
	case c.MaxBody < 0:
		return errors.New("http: max_body must be positive")
	case c.CallsPerSecond < 0:
		return errors.New("http: calls_per_second must not be negative")
	case c.WaitMax > 0 && c.WaitMin > c.WaitMax:
		return errors.New("http: wait_min is longer than wait_max")
	}
	return nil
}

func (c Config) withDefaults() Config {
	orDuration := func(d *time.Duration, v time.Duration) {
		if *d == 0 {
			*d = v
		}
	}
	orDuration(&c.Timeout, waybill.DefaultBounds().Timeouts.Silence)
	orDuration(&c.connect, waybill.DefaultBounds().Timeouts.Connect)
	orDuration(&c.Patience, 5*time.Minute)
	orDuration(&c.WaitMax, time.Minute)
	orDuration(&c.WaitMin, min(500*time.Millisecond, c.WaitMax))
	if c.Attempts == 0 {
		c.Attempts = 5
	}
	if c.MaxBody == 0 {
		c.MaxBody = 64 << 20
	}
	return c
}

// Auth is the credential of a connection. It is sent to the host of the base URL and to no other.
type Auth struct {
	header string
	prefix string
	user   string
	secret waybill.Secret
}

// Basic is HTTP Basic authentication (RFC 7617).
func Basic(user string, password waybill.Secret) Auth { return Auth{user: user, secret: password} }

// Bearer is a token in the Authorization header (RFC 6750).
func Bearer(token waybill.Secret) Auth {
	return Auth{header: "Authorization", prefix: "Bearer ", secret: token}
}

// Header is a credential in a header of the vendor's own, such as X-API-Key.
func Header(name string, value waybill.Secret) Auth { return Auth{header: name, secret: value} }

func (a Auth) apply(r *http.Request) {
	switch {
	case a.user != "":
		r.SetBasicAuth(a.user, a.secret.Reveal())
	case a.header != "":
		r.Header.Set(a.header, a.prefix+a.secret.Reveal())
	}
}

// CheckBaseURL accepts an https URL without query, and plain http only to this machine, because a credential goes
// with every call.
func CheckBaseURL(raw string) error {
	u, err := url.Parse(raw)
	if err != nil {
		return fmt.Errorf("base_url: %w", errors.Unwrap(err))
	}
	switch {
	case u.Host == "" || u.RawQuery != "" || u.Fragment != "" || u.User != nil:
		return fmt.Errorf("base_url %q: must be scheme://host[:port][/path] without user, query and fragment", u.Redacted())
	case u.Scheme == "https":
		return nil
	case u.Scheme == "http" && isLoopback(u.Hostname()):
		return nil
	}
	return fmt.Errorf("base_url %q: must be https (http is for loopback addresses only)", raw)
}

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || (ip != nil && ip.IsLoopback())
}
