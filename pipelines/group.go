package pipelines

// BusinessZone is where business days begin and end (docs/meanings.md): days of things that happen at no site and at no destination.
const BusinessZone = "Europe/London"

// Group is who serves whom: the brands, and the shops, warehouses, accounts and carriers that belong to them, each as a list. Models read it as
// ops.brands, ops.links, ops.sites, ops.carriers and their kin. What they promise one another and from when stands in seeds of dated rules.
type Group struct {
	Brands     []Brand     `yaml:"brands"`
	Shops      []Shop      `yaml:"shops"`
	Warehouses []Warehouse `yaml:"warehouses"`
	Accounts   []Account   `yaml:"accounts"`
	Carriers   []Carrier   `yaml:"carriers"`
}

// Brand is what customers know the group's shops by.
type Brand struct {
	Brand    string `yaml:"brand" names:"new,required"`
	Currency string `yaml:"currency" names:"currency,required"` // the brand's own, ISO 4217
}

// Shop is a web shop of a brand. A shop of several brands is listed once for each, with the prefix of its order names.
type Shop struct {
	Source      string `yaml:"source" names:"source,required"`
	Brand       string `yaml:"brand" names:"brand,required"`
	OrderPrefix string `yaml:"order_prefix" names:"-"` // letters that the brand's order names begin with
}

// Warehouse is a site that ships brands; the first that lists a brand is where its orders go unless another tells of them.
type Warehouse struct {
	Source   string   `yaml:"source" names:"source,required"`
	Site     string   `yaml:"site" names:"new,required"` // as its files name it
	Name     string   `yaml:"name" names:"-"`
	Zone     string   `yaml:"zone" names:"zone,required"`
	Calendar string   `yaml:"calendar" names:"calendar,required"`
	Brands   []string `yaml:"brands" names:"brand,required"`
	OrderKey string   `yaml:"order_key" names:"order_key"` // what it calls an order: name (default), number (the shop's own id) or any
	// ShippedWhen is what its contract calls shipped: despatched (its own time; default) or accepted (the carrier's scan).
	ShippedWhen string `yaml:"shipped_when" names:"shipped_when"`
}

// Account is a balance with a payment provider. One that several brands share is listed once for each.
type Account struct {
	Source  string `yaml:"source" names:"source,required"`
	Account string `yaml:"account" names:"-"` // as the provider names it; the source where its reports name none
	Brand   string `yaml:"brand" names:"brand,required"`
	// Gateways are what the brand's shop calls the provider; default what Waybill knows it by.
	Gateways []string `yaml:"gateways" names:"-"`
}

// Carrier is who brings parcels.
type Carrier struct {
	Carrier string   `yaml:"carrier" names:"new,required"` // the group's name of it, the first part of its parcels' ids
	Source  string   `yaml:"source" names:"source"`        // the connection that is asked about its parcels; empty where none is
	Terms   string   `yaml:"terms" names:"terms"`          // the partner whose codes and numbers it has; default the carrier's own name
	Words   []string `yaml:"words" names:"-"`              // what warehouses and shops call it beside the names that are built in
	Claims  Claims   `yaml:"claims"`
}

// Claims names the terms of compensation, as rows of seeds.claim_rules.
type Claims struct {
	Terms   string `yaml:"terms" names:"claim_terms"`
	Service string `yaml:"service" names:"-"` // a service of those terms
}
