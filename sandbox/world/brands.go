package world

import (
	"fmt"
	"time"
)

// site is a warehouse.
type site struct {
	code, source, country string
	zone                  *time.Location
	cal                   *calendar
	cutOff                int   // minutes after midnight, local
	runs                  []int // when its reports run, minutes after midnight, local; stock with the last
}

// brand is a shop with what belongs to it.
type brand struct {
	Shop
	no     int
	site   *site
	firstN int   // the first order's number
	baseID int64 // the first order's id is one more
	items  []*item
}

// companyAccount is the group's account with the PSP.
const companyAccount = "FourMarketing"

// places are the zones, calendars, sites and brands of the group.
type places struct {
	london, amsterdam *time.Location
	cals              calendars
	sites             []*site
	brands            []*brand
}

func newPlaces() (places, error) {
	var p places
	var err error
	if p.london, err = time.LoadLocation("Europe/London"); err != nil {
		return p, fmt.Errorf("load zone: %w", err)
	}
	if p.amsterdam, err = time.LoadLocation("Europe/Amsterdam"); err != nil {
		return p, fmt.Errorf("load zone: %w", err)
	}
	p.cals = newCalendars()
	ng := &site{
		code: "NG1", source: "northgate", country: "GB", zone: p.london, cal: p.cals.ew, cutOff: 14 * 60,
		runs: []int{13 * 60, 23*60 + 30},
	}
	vh := &site{
		code: "VH1", source: "veldhoven", country: "NL", zone: p.amsterdam, cal: p.cals.nl, cutOff: 15 * 60,
		runs: []int{13*60 + 30, 23 * 60},
	}
	p.sites = []*site{ng, vh}
	gbp, both := []string{"GBP"}, []string{"EUR", "GBP"}
	p.brands = []*brand{
		{Shop: Shop{"aster-vale", "Aster & Vale", "AV", "GBP", "NG1", "northgate", "AsterValeUK", gbp}, site: ng, firstN: 1001},
		{Shop: Shop{"hart-rowe", "Hart / Rowe", "HR", "GBP", "NG1", "northgate", "HartRoweUK", gbp}, site: ng, firstN: 4801},
		{Shop: Shop{"norre-studio", "Nørre Studio", "NS", "EUR", "VH1", "veldhoven", "NorreStudioEU", both}, site: vh, firstN: 2201},
		{Shop: Shop{"pell-mill", "Pell Mill", "PM", "GBP", "VH1", "veldhoven", "PellMillUK", gbp}, site: vh, firstN: 10001},
	}
	for i, b := range p.brands {
		b.no, b.baseID = i, 5_000_000_000+int64(i)*100_000_000
		b.items = catalogue(b)
	}
	return p, nil
}

// zoneOf is the zone in which a country's scans and days are told.
func (p *places) zoneOf(country string) *time.Location {
	if country == "NL" {
		return p.amsterdam
	}
	return p.london
}
