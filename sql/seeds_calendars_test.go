package sql_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

func day(t *testing.T, text string) time.Time {
	t.Helper()
	d, err := time.Parse(time.DateOnly, text)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// holidaysOf gives calendar -> day -> name.
func holidaysOf(t *testing.T) map[string]map[string]string {
	t.Helper()
	out := map[string]map[string]string{}
	for _, r := range seed(t, "calendar_holidays") {
		if out[r["calendar"]] == nil {
			out[r["calendar"]] = map[string]string{}
		}
		out[r["calendar"]][r["holiday_on"]] = r["name"]
	}
	return out
}

// A year's holidays as governments published them, those on weekends too: months and days.
func TestHolidaysAsPublished(t *testing.T) {
	t.Parallel()
	holidays := holidaysOf(t)
	for _, c := range []struct{ calendar, year, days string }{
		{"GB-EAW", "2020", "01-01 04-10 04-13 05-08 05-25 08-31 12-25 12-26 12-28"},                   // VE day for early May
		{"GB-EAW", "2022", "01-01 01-03 04-15 04-18 05-02 06-02 06-03 08-29 09-19 12-25 12-26 12-27"}, // jubilee, funeral of the Queen
		{"GB-SCT", "2023", "01-01 01-02 01-03 04-07 05-01 05-08 05-29 08-07 11-30 12-25 12-26"},       // coronation
		{"GB-NIR", "2021", "01-01 03-17 04-02 04-05 05-03 05-31 07-12 08-30 12-25 12-26 12-27 12-28"},
		{"DE", "2017", "01-01 04-14 04-17 05-01 05-25 06-05 10-03 10-31 12-25 12-26"}, // 500 years of Reformation
		{"DE", "2025", "01-01 04-18 04-21 05-01 05-29 06-09 10-03 12-25 12-26"},
		{"FR", "2026", "01-01 04-06 05-01 05-08 05-14 05-25 07-14 08-15 11-01 11-11 12-25"},
		{"IT", "2025", "01-01 01-06 04-20 04-21 04-25 05-01 06-02 08-15 11-01 11-02 12-08 12-25 12-26"}, // unity on November's first Sunday
		{"IE", "2024", "01-01 02-05 03-17 04-01 05-06 06-03 08-05 10-28 12-25 12-26"},                   // no substitute by law for a Sunday
		{"PL", "2024", "01-01 01-06 03-31 04-01 05-01 05-03 05-19 05-30 08-15 11-01 11-11 12-25 12-26"},
		{"PL", "2025", "01-01 01-06 04-20 04-21 05-01 05-03 06-08 06-19 08-15 11-01 11-11 12-24 12-25 12-26"}, // Christmas Eve is new
		{"DK", "2023", "01-01 04-06 04-07 04-09 04-10 05-05 05-18 05-28 05-29 12-25 12-26"},
		{"DK", "2024", "01-01 03-28 03-29 03-31 04-01 05-09 05-19 05-20 12-25 12-26"}, // without Great Prayer Day
		{"NL", "2025", "01-01 04-20 04-21 04-26 05-29 06-08 06-09 12-25 12-26"},       // the King's day on Saturday
		{"US", "2020", "01-01 01-20 02-17 05-25 07-03 07-04 09-07 10-12 11-11 11-26 12-25"},
		{"US", "2026", "01-01 01-19 02-16 05-25 06-19 07-03 07-04 09-07 10-12 11-11 11-26 12-25"},
		{"CA", "2024", "01-01 03-29 05-20 07-01 09-02 09-30 10-14 11-11 12-25 12-26"},
		{"JP", "2021", "01-01 01-11 02-11 02-23 03-20 04-29 05-03 05-04 05-05 07-22 07-23 08-08 08-09 09-20 09-23 11-03 11-23"}, // Olympics
		{"JP", "2024", "01-01 01-08 02-11 02-12 02-23 03-20 04-29 05-03 05-04 05-05 05-06 07-15 08-11 08-12 09-16 09-22 09-23 10-14 11-03 11-04 11-23"},
		{"HK", "2026", "01-01 02-17 02-18 02-19 04-03 04-04 04-05 04-06 04-07 05-01 05-24 05-25 06-19 07-01 09-26 10-01 10-18 10-19 12-25 12-26"},
		{"AU", "2025", "01-01 01-27 04-18 04-19 04-20 04-21 04-25 06-09 12-25 12-26"}, // of most states: no Labour Day
		{"CH", "2025", "01-01 04-18 04-21 05-29 06-09 08-01 12-25 12-26"},             // of most cantons
	} {
		var got []string
		for d := range holidays[c.calendar] {
			if d[:4] == c.year {
				got = append(got, d[5:])
			}
		}
		slices.Sort(got)
		if want := strings.Fields(c.days); !slices.Equal(got, want) {
			t.Errorf("%s %s\n got %s\nwant %s", c.calendar, c.year, strings.Join(got, " "), c.days)
		}
	}
}

// Each date of the list from gov.uk and rijksoverheid.nl is there again, and on weekdays of its years no other.
func TestHolidaysAgreeWithTheEarlierList(t *testing.T) {
	t.Parallel()
	holidays := holidaysOf(t)
	years, listed := map[string]bool{}, map[string]bool{}
	for _, r := range published(t, "../testdata/published/calendars/bank_holidays.csv") {
		key := r["calendar"] + " " + r["date"]
		listed[key], years[key[:len(key)-6]] = true, true
		if holidays[r["calendar"]][r["date"]] == "" {
			t.Errorf("%s (%s) is listed and not in calendar_holidays", key, r["name"])
		}
	}
	if len(listed) < 100 {
		t.Fatalf("the list has %d rows", len(listed))
	}
	for calendar, days := range holidays {
		for d, name := range days {
			key, weekday := calendar+" "+d, day(t, d).Weekday()
			if years[key[:len(key)-6]] && !listed[key] && weekday != time.Saturday && weekday != time.Sunday {
				t.Errorf("%s (%s) is in calendar_holidays and not listed", key, name)
			}
		}
	}
}

func TestEveryCalendarHasEveryYear(t *testing.T) {
	t.Parallel()
	holidays, defaults := holidaysOf(t), map[string]int{}
	known := map[string]map[string]string{}
	for _, r := range seed(t, "calendars") {
		known[r["calendar"]] = r
		defaults[r["country"]] += strings.Count(r["is_default"], "true")
		from, to, certain := day(t, r["known_from"]), day(t, r["known_to"]), day(t, r["certain_to"])
		if from.Year() != 2015 || to.Year() != 2035 || certain.After(to) || certain.Before(day(t, "2025-12-31")) {
			t.Errorf("%s is known from %s to %s, certain to %s", r["calendar"], r["known_from"], r["known_to"], r["certain_to"])
		}
		var first string
		years := map[int]int{}
		for d, name := range holidays[r["calendar"]] {
			years[day(t, d).Year()]++
			if strings.Contains(name, "estimated") && d >= "2026" && (first == "" || d < first) {
				first = d
			}
		}
		for y := from.Year(); y <= to.Year(); y++ {
			if years[y] < 6 {
				t.Errorf("%s has %d holidays in %d", r["calendar"], years[y], y)
			}
		}
		if len(years) != 21 {
			t.Errorf("%s has holidays in %d years, want 21", r["calendar"], len(years))
		}
		if first != "" && r["certain_to"] >= first {
			t.Errorf("%s is certain to %s, but %s is an estimate", r["calendar"], r["certain_to"], first)
		}
	}
	for _, calendar := range strings.Fields(`GB-EAW GB-SCT GB-NIR IM JE GG AT BE BG HR CY CZ DK EE FI FR DE GR HU IE IT LV LT LU MT NL PL PT RO SK
		SI ES SE CH NO IS LI US CA AU NZ JP CN HK SG KR AE SA IL TR ZA MX BR IN`) {
		if known[calendar] == nil {
			t.Errorf("calendar %s is missing", calendar)
		}
	}
	for country, n := range defaults {
		if n != 1 {
			t.Errorf("%s has %d default calendars", country, n)
		}
	}
	if c := known["AE"]["certain_to"]; c >= "2028" {
		t.Errorf("the Emirates' moon is certain to %s", c)
	}
	if known["DE"]["has_regional_holidays"] != "true" || known["NL"]["has_regional_holidays"] != "false" {
		t.Error("regional holidays: Germany has them, the Netherlands have not")
	}
	for calendar := range holidays {
		if known[calendar] == nil {
			t.Errorf("calendar_holidays has %s, which calendars has not", calendar)
		}
	}
}

// works tells whether a day is worked by a calendar, as a model has to find it.
func works(t *testing.T) func(calendar, day string) bool {
	t.Helper()
	holidays, worked := holidaysOf(t), map[string]bool{}
	for _, r := range seed(t, "calendar_worked_weekends") {
		worked[r["calendar"]+r["worked_on"]] = true
	}
	weekends := seed(t, "calendar_weekends")
	return func(calendar, d string) bool {
		weekday := fmt.Sprint((int(day(t, d).Weekday())+6)%7 + 1)
		free := slices.ContainsFunc(weekends, func(r map[string]string) bool {
			return r["calendar"] == calendar && r["iso_weekday"] == weekday && r["weekend_from"] <= d && d <= r["weekend_to"]
		})
		return (!free || worked[calendar+d]) && holidays[calendar][d] == ""
	}
}

func TestWorkingDays(t *testing.T) {
	t.Parallel()
	isWorked := works(t)
	for _, c := range []struct {
		calendar, day string
		want          bool
	}{
		{"GB-EAW", "2026-04-07", true},
		{"GB-EAW", "2026-04-04", false}, // Saturday
		{"GB-SCT", "2026-04-06", true},  // no Easter Monday in Scotland
		{"GB-SCT", "2026-06-15", false}, // proclaimed for the World Cup
		{"NL", "2026-04-03", true},      // Good Friday is no day off
		{"SE", "2026-06-19", false},     // Midsummer Eve
		{"AE", "2021-12-31", false},     // the last Friday off
		{"AE", "2021-12-26", true},      // a Sunday of the old week
		{"AE", "2022-01-07", true},      // a Friday of the new week
		{"AE", "2022-01-09", false},     // a Sunday of the new week
		{"SA", "2026-01-02", false},     // Friday
		{"SA", "2026-01-04", true},      // Sunday
		{"IL", "2026-01-03", false},     // Saturday
		{"IL", "2026-01-04", true},      // Sunday
		{"CN", "2025-10-06", false},     // National Day's week
		{"CN", "2025-10-11", true},      // a Saturday worked for it
		{"CN", "2025-10-12", false},     // an ordinary Sunday
		{"HU", "2025-12-13", true},      // a Saturday worked for Christmas Eve
		{"HU", "2025-12-24", false},
		{"HK", "2026-04-11", false}, // Saturday
	} {
		if got := isWorked(c.calendar, c.day); got != c.want {
			t.Errorf("%s works on %s: %v, want %v", c.calendar, c.day, got, c.want)
		}
	}
}

// Days that are worked are weekend days and no holidays; weekends have two days at any time.
func TestWeekendsAreWhole(t *testing.T) {
	t.Parallel()
	holidays, weekends := holidaysOf(t), seed(t, "calendar_weekends")
	weekend := func(calendar, d string) []string {
		var out []string
		for _, r := range weekends {
			if r["calendar"] == calendar && r["weekend_from"] <= d && d <= r["weekend_to"] {
				out = append(out, r["iso_weekday"])
			}
		}
		return out
	}
	for _, c := range seed(t, "calendars") {
		for _, d := range []string{"2015-01-01", "2021-12-31", "2022-01-01", "2035-12-31"} {
			if w := weekend(c["calendar"], d); len(w) != 2 {
				t.Errorf("the weekend of %s on %s is %v", c["calendar"], d, w)
			}
		}
	}
	for _, r := range seed(t, "calendar_worked_weekends") {
		weekday := fmt.Sprint((int(day(t, r["worked_on"]).Weekday())+6)%7 + 1)
		if !slices.Contains(weekend(r["calendar"], r["worked_on"]), weekday) || holidays[r["calendar"]][r["worked_on"]] != "" {
			t.Errorf("%s %s is worked, but is no weekend or a holiday", r["calendar"], r["worked_on"])
		}
	}
}
