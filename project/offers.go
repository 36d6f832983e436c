package project

import (
	"errors"
	"slices"

	"github.com/fourmarketing/waybill"
	"github.com/fourmarketing/waybill/pipelines"
	"github.com/fourmarketing/waybill/pipelines/definitions"
	waybillsql "github.com/fourmarketing/waybill/sql"
	"github.com/fourmarketing/waybill/transforms/models"
)

// Offer is a partner that comes with Waybill.
type Offer struct {
	Name   string                  `json:"name"`
	Kind   string                  `json:"kind"` // warehouse, web shop, carrier or payment provider
	About  string                  `json:"about"`
	Facts  []string                `json:"facts"`  // what it tells of
	Alone  []string                `json:"alone"`  // marts that have rows with it and no other partner
	Beside []string                `json:"beside"` // further marts that are empty without one of its kind, whatever others there are
	Types  map[string]waybill.Type `json:"-"`      // of the columns of its raw tables, by raw.table.column

	definitions.Starter `json:"-"`
	pipeline            pipelines.Pipeline
	written             map[waybill.TableName]bool
}

// kindOf names partners by the area of their facts.
func kindOf(area string) string {
	switch area {
	case "shops":
		return "web shop"
	case "warehouses":
		return "warehouse"
	case "carriers":
		return "carrier"
	case "payments":
		return "payment provider"
	}
	return area
}

// Offers are the partners that come with Waybill, sorted by name, with what marts each of them fills: found by the models, not written down.
func Offers() ([]Offer, error) {
	starters, err := definitions.Starters()
	if err != nil {
		return nil, err
	}
	all, err := models.Read(waybillsql.Files)
	if err != nil {
		return nil, err
	}
	offers := make([]Offer, len(starters))
	var problems []error
	for i, s := range starters {
		var err error
		offers[i], err = offerOf(s, all)
		problems = append(problems, err)
	}
	var everybody []pipelines.Pipeline
	for _, o := range offers {
		everybody = append(everybody, o.pipeline)
	}
	for i := range offers {
		offers[i].marts(all, offers, pipelines.Asked(everybody))
	}
	return offers, errors.Join(problems...)
}

func offerOf(s definitions.Starter, all *models.Project) (Offer, error) {
	o := Offer{Name: s.Name, About: s.About, Starter: s, Types: map[string]waybill.Type{}}
	p, err := pipelines.Decode(s.Name+".yaml", s.Definition)
	if err != nil {
		return o, err
	}
	for _, f := range p.Feeds {
		for _, t := range f.TableNames() {
			for _, c := range f.Columns(t) {
				o.Types[t.String()+"."+c.Name] = c.Type
			}
		}
	}
	areas := map[string]int{}
	for fact, area := range (Definitions{Models: all}).FactsOf(p) {
		o.Facts = append(o.Facts, fact)
		areas[area]++
	}
	slices.Sort(o.Facts)
	for _, area := range sortedNames(areas) {
		if o.Kind == "" || areas[area] > areas[o.Kind] {
			o.Kind = area
		}
	}
	o.Kind = kindOf(o.Kind)
	o.pipeline, o.written = p, pipelines.Written([]pipelines.Pipeline{p})
	return o, nil
}

// marts finds the marts that need this partner, or one of its kind.
func (o *Offer) marts(all *models.Project, offers []Offer, asked map[waybill.TableName][]string) {
	filled := func(by func(Offer) bool) map[waybill.TableName]bool {
		return all.Filled(func(t waybill.TableName) bool {
			return t.Namespace != "raw" || slices.ContainsFunc(offers, func(other Offer) bool { return other.written[t] && by(other) })
		}, asked)
	}
	nobody := filled(func(Offer) bool { return false })
	alone := filled(func(other Offer) bool { return other.Name == o.Name })
	others := filled(func(other Offer) bool { return other.Kind != o.Kind })
	together := filled(func(other Offer) bool { return other.Kind != o.Kind || other.Name == o.Name })
	for _, m := range all.Models() {
		switch {
		case m.Name.Namespace != "marts":
		case alone[m.Name] && !nobody[m.Name]:
			o.Alone = append(o.Alone, m.Name.Name)
		case together[m.Name] && !others[m.Name]:
			o.Beside = append(o.Beside, m.Name.Name)
		}
	}
	slices.Sort(o.Alone)
	slices.Sort(o.Beside)
}
