package shopify

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/fourmarketing/waybill"
	"github.com/fourmarketing/waybill/connectors/internal/rest"
)

const (
	// maxThrottles is how often one question is asked again because the shop's points were used up.
	maxThrottles = 20
	// maxFaults is how often one question is asked again because Shopify failed inside.
	maxFaults = 3
	// maxThrottleWait bounds one wait for points.
	maxThrottleWait = 30 * time.Second
)

// admin asks the GraphQL Admin API and keeps to its points (https://shopify.dev/docs/api/usage/limits).
type admin struct {
	client *rest.Client
	path   string

	mu   sync.Mutex
	debt time.Duration // to be waited before the next question, so that it finds its points
}

type question struct {
	Query     string         `json:"query"`
	Variables map[string]any `json:"variables,omitempty"`
}

// reply is the envelope of a GraphQL answer.
type reply struct {
	Data       json.RawMessage `json:"data"`
	Errors     gqlErrors       `json:"errors"`
	Extensions struct {
		Cost cost `json:"cost"`
	} `json:"extensions"`
}

type cost struct {
	Requested float64 `json:"requestedQueryCost"`
	Throttle  struct {
		Available float64 `json:"currentlyAvailable"`
		Restore   float64 `json:"restoreRate"` // points a second
	} `json:"throttleStatus"`
}

// shortfall is how long it takes until a question of the same cost finds its points.
func (c cost) shortfall() time.Duration {
	missing := c.Requested - c.Throttle.Available
	if missing <= 0 || c.Throttle.Restore <= 0 {
		return 0
	}
	secs := missing / c.Throttle.Restore
	return min(maxThrottleWait, time.Duration(secs*float64(time.Second)))
}

type gqlError struct {
	Message    string `json:"message"`
	Extensions struct {
		Code string `json:"code"`
	} `json:"extensions"`
}

// gqlErrors is a list, or one text as Shopify's front door writes it.
type gqlErrors []gqlError

// UnmarshalJSON reads both forms.
func (e *gqlErrors) UnmarshalJSON(raw []byte) error {
	var text string
	if err := json.Unmarshal(raw, &text); err == nil {
		if *e = nil; text != "" {
			*e = gqlErrors{{Message: text}}
		}
		return nil
	}
	var list []gqlError
	if err := json.Unmarshal(raw, &list); err != nil {
		return err
	}
	*e = list
	return nil
}

// Error is the codes, and the rights that a message says are missing. Messages may have values in them.
func (e gqlErrors) Error() string {
	text := e.codes()
	for _, one := range e {
		if scopes := rest.Scopes(one.Message); scopes != "" {
			return text + ": wants " + scopes
		}
	}
	return text
}

// codes are what Shopify calls the errors. Messages may have values in them.
func (e gqlErrors) codes() string {
	var all []string
	for _, one := range e {
		code := rest.Code(one.Extensions.Code)
		if code == "" {
			code = "an error without a code"
		}
		if !slices.Contains(all, code) {
			all = append(all, code)
		}
	}
	return strings.Join(all, ", ")
}

func (e gqlErrors) has(codes ...string) bool {
	for _, one := range e {
		for _, code := range codes {
			if one.Extensions.Code == code {
				return true
			}
		}
	}
	return false
}

// isThrottled: the message is what Shopify documents for it, the code what it sends beside.
func (e gqlErrors) isThrottled() bool {
	return e.has("THROTTLED") || (len(e) > 0 && e[0].Message == "Throttled")
}

// read asks a question that changes nothing.
func (a *admin) read(ctx context.Context, q question) (rest.Answer, reply, error) {
	return a.ask(ctx, q, rest.Call{ReadOnly: true})
}

// run asks for a mutation; it is sent again only when it was surely not carried out.
func (a *admin) run(ctx context.Context, q question) (reply, error) {
	_, r, err := a.ask(ctx, q, rest.Call{})
	return r, err
}

// ask sends a question until it is answered otherwise than by a want of points or a passing fault. GraphQL errors that
// are about the question itself come back in the reply, because they are an answer.
func (a *admin) ask(ctx context.Context, q question, call rest.Call) (rest.Answer, reply, error) {
	body, err := json.Marshal(q)
	if err != nil {
		return rest.Answer{}, reply{}, fmt.Errorf("write question: %w", err)
	}
	call.Method, call.Path, call.Body = http.MethodPost, a.path, body
	call.Header = http.Header{"Content-Type": {"application/json"}, "Accept": {"application/json"}}
	for throttles, faults := 0, 0; ; {
		if err := rest.Sleep(ctx, a.settle()); err != nil {
			return rest.Answer{}, reply{}, err
		}
		answer, err := a.client.Do(ctx, call)
		if err != nil {
			return answer, reply{}, err
		}
		r, err := parseReply(answer)
		if err != nil {
			return answer, r, err
		}
		wait := r.Extensions.Cost.shortfall()
		switch {
		case r.Errors.isThrottled():
			if throttles++; throttles > maxThrottles {
				return answer, r, fmt.Errorf("POST %s: %w: %w after %d waits: %w", answer.URL, errThrottled, r.Errors, throttles-1, waybill.ErrTemporary)
			}
			a.owe(max(wait, 20*time.Millisecond))
		case r.Errors.has("ACCESS_DENIED"):
			return answer, r, fmt.Errorf("POST %s: %w: %w", answer.URL, r.Errors, waybill.ErrAuth)
		case r.Errors.has("INTERNAL_SERVER_ERROR", "TIMEOUT"):
			if faults++; faults > maxFaults || !call.ReadOnly {
				return answer, r, fmt.Errorf("%w: %w", r.Errors, judge(answer, r))
			}
			a.owe(max(wait, time.Duration(faults)*100*time.Millisecond))
		default:
			a.owe(wait)
			return answer, r, nil
		}
	}
}

// owe notes a wait that the next question pays.
func (a *admin) owe(d time.Duration) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.debt = max(a.debt, d)
}

func (a *admin) settle() time.Duration {
	a.mu.Lock()
	defer a.mu.Unlock()
	d := a.debt
	a.debt = 0
	return d
}

var (
	errNotGraphQL = errors.New("answer is not GraphQL: neither data nor errors")
	// errThrottled is a shop whose points are used up for longer than is waited.
	errThrottled = errors.New("throttled")
)

// parseReply reads an answer. Its error is rest.UnusableError.
func parseReply(a rest.Answer) (reply, error) {
	var r reply
	if err := a.JSON(&r); err != nil {
		return r, err
	}
	if bytes.Equal(r.Data, []byte("null")) {
		r.Data = nil
	}
	if r.Data == nil && len(r.Errors) == 0 {
		return r, &rest.UnusableError{Answer: a, Problem: fmt.Sprintf("%d JSON that is no GraphQL: neither data nor errors", a.Status)}
	}
	return r, nil
}

// data decodes the reply's data; GraphQL errors are errors here.
func (r reply) data(into any) error {
	if len(r.Errors) > 0 {
		return r.Errors
	}
	if err := json.Unmarshal(r.Data, into); err != nil {
		return fmt.Errorf("read data: %w", err)
	}
	return nil
}

// number is an UnsignedInt64, which comes as text.
type number uint64

// UnmarshalJSON reads text and number.
func (n *number) UnmarshalJSON(raw []byte) error {
	v, err := strconv.ParseUint(strings.Trim(string(raw), `"`), 10, 64)
	if err != nil {
		return err
	}
	*n = number(v)
	return nil
}
