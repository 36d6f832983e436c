package royalmail_test

import (
	"testing"
	"time"

	"github.com/goccy/go-yaml"

	"github.com/fourmarketing/waybill/connectors/royalmail"
)

func TestConfigFromYAML(t *testing.T) {
	t.Parallel()
	var cfg royalmail.Config
	text := "client_id: i\nclient_secret: s\ndaily_quota: 5000\ncalls_per_second: 2.5\nbatch_size: 90\nhttp: {attempts: 3, wait_max: 5s}\n"
	if err := yaml.UnmarshalWithOptions([]byte(text), &cfg, yaml.Strict()); err != nil {
		t.Fatal(err)
	}
	if cfg.ClientID != "i" || cfg.ClientSecret.Reveal() != "s" || cfg.DailyQuota != 5000 || cfg.CallsPerSecond != 2.5 || cfg.BatchSize != 90 ||
		cfg.HTTP.Attempts != 3 || cfg.HTTP.WaitMax != 5*time.Second {
		t.Errorf("%+v", cfg)
	}
	if err := yaml.UnmarshalWithOptions([]byte("calls_today: 3"), &cfg, yaml.Strict()); err == nil {
		t.Error("a run's own count passed as a setting of the connection")
	}
}

func TestNewRefuses(t *testing.T) {
	t.Parallel()
	good := royalmail.Config{ClientID: "i", ClientSecret: "s"}
	if _, err := royalmail.New(good, time.Now); err != nil {
		t.Errorf("defaults: %v", err)
	}
	for name, change := range map[string]func(*royalmail.Config){
		"no id":           func(c *royalmail.Config) { c.ClientID = "" },
		"no secret":       func(c *royalmail.Config) { c.ClientSecret = "" },
		"plain http":      func(c *royalmail.Config) { c.BaseURL = "http://api.royalmail.net" },
		"negative quota":  func(c *royalmail.Config) { c.DailyQuota = -1 },
		"negative rate":   func(c *royalmail.Config) { c.CallsPerSecond = -1 },
		"negative wait":   func(c *royalmail.Config) { c.HTTP.WaitMin = -1 },
		"too large batch": func(c *royalmail.Config) { c.BatchSize = 1001 },
	} {
		bad := good
		change(&bad)
		if _, err := royalmail.New(bad, time.Now); err == nil {
			t.Errorf("%s passed", name)
		}
	}
}
