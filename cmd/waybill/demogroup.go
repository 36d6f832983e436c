package main

import (
	"embed"
	"fmt"
	"os"
	"path"
	"path/filepath"
)

// demoRules are what the sandbox's group has agreed, as its owner would write it down.
//
//go:embed demorules/*.csv
var demoRules embed.FS

// writeDemoRules writes them where a project has them.
func writeDemoRules(dir string) error {
	folder := filepath.Join(dir, "sql", "seeds")
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return fmt.Errorf("make demo folder: %w", err)
	}
	entries, err := demoRules.ReadDir("demorules")
	if err != nil {
		return fmt.Errorf("read the demo's rules: %w", err)
	}
	for _, e := range entries {
		text, err := demoRules.ReadFile(path.Join("demorules", e.Name()))
		if err != nil {
			return fmt.Errorf("read the demo's rules: %w", err)
		}
		if err := os.WriteFile(filepath.Join(folder, e.Name()), text, 0o644); err != nil {
			return fmt.Errorf("write the demo's rules: %w", err)
		}
	}
	return nil
}

// demoGroup is who serves whom in the sandbox's group, as its owner would configure it.
func demoGroup() map[string]any {
	type block = map[string]any
	return block{
		"brands": []block{
			{"brand": "Aster & Vale", "currency": "GBP"},
			{"brand": "Hart / Rowe", "currency": "GBP"},
			{"brand": "Nørre Studio", "currency": "EUR"},
			{"brand": "Pell Mill", "currency": "GBP"},
			{"brand": "Oxbow & Lark", "currency": "GBP"},
		},
		"shops": []block{
			{"source": "aster-vale", "brand": "Aster & Vale", "order_prefix": "AV"},
			{"source": "hart-rowe", "brand": "Hart / Rowe", "order_prefix": "HR"},
			{"source": "norre-studio", "brand": "Nørre Studio", "order_prefix": "NS"},
			{"source": "pell-mill", "brand": "Pell Mill", "order_prefix": "PM"},
			{"source": "oxbow-lark", "brand": "Oxbow & Lark", "order_prefix": "OL"},
		},
		"warehouses": []block{
			{
				"source": "northgate", "site": "NG1", "name": "Northgate Fulfilment", "zone": "Europe/London", "calendar": "GB-EAW",
				"brands": []string{"Aster & Vale", "Hart / Rowe", "Oxbow & Lark"}, "order_key": "name",
			},
			{
				"source": "veldhoven", "site": "VH1", "name": "Veldhoven Logistiek", "zone": "Europe/Amsterdam", "calendar": "NL",
				"brands": []string{"Nørre Studio", "Pell Mill"}, "order_key": "number",
			},
			{
				"source": "larkhill", "site": "LH1", "name": "Larkhill", "zone": "Europe/London", "calendar": "GB-EAW",
				"brands": []string{"Hart / Rowe", "Oxbow & Lark"}, "order_key": "name",
			},
		},
		"accounts": []block{
			{"source": "adyen", "account": "AsterValeUK", "brand": "Aster & Vale"},
			{"source": "adyen", "account": "HartRoweUK", "brand": "Hart / Rowe"},
			{"source": "adyen", "account": "NorreStudioEU", "brand": "Nørre Studio"},
			{"source": "adyen", "account": "PellMillUK", "brand": "Pell Mill"},
			{"source": "stripe", "brand": "Oxbow & Lark"},
		},
		"carriers": []block{
			{"carrier": "dhl", "source": "dhl", "claims": block{"terms": "dhl_ecommerce_uk", "service": "all"}},
			{"carrier": "royal_mail", "source": "royal_mail", "claims": block{"terms": "royal_mail", "service": "tracked_24_48_account"}},
		},
	}
}
