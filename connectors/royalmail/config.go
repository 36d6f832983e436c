package royalmail

import (
	"errors"
	"fmt"

	"github.com/fourmarketing/waybill"
	"github.com/fourmarketing/waybill/connectors/internal/rest"
)

// Config is a connection to Royal Mail's Tracking API v2: one app of the developer portal and its plan.
type Config struct {
	waybill.Bounds `yaml:",inline"`

	// BaseURL is the API's host. Default https://api.royalmail.net.
	BaseURL string `yaml:"base_url"`
	// ClientID is the app's client id, sent as X-IBM-Client-Id.
	ClientID string `yaml:"client_id"`
	// ClientSecret is the app's client secret, sent as X-IBM-Client-Secret.
	ClientSecret waybill.Secret `yaml:"client_secret"`
	// DailyQuota is how many calls the plan allows a day. Default 50, the plan Assessment of the operational product
	// (developer.royalmail.net, "Royal Mail Tracking for Server-side App (Operational) V2"); the figures of the larger plans
	// are not published. When Royal Mail's day begins is not published either: days are counted from 00:00 GMT.
	DailyQuota int `yaml:"daily_quota"`
	// CallsPerSecond is the plan's rate. Default 1, since no figure is published.
	CallsPerSecond float64 `yaml:"calls_per_second"`
	// Settings are the defaults of the connection's feeds.
	Settings `yaml:",inline"`
	// HTTP bounds timeouts and retries. Its attempts are 2 if left out: each attempt eats of the plan, and a number that
	// was not answered is asked again by the next run.
	HTTP rest.Config `yaml:"http"`
}

// Settings of a tracking feed. A feed's own settings win over those of its connection.
type Settings struct {
	// BatchSize is how many numbers are asked for in one item, that is one kept file. Default 60, two summaries.
	BatchSize int `yaml:"batch_size"`
}

// FeedSettings are Settings with what only the caller of a run can know.
type FeedSettings struct {
	Settings `yaml:",inline"`
	// CallsToday is how many calls were already made in the present GMT day, counted from what is kept: the lines of
	// exchange logs whose `at` is in that day. A connector forgets with its process; what is kept does not.
	CallsToday int `yaml:"calls_today"`
}

// Validate says what is missing or makes no sense, after defaults were filled in.
func (c Config) Validate() error {
	if err := rest.CheckBaseURL(c.BaseURL); err != nil {
		return err
	}
	switch {
	case c.ClientID == "":
		return errors.New("client_id: missing; create an app on developer.royalmail.net, subscribe it to \"Royal Mail Tracking for Server-side App V2\" and set its client id")
	case c.ClientSecret == "":
		return errors.New("client_secret: missing; developer.royalmail.net shows it once, when the app is created or its secret is reset")
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
	if s.BatchSize < 1 || s.BatchSize > maxBatch {
		return fmt.Errorf("batch_size: %d, must be 1 to %d", s.BatchSize, maxBatch)
	}
	return nil
}

func (c Config) withDefaults() Config {
	if c.BaseURL == "" {
		c.BaseURL = "https://api.royalmail.net"
	}
	if c.DailyQuota == 0 {
		c.DailyQuota = 50
	}
	if c.CallsPerSecond == 0 {
		c.CallsPerSecond = 1
	}
	if c.BatchSize == 0 {
		c.BatchSize = 2 * maxPieces
	}
	if c.HTTP.Attempts == 0 {
		c.HTTP.Attempts = 2
	}
	c.HTTP.CallsPerSecond = c.CallsPerSecond
	return c
}
