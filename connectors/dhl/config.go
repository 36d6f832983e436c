package dhl

import (
	"errors"
	"fmt"

	"github.com/fourmarketing/waybill"
	"github.com/fourmarketing/waybill/connectors/internal/rest"
)

// Config is a connection to DHL's Shipment Tracking – Unified API: one subscription key and its allowance.
type Config struct {
	waybill.Bounds `yaml:",inline"`

	// BaseURL is the API's host. Default https://api-eu.dhl.com.
	BaseURL string `yaml:"base_url"`
	// APIKey is the subscription's consumer key, sent as DHL-API-Key.
	APIKey waybill.Secret `yaml:"api_key"`
	// DailyQuota is how many calls the subscription may make from 00:00 to 24:00 GMT. Default 250, DHL's first service
	// level (developer.dhl.com, Shipment Tracking – Unified, rate limits).
	DailyQuota int `yaml:"daily_quota"`
	// CallsPerSecond is the subscription's rate. Default 1, DHL's first service level.
	CallsPerSecond float64 `yaml:"calls_per_second"`
	// Settings are the defaults of the connection's feeds.
	Settings `yaml:",inline"`
	// HTTP bounds timeouts and retries.
	HTTP rest.Config `yaml:"http"`
}

// Settings of a tracking feed. A feed's own settings win over those of its connection.
type Settings struct {
	// Service is the DHL division to ask, such as ecommerce, express, parcel-uk. Without it DHL may answer with another
	// division's shipment of the same number. Default ecommerce.
	Service string `yaml:"service"`
	// Language of the descriptions, ISO 639-1. Default en.
	Language string `yaml:"language"`
	// BatchSize is how many numbers are asked for in one item, that is one kept file. Default 50.
	BatchSize int `yaml:"batch_size"`
}

// FeedSettings are Settings with what only the caller of a run can know.
type FeedSettings struct {
	Settings `yaml:",inline"`
	// CallsToday is how many calls were already made in the present GMT day, counted from the answers that are kept: the
	// lines of exchange logs whose `at` is in that day. A connector forgets with its process; what is kept does not.
	CallsToday int `yaml:"calls_today"`
}

// Validate says what is missing or makes no sense, after defaults were filled in.
func (c Config) Validate() error {
	if err := rest.CheckBaseURL(c.BaseURL); err != nil {
		return err
	}
	switch {
	case c.APIKey == "":
		return errors.New("api_key: missing; create an app for \"Shipment Tracking - Unified\" on developer.dhl.com and set its key")
	case c.DailyQuota < 1:
		return fmt.Errorf("daily_quota: %d, must be at least 1", c.DailyQuota)
	case c.CallsPerSecond <= 0:
		return fmt.Errorf("calls_per_second: %g, must be more than 0", c.CallsPerSecond)
	}
	if err := c.HTTP.Validate(); err != nil {
		return err
	}
	return c.validate()
}

func (s Settings) validate() error {
	switch {
	case s.BatchSize < 1 || s.BatchSize > maxBatch:
		return fmt.Errorf("batch_size: %d, must be 1 to %d", s.BatchSize, maxBatch)
	case len(s.Language) != 2:
		return fmt.Errorf("language: %q, must be two letters such as en", s.Language)
	}
	return nil
}

func (c Config) withDefaults() Config {
	if c.BaseURL == "" {
		c.BaseURL = "https://api-eu.dhl.com"
	}
	if c.DailyQuota == 0 {
		c.DailyQuota = 250
	}
	if c.CallsPerSecond == 0 {
		c.CallsPerSecond = 1
	}
	if c.Service == "" {
		c.Service = "ecommerce"
	}
	if c.Language == "" {
		c.Language = "en"
	}
	if c.BatchSize == 0 {
		c.BatchSize = 50
	}
	c.HTTP.CallsPerSecond = c.CallsPerSecond
	return c
}
