// Package royalmail asks Royal Mail's Tracking API v2 ("Royal Mail Tracking (for Server-side app) v2 REST API", developer.royalmail.net)
// for mail pieces: first a summary of up to 30 numbers in one call, then the events of each that Royal Mail knows, within
// the plan's rate and daily allowance. The exact answers are kept as exchange logs. It does not know what an event means, which
// parcels matter, nor what was asked before this process started.
package royalmail

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/fourmarketing/waybill"
	"github.com/fourmarketing/waybill/connectors/internal/rest"
)

const (
	basePath = "/mailpieces/v2/"
	// maxPieces is how many numbers one summary may be asked for (API definition, operation summary).
	maxPieces = 30
	maxBatch  = 1000
	// nobody is a number that nobody has: in the form of a UPU S10 identifier, but its check digit would be 5.
	nobody = "AA000000000GB"
)

// Connector reaches one app's plan.
type Connector struct {
	cfg    Config
	client *rest.Client
	quota  *rest.DailyQuota
	now    func() time.Time
}

// New checks the settings; it does not call Royal Mail. clock decides to which GMT day a call belongs.
func New(cfg Config, clock func() time.Time) (*Connector, error) {
	cfg = cfg.withDefaults()
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("royal_mail: %w", err)
	}
	client, err := rest.New(cfg.BaseURL, rest.Header("X-IBM-Client-Secret", cfg.ClientSecret), cfg.HTTP.Within(cfg.Bounds), clock)
	if err != nil {
		return nil, fmt.Errorf("royal_mail: %w", err)
	}
	return &Connector{cfg: cfg, client: client, quota: rest.NewDailyQuota(cfg.DailyQuota, clock), now: clock}, nil
}

// CheckFeed checks a feed's own settings.
func (c *Connector) CheckFeed(resource string, settings map[string]any) error {
	if resource != "tracking" {
		return fmt.Errorf("royal_mail: resource %q is not known; use tracking", resource)
	}
	_, err := c.settings(settings)
	return err
}

// List plans the calls for r.Work, most urgent first, in batches (rest.BatchName): never more numbers than the calls that are
// left today are enough for. It calls nobody. When numbers wait and no call is left it is waybill.ErrQuota.
func (c *Connector) List(ctx context.Context, r waybill.Request) ([]waybill.Item, error) {
	if r.Resource != "tracking" {
		return nil, fmt.Errorf("royal_mail: feed %s: resource %q is not known; use tracking", r.Feed, r.Resource)
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
		return nil, fmt.Errorf("royal_mail: feed %s: %d numbers wait: %w", r.Feed, len(work), err)
	}
	if len(work) > 0 && numbersFor(left) == 0 {
		return nil, fmt.Errorf("royal_mail: feed %s: %d numbers wait, and each takes %d calls of which %d is left today: %w",
			r.Feed, len(work), callsFor(1), left, waybill.ErrQuota)
	}
	var items []waybill.Item
	for len(work) > 0 {
		n := min(s.BatchSize, len(work), numbersFor(left))
		if n == 0 {
			break
		}
		items = append(items, rest.Batch(r, work[:n]))
		work, left = work[n:], left-callsFor(n)
	}
	return items, nil
}

// Open asks for the numbers of one batch and gives the exchange log of the answers (see round). That a number is not known is an
// answer. A number that gets none, whatever came instead, has a line that says so and is still due; the others are asked all the same.
// When Royal Mail stops answering in the middle, by a 429 or otherwise, the log ends there and is complete with what was asked.
// Only when no number was answered in full, and none would have been, is it an error: waybill.ErrQuota, ErrAuth or ErrTemporary.
func (c *Connector) Open(ctx context.Context, it waybill.Item) (io.ReadCloser, error) {
	if _, err := c.settings(it.Request.Settings); err != nil {
		return nil, fmt.Errorf("open %s: %w", it.Name, err)
	}
	if !strings.HasPrefix(it.Name, "tracking/") || len(it.Request.Work) == 0 {
		return nil, fmt.Errorf("open %s: not an item of this connector: %w", it.Name, waybill.ErrNotFound)
	}
	var body bytes.Buffer
	r := &round{conn: c, log: rest.NewLog(&body, "Content-Type", "Retry-After", "X-Global-Transaction-Id"), problems: map[string]int{}}
	for numbers := range slices.Chunk(it.Request.Work, maxPieces) {
		if err := r.track(ctx, numbers); err != nil {
			return nil, fmt.Errorf("open %s: %w", it.Name, err)
		}
	}
	if err := r.outcome(ctx); err != nil {
		return nil, fmt.Errorf("open %s: %w", it.Name, err)
	}
	return rest.WithNotes(&body, r.notes(len(it.Request.Work))), nil
}

