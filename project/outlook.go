package project

import (
	"fmt"
	"maps"
	"slices"
	"sort"
	"strings"

	"github.com/fourmarketing/waybill"
	"github.com/fourmarketing/waybill/pipelines"
	"github.com/fourmarketing/waybill/transforms/models"
)

// Outlook says what the marts will be like for what is configured and what is not: which will be empty or without a part, who could tell of
// what is missing, which brand lacks whom, what a contract leaves out. All of it may be as its owner wants it, so all are notes.
func (c *Config) Outlook(d Definitions) ([]waybill.Finding, error) {
	offers, err := Offers()
	if err != nil {
		return nil, err
	}
	o := outlook{config: c, Definitions: d, offers: offers, written: pipelines.Written(d.Pipelines), asked: pipelines.Asked(d.Pipelines)}
	o.areas()
	o.brands()
	o.sources()
	o.prefixes()
	o.columns()
	o.unread()
	return o.notes, nil
}

type outlook struct {
	config *Config
	Definitions
	offers  []Offer
	written map[waybill.TableName]bool
	asked   map[waybill.TableName][]string
	notes   []waybill.Finding
}

func (o *outlook) note(subject, remedy, format string, args ...any) {
	o.notes = append(o.notes, waybill.Finding{Subject: subject, OK: true, Note: true, Detail: fmt.Sprintf(format, args...), Remedy: remedy})
}

// filled tells which tables that no model builds can have rows: raw tables that a contract fills, and lists of the configuration.
func (o *outlook) filled(t waybill.TableName) bool {
	g := o.config.Group
	if t.Namespace == "raw" {
		return o.written[t]
	}
	switch t.Name {
	case "brands":
		return len(g.Brands) > 0
	case "links":
		return len(g.Shops)+len(g.Warehouses)+len(g.Accounts) > 0
	case "links[shop]":
		return len(g.Shops) > 0
	case "links[warehouse]":
		return len(g.Warehouses) > 0
	case "links[account]":
		return len(g.Accounts) > 0
	case "sites":
		return len(g.Warehouses) > 0
	case "carriers":
		return len(g.Carriers) > 0
	}
	return true
}

// areas has a note for each kind of partner (shops, warehouses, carriers, payments) of whose facts nobody tells: which marts are empty for
// want of it, and which have rows without that part.
func (o *outlook) areas() {
	now := o.Models.Filled(o.filled, o.asked)
	lacking, areas := map[waybill.TableName][]string{}, map[string][]string{}
	for _, m := range o.Models.Models() {
		if m.Name.Namespace == models.Marts {
			lacking[m.Name] = o.Models.LackingPartners(m, o.written)
			for _, fact := range lacking[m.Name] {
				areas[o.area(fact)] = append(areas[o.area(fact)], fact)
			}
		}
	}
	for _, area := range sortedNames(areas) {
		facts := distinct(areas[area])
		own := o.tablesOf(area)
		with := o.Models.Filled(func(t waybill.TableName) bool { return o.filled(t) || own[t] }, o.asked)
		without := o.Models.Filled(func(t waybill.TableName) bool { return !own[t] || o.filled(t) }, o.asked)
		var empty, partly []string
		for mart, facts := range lacking {
			about := slices.ContainsFunc(facts, func(f string) bool { return o.area(f) == area })
			switch {
			case !now[mart] && (with[mart] || !without[mart]):
				empty = append(empty, mart.Name)
			case now[mart] && about:
				partly = append(partly, mart.Name)
			}
		}
		detail := "nobody tells of " + strings.Join(facts, ", ")
		if len(empty) > 0 {
			detail += "; empty: " + strings.Join(distinct(empty), ", ")
		}
		if len(partly) > 0 {
			detail += "; without that part: " + strings.Join(distinct(partly), ", ")
		}
		o.note("marts without "+area, o.remedy(facts), "%s", detail)
	}
}

// tablesOf are the raw tables that an area's facts come from, whoever fills them, and the list of the configuration that goes with them.
func (o *outlook) tablesOf(area string) map[waybill.TableName]bool {
	own := map[waybill.TableName]bool{}
	lists := map[string][]string{
		"shops": {"brands", "links[shop]"}, "warehouses": {"brands", "sites", "links[warehouse]"}, "payments": {"brands", "links[account]"}, "carriers": {"carriers"},
	}
	for _, list := range lists[area] {
		own[waybill.TableName{Namespace: "ops", Name: list}] = true
	}
	for _, f := range o.Models.Facts() {
		if o.area(f.Name.Name) == area {
			for _, t := range o.Models.Leaves(f.From...) {
				own[t] = own[t] || t.Namespace == "raw"
			}
		}
	}
	return own
}

