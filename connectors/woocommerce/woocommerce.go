// Package woocommerce pulls one shop's orders and their refunds over WooCommerce's REST API v3
// (https://woocommerce.github.io/woocommerce-rest-api-docs/) and keeps the exact answers as exchange logs. It knows how to ask
// for every order that changed and how to tell an answer from what stands before it; what a status means it does not know.
package woocommerce

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/fourmarketing/waybill"
	"github.com/fourmarketing/waybill/connectors/internal/rest"
)

const (
	ordersPath = "/wp-json/wc/v3/orders"
	// maxPerPage is the most that WordPress gives (class-wc-rest-crud-controller.php, per_page).
	maxPerPage = 100
	maxBatch   = 10_000
)

// Connector reaches one shop.
type Connector struct {
	cfg    Config
	client *rest.Client
	now    func() time.Time
}

// New checks the settings; it does not call the shop.
func New(cfg Config, clock func() time.Time) (*Connector, error) {
	cfg = cfg.withDefaults()
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("woocommerce: %w", err)
	}
	client, err := rest.New(cfg.BaseURL, rest.Basic(cfg.ConsumerKey.Reveal(), cfg.ConsumerSecret), cfg.HTTP.Within(cfg.Bounds), clock)
	if err != nil {
		return nil, fmt.Errorf("woocommerce: %w", err)
	}
	return &Connector{cfg: cfg, client: client, now: clock}, nil
}

// CheckFeed checks a feed's own settings.
func (c *Connector) CheckFeed(resource string, settings map[string]any) error {
	if resource != "orders" && resource != "order_refunds" {
		return unknown(resource)
	}
	_, err := c.settings(settings)
	return err
}

// List gives, for orders, one item: the window of changes from the cursor less the overlap to now; for order_refunds, r.Work
// in batches. It calls nobody.
func (c *Connector) List(ctx context.Context, r waybill.Request) ([]waybill.Item, error) {
	s, err := c.settings(r.Settings)
	if err == nil {
		err = ctx.Err()
	}
	if err != nil {
		return nil, fmt.Errorf("feed %s: %w", r.Feed, err)
	}
	switch r.Resource {
	case "orders":
		since, err := rest.ParseSince(s.Since)
		var w rest.Window
		if err == nil {
			w, err = rest.NewWindow(r, since, s.Overlap)
		}
		if err != nil {
			return nil, fmt.Errorf("woocommerce: feed %s: %w", r.Feed, err)
		}
		if w.IsEmpty() {
			return nil, nil
		}
		return []waybill.Item{w.Item(r, "ndjson")}, nil
	case "order_refunds":
		return rest.Batches(r, s.BatchSize), nil
	}
	return nil, fmt.Errorf("feed %s: %w", r.Feed, unknown(r.Resource))
}

// Open gives the exchange log of an item. For orders it has a line per page of the window and is whole: a page that is not
// answered is an error of the Read that asks for it. For order_refunds it has a line per answered question (see refunds).
func (c *Connector) Open(ctx context.Context, it waybill.Item) (io.ReadCloser, error) {
	s, err := c.settings(it.Request.Settings)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", it.Name, err)
	}
	var body io.ReadCloser
	switch {
	case strings.HasPrefix(it.Name, "orders/") && it.Request.Resource == "orders":
		var w rest.Window
		if w, err = rest.WindowOf(it); err == nil {
			body, err = c.orders(ctx, w, s.PerPage)
		}
	case strings.HasPrefix(it.Name, "order_refunds/") && it.Request.Resource == "order_refunds":
		body, err = c.refunds(ctx, it.Request.Work, s.PerPage)
	default:
		err = fmt.Errorf("not an item of this connector: %w", waybill.ErrNotFound)
	}
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", it.Name, err)
	}
	return body, nil
}

// Check asks for one order, and whether the shop can tell which orders changed.
func (c *Connector) Check(ctx context.Context) []waybill.Finding {
	f := waybill.Finding{Subject: "woocommerce " + c.cfg.BaseURL + ": key", OK: true}
	p, err := c.page(ctx, orderPage(rest.Window{To: c.now()}, anyStatus, 1, 1))
	if err != nil {
		f.OK, f.Detail, f.Remedy = false, err.Error(), "check base_url, and that this machine may reach it over HTTPS"
		var refused *refusal
		if errors.As(err, &refused) {
			f.Detail, f.Remedy = refused.cause.Error(), refused.remedy
		}
		return []waybill.Finding{f}
	}
	f.Detail = fmt.Sprintf("the key may read %d orders", p.total)
	changes := waybill.Finding{Subject: "woocommerce " + c.cfg.BaseURL + ": changes", OK: true, Detail: "the shop tells which orders changed"}
	tomorrow := c.now().Add(24 * time.Hour)
	switch p, err := c.page(ctx, orderPage(rest.Window{From: tomorrow, To: tomorrow.Add(time.Hour)}, anyStatus, 1, 1)); {
	case err != nil:
		changes.OK, changes.Detail, changes.Remedy = false, err.Error(), "try again"
	case p.total > 0:
		changes.OK, changes.Remedy = false, updateShop
		changes.Detail = fmt.Sprintf("the shop does not know modified_after: it gives %d orders that change tomorrow", p.total)
	}
	return []waybill.Finding{f, changes}
}

// Close lets go of idle connections.
func (c *Connector) Close() error { return c.client.Close() }

func (c *Connector) settings(own map[string]any) (Settings, error) {
	s := FeedSettings{Settings: c.cfg.Settings}
	if err := rest.DecodeSettings(own, &s); err != nil {
		return s.Settings, fmt.Errorf("woocommerce: %w", err)
	}
	if err := s.validate(); err != nil {
		return s.Settings, fmt.Errorf("woocommerce: settings: %w", err)
	}
	return s.Settings, nil
}

func unknown(resource string) error {
	return fmt.Errorf("woocommerce: resource %q is not known; use orders or order_refunds", resource)
}
