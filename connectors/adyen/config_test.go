package adyen_test

import (
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/goccy/go-yaml"

	"github.com/fourmarketing/waybill/connectors/adyen"
)

func TestConfigFromYAML(t *testing.T) {
	t.Parallel()
	for text, first := range map[string]adyen.FirstBatch{
		"first_batch: 12": {"": 12},
		"first_batch: {AsterValeUK: 3, PellMillUK: 9}": {"AsterValeUK": 3, "PellMillUK": 9},
	} {
		var cfg adyen.Config
		text = "username: report@Company.FourMarketing\npassword: p\naccounts: [AsterValeUK, PellMillUK]\nhttp: {timeout: 20s, attempts: 2}\n" + text
		if err := yaml.UnmarshalWithOptions([]byte(text), &cfg, yaml.Strict()); err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if !maps.Equal(cfg.FirstBatch, first) || !slices.Equal(cfg.Accounts, []string{"AsterValeUK", "PellMillUK"}) || cfg.HTTP.Timeout != 20*time.Second || cfg.Password.Reveal() != "p" {
			t.Errorf("%s: %+v", text, cfg)
		}
		if _, err := adyen.New(cfg, time.Now); err != nil {
			t.Errorf("%s: %v", text, err)
		}
	}
	var cfg adyen.Config
	if err := yaml.UnmarshalWithOptions([]byte("acounts: [A]"), &cfg, yaml.Strict()); err == nil {
		t.Error("an unknown key passed")
	}
}
