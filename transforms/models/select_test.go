package models_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/fourmarketing/waybill"
)

func TestSelect(t *testing.T) {
	t.Parallel()
	p := read(t, shop())
	for name, c := range map[string]struct{ selectors, exclude, want string }{
		"nothing is all":          {"", "", "stg_shop__orders stg_shop__refunds int_refunds_summed fct_orders finance_daily no_orphan_refunds"},
		"name":                    {"fct_orders", "", "fct_orders"},
		"full name":               {"marts.fct_orders", "", "fct_orders"},
		"star":                    {"stg_*", "", "stg_shop__orders stg_shop__refunds"},
		"upstream":                {"+fct_orders", "", "stg_shop__orders stg_shop__refunds int_refunds_summed fct_orders"},
		"downstream":              {"int_refunds_summed+", "", "int_refunds_summed fct_orders finance_daily no_orphan_refunds"},
		"both":                    {"+int_refunds_summed+", "", "stg_shop__refunds int_refunds_summed fct_orders finance_daily no_orphan_refunds"},
		"one up":                  {"1+fct_orders", "", "stg_shop__orders int_refunds_summed fct_orders"},
		"one up of two":           {"1+finance_daily", "", "fct_orders finance_daily"},
		"one down":                {"stg_shop__refunds+1", "", "stg_shop__refunds int_refunds_summed no_orphan_refunds"},
		"one up and all down":     {"1+fct_orders+", "", "stg_shop__orders int_refunds_summed fct_orders finance_daily no_orphan_refunds"},
		"none up":                 {"0+fct_orders", "", "fct_orders"},
		"tag":                     {"tag:finance", "", "fct_orders finance_daily"},
		"tag and what it reads":   {"1+tag:daily", "", "stg_shop__orders int_refunds_summed fct_orders"},
		"area":                    {"area:payments", "", "finance_daily"},
		"path, folder":            {"path:marts", "", "fct_orders finance_daily"},
		"path as in the tree":     {"path:sql/marts/payments/", "", "finance_daily"},
		"path, file":              {"path:marts/payments/finance_daily.sql", "", "finance_daily"},
		"union in one argument":   {"finance_daily stg_shop__orders", "", "stg_shop__orders finance_daily"},
		"union of two arguments":  {"finance_daily|stg_shop__orders", "", "stg_shop__orders finance_daily"},
		"intersection":            {"tag:finance,area:payments", "", "finance_daily"},
		"intersection and graph":  {"+finance_daily,path:partners", "", "stg_shop__orders stg_shop__refunds"},
		"empty intersection":      {"tag:daily,area:payments", "", ""},
		"exclude":                 {"+finance_daily", "path:partners", "int_refunds_summed fct_orders finance_daily"},
		"exclude from all":        {"", "fct_orders+ path:partners", "int_refunds_summed"},
		"readers of a raw table":  {"raw.refunds+", "", "stg_shop__refunds int_refunds_summed fct_orders finance_daily no_orphan_refunds"},
		"readers of a seed, step": {"seeds.rates+1", "", "fct_orders"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := p.Select(split(c.selectors), split(c.exclude))
			if err != nil {
				t.Fatal(err)
			}
			if names(got) != c.want {
				t.Errorf("got  %s\nwant %s", names(got), c.want)
			}
		})
	}
}

func split(s string) []string {
	if s == "" {
		return nil
	}
	return strings.Split(s, "|")
}

func TestSelectNamesTheNearest(t *testing.T) {
	t.Parallel()
	p := read(t, shop())
	for selector, want := range map[string]string{
		"fct_order":      "did you mean fct_orders?",
		"+fct_orderz+":   "did you mean fct_orders?",
		"tag:finanse":    "did you mean finance?",
		"area:payment":   "did you mean payments?",
		"path:marts/pay": "path marts/pay",
		"tags:finance":   "unknown method tags (did you mean tag?)",
		"raw.refund+":    "did you mean raw.refunds?",
		"++fct_orders":   "not a selector",
		"fct_orders,":    "not a selector",
		"x+y":            "not a selector",
	} {
		_, err := p.Select([]string{selector}, nil)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", selector, err, want)
		}
		if _, err := p.Select(nil, []string{selector}); err == nil {
			t.Errorf("excluding %s: no error", selector)
		}
	}
	if _, err := p.Select([]string{"nothing_like_it"}, nil); !errors.Is(err, waybill.ErrNotFound) {
		t.Errorf("%v is not ErrNotFound", err)
	}
}
