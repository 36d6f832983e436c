package main

// demoGroup is who serves whom in the sandbox's group, as its owner would configure it.
func demoGroup() map[string]any {
	type block = map[string]any
	transit := []block{
		{"service": "standard", "working_days": 2, "except": block{"GB-NIR": 3}},
		{"service": "express", "working_days": 1, "except": block{"GB-NIR": 2}},
	}
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
				"cut_off_time": "14:00", "brands": []string{"Aster & Vale", "Hart / Rowe", "Oxbow & Lark"}, "order_key": "name",
			},
			{
				"source": "veldhoven", "site": "VH1", "name": "Veldhoven Logistiek", "zone": "Europe/Amsterdam", "calendar": "NL",
				"cut_off_time": "15:00", "brands": []string{"Nørre Studio", "Pell Mill"}, "order_key": "number",
			},
			{
				"source": "larkhill", "site": "LH1", "name": "Larkhill", "zone": "Europe/London", "calendar": "GB-EAW",
				"cut_off_time": "12:00", "brands": []string{"Hart / Rowe", "Oxbow & Lark"}, "order_key": "name",
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
			{"carrier": "dhl", "source": "dhl", "claims": block{"terms": "dhl_ecommerce_uk", "service": "all"}, "transit": transit},
			{"carrier": "royal_mail", "source": "royal_mail", "claims": block{"terms": "royal_mail", "service": "tracked_24_48_account"}, "transit": transit},
		},
		"promises": []block{
			{"service": "standard", "working_days": 3, "except": block{"GB-NIR": 4}},
			{"service": "express", "working_days": 1, "except": block{"GB-NIR": 2}},
		},
	}
}