// area is the file of sql/canonical that declares a fact.
func (o *outlook) area(fact string) string {
	return o.Models.Model(waybill.TableName{Namespace: "canonical", Name: fact}).Area
}

func (o *outlook) remedy(facts []string) string {
	var names []string
	for _, offer := range o.offers {
		if slices.ContainsFunc(offer.Facts, func(f string) bool { return slices.Contains(facts, f) }) {
			names = append(names, offer.Name)
		}
	}
	if len(names) == 0 {
		return "none of the partners that come with Waybill tells of it; a model of your own that conforms to the fact would"
	}
	return "if you have one of " + strings.Join(names, ", ") + ": waybill init writes its definition and links into another folder to copy from"
}

// brands names those that lack a shop, warehouse or account, where the group has such at all.
func (o *outlook) brands() {
	g := o.config.Group
	served := map[string]map[string]bool{"shop": {}, "warehouse": {}, "account": {}}
	for _, s := range g.Shops {
		served["shop"][s.Brand] = true
	}
	for _, w := range g.Warehouses {
		for _, b := range w.Brands {
			served["warehouse"][b] = true
		}
	}
	for _, a := range g.Accounts {
		served["account"][a.Brand] = true
	}
	for _, role := range []struct{ name, list, without string }{
		{"shop", "shops", "no orders are theirs"},
		{"warehouse", "warehouses", "their orders go to no site, and what warehouses tell of them is not matched"},
		{"account", "accounts", "their payments and refunds are not looked for at a provider"},
	} {
		var lacking []string
		for _, b := range g.Brands {
			if !served[role.name][b.Brand] {
				lacking = append(lacking, b.Brand)
			}
		}
		if len(lacking) > 0 && len(served[role.name]) > 0 {
			o.note("brands without "+role.name, "add them under "+role.list+" in "+o.config.path, "%s: %s", strings.Join(lacking, ", "), role.without)
		}
	}
	o.unruled(served["shop"])
}

// unruled names what no dated rule speaks of: a brand or a service without promise, a site without cut-off or opening hours, a carrier without lane.
func (o *outlook) unruled(sold map[string]bool) {
	r := resolution{config: o.config, Definitions: o.Definitions}
	var brands, sites, carriers []string
	for _, b := range o.config.Brands {
		if sold[b.Brand] {
			brands = append(brands, b.Brand)
		}
	}
	for _, w := range o.config.Warehouses {
		sites = append(sites, w.Site)
	}
	for _, c := range o.config.Carriers {
		carriers = append(carriers, c.Carrier)
	}
	services := r.services()
	if len(brands) == 0 {
		services = nil
	}
	for _, look := range []struct {
		seed, column, subject, without string
		all                            []string
	}{
		{"promise_rules", "brand", "brands without promise", "none of their orders is ever late", brands},
		{"promise_rules", "service", "services without promise", "orders of them are never late: nothing is promised", services},
		{"cut_off_rules", "site", "sites without cut-off", "nothing has to leave them by any day", sites},
		{"lane_rules", "carrier", "carriers without lane", "none of their parcels is ever due or lost", carriers},
		{"opening_hours", "site", "sites without opening hours", "no working hours are counted there", sites},
	} {
		ruled := words(o.Models, look.seed, look.column)
		if slices.Contains(ruled, models.Any) {
			continue
		}
		var lacking []string
		for _, name := range look.all {
			if !slices.Contains(ruled, name) {
				lacking = append(lacking, name)
			}
		}
		if len(lacking) > 0 {
			o.note(look.subject, "add a row for each to "+o.config.seedFile(look.seed), "%s: %s", strings.Join(lacking, ", "), look.without)
		}
	}
}

