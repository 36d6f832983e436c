package world

import (
	"strings"
	"time"
)

// calendar knows the bank holidays of one nation.
type calendar struct{ off map[date]bool }

func (c *calendar) working(d date) bool {
	wd := d.utc().Weekday()
	return wd != time.Saturday && wd != time.Sunday && !c.off[d]
}

// add is the n-th working day strictly after d; for n = 0 it is d itself if that is a working day, else the next one.
func (c *calendar) add(d date, n int) date {
	if n == 0 {
		for !c.working(d) {
			d++
		}
		return d
	}
	for n > 0 {
		d++
		if c.working(d) {
			n--
		}
	}
	return d
}

// Bank holidays on weekdays, and those on Saturdays where a site works on them. UK: gov.uk as listed for 2025 to 2027 with the Scottish extra of 15 June 2026; NL: the
// carrier's days without delivery.
const (
	holidaysEW = "2025-01-01 2025-04-18 2025-04-21 2025-05-05 2025-05-26 2025-08-25 2025-12-25 2025-12-26 " +
		"2026-01-01 2026-04-03 2026-04-06 2026-05-04 2026-05-25 2026-08-31 2026-12-25 2026-12-26 2026-12-28 " +
		"2027-01-01 2027-03-26 2027-03-29 2027-05-03 2027-05-31 2027-08-30 2027-12-25 2027-12-27 2027-12-28"
	holidaysSCT = "2025-01-01 2025-01-02 2025-04-18 2025-05-05 2025-05-26 2025-08-04 2025-12-01 2025-12-25 2025-12-26 " +
		"2026-01-01 2026-01-02 2026-04-03 2026-05-04 2026-05-25 2026-06-15 2026-08-03 2026-11-30 2026-12-25 2026-12-28 " +
		"2027-01-01 2027-01-04 2027-03-26 2027-05-03 2027-05-31 2027-08-02 2027-11-30 2027-12-27 2027-12-28"
	holidaysNIR = holidaysEW + " 2025-03-17 2025-07-14 2026-03-17 2026-07-13 2027-03-17 2027-07-12"
	holidaysNL  = "2025-01-01 2025-04-21 2025-05-29 2025-06-09 2025-12-25 2025-12-26 " +
		"2026-01-01 2026-04-06 2026-04-27 2026-05-14 2026-05-25 2026-12-25 2026-12-26 " +
		"2027-01-01 2027-03-29 2027-04-27 2027-05-06 2027-05-17 2027-12-25 2027-12-26"
)

// calendars are the four calendars of the group's destinations and sites.
type calendars struct{ ew, sct, nir, nl *calendar }

func newCalendars() calendars {
	return calendars{parseCalendar(holidaysEW), parseCalendar(holidaysSCT), parseCalendar(holidaysNIR), parseCalendar(holidaysNL)}
}

// named is a calendar by its name, nil for a name that the group does not use.
func (c calendars) named(name string) *calendar {
	return map[string]*calendar{"GB-EAW": c.ew, "GB-SCT": c.sct, "GB-NIR": c.nir, "NL": c.nl}[name]
}

func parseCalendar(days string) *calendar {
	c := &calendar{off: map[date]bool{}}
	for _, s := range strings.Fields(days) {
		if t, err := time.Parse(time.DateOnly, s); err == nil {
			c.off[date(t.Unix()/86400)] = true
		}
	}
	return c
}

const scottishAreas = " AB DD DG EH FK G HS IV KA KW KY ML PA PH TD ZE "

// postcodeArea is the letters before the first digit.
func postcodeArea(zip string) string {
	if n := strings.IndexAny(zip, "0123456789"); n >= 0 {
		zip = zip[:n]
	}
	return strings.TrimSpace(zip)
}

// destination is the calendar of an address.
func (c calendars) destination(country, zip string) *calendar {
	if country == "NL" {
		return c.nl
	}
	switch area := postcodeArea(zip); {
	case area == "BT":
		return c.nir
	case strings.Contains(scottishAreas, " "+area+" "):
		return c.sct
	}
	return c.ew
}
