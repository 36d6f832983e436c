// Package shopify pulls one shop's orders over the GraphQL Admin API (shopify.dev): changed orders by bulk operation,
// byte for byte as Shopify wrote them, and what a bulk query cannot carry by one question per order, kept as
// exchange logs. It knows what to ask for and how to ask politely; what a refund means it does not know.
package shopify

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/fourmarketing/waybill"
	"github.com/fourmarketing/waybill/connectors/internal/rest"
)

const maxBatch = 10_000

// Connector reaches one shop.
type Connector struct {
	cfg   Config
	admin *admin
	now   func() time.Time
}

// New checks the settings; it does not call Shopify.
func New(cfg Config, clock func() time.Time) (*Connector, error) {
	cfg = cfg.withDefaults()
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("shopify: %w", err)
	}
	client, err := rest.New(cfg.BaseURL, rest.Header("X-Shopify-Access-Token", cfg.Token), cfg.HTTP.Within(cfg.Bounds), clock)
	if err != nil {
		return nil, fmt.Errorf("shopify: %w", err)
	}
	return &Connector{cfg: cfg, admin: &admin{client: client, path: "/admin/api/" + cfg.APIVersion + "/graphql.json"}, now: clock}, nil
}

// CheckFeed checks a feed's own settings.
func (c *Connector) CheckFeed(resource string, settings map[string]any) error {
	if resource != "orders" && resource != "order_details" {
		return unknown(resource)
	}
	_, err := c.settings(settings)
	return err
}

// List gives, for orders, the window from the cursor less the overlap to now, in spans: a long one would take longer than anybody waits. It asks
// the shop for an export that an earlier pull left running, so that its span is taken up, and before the first pull for the oldest order. For
// order_details it gives r.Work in batches, and calls nobody.
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
		spans, err := c.spans(ctx, r, s)
		if err != nil {
			return nil, fmt.Errorf("shopify: feed %s: %w", r.Feed, err)
		}
		var items []waybill.Item
		for _, w := range spans {
			items = append(items, w.Item(r, "jsonl"))
		}
		return items, nil
	case "order_details":
		return rest.Batches(r, s.BatchSize), nil
	}
	return nil, fmt.Errorf("feed %s: %w", r.Feed, unknown(r.Resource))
}

// Open gives the bytes of an item. For orders it runs a bulk operation and streams its JSONL; what arrives is compared
// with the operation's own counts, and a difference is an error of the last Read. For order_details it asks for
// each order and gives the exchange log.
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
			var query string
			if query, err = c.ordersQuery(ctx, w); err == nil {
				body, err = c.bulk(ctx, query, w.To)
			}
		}
	case strings.HasPrefix(it.Name, "order_details/") && it.Request.Resource == "order_details":
		body, err = c.details(ctx, it.Request.Work, s.PageSize)
	default:
		err = fmt.Errorf("not an item of this connector: %w", waybill.ErrNotFound)
	}
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", it.Name, err)
	}
	return body, nil
}

// Check asks for the shop's name and for what the token may read.
func (c *Connector) Check(ctx context.Context) []waybill.Finding {
	f := waybill.Finding{Subject: "shopify " + c.cfg.BaseURL + ": token", OK: true}
	var shop struct {
		Shop struct {
			Name string `json:"name"`
		} `json:"shop"`
	}
	switch err := c.look(ctx, question{Query: `{ shop { name } }`}, &shop); {
	case err == nil:
		f.Detail = "the shop is " + shop.Shop.Name
	case errors.Is(err, waybill.ErrAuth):
		f.OK, f.Detail = false, err.Error()
		f.Remedy = "in the shop's admin under Settings, Apps, Develop apps, reveal or renew the Admin API access token and put it into token"
	case errors.Is(err, waybill.ErrNotFound):
		f.OK, f.Detail = false, err.Error()
		f.Remedy = "check base_url (https://<shop>.myshopify.com) and that Shopify still serves api_version " + c.cfg.APIVersion
	default:
		f.OK, f.Detail, f.Remedy = false, err.Error(), "check base_url, and that this machine may reach it over HTTPS"
	}
	if !f.OK {
		return []waybill.Finding{f}
	}
	return []waybill.Finding{f, c.checkScopes(ctx)}
}

// Close lets go of idle connections.
func (c *Connector) Close() error { return c.admin.client.Close() }

func (c *Connector) checkScopes(ctx context.Context) waybill.Finding {
	f := waybill.Finding{Subject: "shopify " + c.cfg.BaseURL + ": scopes", OK: true}
	has, err := c.scopes(ctx)
	if err != nil {
		f.Detail = "the shop does not say what the token may read; the first pull will show it: " + err.Error()
		return f
	}
	var lacks []string
	for _, need := range []string{"read_orders", "read_returns", "read_products", "read_inventory"} {
		if !slices.Contains(has, need) {
			lacks = append(lacks, need)
		}
	}
	switch {
	case len(lacks) > 0:
		f.OK, f.Detail = false, "the token lacks "+strings.Join(lacks, ", ")
		f.Remedy = "add them to the app's Admin API scopes and install it again"
	case !slices.Contains(has, "read_payment_terms"):
		f.Detail = "orders on payment terms look unpaid without read_payment_terms, and nothing is late of them"
		if !slices.Contains(has, "read_all_orders") {
			f.Detail += "; orders older than 60 days stay invisible without read_all_orders"
		}
	case !slices.Contains(has, "read_all_orders"):
		f.Detail = "orders older than 60 days stay invisible without read_all_orders"
	default:
		f.Detail = "the token may read all that is asked for"
	}
	return f
}

// scopes are what the token may read.
func (c *Connector) scopes(ctx context.Context) ([]string, error) {
	var data struct {
		App struct {
			Scopes []struct {
				Handle string `json:"handle"`
			} `json:"accessScopes"`
		} `json:"currentAppInstallation"`
	}
	if err := c.look(ctx, question{Query: scopes}, &data); err != nil {
		return nil, err
	}
	var has []string
	for _, s := range data.App.Scopes {
		// Who may write may read; the list names only the wider one.
		has = append(has, s.Handle, strings.Replace(s.Handle, "write_", "read_", 1))
	}
	return has, nil
}

func (c *Connector) settings(own map[string]any) (Settings, error) {
	s := FeedSettings{Settings: c.cfg.Settings}
	if err := rest.DecodeSettings(own, &s); err != nil {
		return s.Settings, fmt.Errorf("shopify: %w", err)
	}
	if err := s.validate(); err != nil {
		return s.Settings, fmt.Errorf("shopify: settings: %w", err)
	}
	return s.Settings, nil
}

func unknown(resource string) error {
	return fmt.Errorf("shopify: resource %q is not known; use orders or order_details", resource)
}
