package dhl_test

import (
	"testing"
	"time"

	"github.com/goccy/go-yaml"

	"github.com/fourmarketing/waybill/connectors/dhl"
)

func TestConfigFromYAML(t *testing.T) {
	t.Parallel()
	var cfg dhl.Config
	text := "api_key: k\ndaily_quota: 5000\ncalls_per_second: 2.5\nservice: parcel-uk\nbatch_size: 100\nhttp: {wait_max: 5s}\n"
	if err := yaml.UnmarshalWithOptions([]byte(text), &cfg, yaml.Strict()); err != nil {
		t.Fatal(err)
	}
	if cfg.DailyQuota != 5000 || cfg.CallsPerSecond != 2.5 || cfg.Service != "parcel-uk" || cfg.BatchSize != 100 || cfg.HTTP.WaitMax != 5*time.Second {
		t.Errorf("%+v", cfg)
	}
	if err := yaml.UnmarshalWithOptions([]byte("calls_today: 3"), &cfg, yaml.Strict()); err == nil {
		t.Error("a run's own count passed as a setting of the connection")
	}
}
