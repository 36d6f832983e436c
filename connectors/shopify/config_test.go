package shopify_test

import (
	"testing"
	"time"

	"github.com/goccy/go-yaml"

	"github.com/fourmarketing/waybill/connectors/shopify"
)

func TestConfigFromYAML(t *testing.T) {
	t.Parallel()
	var cfg shopify.Config
	text := "base_url: https://aster-vale.myshopify.com\ntoken: t\noverlap: 10m\nsince: 2026-01-01\nbatch_size: 50\npoll_max: 1m\nhttp: {calls_per_second: 4}\n"
	if err := yaml.UnmarshalWithOptions([]byte(text), &cfg, yaml.Strict()); err != nil {
		t.Fatal(err)
	}
	if cfg.Overlap != 10*time.Minute || cfg.Since != "2026-01-01" || cfg.BatchSize != 50 || cfg.PollMax != time.Minute || cfg.HTTP.CallsPerSecond != 4 {
		t.Errorf("%+v", cfg)
	}
	if _, err := shopify.New(cfg, time.Now); err != nil {
		t.Error(err)
	}
	if err := yaml.UnmarshalWithOptions([]byte("tokn: t"), &cfg, yaml.Strict()); err == nil {
		t.Error("an unknown key passed")
	}
}
