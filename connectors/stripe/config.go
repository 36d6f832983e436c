package stripe

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/fourmarketing/waybill"
	"github.com/fourmarketing/waybill/connectors/internal/rest"
)

// Config is a connection to one Stripe account.
type Config struct {
	waybill.Bounds `yaml:",inline"`

	// BaseURL is the API's host. Default https://api.stripe.com.
	BaseURL string `yaml:"base_url"`
	// APIKey is a restricted key (rk_…) that may read balance transaction sources, payouts and disputes, or the account's
	// secret key (sk_…). It is sent as a Bearer token.
	APIKey waybill.Secret `yaml:"api_key"`
	// Version is the API version that answers are asked for in, sent as Stripe-Version. Without it Stripe would answer in
	// the account's own version, which its owner may change in the Dashboard. Default 2026-08-26.dahlia, the version of
	// the API definition that this connector is tested against.
	Version string `yaml:"version"`
	// Since is the oldest `created` wanted by a feed that has no cursor yet: a date or an RFC 3339 time, UTC. Empty
	// means all, as one item; with a start the first pull is cut into windows, and goes on where it was interrupted.
	Since string `yaml:"since"`
	// HTTP bounds timeouts and retries. calls_per_second is 20 by default; Stripe allows 25 of one kind a second
	// (docs.stripe.com/rate-limits).
	HTTP rest.Config `yaml:"http"`
}

// Settings of a feed.
type Settings struct {
	// Since wins over that of the connection.
	Since string `yaml:"since"`
	// Overlap is by how much a pull begins before the end of the former one. Lists can be asked by the time of creation only,
	// so what changes later is seen again for that long. Defaults: balance_transactions 24h, payouts 720h, disputes 4320h.
	Overlap time.Duration `yaml:"overlap"`
	// Window is the longest span of creation times in one item, that is one kept file; the overlap comes on top of the
	// first. Default 168h.
	Window time.Duration `yaml:"window"`
	// BatchSize is how many payouts are itemised in one item of payout_transactions. Default 20.
	BatchSize int `yaml:"batch_size"`
}

// FeedSettings are Settings with what pipelines hand to every feed with a worklist.
type FeedSettings struct {
	Settings `yaml:",inline"`
	// CallsToday is how many answers of the present GMT day are kept. Stripe has no daily allowance, so it is not used.
	CallsToday int `yaml:"calls_today"`
}

const (
	defaultVersion = "2026-08-26.dahlia"
	maxBatch       = 1000
	minWindow      = time.Hour
)

// overlapOf is how long a resource may still show news of what is older. Balance transactions have been seen to appear up to
// minutes after their time of creation (singer-io/tap-stripe#45); that they become available is no news, because available_on
// says when. A payout can fail until five business days after its arrival, and arrives some days after its creation. A
// dispute is decided after two to three months, and one that was lost can still be won.
func overlapOf(resource string) time.Duration {
	const day = 24 * time.Hour
	switch resource {
	case payouts:
		return 30 * day
	case disputes:
		return 180 * day
	}
	return day
}

var versionText = regexp.MustCompile(`^20\d\d-\d\d-\d\d(\.[a-z]+)?$`)

// Validate says what is missing or makes no sense, after defaults were filled in.
func (c Config) Validate() error {
	if err := rest.CheckBaseURL(c.BaseURL); err != nil {
		return err
	}
	switch key := c.APIKey.Reveal(); {
	case key == "":
		return errors.New("api_key: missing; in the Dashboard under Developers, API keys, create a restricted key that may read balance transaction sources, payouts and disputes")
	case strings.HasPrefix(key, "pk_"):
		return errors.New("api_key: this is a publishable key, which may read nothing; use a restricted key (rk_…) or the secret key (sk_…)")
	case !versionText.MatchString(c.Version):
		return fmt.Errorf("version: %q, must be a version of Stripe's API such as %s", c.Version, defaultVersion)
	}
	if _, err := rest.ParseSince(c.Since); err != nil {
		return err
	}
	return c.HTTP.Validate()
}

func (s Settings) validate() error {
	switch {
	case s.Overlap < 0:
		return fmt.Errorf("overlap: %s, must not be negative", s.Overlap)
	case s.Window < minWindow:
		return fmt.Errorf("window: %s, must be at least %s", s.Window, minWindow)
	case s.BatchSize < 1 || s.BatchSize > maxBatch:
		return fmt.Errorf("batch_size: %d, must be 1 to %d", s.BatchSize, maxBatch)
	}
	_, err := rest.ParseSince(s.Since)
	return err
}

func (c Config) withDefaults() Config {
	if c.BaseURL == "" {
		c.BaseURL = "https://api.stripe.com"
	}
	if c.Version == "" {
		c.Version = defaultVersion
	}
	if c.HTTP.CallsPerSecond == 0 {
		c.HTTP.CallsPerSecond = 20
	}
	return c
}

// settings are a feed's own over the defaults of its resource.
func (c Config) settings(resource string, own map[string]any) (Settings, error) {
	s := FeedSettings{Settings: Settings{Since: c.Since, Overlap: overlapOf(resource), Window: 7 * 24 * time.Hour, BatchSize: 20}}
	if err := rest.DecodeSettings(own, &s); err != nil {
		return s.Settings, fmt.Errorf("stripe: %w", err)
	}
	if err := s.validate(); err != nil {
		return s.Settings, fmt.Errorf("stripe: settings: %w", err)
	}
	return s.Settings, nil
}
