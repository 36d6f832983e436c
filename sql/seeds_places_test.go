package sql_test

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"
)

// zonesOf gives country/state/airport -> row of zones_by_place.
func zonesOf(t *testing.T) map[string]map[string]string {
	t.Helper()
	out := map[string]map[string]string{}
	for _, r := range seed(t, "zones_by_place") {
		out[r["country"]+"/"+r["state"]+"/"+r["airport"]] = r
	}
	return out
}

// Go, DuckDB and so the models know each zone, and their clocks agree on days that are long past: of the future they need not,
// when one of them has an older release of the IANA database.
func TestEveryZoneIsKnown(t *testing.T) {
	t.Parallel()
	db, zones := openDuck(t), map[string]string{}
	for _, name := range []string{"zones_by_place", "zone_labels", "destination_areas"} {
		for _, r := range seed(t, name) {
			zones[r["zone"]] = name
		}
	}
	for zone, name := range zones {
		place, err := time.LoadLocation(zone)
		if err != nil || zone == "" || zone == "Local" {
			t.Errorf("%s has the zone %q: %v", name, zone, err)
			continue
		}
		for _, at := range []time.Time{time.Date(2016, 1, 15, 12, 0, 0, 0, time.UTC), time.Date(2024, 7, 15, 12, 0, 0, 0, time.UTC)} {
			var got string
			err := db.QueryRowContext(t.Context(), "select strftime(timezone(?, cast(? as timestamptz)), '%Y-%m-%d %H:%M')",
				zone, at.Format(time.RFC3339)).Scan(&got)
			if want := at.In(place).Format("2006-01-02 15:04"); err != nil || got != want {
				t.Errorf("%s at %s: DuckDB says %s, Go %s: %v", zone, at.Format(time.DateOnly), got, want, err)
			}
		}
	}
	if len(zones) < 200 {
		t.Errorf("only %d zones", len(zones))
	}
}

func TestZonesByPlace(t *testing.T) {
	t.Parallel()
	zones := zonesOf(t)
	for place, want := range map[string]string{
		"GB/*/*": "Europe/London", "NL/*/*": "Europe/Amsterdam", "DE/*/*": "Europe/Berlin", "IE/*/*": "Europe/Dublin",
		"CN/*/*": "Asia/Shanghai", "IN/*/*": "Asia/Kolkata", "AR/*/*": "America/Argentina/Buenos_Aires", "XK/*/*": "Europe/Belgrade",
		"US/NY/*": "America/New_York", "US/TX/*": "America/Chicago", "US/AZ/*": "America/Phoenix", "US/HI/*": "Pacific/Honolulu",
		"CA/ON/*": "America/Toronto", "CA/SK/*": "America/Regina", "CA/NL/*": "America/St_Johns",
		"AU/QLD/*": "Australia/Brisbane", "AU/NSW/*": "Australia/Sydney", "AU/SA/*": "Australia/Adelaide",
		"BR/SP/*": "America/Sao_Paulo", "BR/AM/*": "America/Manaus", "MX/ROO/*": "America/Cancun", "MX/Q ROO/*": "America/Cancun",
		"MX/BC/*": "America/Tijuana", "ES/M/*": "Europe/Madrid", "ES/GC/*": "Atlantic/Canary", "ES/TF/*": "Atlantic/Canary",
		"PT/20/*": "Atlantic/Azores", "PT/11/*": "Europe/Lisbon", "RU/MOW/*": "Europe/Moscow", "ID/BA/*": "Asia/Makassar",
		"NZ/AUK/*": "Pacific/Auckland",
		"GB/*/LHR": "Europe/London", "GB/*/LON": "Europe/London", "DE/*/LEJ": "Europe/Berlin", "US/*/CVG": "America/New_York",
		"US/*/LAX": "America/Los_Angeles", "US/*/PHX": "America/Phoenix", "AU/*/SYD": "Australia/Sydney", "NZ/*/AKL": "Pacific/Auckland",
		"AE/*/DXB": "Asia/Dubai", "ES/*/LPA": "Atlantic/Canary", "PT/*/PDL": "Atlantic/Azores", "PT/*/OPO": "Europe/Lisbon",
	} {
		if got := zones[place]["zone"]; got != want {
			t.Errorf("%s is in %q, want %s", place, got, want)
		}
	}
	for _, state := range strings.Fields("TN KY FL TX IN ND SD NE KS OR ID MI AZ AK") {
		if zones["US/"+state+"/*"]["is_split"] != "true" {
			t.Errorf("US-%s keeps several clocks and does not say so", state)
		}
	}
	for place, r := range zones {
		if r["is_split"] == "true" && r["state"] == "*" {
			t.Errorf("%s is split, which only a state can be", place)
		}
	}
}

