package project

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"

	"github.com/fourmarketing/waybill/pipelines"
	"github.com/fourmarketing/waybill/transforms/models"
)

// ruleKinds are what seeds can name in this project, by the word in seeds.yaml; an empty value is looked at too. A kind whose words come from a fact
// or a seed that the project has not takes every value.
func (r *resolution) ruleKinds(kinds pipelines.Kinds) pipelines.Kinds {
	var sites, carriers []string
	for _, w := range r.config.Warehouses {
		sites = append(sites, w.Site)
	}
	for _, c := range r.config.Carriers {
		carriers = append(carriers, c.Carrier)
	}
	site := pipelines.OneOf("site", "write it as under warehouses, or add it there", sites)
	carrier := pipelines.OneOf("carrier", "write it as under carriers, or add it there", carriers)
	return pipelines.Kinds{
		"brand":        orAny(kinds["brand"]),
		"service":      orAny(kinds["service"]),
		"calendar":     orAny(kinds["calendar"]),
		"site":         orAny(site),
		"one_site":     site,
		"carrier":      orAny(carrier),
		"one_carrier":  carrier,
		"destination":  orAny(r.destination),
		"promise_base": pipelines.OneOf("base of a promise", "write what it counts from", []string{"placed", "releasable", "wms_received"}),
		"days":         wholeNumber(0, 366, "working days"),
		"iso_weekday":  wholeNumber(1, 7, "day of the week from 1, Monday, to 7, Sunday"),
		"time_or_none": orNothing(pipelines.ClockTime),
		"open_time":    pipelines.ClockTime,
		"close_time": func(value string) error {
			if value == "24:00" {
				return nil
			}
			return pipelines.ClockTime(value)
		},
	}
}

func orAny(kind func(string) error) func(string) error {
	return func(value string) error {
		if value == models.Any || kind == nil {
			return nil
		}
		return kind(value)
	}
}

func orNothing(kind func(string) error) func(string) error {
	return func(value string) error {
		if value == "" {
			return nil
		}
		return kind(value)
	}
}

func wholeNumber(least, most int, what string) func(string) error {
	return func(value string) error {
		if n, err := strconv.Atoi(value); err != nil || n < least || n > most {
			return fmt.Errorf("%q is no number of %s; write a whole number from %d to %d", value, what, least, most)
		}
		return nil
	}
}

// destination wants a country, a calendar of it, or a region of it.
func (r *resolution) destination(value string) error {
	known := append(words(r.Models, "calendars", "country"), words(r.Models, "calendars", "calendar")...)
	if s := r.Models.Seed("destination_areas"); s != nil {
		rows, err := s.Values("country", "region")
		if err != nil {
			return nil //nolint:nilerr // a seed of the project's own, by another meaning
		}
		for _, row := range rows {
			known = append(known, row[0]+":"+row[1])
		}
	}
	slices.Sort(known)
	known = slices.Compact(known)
	return pipelines.OneOf("destination", "write a country (GB), a calendar of it (GB-SCT) or a region of it (GB:highlands_islands), as seeds.calendars and seeds.destination_areas have them", known)(value)
}

// rules resolves what seeds name: each value that is of no brand, site, service, … is a fault with its file and line.
func (r *resolution) rules(kinds pipelines.Kinds) {
	kinds = r.ruleKinds(kinds)
	for _, s := range r.Models.Seeds() {
		for _, named := range s.Names {
			check, known := kinds[named.Kind]
			if !known {
				r.add(fmt.Errorf("%s: seed %s: column %s names a %q, and there is no such kind", s.Path, s.Name.Name, named.Column, named.Kind))
				continue
			}
			rows, err := s.Rows(named.Column)
			r.add(err)
			for _, row := range rows {
				if err := check(row.Values[0]); err != nil {
					r.add(fmt.Errorf("%s:%d: %s: %w", s.Path, row.Line, named.Column, err))
				}
			}
		}
	}
}

// seedFile is where a project keeps a seed of its own.
func (c *Config) seedFile(seed string) string {
	dir := c.SQL
	if dir == "" {
		dir = c.local("sql")
	}
	return shorter(filepath.Join(dir, "seeds", seed+".csv"))
}

func (r *resolution) seedFile(seed string) string { return r.config.seedFile(seed) }

// moved says what has become of settings that are dated rules now: which file has to be written, with which rows.
func (c *Config) moved(text []byte) error {
	var errs []error
	for _, m := range formerRules(text) {
		rows, err := m.text()
		if err != nil {
			return err
		}
		errs = append(errs, c.doc.Fault(m.at, "is a dated rule now, in a file that can say from when it holds. Write these lines into %s, set sql: sql in %s, and remove the setting:\n%s", c.seedFile(m.seed), c.path, rows))
	}
	return errors.Join(errs...)
}
