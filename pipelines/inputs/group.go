package inputs

import (
	"strings"

	"github.com/fourmarketing/waybill"
	"github.com/fourmarketing/waybill/pipelines"
)

// The rows of the state tables that say who serves whom.
type (
	brandRow struct {
		Brand    string `json:"brand"`
		Currency string `json:"currency"`
	}
	// linkRow is one source, or one account with it, that serves a brand in a role.
	linkRow struct {
		Role        string `json:"role"` // shop, warehouse or account
		Source      string `json:"source"`
		Brand       string `json:"brand"`
		Account     string `json:"account"`
		Site        string `json:"site"`
		OrderPrefix string `json:"order_prefix"`
		OrderKey    string `json:"order_key"`
		Place       int64  `json:"place"` // in the configuration, from 1: where one has to go first
	}
	// gatewayRow is what a brand's shop calls the provider that an account is with.
	gatewayRow struct {
		Source string `json:"source"`
		Brand  string `json:"brand"`
		Word   string `json:"word"`
	}
	siteRow struct {
		Site     string `json:"site"`
		Name     string `json:"name"`
		Source   string `json:"source"`
		TimeZone string `json:"time_zone"`
		Calendar string `json:"calendar"`
	}
	carrierRow struct {
		Carrier       string `json:"carrier"`
		Source        string `json:"source"`
		Terms         string `json:"terms"`
		ClaimsTerms   string `json:"claims_terms"`
		ClaimsService string `json:"claims_service"`
	}
	carrierWordRow struct {
		Carrier string `json:"carrier"`
		Word    string `json:"word"`
	}
)

// groupColumns are the shapes of those tables.
func groupColumns() map[string][]waybill.Column {
	return map[string][]waybill.Column{
		"brands":        columns("brand currency", ""),
		"links":         columns("role source brand account site order_prefix order_key", "place"),
		"gateways":      columns("source brand word", ""),
		"sites":         columns("site name source time_zone calendar", ""),
		"carriers":      columns("carrier source terms claims_terms claims_service", ""),
		"carrier_words": columns("carrier word", ""),
	}
}

// groupRows are the rows of the state tables about the group.
type groupRows struct {
	brands       []brandRow
	links        []linkRow
	gateways     []gatewayRow
	sites        []siteRow
	carriers     []carrierRow
	carrierWords []carrierWordRow
}

func rowsOf(g pipelines.Group) groupRows {
	var r groupRows
	for _, b := range g.Brands {
		r.brands = append(r.brands, brandRow{b.Brand, b.Currency})
	}
	r.links = linksOf(g)
	for _, a := range g.Accounts {
		for _, w := range a.Gateways {
			r.gateways = append(r.gateways, gatewayRow{a.Source, a.Brand, strings.TrimSpace(w)})
		}
	}
	for _, w := range g.Warehouses {
		r.sites = append(r.sites, siteRow{w.Site, w.Name, w.Source, w.Zone, w.Calendar})
	}
	for _, c := range g.Carriers {
		r.addCarrier(c)
	}
	return r
}

func linksOf(g pipelines.Group) []linkRow {
	var links []linkRow
	for i, s := range g.Shops {
		links = append(links, linkRow{Role: "shop", Source: s.Source, Brand: s.Brand, OrderPrefix: s.OrderPrefix, Place: int64(i + 1)})
	}
	for i, w := range g.Warehouses {
		key := w.OrderKey
		if key == "" {
			key = "name"
		}
		for _, b := range w.Brands {
			links = append(links, linkRow{Role: "warehouse", Source: w.Source, Brand: b, Site: w.Site, OrderKey: key, Place: int64(i + 1)})
		}
	}
	for i, a := range g.Accounts {
		account := a.Account
		if account == "" {
			account = a.Source
		}
		links = append(links, linkRow{Role: "account", Source: a.Source, Brand: a.Brand, Account: account, Place: int64(i + 1)})
	}
	return links
}

func (r *groupRows) addCarrier(c pipelines.Carrier) {
	terms := c.Terms
	if terms == "" {
		terms = c.Carrier
	}
	r.carriers = append(r.carriers, carrierRow{c.Carrier, c.Source, terms, c.Claims.Terms, c.Claims.Service})
	for _, w := range c.Words {
		r.carrierWords = append(r.carrierWords, carrierWordRow{c.Carrier, strings.TrimSpace(w)})
	}
}
