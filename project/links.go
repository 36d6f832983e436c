package project

import (
	"fmt"
	"slices"
	"strings"

	"github.com/fourmarketing/waybill/pipelines"
)

// entry is one entry of a list with what tells it from the others, as models join by it.
type entry struct{ at, key string }

// once wants every key a single time: models join by it and would count twice.
func (r *resolution) once(what string, entries []entry) {
	first := map[string]string{}
	for _, e := range entries {
		if e.key == "" {
			continue // not set is a fault of its own where it matters
		}
		if at, twice := first[e.key]; twice {
			r.fault(e.at, "%s %s is there already at %s, and would count twice; leave one of the two", what, e.key, r.config.doc.At(at))
			continue
		}
		first[e.key] = e.at
	}
}

// links holds the lists of who serves whom against one another.
func (r *resolution) links() {
	var brands, shops, accounts, sites []entry
	for i, b := range r.config.Brands {
		brands = append(brands, entry{fmt.Sprintf("brands[%d].brand", i), quote(b.Brand)})
	}
	for i, s := range r.config.Shops {
		shops = append(shops, entry{fmt.Sprintf("shops[%d]", i), quote(s.Source, s.Brand)})
	}
	for i, a := range r.config.Accounts {
		accounts = append(accounts, entry{fmt.Sprintf("accounts[%d]", i), quote(a.Source, a.Account, a.Brand)})
	}
	for i, w := range r.config.Warehouses {
		sites = append(sites, entry{fmt.Sprintf("warehouses[%d].site", i), quote(w.Site)})
		var served []entry
		for j, b := range w.Brands {
			served = append(served, entry{fmt.Sprintf("warehouses[%d].brands[%d]", i, j), quote(b)})
		}
		r.once("brand", served)
	}
	r.once("brand", brands)
	r.once("shop and brand", shops)
	r.once("account and brand", accounts)
	r.once("site", sites)
	r.prefixes()
	r.carriers()
	r.accountsPulled()
}

func quote(words ...string) string {
	if words[0] == "" {
		return ""
	}
	return fmt.Sprintf("%q", words)
}

// prefixes wants brands that share a shop told apart by the letters that their orders' names begin with.
func (r *resolution) prefixes() {
	shared := map[string]int{}
	for _, s := range r.config.Shops {
		shared[s.Source]++
	}
	var prefixes []entry
	for i, s := range r.config.Shops {
		if shared[s.Source] < 2 || s.Source == "" {
			continue
		}
		if s.OrderPrefix == "" {
			r.fault(fmt.Sprintf("shops[%d]", i), "shop %s has several brands, and %s has no order_prefix: its orders would have no brand; write the letters that their names begin with", s.Source, s.Brand)
			continue
		}
		prefixes = append(prefixes, entry{fmt.Sprintf("shops[%d].order_prefix", i), quote(s.Source, strings.ToUpper(s.OrderPrefix))})
	}
	r.once("shop and prefix", prefixes)
}

func (r *resolution) carriers() {
	var names, sources, words []entry
	known := r.carrierTerms()
	for i, c := range r.config.Carriers {
		at := fmt.Sprintf("carriers[%d]", i)
		names = append(names, entry{at + ".carrier", quote(c.Carrier)})
		sources = append(sources, entry{at + ".source", quote(c.Source)})
		for j, w := range c.Words {
			words = append(words, entry{fmt.Sprintf("%s.words[%d]", at, j), quote(strings.ToUpper(strings.TrimSpace(w)))})
		}
		if c.Source != "" && c.Terms == "" && len(known) > 0 && !slices.Contains(known, c.Carrier) {
			r.fault(at, "carrier %s is asked about parcels, and Waybill has no codes of that name; set terms to the one whose codes it has: %s", c.Carrier, strings.Join(known, ", "))
		}
		r.claims(at, c)
	}
	r.once("carrier", names)
	r.once("carrier's connection", sources)
	r.once("carrier's word", words)
}

// claims wants terms and service to be a row of seeds.claim_rules, and lanes: a claim counts from the day that they make due.
func (r *resolution) claims(at string, c pipelines.Carrier) {
	if c.Claims == (pipelines.Claims{}) {
		return
	}
	if c.Claims.Terms == "" || c.Claims.Service == "" {
		r.fault(at+".claims", "terms and service belong together, as in seeds.claim_rules")
		return
	}
	if r.Models.Seed("lane_rules") != nil && !slices.Contains(words(r.Models, "lane_rules", "carrier"), c.Carrier) {
		r.fault(at+".claims", "no rule of seeds.lane_rules is of %s, so that none of its parcels is ever due, and nothing is claimed; add a row for each of its services to %s", c.Carrier, r.seedFile("lane_rules"))
	}
	seed := r.Models.Seed("claim_rules")
	if seed == nil {
		return
	}
	rows, err := seed.Values("carrier", "service")
	if err != nil {
		return // see words
	}
	var services []string
	for _, row := range rows {
		if row[0] == c.Claims.Terms {
			services = append(services, row[1])
		}
	}
	if len(services) == 0 {
		return // the terms are unknown and said to be
	}
	if err := pipelines.OneOf("service of "+c.Claims.Terms, "take one of seeds.claim_rules", services)(c.Claims.Service); err != nil {
		r.fault(at+".claims.service", "%w", err)
	}
}

// accountsPulled wants accounts to be among those that their source is asked for, where it is asked for accounts by name.
func (r *resolution) accountsPulled() {
	for i, a := range r.config.Accounts {
		asked := r.accountsAsked(a.Source)
		if a.Account == "" || len(asked) == 0 {
			continue
		}
		if err := pipelines.OneOf("account that "+a.Source+" is asked for", "write it as in the settings `accounts` of its feed or connection, or add it there", asked)(a.Account); err != nil {
			r.fault(fmt.Sprintf("accounts[%d].account", i), "%w", err)
		}
	}
}

// accountsAsked are the accounts that a source's feeds are asked for: the feed's own setting goes before the connection's.
func (r *resolution) accountsAsked(source string) []string {
	var all []string
	for _, p := range r.Pipelines {
		if !slices.Contains(p.Sources, source) {
			continue
		}
		for _, f := range p.Feeds {
			named, _ := f.Pull.Settings["accounts"].([]any)
			for _, n := range named {
				all = append(all, fmt.Sprint(n))
			}
		}
	}
	if len(all) > 0 {
		return all
	}
	var connection struct {
		Accounts []string `yaml:"accounts"`
	}
	if node, ok := r.config.Connections[source]; ok {
		if err := nodeToValue(node, &connection); err != nil {
			return nil // the connector says what is wrong with its settings
		}
	}
	return connection.Accounts
}