// sources names connections that nothing uses, and sources whose facts no link takes up.
func (o *outlook) sources() {
	linked := map[string]map[string]bool{"shops": {}, "warehouses": {}, "payments": {}, "carriers": {}}
	g := o.config.Group
	for _, s := range g.Shops {
		linked["shops"][s.Source] = true
	}
	for _, w := range g.Warehouses {
		linked["warehouses"][w.Source] = true
	}
	for _, a := range g.Accounts {
		linked["payments"][a.Source] = true
	}
	for _, c := range g.Carriers {
		linked["carriers"][c.Source] = true
	}
	lists := map[string]string{"shops": "shops", "warehouses": "warehouses", "payments": "accounts", "carriers": "carriers"}
	for _, source := range o.config.Sources() {
		told := o.told(source)
		pulled := slices.ContainsFunc(o.Pipelines, func(p pipelines.Pipeline) bool { return slices.Contains(p.Sources, source) })
		if !pulled {
			o.note(source, "add it to the sources of a pipeline, or remove the connection", "no pipeline pulls from this connection")
			continue
		}
		areas := map[string]bool{}
		for area, fact := range rolesOf() {
			if told[fact] == area || (fact == "" && slices.Contains(slices.Collect(maps.Values(told)), area)) {
				areas[area] = true
			}
		}
		for _, area := range sortedNames(areas) {
			if by, known := linked[area]; known && !by[source] {
				o.note(source, "add it under "+lists[area]+" in "+o.config.path, "it tells of %s, and no entry of %s names it: what it tells belongs to no brand", area, lists[area])
			}
		}
	}
	if len(g.Warehouses) > 0 && len(g.Carriers) == 0 {
		o.note("carriers", "add them under carriers in "+o.config.path, "none is configured: parcels of the warehouses are listed, and nobody is asked what became of them")
	}
}

// prefixes says which brand an order goes to where one brand's prefix begins with another's.
func (o *outlook) prefixes() {
	for _, a := range o.config.Shops {
		for _, b := range o.config.Shops {
			short, long := strings.ToUpper(a.OrderPrefix), strings.ToUpper(b.OrderPrefix)
			if a.Source == b.Source && short != "" && short != long && strings.HasPrefix(long, short) {
				o.note(a.Source, "", "order_prefix %s of %s begins with %s of %s: an order whose name begins with %s is %s's, the longest that fits", b.OrderPrefix, b.Brand, a.OrderPrefix, a.Brand, b.OrderPrefix, b.Brand)
			}
		}
	}
}

// columns names the columns of tables that several contracts fill and that one of them leaves out, and those that no model knows.
func (o *outlook) columns() {
	declared := o.Models.Raw()
	for _, p := range o.Pipelines {
		for i, f := range p.Feeds {
			for _, t := range f.TableNames() {
				want, known := declared[t]
				if !known {
					continue
				}
				has := map[string]bool{}
				for _, c := range f.Columns(t) {
					has[c.Name] = true
				}
				var lacking []string
				for _, c := range want {
					if !has[c.Name] {
						lacking = append(lacking, c.Name)
					}
				}
				at := p.Document.At(fmt.Sprintf("feeds[%d].tables.%s", i, t))
				if len(lacking) > 0 {
					o.note(p.Name+": "+t.String(), "", "%s has no column %s: null for what it sends", at, strings.Join(lacking, ", "))
				}
				for _, c := range f.Columns(t) {
					if !slices.ContainsFunc(want, func(w waybill.Column) bool { return w.Name == c.Name }) && !strings.HasPrefix(c.Name, "_") && !strings.HasSuffix(c.Name, "_raw") {
						if near := pipelines.Nearest(c.Name, lacking); near != "" {
							o.note(p.Name+": "+t.String(), "call it "+near+" if that is meant", "%s: no model reads column %s", at, c.Name)
						}
					}
				}
			}
		}
	}
}

// unread names tables that are filled and that no model reads.
func (o *outlook) unread() {
	read := o.tablesRead()
	for _, offer := range o.offers { // what comes with Waybill may load more than its models read yet
		for t := range offer.written {
			read[t] = true
		}
	}
	for _, p := range o.Pipelines {
		for i, f := range p.Feeds {
			for _, t := range f.TableNames() {
				if !read[t] {
					o.note(p.Name+": "+t.String(), "", "%s: it is loaded, and no model reads it", p.Document.At(fmt.Sprintf("feeds[%d].tables.%s", i, t)))
				}
			}
		}
	}
}

func sortedNames[V any](m map[string]V) []string {
	names := make([]string, 0, len(m))
	for name := range m {
		names = append(names, name)
	}
	sort.Strings(names)
	return names
}

func distinct(names []string) []string {
	sort.Strings(names)
	return slices.Compact(names)
}
