package typing

import (
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/fourmarketing/waybill/transforms/duck"
)

// ruleZone is the rule of wall times whose zone's label nobody has mapped.
const ruleZone = "zone"

// Labels that mean one thing everywhere need no entry in Zones. All others are somebody's: IST is India's, Ireland's and Israel's.
const (
	utcLabels   = "'UTC', 'GMT', 'Z'"
	offsetLabel = `[+-](0\d|1[0-4]):?[0-5]\d`
)

var (
	fixedOffset = regexp.MustCompile(`^[+-](0\d|1[0-4]):[0-5]\d$`)
	zoneByName  = regexp.MustCompile(`^UTC$|/`)
)

// location is what a label means.
func (z ZoneLabel) location() (*time.Location, error) {
	if fixedOffset.MatchString(z.Zone) {
		at, err := time.Parse("-07:00", z.Zone)
		if err != nil {
			return nil, fmt.Errorf("offset %q: %w", z.Zone, err)
		}
		_, seconds := at.Zone()
		return time.FixedZone(z.Zone, seconds), nil
	}
	if !zoneByName.MatchString(z.Zone) { // EST, MST and the like are names of IANA's, too
		return nil, fmt.Errorf("%q is neither an IANA zone such as America/Chicago nor an offset such as -05:00", z.Zone)
	}
	zone, err := time.LoadLocation(z.Zone)
	if err != nil {
		return nil, fmt.Errorf("load zone: %w", err)
	}
	return zone, nil
}

// isLabel is the SQL that is true for a text that is the label, however it is cased.
func (z ZoneLabel) isLabel(text string) string {
	return fmt.Sprintf("upper(%s) = %s", text, duck.Literal(strings.ToUpper(z.Label)))
}

// instantByLabel is the SQL of the instant of a wall time whose zone a label says; null where nobody has mapped the label.
func (col Column) instantByLabel(wall, label string, now time.Time) (string, error) {
	var b strings.Builder
	if col.Zone != "" {
		zone, err := time.LoadLocation(col.Zone)
		if err != nil {
			return "", fmt.Errorf("load zone: %w", err)
		}
		fmt.Fprintf(&b, " when %s is null then %s", label, instant(wall, zone, now))
	}
	for _, z := range col.Zones {
		zone, err := z.location()
		if err != nil {
			return "", fmt.Errorf("label %s: %w", z.Label, err)
		}
		fmt.Fprintf(&b, " when %s then %s", z.isLabel(label), instant(wall, zone, now))
	}
	fmt.Fprintf(&b, " when upper(%s) in (%s) then make_timestamptz(epoch_us(%s))", label, utcLabels, wall)
	fmt.Fprintf(&b, ` when regexp_full_match(%[1]s, '%[2]s') then make_timestamptz(epoch_us(%[3]s) - (case when starts_with(%[1]s, '-') then -60000000 else 60000000 end)
		* (60 * cast(substring(%[1]s, 2, 2) as bigint) + cast(right(%[1]s, 2) as bigint)))`, label, offsetLabel, wall)
	return "case" + b.String() + " end", nil
}

// unknownZone is the SQL that is true for a wall time whose label nobody has mapped, or that has none where the column has no zone of its own.
func (col Column) unknownZone(wall, label string) string {
	known := []string{fmt.Sprintf("upper(%s) in (%s)", label, utcLabels), fmt.Sprintf("regexp_full_match(%s, '%s')", label, offsetLabel)}
	for _, z := range col.Zones {
		known = append(known, z.isLabel(label))
	}
	return fmt.Sprintf("(case when %s is null then false when %s is null then %t else not (%s) end)", wall, label, col.Zone == "", strings.Join(known, " or "))
}

func (c Contract) validateZones(t Table, col Column, at string, p *problems) {
	if col.ZoneColumn == "" {
		if len(col.Zones) > 0 {
			p.say(at+".zones", "are the labels of zone_column, which is needed beside them")
		}
		return
	}
	if col.Type != "timestamp" {
		p.say(at+".zone_column", "is for timestamp only")
	}
	t.validateBeside(col, "zone_column", col.ZoneColumn, at, p)
	said := map[string]bool{}
	for _, z := range col.Zones {
		if said[strings.ToUpper(z.Label)] {
			p.say(at+".zones", "%s is there twice; labels are the same however they are cased", z.Label)
		}
		said[strings.ToUpper(z.Label)] = true
		if _, err := z.location(); err != nil {
			p.say(at+".zones", "%s: %w", z.Label, err)
		}
	}
}

// validateBeside holds a column that another one names against what it may be.
func (t Table) validateBeside(col Column, key, name, at string, p *problems) {
	i := t.column(name)
	if i < 0 || name == col.Name || t.Columns[i].Type != "text" || (t.Columns[i].PII != "" && t.Columns[i].PII != Keep) {
		p.say(at+"."+key, "%q is no other column of %s of type text without pii; add it with its own place", name, t.Name)
	}
}

// column is the number of a column, -1 where the table has none of the name.
func (t Table) column(name string) int {
	for i, col := range t.Columns {
		if col.Name == name {
			return i
		}
	}
	return -1
}
