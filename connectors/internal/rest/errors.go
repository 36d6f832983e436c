package rest

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/fourmarketing/waybill"
)

// readBody is how many bytes of a refused answer are read: its codes stand there.
const readBody = 16 << 10

// Error is a call that was not answered. It unwraps to one of waybill's sentinels where a caller can act, and to
// what went wrong underneath.
type Error struct {
	Method     string
	URL        string        // without secrets
	Status     int           // 0 when there was no response
	Body       string        // the first bytes of the response, for connectors that know what stands there; it may have anybody's name, and is not shown
	RetryAfter time.Duration // what the server asked for, 0 when it did not
	Attempts   int           // how often the call was sent
	kind       error
	cause      error
}

// Error names the call, the status and what the vendor calls it. Nothing else of the answer is told: logs, run histories and terminals are for people
// who may not see customers' data.
func (e *Error) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s: ", e.Method, e.URL)
	if e.Status != 0 {
		fmt.Fprintf(&b, "%d %s", e.Status, http.StatusText(e.Status))
		if codes := codesOf([]byte(e.Body)); len(codes) > 0 {
			fmt.Fprintf(&b, " (%s)", strings.Join(codes, ", "))
		}
		if scopes := Scopes(e.Body); scopes != "" {
			fmt.Fprintf(&b, " (wants %s)", scopes)
		}
	} else {
		fmt.Fprint(&b, e.cause)
	}
	if e.RetryAfter > 0 {
		fmt.Fprintf(&b, " (retry after %s)", e.RetryAfter)
	}
	if e.Attempts > 1 {
		fmt.Fprintf(&b, " (%d attempts)", e.Attempts)
	}
	if e.kind != nil {
		fmt.Fprintf(&b, ": %v", e.kind)
	}
	return b.String()
}

// Unwrap gives errors.Is the sentinel and the cause.
func (e *Error) Unwrap() []error {
	var all []error
	for _, err := range []error{e.kind, e.cause} {
		if err != nil {
			all = append(all, err)
		}
	}
	return all
}

// refused makes the error of a response that is no answer, and closes its body.
func (t *attempt) refused(resp *http.Response) error {
	head := t.body
	if head == nil {
		head, _ = io.ReadAll(io.LimitReader(resp.Body, readBody)) // the status is the error, whatever became of its text
	}
	defer resp.Body.Close()
	e := &Error{Method: t.call.Method, URL: t.shown, Status: resp.StatusCode, Body: string(head[:min(len(head), readBody)]), Attempts: t.sent}
	after, known := t.retryAfter(resp)
	e.RetryAfter = after
	switch s := resp.StatusCode; {
	case s == http.StatusUnauthorized, s == http.StatusForbidden:
		e.kind = waybill.ErrAuth
	case s == http.StatusNotFound, s == http.StatusGone:
		e.kind = waybill.ErrNotFound
	case s == http.StatusTooManyRequests && known && after > t.client.cfg.WaitMax:
		e.kind = waybill.ErrQuota
	case s == http.StatusTooManyRequests, isServerTrouble(s):
		e.kind = waybill.ErrTemporary
	}
	return e
}

// failed makes the error of a call without a response, or whose response could not be read to its end.
func (t *attempt) failed(err error) error {
	e := &Error{Method: t.call.Method, URL: t.shown, Attempts: t.sent, cause: bare(err)}
	switch own := context.Cause(t.req.Context()); {
	case t.caller.Err() != nil:
		e.cause = t.caller.Err()
	case errors.Is(own, errPatience), errors.Is(own, errSilence):
		e.kind, e.cause = waybill.ErrTemporary, own
	case isIdentity(err):
		e.kind = waybill.ErrAuth
	case isPassing(err):
		e.kind = waybill.ErrTemporary
	}
	return e
}

// bare takes net/http's wrapper off, which repeats the whole URL with its query.
func bare(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		return u.Err
	}
	return err
}

// isPassing tells trouble on the way, which may be over next time, from what will be the same next time.
func isPassing(err error) bool {
	switch {
	case errors.Is(err, errTooLarge), errors.Is(err, errRedirects), errors.Is(err, errEncoding), isIdentity(err):
		return false
	}
	return true
}

func isIdentity(err error) bool {
	var cert *tls.CertificateVerificationError
	return errors.As(err, &cert)
}

// show is a URL as people may read it. Queries of other hosts are dropped whole, because they are how signed
// addresses carry their signature; of our own host, parameters that are known to carry credentials are starred.
func (c *Client) show(u *url.URL) string {
	shown := *u
	shown.User, shown.Fragment = nil, ""
	if shown.Host != c.base.Host {
		if shown.RawQuery != "" {
			shown.RawQuery = "***"
		}
		return shown.String()
	}
	q := shown.Query()
	for k, v := range q {
		if isSecretName(k) || (c.auth.secret != "" && strings.Contains(strings.Join(v, "\n"), c.auth.secret.Reveal())) {
			q[k] = []string{"***"}
		}
	}
	shown.RawQuery = strings.ReplaceAll(q.Encode(), url.QueryEscape("***"), "***")
	return shown.String()
}

func isSecretName(name string) bool {
	name = strings.ToLower(name)
	for _, part := range []string{"token", "secret", "password", "passwd", "signature", "api_key", "apikey", "api-key", "credential"} {
		if strings.Contains(name, part) {
			return true
		}
	}
	return name == "key" || name == "sig" || name == "auth"
}
