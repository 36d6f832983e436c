// Package stripe pulls one Stripe account's balance transactions, payouts and disputes from its API (docs.stripe.com/api),
// and which transactions each payout settled, as exchange logs with a line per page. It knows how lists are paged
// and which answers are whole; what a transaction means it does not know.
package stripe

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"github.com/fourmarketing/waybill"
	"github.com/fourmarketing/waybill/connectors/internal/rest"
)

// The resources.
const (
	balanceTransactions = "balance_transactions"
	payouts             = "payouts"
	disputes            = "disputes"
	payoutTransactions  = "payout_transactions"
)

// Connector reaches one account.
type Connector struct {
	cfg    Config
	client *rest.Client
	now    func() time.Time
}

// New checks the settings; it does not call Stripe. clock is the time of an answer.
func New(cfg Config, clock func() time.Time) (*Connector, error) {
	cfg = cfg.withDefaults()
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("stripe: %w", err)
	}
	client, err := rest.New(cfg.BaseURL, rest.Bearer(cfg.APIKey), cfg.HTTP.Within(cfg.Bounds), clock)
	if err != nil {
		return nil, fmt.Errorf("stripe: %w", err)
	}
	return &Connector{cfg: cfg, client: client, now: clock}, nil
}

// CheckFeed checks a feed's own settings.
func (c *Connector) CheckFeed(resource string, settings map[string]any) error {
	if err := known(resource); err != nil {
		return err
	}
	_, err := c.cfg.settings(resource, settings)
	return err
}

// List gives, for payout_transactions, r.Work in batches, and for the others the windows of creation times from the cursor less
// the overlap to now. It calls nobody.
func (c *Connector) List(ctx context.Context, r waybill.Request) ([]waybill.Item, error) {
	err := known(r.Resource)
	var s Settings
	if err == nil {
		s, err = c.cfg.settings(r.Resource, r.Settings)
	}
	if err == nil {
		err = ctx.Err()
	}
	if err != nil {
		return nil, fmt.Errorf("feed %s: %w", r.Feed, err)
	}
	if r.Resource == payoutTransactions {
		return rest.Batches(r, s.BatchSize), nil
	}
	windows, err := windowsOf(r, s)
	if err != nil {
		return nil, fmt.Errorf("stripe: feed %s: %w", r.Feed, err)
	}
	items := make([]waybill.Item, len(windows))
	for i, w := range windows {
		items[i] = w.Item(r, "ndjson")
	}
	return items, nil
}

// Open gives the exchange log of an item. A window is whole or an error: a page that cannot be had fails the reading. Of a batch of
// payouts each is whole or has a line that says why not (rest.Questions).
func (c *Connector) Open(ctx context.Context, it waybill.Item) (io.ReadCloser, error) {
	r := it.Request
	s, err := c.cfg.settings(r.Resource, r.Settings)
	if err == nil {
		err = known(r.Resource)
	}
	var body io.ReadCloser
	switch {
	case err != nil:
	case r.Resource != payoutTransactions:
		body, err = c.openWindow(ctx, it, s)
	case len(r.Work) == 0 || it.Name != rest.Batch(r, r.Work).Name:
		err = fmt.Errorf("not an item of this connector: %w", waybill.ErrNotFound)
	default:
		body, err = c.itemise(ctx, r)
	}
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", it.Name, err)
	}
	return body, nil
}

// Close lets go of idle connections.
func (c *Connector) Close() error { return c.client.Close() }

func (c *Connector) openWindow(ctx context.Context, it waybill.Item, s Settings) (io.ReadCloser, error) {
	w, err := windowOf(it, s)
	if err != nil {
		return nil, err
	}
	return c.open(ctx, list{path: pathOf(it.Request.Resource), query: queryOf(it.Request.Resource, query(w)), ask: askOf(w)})
}

func pathOf(resource string) string { return "/v1/" + resource }

// queryOf adds what a resource is always asked with: the charge, refund or dispute behind each balance transaction, which
// has the payment intent and the shop's metadata.
func queryOf(resource string, q url.Values) url.Values {
	if resource == balanceTransactions {
		q.Set("expand[]", "data.source")
	}
	return q
}

// itemise asks which transactions each payout settled. request.ask is the payout's id on each of its lines.
func (c *Connector) itemise(ctx context.Context, r waybill.Request) (io.ReadCloser, error) {
	questions := rest.Questions{
		Method: http.MethodGet, Headers: loggedHeaders(), Ask: c.itemiseOne, Now: c.now,
		IsFinal: func(err error) bool { return errors.Is(err, waybill.ErrAuth) || errors.Is(err, waybill.ErrQuota) },
		Alive: func(ctx context.Context) error {
			_, err := c.next(ctx, &list{path: pathOf(payouts), query: url.Values{}})
			return err
		},
	}
	return questions.AskAll(ctx, r.Work)
}

// itemiseOne gives the lines of one payout, all of them or an error.
func (c *Connector) itemiseOne(ctx context.Context, log *rest.Log, payout string) error {
	l := list{
		path: pathOf(balanceTransactions), query: url.Values{"payout": {payout}}, ask: payout,
		refuse: []int{http.StatusBadRequest, http.StatusNotFound},
	}
	for !l.done {
		a, err := c.next(ctx, &l)
		if err != nil {
			return err
		}
		if a.Status != http.StatusOK && (log.Lines() > 0 || !refusesPayout(a.Body)) {
			return &rest.UnusableError{Answer: a, Problem: fmt.Sprintf("%d that is not about the payout", a.Status)}
		}
		if err := log.Add(http.MethodGet, payout, a); err != nil {
			return err
		}
	}
	return nil
}

func known(resource string) error {
	switch resource {
	case balanceTransactions, payouts, disputes, payoutTransactions:
		return nil
	}
	return fmt.Errorf("stripe: resource %q is not known; use %s, %s, %s or %s", resource, balanceTransactions, payouts, payoutTransactions, disputes)
}
