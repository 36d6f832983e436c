// Package dhl asks DHL's Shipment Tracking – Unified API (developer.dhl.com) for parcels, one number per call, within
// the subscription's rate and daily allowance, and keeps the exact answers as exchange logs. It does not know
// what an event means, which parcels matter, nor what was asked before this process started.
package dhl

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/fourmarketing/waybill"
	"github.com/fourmarketing/waybill/connectors/internal/rest"
)

const (
	trackPath = "/track/shipments"
	maxBatch  = 1000
	// nobody is a number that nobody has.
	nobody = "0000000000"
)

// Connector reaches one subscription.
type Connector struct {
	cfg    Config
	client *rest.Client
	quota  *rest.DailyQuota
	now    func() time.Time
}

// New checks the settings; it does not call DHL. clock decides to which GMT day a call belongs.
func New(cfg Config, clock func() time.Time) (*Connector, error) {
	cfg = cfg.withDefaults()
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("dhl: %w", err)
	}
	client, err := rest.New(cfg.BaseURL, rest.Header("DHL-API-Key", cfg.APIKey), cfg.HTTP.Within(cfg.Bounds), clock)
	if err != nil {
		return nil, fmt.Errorf("dhl: %w", err)
	}
	return &Connector{cfg: cfg, client: client, quota: rest.NewDailyQuota(cfg.DailyQuota, clock), now: clock}, nil
}

// CheckFeed checks a feed's own settings.
func (c *Connector) CheckFeed(resource string, settings map[string]any) error {
	if resource != "tracking" {
		return fmt.Errorf("dhl: resource %q is not known; use tracking", resource)
	}
	_, err := c.settings(settings)
	return err
}

// List plans the calls for r.Work, most urgent first, in batches (rest.BatchName): so many that the calls left today are spent in the last of
// them. It calls nobody. When numbers wait and no call is left it is waybill.ErrQuota.
func (c *Connector) List(ctx context.Context, r waybill.Request) ([]waybill.Item, error) {
	if r.Resource != "tracking" {
		return nil, fmt.Errorf("dhl: feed %s: resource %q is not known; use tracking", r.Feed, r.Resource)
	}
	s, err := c.settings(r.Settings)
	if err != nil {
		return nil, fmt.Errorf("feed %s: %w", r.Feed, err)
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	work := rest.Distinct(r.Work)
	left, err := c.quota.Learn(s.CallsToday)
	if err != nil && len(work) > 0 {
		return nil, fmt.Errorf("dhl: feed %s: %d numbers wait: %w", r.Feed, len(work), err)
	}
	var items []waybill.Item
	for left > 0 && len(work) > 0 {
		n := min(s.BatchSize, len(work))
		if left <= n {
			n = len(work) // the allowance ends in this batch; it may spend it on others than the first of them
		}
		items = append(items, rest.Batch(r, work[:n]))
		work, left = work[n:], left-n
	}
	return items, nil
}

// Open asks for the numbers of one batch and gives the exchange log of the answers (rest.Questions). 404 (nothing known yet) is an answer.
// When DHL stops answering in the middle, by a 429 or otherwise, the log ends there and is complete with what was asked; what has no line is
// still due. Only when nothing was answered is it an error: waybill.ErrQuota, ErrAuth or ErrTemporary.
func (c *Connector) Open(ctx context.Context, it waybill.Item) (io.ReadCloser, error) {
	s, err := c.settings(it.Request.Settings)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", it.Name, err)
	}
	if !strings.HasPrefix(it.Name, "tracking/") || len(it.Request.Work) == 0 {
		return nil, fmt.Errorf("open %s: not an item of this connector: %w", it.Name, waybill.ErrNotFound)
	}
	questions := rest.Questions{
		Method: http.MethodGet, Headers: []string{"Content-Type", "Retry-After", "X-Correlation-Id"}, IsFinal: isFinal, Now: c.now,
		Ask: func(ctx context.Context, log *rest.Log, number string) error {
			a, err := c.ask(ctx, number, s.Settings)
			if err == nil {
				err = judge(a)
			}
			if err != nil {
				return err
			}
			return log.Add(http.MethodGet, number, a)
		},
		Alive: func(ctx context.Context) error {
			a, err := c.ask(ctx, nobody, s.Settings)
			if err == nil && a.Status != http.StatusBadRequest {
				err = judge(a)
			}
			return err
		},
	}
	body, err := questions.AskAll(ctx, it.Request.Work)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", it.Name, err)
	}
	return body, nil
}

