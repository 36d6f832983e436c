package shopify

import (
	"errors"
	"fmt"
	"regexp"
	"time"

	"github.com/fourmarketing/waybill"
	"github.com/fourmarketing/waybill/connectors/internal/rest"
)

// Config is a connection to one shop's Admin API.
type Config struct {
	waybill.Bounds `yaml:",inline"`

	// BaseURL is the shop, such as https://aster-vale.myshopify.com.
	BaseURL string `yaml:"base_url"`
	// Token is the app's Admin API access token, sent as X-Shopify-Access-Token. It needs the scopes read_orders,
	// read_returns, read_products and read_inventory; for orders older than 60 days also read_all_orders, and read_payment_terms
	// where a shop sells on terms: without it such orders look unpaid.
	Token waybill.Secret `yaml:"token"`
	// APIVersion is the quarterly version asked for, 2026-01 or newer. Default 2026-01.
	APIVersion string `yaml:"api_version"`
	// PollMin and PollMax bound the pause between two looks at a bulk operation; it grows by half each time.
	// Defaults 1s and 30s.
	PollMin time.Duration `yaml:"poll_min"`
	PollMax time.Duration `yaml:"poll_max"`
	// BulkPatience is how long a bulk operation is waited for, its turn included. Default 2h.
	BulkPatience time.Duration `yaml:"bulk_patience"`
	// Settings are the defaults of the connection's feeds.
	Settings `yaml:",inline"`
	// HTTP bounds timeouts and retries.
	HTTP rest.Config `yaml:"http"`
}

// Settings of a feed. A feed's own settings win over those of its connection.
type Settings struct {
	// Overlap is by how much a window of orders begins before the former one's end, because updates become visible
	// with some delay. Default 5m.
	Overlap time.Duration `yaml:"overlap"`
	// Window is the longest span of updates that one bulk operation is asked for; a longer pull is cut into several. Default 744h, 31 days.
	Window time.Duration `yaml:"window"`
	// Since is the oldest update wanted by a feed that has no cursor yet: a date or an RFC 3339 time, UTC. Empty means all.
	Since string `yaml:"since"`
	// BatchSize is how many orders are asked for in one item of order_details. Default 200.
	BatchSize int `yaml:"batch_size"`
	// PageSize is how many refund lines, fulfilment lines, transactions or returns the first question for an order asks
	// for; an order with more is asked again for 250, and beyond that page by page. Default 25.
	PageSize int `yaml:"page_size"`
}

// FeedSettings are Settings with what pipelines hand to every feed with a worklist.
type FeedSettings struct {
	Settings `yaml:",inline"`
	// CallsToday is how many answers of the present GMT day are kept. Shopify has no daily allowance, so it is not used.
	CallsToday int `yaml:"calls_today"`
}

var apiVersion = regexp.MustCompile(`^20\d\d-(01|04|07|10)$`)

// Validate says what is missing or makes no sense, after defaults were filled in.
func (c Config) Validate() error {
	if err := rest.CheckBaseURL(c.BaseURL); err != nil {
		return err
	}
	switch {
	case c.Token == "":
		return errors.New("token: missing; install a custom app in the shop's admin under Settings, Apps and set its Admin API access token")
	case !apiVersion.MatchString(c.APIVersion) || c.APIVersion < "2026-01":
		return fmt.Errorf("api_version: %q, must be 2026-01 or a newer quarterly version", c.APIVersion)
	case c.PollMin <= 0 || c.PollMax < c.PollMin:
		return fmt.Errorf("poll_min %s, poll_max %s: must be positive and in this order", c.PollMin, c.PollMax)
	case c.BulkPatience <= 0:
		return fmt.Errorf("bulk_patience: %s, must be positive", c.BulkPatience)
	}
	if err := c.HTTP.Validate(); err != nil {
		return err
	}
	return c.validate()
}

func (s Settings) validate() error {
	switch {
	case s.Overlap < 0:
		return fmt.Errorf("overlap: %s, must not be negative", s.Overlap)
	case s.Window <= s.Overlap:
		return fmt.Errorf("window: %s, must be longer than the overlap of %s", s.Window, s.Overlap)
	case s.BatchSize < 1 || s.BatchSize > maxBatch:
		return fmt.Errorf("batch_size: %d, must be 1 to %d", s.BatchSize, maxBatch)
	case s.PageSize < 1 || s.PageSize > maxPage:
		return fmt.Errorf("page_size: %d, must be 1 to %d", s.PageSize, maxPage)
	}
	_, err := rest.ParseSince(s.Since)
	return err
}

func (c Config) withDefaults() Config {
	if c.APIVersion == "" {
		c.APIVersion = "2026-01"
	}
	if c.PollMin == 0 {
		c.PollMin = time.Second
	}
	if c.PollMax == 0 {
		c.PollMax = max(30*time.Second, c.PollMin)
	}
	if c.BulkPatience == 0 {
		c.BulkPatience = 2 * time.Hour
	}
	if c.Overlap == 0 {
		c.Overlap = 5 * time.Minute
	}
	if c.Window == 0 {
		c.Window = 31 * 24 * time.Hour
	}
	if c.BatchSize == 0 {
		c.BatchSize = 200
	}
	if c.PageSize == 0 {
		c.PageSize = 25
	}
	return c
}
