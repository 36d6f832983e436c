package rest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/hashicorp/go-retryablehttp"
	"golang.org/x/time/rate"
)

// Client calls one base URL with one credential. It is safe for use by several goroutines.
type Client struct {
	base     *url.URL
	auth     Auth
	cfg      Config
	now      func() time.Time
	limiter  *rate.Limiter
	calls    *http.Client // bounded by Timeout as a whole
	download *http.Client // bounded by silence only
}

// New makes a client. now is asked for the time of an answer and for a Retry-After that is a date.
func New(baseURL string, auth Auth, cfg Config, now func() time.Time) (*Client, error) {
	if err := CheckBaseURL(baseURL); err != nil {
		return nil, err
	}
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	base, err := url.Parse(strings.TrimRight(baseURL, "/"))
	if err != nil {
		return nil, fmt.Errorf("base_url: %w", err)
	}
	cfg = cfg.withDefaults()
	transport := newTransport(cfg)
	limit := rate.Inf
	if cfg.CallsPerSecond > 0 {
		limit = rate.Limit(cfg.CallsPerSecond)
	}
	return &Client{
		base: base, auth: auth, cfg: cfg, now: now,
		limiter:  rate.NewLimiter(limit, 1),
		calls:    &http.Client{Transport: transport, Timeout: cfg.Timeout, CheckRedirect: sameHost},
		download: &http.Client{Transport: transport, CheckRedirect: sameHost},
	}, nil
}

func newTransport(cfg Config) *http.Transport {
	return &http.Transport{
		Proxy:                 http.ProxyFromEnvironment,
		DialContext:           (&net.Dialer{Timeout: min(cfg.connect, cfg.Timeout), KeepAlive: 30 * time.Second}).DialContext,
		ForceAttemptHTTP2:     true,
		MaxIdleConnsPerHost:   8,
		IdleConnTimeout:       90 * time.Second,
		TLSHandshakeTimeout:   min(cfg.connect, cfg.Timeout),
		ResponseHeaderTimeout: cfg.Timeout,
	}
}

// sameHost refuses a redirect to elsewhere: net/http would carry a vendor's own credential header along.
func sameHost(next *http.Request, via []*http.Request) error {
	if len(via) >= 10 {
		return errRedirects
	}
	if from := via[0].URL; next.URL.Host != from.Host || next.URL.Scheme != from.Scheme {
		return fmt.Errorf("%w: to %s://%s", errRedirects, next.URL.Scheme, next.URL.Host)
	}
	return nil
}

var (
	errRedirects = errors.New("redirect refused")
	errTooLarge  = errors.New("answer larger than http.max_body")
	errEncoding  = errors.New("answer came compressed although its plain bytes were asked for")
)

// Call is one request.
type Call struct {
	Method  string      // GET when empty
	Path    string      // relative to the base URL with a leading slash, or an absolute URL
	Query   url.Values  // appended to Path
	Header  http.Header // beside the credential
	Body    []byte      // sent again with every attempt
	Answers []int       // statuses beyond 2xx that are answers and not errors, such as 404
	// ReadOnly says that a POST changes nothing, so that it may be sent again after a failure.
	ReadOnly bool
	// StopOnThrottle makes a 429 without a short Retry-After final, for allowances that each attempt eats.
	StopOnThrottle bool
}

// Answer is a response whose body was read to its end.
type Answer struct {
	Method   string
	Status   int
	Header   http.Header
	Body     []byte    // exactly as received
	At       time.Time // when it was complete
	URL      string    // as errors and the exchange log show it, without secrets
	Size     int64     // Content-Length, -1 when the server did not say; what a HEAD was sent for
	Attempts int       // how often the call was sent
}

