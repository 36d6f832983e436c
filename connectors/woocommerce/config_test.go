package woocommerce_test

import (
	"strings"
	"testing"
	"time"

	"github.com/goccy/go-yaml"

	"github.com/fourmarketing/waybill/connectors/woocommerce"
)

const settings = "base_url: https://oxbow-lark.example\nconsumer_key: ck_1\nconsumer_secret: cs_1\noverlap: 10m\nsince: 2026-01-01\nper_page: 50\nbatch_size: 20\nhttp: {calls_per_second: 4}\n"

func TestConfigFromYAML(t *testing.T) {
	t.Parallel()
	var cfg woocommerce.Config
	if err := yaml.UnmarshalWithOptions([]byte(settings), &cfg, yaml.Strict()); err != nil {
		t.Fatal(err)
	}
	if cfg.Overlap != 10*time.Minute || cfg.Since != "2026-01-01" || cfg.PerPage != 50 || cfg.BatchSize != 20 || cfg.HTTP.CallsPerSecond != 4 {
		t.Errorf("%+v", cfg)
	}
	if _, err := woocommerce.New(cfg, time.Now); err != nil {
		t.Error(err)
	}
	if err := yaml.UnmarshalWithOptions([]byte("consumer_kye: x"), &cfg, yaml.Strict()); err == nil {
		t.Error("an unknown key passed")
	}
}

func TestConfigMistakes(t *testing.T) {
	t.Parallel()
	for mistake, key := range map[string]string{
		"base_url: http://oxbow-lark.example": "base_url", "consumer_secret: \"\"": "consumer_secret", "overlap: -1m": "overlap",
		"since: yesterday": "since", "per_page: 101": "per_page", "batch_size: -1": "batch_size", "http: {attempts: -1}": "attempts",
	} {
		name, _, _ := strings.Cut(mistake, ":")
		var kept []string
		for line := range strings.Lines(settings) {
			if !strings.HasPrefix(line, name+":") {
				kept = append(kept, line)
			}
		}
		var cfg woocommerce.Config
		if err := yaml.UnmarshalWithOptions([]byte(strings.Join(kept, "")+mistake), &cfg, yaml.Strict()); err != nil {
			t.Fatal(err)
		}
		if _, err := woocommerce.New(cfg, time.Now); err == nil || !strings.Contains(err.Error(), key) {
			t.Errorf("%s: %v", mistake, err)
		}
	}
}
