package world

import (
	"errors"
	"fmt"
	"time"
)

// site is a warehouse while the world lives.
type site struct {
	Site
	zone *time.Location
	cal  *calendar
}

// ref is what the site calls an order.
func (st *site) ref(o *order) string {
	if st.ByNumber {
		return itoa(o.id)
	}
	return o.name
}

// brand is a shop while the world lives.
type brand struct {
	Brand
	no    int
	sites []*site // as the group's Warehouses
	psp   *PSP
	items []*item
	rare  []*item // sold out; only orders that wait for it have one
}

// first is the brand's own warehouse.
func (b *brand) first() *site { return b.sites[0] }

// places are the zones, calendars, sites, brands, carriers of the group.
type places struct {
	london, amsterdam *time.Location
	cals              calendars
	sites             []*site
	brands            []*brand
	carriers          []*Carrier
	psps              []*PSP
	terms             Terms
}

func newPlaces(g Group) (places, error) {
	p := places{cals: newCalendars(), terms: g.Terms}
	var err error
	if p.london, err = time.LoadLocation("Europe/London"); err != nil {
		return p, fmt.Errorf("load zone: %w", err)
	}
	if p.amsterdam, err = time.LoadLocation("Europe/Amsterdam"); err != nil {
		return p, fmt.Errorf("load zone: %w", err)
	}
	if len(g.Brands) == 0 {
		return p, errors.New("the group has no brand")
	}
	for i := range g.Carriers {
		p.carriers = append(p.carriers, &g.Carriers[i])
	}
	for i := range g.PSPs {
		p.psps = append(p.psps, &g.PSPs[i])
	}
	for _, st := range g.Sites {
		if err := p.addSite(st); err != nil {
			return p, fmt.Errorf("site %s: %w", st.Code, err)
		}
	}
	for _, b := range g.Brands {
		if err := p.addBrand(b); err != nil {
			return p, fmt.Errorf("brand %s: %w", b.Name, err)
		}
	}
	return p, nil
}

func (p *places) addSite(st Site) error {
	out := &site{Site: st}
	var err error
	if out.zone, err = time.LoadLocation(st.Zone); err != nil {
		return err
	}
	if out.cal = p.cals.named(st.Calendar); out.cal == nil {
		return fmt.Errorf("no calendar %q", st.Calendar)
	}
	abroad := false
	for _, c := range st.Carriers {
		known := p.carrier(c.Of)
		if known == nil {
			return fmt.Errorf("no carrier %q", c.Of)
		}
		abroad = abroad || known.Abroad
	}
	if !abroad {
		return errors.New("no carrier that goes abroad")
	}
	p.sites = append(p.sites, out)
	return nil
}

func (p *places) addBrand(b Brand) error {
	out := &brand{Brand: b, no: len(p.brands)}
	for _, w := range b.Warehouses {
		st := p.siteOf(w.Of)
		if st == nil {
			return fmt.Errorf("no site %q", w.Of)
		}
		out.sites = append(out.sites, st)
	}
	if len(out.sites) == 0 {
		return errors.New("no warehouse")
	}
	for _, psp := range p.psps {
		if psp.Source == b.Account.PSP {
			out.psp = psp
		}
	}
	if out.psp == nil {
		return fmt.Errorf("no PSP %q", b.Account.PSP)
	}
	out.items, out.rare = catalogue(out)
	p.brands = append(p.brands, out)
	return nil
}

func (p *places) siteOf(code string) *site {
	for _, st := range p.sites {
		if st.Code == code {
			return st
		}
	}
	return nil
}

func (p *places) carrier(source string) *Carrier {
	for _, c := range p.carriers {
		if c.Source == source {
			return c
		}
	}
	return nil
}

// returner is the carrier whose labels bring returns back.
func (p *places) returner() *Carrier {
	for _, c := range p.carriers {
		if c.Returns {
			return c
		}
	}
	return p.carriers[0]
}

// zoneOf is the zone in which a country's scans and days are told.
func (p *places) zoneOf(country string) *time.Location {
	if country == "NL" {
		return p.amsterdam
	}
	return p.london
}

// tells is a status in the site's word, says a reason for a return.
func (st *site) tells(status string) string { return said(st.Says.Status, status) }

func (st *site) says(reason string) string { return said(st.Says.Reason, reason) }

func said(how func(string) string, word string) string {
	if how == nil {
		return word
	}
	return how(word)
}

// fate is what becomes of goods of a grade: as the site tells, else by the group's rule.
func (st *site) fate(grade string) string {
	if st.Says.Fates != nil {
		return st.Says.Fates[grade]
	}
	return map[string]string{"A": "restock", "B": "restock", "C": "b_grade", "D": "recycle", "R": "return_to_customer", "X": "return_to_customer", "M": "none"}[grade]
}
