package rest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/hashicorp/go-retryablehttp"

	"github.com/fourmarketing/waybill/connectors/internal/bound"
)

var errPatience = errors.New("http.patience used up")

// attempt is one call on its way, with what its retries have to know.
type attempt struct {
	client *Client
	call   Call
	req    *retryablehttp.Request
	caller context.Context // the caller's own, to tell its end from ours
	stop   context.CancelCauseFunc
	shown  string
	sent   int
	body   []byte
}

func (t *attempt) cancel() { t.stop(nil) }

// run sends the request until it is answered, is refused for good, or is not worth another attempt.
func (t *attempt) run(hc *http.Client) (*http.Response, error) {
	cfg := t.client.cfg
	if hc == t.client.calls {
		timer := time.AfterFunc(cfg.Patience, func() { t.stop(errPatience) })
		defer timer.Stop()
	}
	if err := t.admit(t.req.Request); err != nil {
		return nil, err
	}
	rc := &retryablehttp.Client{
		HTTPClient:   hc,
		RetryMax:     cfg.Attempts - 1,
		CheckRetry:   t.again,
		Backoff:      t.wait,
		ErrorHandler: retryablehttp.PassthroughErrorHandler,
		PrepareRetry: t.admit,
	}
	return rc.Do(t.req)
}

// admit holds an attempt back until the connection's rate allows it.
func (t *attempt) admit(r *http.Request) error {
	bound.Step(r.Context(), "keep to calls_per_second", t.client.cfg.Patience)
	if err := t.client.limiter.Wait(r.Context()); err != nil {
		return fmt.Errorf("wait for the rate limit: %w", err)
	}
	bound.Step(r.Context(), t.call.Method+" "+t.shown, t.client.cfg.Timeout)
	t.sent++
	return nil
}

// again decides whether one more attempt is safe and useful.
func (t *attempt) again(ctx context.Context, resp *http.Response, err error) (bool, error) {
	if ctx.Err() != nil {
		return false, context.Cause(ctx)
	}
	if err != nil {
		return t.isSafe() && isPassing(err), err
	}
	switch s := resp.StatusCode; {
	case t.isAnswer(s):
		return false, nil
	case s == http.StatusTooManyRequests:
		// A 429 was refused before it did anything, so it may be repeated whatever the method.
		after, known := t.retryAfter(resp)
		if known {
			return after <= t.client.cfg.WaitMax, nil
		}
		return !t.call.StopOnThrottle, nil
	case isServerTrouble(s):
		after, _ := t.retryAfter(resp)
		return t.isSafe() && after <= t.client.cfg.WaitMax, nil
	}
	return false, nil
}

// wait is the pause before the next attempt: what the server asks for, else doubling with jitter between half and
// whole, so that connections that failed together do not come back together.
func (t *attempt) wait(_, _ time.Duration, n int, resp *http.Response) time.Duration {
	d := t.pause(n, resp)
	bound.Step(t.req.Context(), "pause before the next attempt", d)
	return d
}

func (t *attempt) pause(n int, resp *http.Response) time.Duration {
	shortest, longest := t.client.cfg.WaitMin, t.client.cfg.WaitMax
	if resp != nil {
		if after, ok := t.retryAfter(resp); ok {
			return after
		}
	}
	d := longest
	if n < 30 && shortest<<n > 0 {
		d = min(longest, shortest<<n)
	}
	return d/2 + rand.N(d/2+1)
}

func (t *attempt) isSafe() bool {
	switch t.call.Method {
	case http.MethodGet, http.MethodHead:
		return true
	}
	return t.call.ReadOnly
}

func (t *attempt) isAnswer(status int) bool {
	return status/100 == 2 || slices.Contains(t.call.Answers, status)
}

func isServerTrouble(status int) bool {
	return status == http.StatusRequestTimeout || (status >= 500 && status != http.StatusNotImplemented)
}

func (t *attempt) retryAfter(resp *http.Response) (time.Duration, bool) {
	return parseRetryAfter(resp.Header.Get("Retry-After"), t.client.now())
}

// parseRetryAfter reads both forms of RFC 9110 §10.2.3: seconds, or a date in one of HTTP's three formats.
func parseRetryAfter(value string, now time.Time) (time.Duration, bool) {
	value = strings.TrimSpace(value)
	if secs, err := strconv.ParseUint(value, 10, 31); err == nil {
		return time.Duration(secs) * time.Second, true
	}
	at, err := http.ParseTime(value)
	if err != nil {
		return 0, false
	}
	return max(0, at.Sub(now)), true
}

// readAll reads a body to its end and compares it with what the server promised.
func (t *attempt) readAll(resp *http.Response, limit int64) error {
	t.body = nil
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, limit+1))
	if err != nil {
		return fmt.Errorf("read body: %w", err)
	}
	if int64(len(body)) > limit {
		return fmt.Errorf("%w: more than %d bytes", errTooLarge, limit)
	}
	if t.call.Method != http.MethodHead && resp.ContentLength >= 0 && int64(len(body)) != resp.ContentLength {
		return fmt.Errorf("read body: %d of %d bytes: %w", len(body), resp.ContentLength, io.ErrUnexpectedEOF)
	}
	t.body = body
	return nil
}