// Check asks for a number that does not exist, which costs one call of the allowance.
func (c *Connector) Check(ctx context.Context) []waybill.Finding {
	f := waybill.Finding{Subject: "dhl " + c.cfg.BaseURL + ": key", OK: true, Detail: "DHL answers to the key"}
	_, err := c.ask(ctx, nobody, c.cfg.Settings)
	switch {
	case err == nil:
	case errors.Is(err, waybill.ErrAuth):
		f.OK, f.Detail = false, err.Error()
		f.Remedy = "on developer.dhl.com open My Apps, check that the app is approved for \"Shipment Tracking - Unified\", and put its API key (not the secret) into api_key"
	case errors.Is(err, waybill.ErrQuota), isThrottle(err):
		f.Detail = "the key is known, but its calls for now are used up: " + err.Error()
	default:
		f.OK, f.Detail = false, err.Error()
		f.Remedy = "check base_url, and that this machine may reach it over HTTPS"
	}
	left := waybill.Finding{
		Subject: "dhl " + c.cfg.BaseURL + ": allowance", OK: true,
		Detail: fmt.Sprintf("daily_quota %d calls, %g a second, day ends at 00:00 GMT", c.cfg.DailyQuota, c.cfg.CallsPerSecond),
	}
	return []waybill.Finding{f, left}
}

// Close lets go of idle connections.
func (c *Connector) Close() error { return c.client.Close() }

func (c *Connector) settings(own map[string]any) (FeedSettings, error) {
	s := FeedSettings{Settings: c.cfg.Settings}
	if err := rest.DecodeSettings(own, &s); err != nil {
		return s, fmt.Errorf("dhl: %w", err)
	}
	if s.CallsToday < 0 {
		return s, fmt.Errorf("dhl: settings: calls_today: %d is negative", s.CallsToday)
	}
	if err := s.validate(); err != nil {
		return s, fmt.Errorf("dhl: settings: %w", err)
	}
	return s, nil
}

// ask makes one call, booked against the allowance before it is sent.
func (c *Connector) ask(ctx context.Context, number string, s Settings) (rest.Answer, error) {
	if err := c.quota.Take(); err != nil {
		return rest.Answer{}, err
	}
	q := url.Values{"trackingNumber": {number}, "language": {s.Language}}
	if s.Service != "" {
		q.Set("service", s.Service)
	}
	a, err := c.client.Do(ctx, rest.Call{
		Path: trackPath, Query: q, Header: http.Header{"Accept": {"application/json"}},
		Answers: []int{http.StatusNotFound, http.StatusBadRequest}, StopOnThrottle: true,
	})
	var refused *rest.Error
	if errors.As(err, &refused) {
		c.quota.Add(refused.Attempts - 1)
	}
	c.quota.Add(a.Attempts - 1)
	if isThrottle(err) {
		c.quota.Block(refused.RetryAfter)
		// The rate is kept on our side, so a 429 that a short wait does not cure is the daily allowance.
		return a, fmt.Errorf("%w: %w", waybill.ErrQuota, err)
	}
	return a, err
}

// isFinal tells what the next number would meet as well.
func isFinal(err error) bool {
	return errors.Is(err, waybill.ErrQuota) || errors.Is(err, waybill.ErrAuth)
}

func isThrottle(err error) bool {
	var refused *rest.Error
	return errors.As(err, &refused) && refused.Status == http.StatusTooManyRequests
}
