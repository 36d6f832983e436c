package changes

import (
	"regexp"
	"strconv"
	"strings"
	"time"
)

// Moment is a release as a person names it: by its number, or as the last one of before an instant.
type Moment struct {
	release  int64         // its number; 0 where it is named by time
	at       time.Time     // an instant, which counts still
	day      time.Time     // midnight of a day whose last release is meant
	days     int           // before another release: calendar days, at the same time of day
	ago      time.Duration // before another release
	previous bool          // the last of an earlier day than another release's
}

const (
	yesterday     = "yesterday"
	releasePrefix = "release:"
)

var daysAgo = regexp.MustCompile(`^([0-9]{1,4})(d|w)$`)

// ParseMoment reads `yesterday`, `24h`, `7d`, `2w`, a date (its last release), an instant with its zone, or `release:12`.
func ParseMoment(text string, zone *time.Location) (Moment, error) {
	m := Moment{}
	switch number, isRelease := strings.CutPrefix(text, releasePrefix); {
	case text == yesterday:
		m.previous = true
		return m, nil
	case isRelease:
		id, err := strconv.ParseInt(number, 10, 64)
		if err != nil || id < 1 {
			return m, refuse("%q: a release has a number, as in %s12 (waybill state release shows the newest)", text, releasePrefix)
		}
		m.release = id
		return m, nil
	}
	if found := daysAgo.FindStringSubmatch(text); found != nil {
		n, err := strconv.Atoi(found[1])
		if found[2] == "w" {
			n *= 7
		}
		if err == nil && n > 0 {
			m.days = n
			return m, nil
		}
	}
	if d, err := time.ParseDuration(text); err == nil && d > 0 {
		m.ago = d
		return m, nil
	}
	if day, err := time.ParseInLocation(time.DateOnly, text, zone); err == nil {
		m.day = day
		return m, nil
	}
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04Z07:00"} {
		if at, err := time.Parse(layout, text); err == nil {
			m.at = at
			return m, nil
		}
	}
	return m, refuse("%q is none of yesterday, 24h, 7d, 2w, a date such as 2026-04-08, an instant such as 2026-04-08T07:00:00+01:00, release:12", text)
}

// before is the instant that the release has to be of before, seen from another release's.
func (m Moment) before(other time.Time, zone *time.Location) time.Time {
	local := other.In(zone)
	switch {
	case m.previous:
		return time.Date(local.Year(), local.Month(), local.Day(), 0, 0, 0, 0, zone)
	case m.days > 0 || m.ago > 0:
		return still(local.AddDate(0, 0, -m.days).Add(-m.ago))
	case !m.day.IsZero():
		return m.day.AddDate(0, 0, 1)
	default:
		return still(m.at)
	}
}

// still counts an instant in: the databases keep microseconds.
func still(at time.Time) time.Time { return at.Add(time.Microsecond) }