// Do sends a call, reads the whole answer and retries what is safe to retry. A cut body is retried like a
// failed connection. Errors wrap waybill.ErrAuth, ErrNotFound, ErrTemporary or ErrQuota where one fits.
func (c *Client) Do(ctx context.Context, call Call) (Answer, error) {
	t, err := c.try(ctx, call)
	if err != nil {
		return Answer{}, err
	}
	defer t.cancel()
	t.req.SetResponseHandler(func(resp *http.Response) error { return t.readAll(resp, c.cfg.MaxBody) })
	resp, err := t.run(c.calls)
	if err != nil {
		return Answer{}, t.failed(err)
	}
	if !t.isAnswer(resp.StatusCode) {
		return Answer{}, t.refused(resp)
	}
	return Answer{
		Method: t.call.Method, Status: resp.StatusCode, Header: resp.Header, Body: t.body, At: c.now().UTC(), URL: t.shown,
		Size: resp.ContentLength, Attempts: t.sent,
	}, nil
}

// Download is an answer whose bytes are still to be read.
type Download struct {
	io.ReadCloser
	Status int
	Header http.Header
	Size   int64 // Content-Length, -1 when the server did not say
}

// Open sends a call and streams the bytes of its answer. Getting the first byte is retried as in Do. A stream that
// ends early or stands still for Timeout fails with waybill.ErrTemporary in place of io.EOF.
func (c *Client) Open(ctx context.Context, call Call) (*Download, error) {
	t, err := c.try(ctx, call)
	if err != nil {
		return nil, err
	}
	// The bytes are the thing that is kept: no transport decoding on the way.
	t.req.Header.Set("Accept-Encoding", "identity")
	patience := time.AfterFunc(c.cfg.Patience, func() { t.stop(errPatience) })
	resp, err := t.run(c.download)
	patience.Stop()
	if err != nil {
		defer t.cancel()
		return nil, t.failed(err)
	}
	if !t.isAnswer(resp.StatusCode) {
		defer t.cancel()
		return nil, t.refused(resp)
	}
	if e := resp.Header.Get("Content-Encoding"); e != "" && e != "identity" {
		defer t.cancel()
		defer resp.Body.Close()
		return nil, t.failed(fmt.Errorf("%w: %s", errEncoding, e))
	}
	return &Download{ReadCloser: newStream(t, resp, c.cfg.Timeout), Status: resp.StatusCode, Header: resp.Header, Size: resp.ContentLength}, nil
}

// URL is the address of a path with a query as errors and the exchange log show it.
func (c *Client) URL(path string, query url.Values) (string, error) {
	u, err := c.resolve(path, query)
	if err != nil {
		return "", err
	}
	return c.show(u), nil
}

// Close lets go of idle connections.
func (c *Client) Close() error {
	c.calls.CloseIdleConnections()
	return nil
}

func (c *Client) resolve(path string, query url.Values) (*url.URL, error) {
	u, err := url.Parse(path)
	if err != nil {
		return nil, errors.New("address of the call is not a URL")
	}
	if !u.IsAbs() {
		u.Scheme, u.Host = c.base.Scheme, c.base.Host
		u.RawPath = c.base.EscapedPath() + u.EscapedPath()
		u.Path = c.base.Path + u.Path
	}
	if len(query) > 0 {
		q := u.Query()
		for k, v := range query {
			q[k] = v
		}
		u.RawQuery = q.Encode()
	}
	return u, nil
}

// try prepares a call: its request, its own cancel and its patience.
func (c *Client) try(ctx context.Context, call Call) (*attempt, error) {
	if call.Method == "" {
		call.Method = http.MethodGet
	}
	u, err := c.resolve(call.Path, call.Query)
	if err != nil {
		return nil, err
	}
	own, cancel := context.WithCancelCause(ctx)
	var body any
	if call.Body != nil {
		body = call.Body
	}
	req, err := retryablehttp.NewRequestWithContext(own, call.Method, u.String(), body)
	if err != nil {
		cancel(nil)
		return nil, fmt.Errorf("%s %s: address of the call is not a URL", call.Method, c.show(u))
	}
	for k, v := range call.Header {
		req.Header[k] = v
	}
	req.Header.Set("User-Agent", "waybill")
	if u.Host == c.base.Host && u.Scheme == c.base.Scheme {
		c.auth.apply(req.Request)
	}
	return &attempt{client: c, call: call, req: req, caller: ctx, stop: cancel, shown: c.show(u)}, nil
}
