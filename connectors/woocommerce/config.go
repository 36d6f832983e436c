package woocommerce

import (
	"errors"
	"fmt"
	"time"

	"github.com/fourmarketing/waybill"
	"github.com/fourmarketing/waybill/connectors/internal/rest"
)

// Config is a connection to one shop's REST API.
type Config struct {
	waybill.Bounds `yaml:",inline"`

	// BaseURL is where WordPress stands, such as https://oxbow-lark.example; without /wp-json.
	BaseURL string `yaml:"base_url"`
	// ConsumerKey and ConsumerSecret are a key with Read access of a user who may see orders, made in the shop's admin
	// under WooCommerce, Settings, Advanced, REST API. They are sent by HTTP Basic authentication.
	ConsumerKey    waybill.Secret `yaml:"consumer_key"`
	ConsumerSecret waybill.Secret `yaml:"consumer_secret"`
	// Settings are the defaults of the connection's feeds.
	Settings `yaml:",inline"`
	// HTTP bounds timeouts and retries.
	HTTP rest.Config `yaml:"http"`
}

// Settings of a feed. A feed's own settings win over those of its connection.
type Settings struct {
	// Overlap is by how much a window of orders begins before the former one's end, because an order is dated before
	// others can see it. Default 5m.
	Overlap time.Duration `yaml:"overlap"`
	// Since is the oldest change wanted by a feed that has no cursor yet: a date or an RFC 3339 time, UTC. Empty means all.
	Since string `yaml:"since"`
	// PerPage is how many orders or refunds one answer holds, 1 to 100. Default 100; fewer for a shop that is too slow for so many.
	PerPage int `yaml:"per_page"`
	// BatchSize is how many orders are asked for their refunds in one item, that is one kept file. Default 100.
	BatchSize int `yaml:"batch_size"`
}

// FeedSettings are Settings with what pipelines hand to every feed with a worklist.
type FeedSettings struct {
	Settings `yaml:",inline"`
	// CallsToday is how many answers of the present GMT day are kept. WooCommerce has no daily allowance, so it is not used.
	CallsToday int `yaml:"calls_today"`
}

// Validate says what is missing or makes no sense, after defaults were filled in.
func (c Config) Validate() error {
	if err := rest.CheckBaseURL(c.BaseURL); err != nil {
		return err
	}
	if c.ConsumerKey == "" || c.ConsumerSecret == "" {
		return errors.New("consumer_key and consumer_secret: missing; add a key with Read access in the shop's admin under WooCommerce, Settings, Advanced, REST API")
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
	case s.PerPage < 1 || s.PerPage > maxPerPage:
		return fmt.Errorf("per_page: %d, must be 1 to %d", s.PerPage, maxPerPage)
	case s.BatchSize < 1 || s.BatchSize > maxBatch:
		return fmt.Errorf("batch_size: %d, must be 1 to %d", s.BatchSize, maxBatch)
	}
	_, err := rest.ParseSince(s.Since)
	return err
}

func (c Config) withDefaults() Config {
	if c.Overlap == 0 {
		c.Overlap = 5 * time.Minute
	}
	if c.PerPage == 0 {
		c.PerPage = maxPerPage
	}
	if c.BatchSize == 0 {
		c.BatchSize = 100
	}
	return c
}
