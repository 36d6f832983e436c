package project

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"
)

// formerRule is a setting of a waybill.yaml that was written before rules had dates, as rows of the seed that has them now.
type formerRule struct {
	at           string // key of the setting, the first of its kind
	seed, header string
	rows         [][]string
}

// formerFile has those settings.
type formerFile struct {
	Warehouses []struct {
		Site       string `yaml:"site"`
		CutOffTime string `yaml:"cut_off_time"`
	} `yaml:"warehouses"`
	Carriers []struct {
		Carrier string       `yaml:"carrier"`
		Transit []formerDays `yaml:"transit"`
	} `yaml:"carriers"`
	Promises []formerDays `yaml:"promises"`
}

type formerDays struct {
	Brands      []string         `yaml:"brands"`
	Service     string           `yaml:"service"`
	WorkingDays int64            `yaml:"working_days"`
	Except      map[string]int64 `yaml:"except"`
}

// since is the first day of the calendars: such settings held for all time.
const since = "2015-01-01"

const formerSource = "waybill.yaml"

// formerRules finds them; a file that cannot be read so has none, and is complained of by who reads it strictly.
func formerRules(text []byte) []formerRule {
	var f formerFile
	if err := yaml.Unmarshal(text, &f); err != nil {
		return nil
	}
	promises := formerRule{at: "promises", seed: "promise_rules", header: "rule_id,brand,service,site,destination,base,transit_working_days,deliver_from,deliver_to,valid_from,valid_to,source"}
	cutOffs := formerRule{seed: "cut_off_rules", header: "rule_id,site,service,monday,tuesday,wednesday,thursday,friday,saturday,sunday,valid_from,valid_to,source"}
	lanes := formerRule{seed: "lane_rules", header: "rule_id,carrier,service,site,destination,transit_working_days,valid_from,valid_to,source"}
	for _, p := range f.Promises {
		brands := p.Brands
		if len(brands) == 0 {
			brands = []string{"*"}
		}
		for _, b := range brands {
			p.each(func(destination string, days int64) {
				promises.add(b, p.Service, "*", destination, "releasable", fmt.Sprint(days), "", "", since, "", formerSource)
			})
		}
	}
	for i, w := range f.Warehouses {
		if t := w.CutOffTime; t != "" {
			cutOffs.begin(fmt.Sprintf("warehouses[%d].cut_off_time", i))
			cutOffs.add(w.Site, "*", t, t, t, t, t, "", "", since, "", formerSource)
		}
	}
	for i, c := range f.Carriers {
		for _, t := range c.Transit {
			lanes.begin(fmt.Sprintf("carriers[%d].transit", i))
			t.each(func(destination string, days int64) {
				lanes.add(c.Carrier, t.Service, "*", destination, fmt.Sprint(days), since, "", formerSource)
			})
		}
	}
	var out []formerRule
	for _, r := range []formerRule{promises, cutOffs, lanes} {
		if len(r.rows) > 0 {
			out = append(out, r)
		}
	}
	return out
}

// each gives the days of any destination, then those of the exceptions.
func (d formerDays) each(give func(destination string, days int64)) {
	give("*", d.WorkingDays)
	for _, destination := range slices.Sorted(maps.Keys(d.Except)) {
		give(destination, d.Except[destination])
	}
}

func (r *formerRule) begin(at string) {
	if r.at == "" {
		r.at = at
	}
}

// add writes a row with an id of its own.
func (r *formerRule) add(values ...string) {
	id := fmt.Sprintf("%s_%d", strings.TrimSuffix(r.seed, "_rules"), len(r.rows)+1)
	r.rows = append(r.rows, append([]string{id}, values...))
}

// text is the seed's file, each line after two blanks.
func (r formerRule) text() (string, error) {
	var b bytes.Buffer
	if err := csv.NewWriter(&b).WriteAll(r.rows); err != nil {
		return "", fmt.Errorf("write the rows of %s: %w", r.seed, err)
	}
	return "  " + r.header + "\n  " + strings.ReplaceAll(strings.TrimSuffix(b.String(), "\n"), "\n", "\n  "), nil
}