// A country has one row or rows of its states, never both; each airport has one row.
func TestZonesAreNoGuesses(t *testing.T) {
	t.Parallel()
	whole, states, airports := map[string]bool{}, map[string]map[string]bool{}, map[string]bool{}
	for _, r := range seed(t, "zones_by_place") {
		switch {
		case r["airport"] != "*":
			if airports[r["airport"]] || r["state"] != "*" || len(r["airport"]) != 3 {
				t.Errorf("airport %s is there twice, or has a state", r["airport"])
			}
			airports[r["airport"]] = true
		case r["state"] == "*":
			whole[r["country"]] = true
		default:
			if states[r["country"]] == nil {
				states[r["country"]] = map[string]bool{}
			}
			states[r["country"]][r["zone"]] = true
		}
	}
	for country := range states {
		if whole[country] {
			t.Errorf("%s has a row of its own beside its states", country)
		}
	}
	for _, country := range strings.Fields("US CA AU BR MX RU ID ES PT CL NZ KZ MN") {
		if len(states[country]) < 2 {
			t.Errorf("%s has states in %d zones, want several", country, len(states[country]))
		}
	}
	for _, c := range seed(t, "calendars") {
		if !whole[c["country"]] && states[c["country"]] == nil {
			t.Errorf("%s has a calendar and no zone", c["country"])
		}
	}
	if len(whole)+len(states) < 240 || len(airports) < 7000 {
		t.Errorf("%d countries and %d airports", len(whole)+len(states), len(airports))
	}
}

// Every zone of the IANA database's zone.tab belongs to a country that has a row, where the machine has that file.
func TestEveryCountryOfTheZoneDatabaseIsPlaced(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile("/usr/share/zoneinfo/zone.tab")
	if err != nil {
		t.Skip("no zone.tab on this machine")
	}
	countries := map[string]bool{"AQ": true, "PF": true, "UM": true} // several clocks, and no states in ISO 3166-2
	for _, r := range seed(t, "zones_by_place") {
		if r["airport"] == "*" {
			countries[r["country"]] = true
		}
	}
	for line := range strings.Lines(string(data)) {
		if country, _, found := strings.Cut(line, "\t"); found && !strings.HasPrefix(line, "#") && !countries[country] {
			t.Errorf("%s has no zone", country)
		}
	}
}

// A label's zone has, at some time of these years, the offset that the label says; under that label if Go prints one.
func TestZoneLabelsAreTrue(t *testing.T) {
	t.Parallel()
	labels := map[string]map[string]string{}
	for _, r := range seed(t, "zone_labels") {
		labels[r["label"]] = r
		minutes, err := strconv.Atoi(r["utc_offset_minutes"])
		if err != nil {
			t.Fatal(err)
		}
		place, err := time.LoadLocation(r["zone"])
		if err != nil {
			t.Fatal(err)
		}
		var has bool
		at := time.Date(2015, 1, 1, 0, 0, 0, 0, time.UTC)
		for ; at.Year() < 2027; at = at.AddDate(0, 0, 7) {
			name, seconds := at.In(place).Zone()
			if strings.EqualFold(name, r["label"]) && seconds != minutes*60 {
				t.Errorf("%s in %s is %d seconds on %s, the seed says %d minutes", r["label"], r["zone"], seconds, at.Format(time.DateOnly), minutes)
				break
			}
			has = has || seconds == minutes*60
		}
		if !has {
			t.Errorf("%s: %s is never %d minutes east of UTC", r["label"], r["zone"], minutes)
		}
		if (r["is_ambiguous"] == "true") != (r["other_offsets"] != "") {
			t.Errorf("%s is ambiguous: %s, other offsets: %q", r["label"], r["is_ambiguous"], r["other_offsets"])
		}
	}
	for label, want := range map[string]string{
		"UTC": "0 ", "GMT": "0 ", "BST": "60 +360", "CET": "60 ", "CEST": "120 ", "EET": "120 ", "EEST": "180 ", "WET": "0 ", "WEST": "60 ",
		"EST": "-300 +600", "EDT": "-240 ", "CST": "-360 -300 +480 +570", "CDT": "-300 -240", "MST": "-420 ", "MDT": "-360 ", "PST": "-480 +480", "PDT": "-420 ",
		"AKST": "-540 ", "AKDT": "-480 ", "HST": "-600 ", "AEST": "600 ", "AEDT": "660 ", "ACST": "570 ", "AWST": "480 ", "NZST": "720 ", "NZDT": "780 ",
		"JST": "540 ", "HKT": "480 ", "SGT": "480 ", "MSK": "180 ", "IST": "330 +60 +120",
	} {
		if got := labels[label]["utc_offset_minutes"] + " " + labels[label]["other_offsets"]; got != want {
			t.Errorf("%s is %q, want %q", label, got, want)
		}
	}
}

