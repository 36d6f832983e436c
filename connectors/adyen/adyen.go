// Package adyen pulls settlement details reports from Adyen's report download (docs.adyen.com, Get reports
// automatically): one CSV per merchant account and payout batch, found by asking for the next batch numbers.
// It knows how reports are named and numbered, and nothing of what stands in them.
package adyen

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"regexp"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/fourmarketing/waybill"
	"github.com/fourmarketing/waybill/connectors/internal/rest"
)

const (
	resource = "settlement_details"
	maxProbe = 100
	maxBatch = 1_000_000_000 // a cursor beyond it is not one of ours
	// inParallel is how many accounts are probed at once.
	inParallel = 4
)

// itemName is an item of this connector: <account>/settlement_detail_report_batch_<N>.csv.
var itemName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_.-]*/settlement_detail_report_batch_[1-9][0-9]*\.csv$`)

// Connector reaches the reports of one company account.
type Connector struct {
	cfg    Config
	client *rest.Client
}

// New checks the settings; it does not call Adyen.
func New(cfg Config, clock func() time.Time) (*Connector, error) {
	cfg = cfg.withDefaults()
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("adyen: %w", err)
	}
	client, err := rest.New(cfg.BaseURL, cfg.auth(), cfg.HTTP.Within(cfg.Bounds), clock)
	if err != nil {
		return nil, fmt.Errorf("adyen: %w", err)
	}
	return &Connector{cfg: cfg, client: client}, nil
}

// CheckFeed checks a feed's own settings.
func (c *Connector) CheckFeed(wanted string, settings map[string]any) error {
	if wanted != resource {
		return fmt.Errorf("adyen: resource %q is not known; use %s", wanted, resource)
	}
	_, err := c.settings(settings)
	return err
}

// List asks for the batches after the newest one pulled, up to probe_ahead missing numbers in a row, and again for every
// number that was missing before. Items come in the order of their publication, then of their names; the cursor of an
// item says that it and those before it were committed, so a run that stops in between loses none.
func (c *Connector) List(ctx context.Context, r waybill.Request) ([]waybill.Item, error) {
	if r.Resource != resource {
		return nil, fmt.Errorf("adyen: feed %s: resource %q is not known; use %s", r.Feed, r.Resource, resource)
	}
	s, err := c.settings(r.Settings)
	if err != nil {
		return nil, fmt.Errorf("feed %s: %w", r.Feed, err)
	}
	at, err := parseCursor(r.Cursor)
	if err != nil {
		return nil, fmt.Errorf("adyen: feed %s: %w", r.Feed, err)
	}
	found := make([][]report, len(s.Accounts))
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(inParallel)
	for i, account := range s.Accounts {
		if _, known := at[account]; !known {
			at[account] = mark{Last: s.FirstBatch.of(account) - 1}
		}
		from := at[account]
		g.Go(func() error {
			var err error
			found[i], err = c.probe(ctx, account, from, s.ProbeAhead)
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return nil, fmt.Errorf("adyen: feed %s: %w", r.Feed, err)
	}
	return withCursors(slices.Concat(found...), at, r)
}

// withCursors makes items of the reports found. Whatever the order, a cursor never covers a report that comes later: a
// number that was passed over is a gap until its own item is committed.
func withCursors(found []report, at state, r waybill.Request) ([]waybill.Item, error) {
	slices.SortFunc(found, func(a, b report) int {
		return cmp.Or(a.modified.Compare(b.modified), cmp.Compare(a.name(), b.name()))
	})
	var items []waybill.Item
	for _, f := range found {
		at = at.with(f.account, at[f.account].found(f.batch))
		cursor, err := at.cursor()
		if err != nil {
			return nil, fmt.Errorf("adyen: %w", err)
		}
		items = append(items, waybill.Item{Name: f.name(), Size: f.size, ModifiedAt: f.modified, Cursor: cursor, Request: r})
	}
	return items, nil
}

// Open streams one report. A report that was withdrawn is waybill.ErrNotFound, a cut one waybill.ErrTemporary on reading.
func (c *Connector) Open(ctx context.Context, it waybill.Item) (io.ReadCloser, error) {
	if !itemName.MatchString(it.Name) {
		return nil, fmt.Errorf("open %s: not an item of this connector: %w", it.Name, waybill.ErrNotFound)
	}
	d, err := c.client.Open(ctx, rest.Call{Path: reportPath(it.Name)})
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", it.Name, err)
	}
	if isPage(d.Header) {
		return nil, errors.Join(fmt.Errorf("open %s: %w", it.Name, errPage), d.Close())
	}
	return d, nil
}

// Check asks for the first wanted report of every account.
func (c *Connector) Check(ctx context.Context) []waybill.Finding {
	if len(c.cfg.Accounts) == 0 {
		return []waybill.Finding{{
			Subject: "adyen " + c.cfg.BaseURL + ": accounts", OK: true,
			Detail: "accounts are named by the feeds, so the credential was not tried; name them on the connection to have it tried",
		}}
	}
	var all []waybill.Finding
	for _, account := range c.cfg.Accounts {
		all = append(all, c.checkAccount(ctx, account))
	}
	return all
}

// Close lets go of idle connections.
func (c *Connector) Close() error { return c.client.Close() }

func (c *Connector) checkAccount(ctx context.Context, account string) waybill.Finding {
	f := waybill.Finding{Subject: "adyen " + c.cfg.BaseURL + ": " + account}
	first := c.cfg.FirstBatch.of(account)
	found, err := c.probeAhead(ctx, account, first, first+c.cfg.ProbeAhead)
	switch {
	case errors.Is(err, waybill.ErrAuth):
		f.Detail = err.Error()
		f.Remedy = "in the Customer Area check the report user's password, or that the API credential has the role Merchant Report Download for " + account
	case err != nil:
		f.Detail, f.Remedy = err.Error(), "check base_url, and that this machine may reach it over HTTPS"
	case len(found) == 0:
		f.Detail = fmt.Sprintf("the credential works, but none of the batches %d to %d is there", first, first+c.cfg.ProbeAhead-1)
		f.Remedy = "turn on automatic generation of the settlement details report as CSV, and set first_batch to the oldest batch the Customer Area shows for " + account
	default:
		f.OK, f.Detail = true, fmt.Sprintf("batch %d is there", found[0].batch)
	}
	return f
}

func (c *Connector) settings(own map[string]any) (Settings, error) {
	s := c.cfg.Settings
	if err := rest.DecodeSettings(own, &s); err != nil {
		return s, fmt.Errorf("adyen: %w", err)
	}
	if len(s.Accounts) == 0 {
		return s, errors.New("adyen: accounts: none named, on the connection or in the feed's settings")
	}
	if err := s.validate(); err != nil {
		return s, fmt.Errorf("adyen: settings: %w", err)
	}
	return s, nil
}

// report is one that is there.
type report struct {
	account  string
	batch    int
	size     int64
	modified time.Time
}

// probe finds the reports that are new since a mark: former gaps that were filled, then newer batches.
func (c *Connector) probe(ctx context.Context, account string, from mark, ahead int) ([]report, error) {
	var all []report
	for _, gap := range from.Gaps {
		r, ok, err := c.head(ctx, account, gap)
		if err != nil {
			return nil, err
		}
		if ok {
			all = append(all, r)
		}
	}
	for last := from.Last; ; {
		newer, err := c.probeAhead(ctx, account, last+1, last+1+ahead)
		if err != nil {
			return nil, err
		}
		if len(newer) == 0 {
			return all, nil
		}
		all = append(all, newer...)
		last = newer[len(newer)-1].batch
	}
}

// probeAhead asks for the batches from one number up to, not including, another until one is there.
func (c *Connector) probeAhead(ctx context.Context, account string, from, to int) ([]report, error) {
	for n := from; n < to; n++ {
		r, ok, err := c.head(ctx, account, n)
		if err != nil || ok {
			return []report{r}, err
		}
	}
	return nil, nil
}

func (c *Connector) head(ctx context.Context, account string, batch int) (report, bool, error) {
	r := report{account: account, batch: batch}
	a, err := c.client.Do(ctx, rest.Call{
		Method: http.MethodHead, Path: reportPath(r.name()), Answers: []int{http.StatusNotFound},
		Header: http.Header{"Accept-Encoding": {"identity"}}, // so that the length is that of the report
	})
	if err == nil && a.Status == http.StatusOK && isPage(a.Header) {
		err = errPage
	}
	if err != nil {
		return report{}, false, fmt.Errorf("look for batch %d of %s: %w", batch, account, err)
	}
	r.size = a.Size
	if at, err := http.ParseTime(a.Header.Get("Last-Modified")); err == nil {
		r.modified = at
	}
	return r, a.Status != http.StatusNotFound, nil
}

// errPage: the Customer Area shows its log-in page in place of the report.
var errPage = fmt.Errorf("adyen answered with a web page and not a report: %w", waybill.ErrAuth)

func isPage(h http.Header) bool {
	kind, _, err := mime.ParseMediaType(h.Get("Content-Type"))
	return err == nil && kind == "text/html"
}

func (r report) name() string {
	return fmt.Sprintf("%s/settlement_detail_report_batch_%d.csv", r.account, r.batch)
}

func reportPath(item string) string { return "/reports/download/MerchantAccount/" + item }
