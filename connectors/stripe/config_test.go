package stripe_test

import (
	"strings"
	"testing"
	"time"

	"github.com/goccy/go-yaml"

	"github.com/fourmarketing/waybill/connectors/stripe"
)

func TestConfigFromYAML(t *testing.T) {
	t.Parallel()
	var cfg stripe.Config
	text := "api_key: rk_live_1\nversion: 2026-09-30.dahlia\nsince: 2026-01-01\nhttp: {wait_max: 5s}\n"
	if err := yaml.UnmarshalWithOptions([]byte(text), &cfg, yaml.Strict()); err != nil {
		t.Fatal(err)
	}
	if cfg.APIKey.Reveal() != "rk_live_1" || cfg.Version != "2026-09-30.dahlia" || cfg.Since != "2026-01-01" || cfg.HTTP.WaitMax != 5*time.Second {
		t.Errorf("%+v", cfg)
	}
	if err := yaml.UnmarshalWithOptions([]byte("overlap: 1h"), &cfg, yaml.Strict()); err == nil {
		t.Error("an overlap for all resources alike passed, though each needs its own")
	}
}

func TestNewRefuses(t *testing.T) {
	t.Parallel()
	if c, err := stripe.New(stripe.Config{APIKey: "sk_live_1"}, time.Now); err != nil || c.Close() != nil {
		t.Errorf("defaults: %v", err)
	}
	for fault, bad := range map[string]stripe.Config{
		"api_key: missing":      {},
		"publishable":           {APIKey: "pk_live_1"},
		"base_url":              {APIKey: "sk_live_1", BaseURL: "http://api.stripe.com"},
		"version":               {APIKey: "sk_live_1", Version: "latest"},
		"since":                 {APIKey: "sk_live_1", Since: "last year"},
		"http: attempts":        {APIKey: "sk_live_1", HTTP: restConfig(-1)},
		"version: \"2026-8-1\"": {APIKey: "sk_live_1", Version: "2026-8-1"},
	} {
		if _, err := stripe.New(bad, time.Now); err == nil || !strings.Contains(err.Error(), fault) {
			t.Errorf("%s: %v", fault, err)
		}
	}
}

func TestFeedSettings(t *testing.T) {
	t.Parallel()
	c, err := stripe.New(stripe.Config{APIKey: "sk_live_1"}, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	good := map[string]any{"overlap": "0s", "window": "24h", "batch_size": 5, "calls_today": 3, "since": "2026-01-01"}
	for _, resource := range []string{"balance_transactions", "payouts", "payout_transactions", "disputes"} {
		if err := c.CheckFeed(resource, good); err != nil {
			t.Error(err)
		}
	}
	if err := c.CheckFeed("charges", nil); err == nil || !strings.Contains(err.Error(), "disputes") {
		t.Errorf("an unknown resource: %v", err)
	}
	for _, bad := range []map[string]any{{"overlp": "1h"}, {"overlap": "-1h"}, {"window": "1m"}, {"batch_size": 0}, {"batch_size": 1001}, {"since": "soon"}} {
		if err := c.CheckFeed("payouts", bad); err == nil {
			t.Errorf("%v passed", bad)
		}
	}
}