// area finds a postcode's row as a model has to: the district first, then the area.
func area(rows map[string]map[string]string, country, district, letters string) map[string]string {
	if r := rows[country+" "+district]; r != nil {
		return r
	}
	return rows[country+" "+letters]
}

func TestDestinationAreas(t *testing.T) {
	t.Parallel()
	rows, calendars := map[string]map[string]string{}, map[string]bool{}
	for _, c := range seed(t, "calendars") {
		calendars[c["calendar"]] = true
	}
	for _, r := range seed(t, "destination_areas") {
		rows[r["country"]+" "+r["prefix"]] = r
		if !calendars[r["calendar"]] {
			t.Errorf("%s %s has the calendar %q, which calendars has not", r["country"], r["prefix"], r["calendar"])
		}
		letters := strings.TrimRight(r["prefix"], "0123456789")
		if r["country"] == "GB" && (r["prefix_kind"] == "district") != (letters != r["prefix"]) {
			t.Errorf("%s is no %s", r["prefix"], r["prefix_kind"])
		}
		if r["prefix_kind"] == "district" && rows[r["country"]+" "+letters] == nil {
			t.Errorf("%s has no row for its area", r["prefix"])
		}
	}
	for _, c := range []struct{ country, district, letters, want string }{
		{"GB", "SW1A", "SW", "GB-EAW Europe/London mainland"},
		{"GB", "CF10", "CF", "GB-EAW Europe/London mainland"},
		{"GB", "EH1", "EH", "GB-SCT Europe/London mainland"},
		{"GB", "IV3", "IV", "GB-SCT Europe/London highlands_islands"},
		{"GB", "PA1", "PA", "GB-SCT Europe/London mainland"},
		{"GB", "PA19", "PA", "GB-SCT Europe/London mainland"},
		{"GB", "PA20", "PA", "GB-SCT Europe/London highlands_islands"},
		{"GB", "PH14", "PH", "GB-SCT Europe/London mainland"},
		{"GB", "PH17", "PH", "GB-SCT Europe/London highlands_islands"},
		{"GB", "AB10", "AB", "GB-SCT Europe/London mainland"},
		{"GB", "AB37", "AB", "GB-SCT Europe/London highlands_islands"},
		{"GB", "KA27", "KA", "GB-SCT Europe/London highlands_islands"},
		{"GB", "TD15", "TD", "GB-EAW Europe/London mainland"},
		{"GB", "BT71", "BT", "GB-NIR Europe/London northern_ireland"},
		{"GB", "JE2", "JE", "JE Europe/Jersey channel_islands"},
		{"GB", "GY1", "GY", "GG Europe/Guernsey channel_islands"},
		{"GB", "IM1", "IM", "IM Europe/Isle_of_Man isle_of_man"},
		{"GB", "TR21", "TR", "GB-EAW Europe/London isles_of_scilly"},
		{"GB", "TR20", "TR", "GB-EAW Europe/London mainland"},
		{"ES", "28001", "28", "ES Europe/Madrid mainland"},
		{"ES", "35001", "35", "ES Atlantic/Canary canary_islands"},
		{"PT", "9500", "95", "PT Atlantic/Azores azores"},
		{"GB", "QQ1", "QQ", "  "},
	} {
		r := area(rows, c.country, c.district, c.letters)
		if got := fmt.Sprintf("%s %s %s", r["calendar"], r["zone"], r["region"]); got != c.want {
			t.Errorf("%s %s is %q, want %q", c.country, c.district, got, c.want)
		}
	}
}