// Check asks for a number that does not exist, which costs one call of the plan.
func (c *Connector) Check(ctx context.Context) []waybill.Finding {
	f := waybill.Finding{Subject: "royal_mail " + c.cfg.BaseURL + ": app", OK: true, Detail: "Royal Mail answers to the client id and secret"}
	a, err := c.events(ctx, nobody)
	if err == nil {
		err = a.history()
	}
	switch {
	case err == nil:
	case errors.Is(err, waybill.ErrAuth):
		f.OK, f.Detail = false, err.Error()
		f.Remedy = "on developer.royalmail.net check that the app is subscribed to \"Royal Mail Tracking for Server-side App V2\" and approved, and put its client id and client secret into client_id and client_secret"
	case errors.Is(err, errTerms):
		f.OK, f.Detail = false, err.Error()
		f.Remedy = "let the proxy between here and Royal Mail pass the header X-Accept-RMG-Terms"
	case errors.Is(err, waybill.ErrQuota):
		f.Detail = "the app is known, but its calls for now are used up: " + err.Error()
	default:
		f.OK, f.Detail = false, err.Error()
		f.Remedy = "check base_url, and that this machine may reach it over HTTPS"
	}
	left := waybill.Finding{
		Subject: "royal_mail " + c.cfg.BaseURL + ": allowance", OK: true,
		Detail: fmt.Sprintf("daily_quota %d calls, %g a second, days are counted from 00:00 GMT", c.cfg.DailyQuota, c.cfg.CallsPerSecond),
	}
	return []waybill.Finding{f, left}
}

// Close lets go of idle connections.
func (c *Connector) Close() error { return c.client.Close() }

func (c *Connector) settings(own map[string]any) (FeedSettings, error) {
	s := FeedSettings{Settings: c.cfg.Settings}
	if err := rest.DecodeSettings(own, &s); err != nil {
		return s, fmt.Errorf("royal_mail: %w", err)
	}
	if s.CallsToday < 0 {
		return s, fmt.Errorf("royal_mail: settings: calls_today: %d is negative", s.CallsToday)
	}
	if err := s.validate(); err != nil {
		return s, fmt.Errorf("royal_mail: settings: %w", err)
	}
	return s, nil
}

// summary asks for up to 30 numbers at once, separated by commas as the API definition shows them.
func (c *Connector) summary(ctx context.Context, numbers []string) (reply, error) {
	escaped := make([]string, len(numbers))
	for i, n := range numbers {
		escaped[i] = url.QueryEscape(n)
	}
	return c.ask(ctx, basePath+"summary?mailPieceId="+strings.Join(escaped, ","))
}

// events asks for the history of one number.
func (c *Connector) events(ctx context.Context, number string) (reply, error) {
	return c.ask(ctx, basePath+url.PathEscape(number)+"/events")
}

// ask makes one call, booked against the allowance before it is sent.
func (c *Connector) ask(ctx context.Context, path string) (reply, error) {
	if err := c.quota.Take(); err != nil {
		return reply{}, err
	}
	header := http.Header{}
	header.Set("Accept", "application/json")
	header.Set("X-IBM-Client-Id", c.cfg.ClientID)
	header.Set("X-Accept-RMG-Terms", "yes")
	a, err := c.client.Do(ctx, rest.Call{
		Path: path, Header: header, StopOnThrottle: true,
		Answers: []int{http.StatusNotFound, http.StatusBadRequest},
	})
	var refused *rest.Error
	if errors.As(err, &refused) {
		c.quota.Add(refused.Attempts - 1)
		if refused.Status == http.StatusTooManyRequests {
			c.quota.Block(refused.RetryAfter)
			// The rate is kept on our side, so a 429 that a short wait does not cure is the plan's allowance.
			return reply{}, fmt.Errorf("%w: %w", waybill.ErrQuota, err)
		}
	}
	if err != nil {
		return reply{}, err
	}
	c.quota.Add(a.Attempts - 1)
	return read(a)
}
