package adyen

import (
	"errors"
	"fmt"
	"regexp"

	"github.com/fourmarketing/waybill"
	"github.com/fourmarketing/waybill/connectors/internal/rest"
)

// Config is a connection to one Adyen company account's report downloads.
type Config struct {
	waybill.Bounds `yaml:",inline"`

	// BaseURL is the Customer Area's host. Default https://ca-live.adyen.com; tests use https://ca-test.adyen.com.
	BaseURL string `yaml:"base_url"`
	// Username and Password are the report user's, such as report@Company.FourMarketing. Leave empty with APIKey.
	Username string         `yaml:"username"`
	Password waybill.Secret `yaml:"password"`
	// APIKey is sent as X-API-Key; its credential needs the role Merchant Report Download.
	APIKey waybill.Secret `yaml:"api_key"`
	// Settings are the defaults of the connection's feeds.
	Settings `yaml:",inline"`
	// HTTP bounds timeouts and retries.
	HTTP rest.Config `yaml:"http"`
}

// Settings of a settlement_details feed. A feed's own settings win over those of its connection.
type Settings struct {
	// Accounts are the merchant accounts whose reports are pulled.
	Accounts []string `yaml:"accounts"`
	// FirstBatch is the oldest batch number wanted. Default 1. An account whose first reports are no longer there
	// needs it, because nothing beyond probe_ahead missing numbers is found.
	FirstBatch FirstBatch `yaml:"first_batch"`
	// ProbeAhead is after how many missing numbers in a row the search for newer batches ends. Default 3.
	ProbeAhead int `yaml:"probe_ahead"`
}

// FirstBatch is the oldest batch number per merchant account; under the empty name that of all others. In YAML it is one
// number, or a map from account to number.
type FirstBatch map[string]int

// UnmarshalYAML takes both forms.
func (f *FirstBatch) UnmarshalYAML(decode func(any) error) error {
	var all int
	if err := decode(&all); err == nil {
		*f = FirstBatch{"": all}
		return nil
	}
	per := map[string]int{}
	if err := decode(&per); err != nil {
		return errors.New("first_batch: must be a number, or a map from merchant account to number")
	}
	*f = per
	return nil
}

func (f FirstBatch) of(account string) int {
	if n, ok := f[account]; ok {
		return n
	}
	if n, ok := f[""]; ok {
		return n
	}
	return 1
}

// accountName is what an account may be called, so that it is one segment of a path.
var accountName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_.-]*$`)

// Validate says what is missing or makes no sense, after defaults were filled in.
func (c Config) Validate() error {
	if err := rest.CheckBaseURL(c.BaseURL); err != nil {
		return err
	}
	switch {
	case c.APIKey == "" && c.Username == "":
		return errors.New("username and password, or api_key: missing; create a report user or an API credential in the Customer Area under Developers")
	case c.APIKey != "" && c.Username != "":
		return errors.New("username and api_key: only one of the two is sent, remove the other")
	case c.Username != "" && c.Password == "":
		return errors.New("password: missing")
	}
	if err := c.HTTP.Validate(); err != nil {
		return err
	}
	return c.validate()
}

func (s Settings) validate() error {
	if s.ProbeAhead < 1 || s.ProbeAhead > maxProbe {
		return fmt.Errorf("probe_ahead: %d, must be 1 to %d", s.ProbeAhead, maxProbe)
	}
	seen := map[string]bool{}
	for _, a := range s.Accounts {
		if !accountName.MatchString(a) {
			return fmt.Errorf("accounts: %q is not a merchant account's name", a)
		}
		if seen[a] {
			return fmt.Errorf("accounts: %s stands there twice", a)
		}
		seen[a] = true
	}
	for a, n := range s.FirstBatch {
		if n < 1 {
			return fmt.Errorf("first_batch: %s: %d, must be at least 1", a, n)
		}
		if a != "" && len(s.Accounts) > 0 && !seen[a] {
			return fmt.Errorf("first_batch: %s is not one of the accounts %v", a, s.Accounts)
		}
	}
	return nil
}

func (c Config) withDefaults() Config {
	if c.BaseURL == "" {
		c.BaseURL = "https://ca-live.adyen.com"
	}
	if c.ProbeAhead == 0 {
		c.ProbeAhead = 3
	}
	return c
}

func (c Config) auth() rest.Auth {
	if c.APIKey != "" {
		return rest.Header("X-API-Key", c.APIKey)
	}
	return rest.Basic(c.Username, c.Password)
}
