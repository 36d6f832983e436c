package world

import "time"

// instant is a moment in whole seconds since 1970 UTC; 0 means "not (yet)".
type instant int64

func instantOf(t time.Time) instant { return instant(t.Unix()) }

func (i instant) time() time.Time {
	if i == 0 {
		return time.Time{}
	}
	return time.Unix(int64(i), 0).UTC()
}

func (i instant) text() string {
	if i == 0 {
		return ""
	}
	return i.time().Format("2006-01-02T15:04:05Z")
}

// wallText is the wall time in a zone, without it.
func (i instant) wallText(z *time.Location) string {
	if i == 0 {
		return ""
	}
	return i.time().In(z).Format("2006-01-02T15:04:05")
}

const (
	minute instant = 60
	hour   instant = 3600
)

// forever is after everything.
const forever = instant(1 << 62)

// earliest is the smaller of two moments, where "not" loses against any.
func earliest(a, b instant) instant {
	if a == 0 || (b != 0 && b < a) {
		return b
	}
	return a
}

// date is a calendar day, counted from 1970-01-01; 0 means none.
type date int32

func dateOf(i instant, z *time.Location) date {
	y, m, d := i.time().In(z).Date()
	return civil(y, m, d)
}

func civil(y int, m time.Month, d int) date {
	return date(time.Date(y, m, d, 0, 0, 0, 0, time.UTC).Unix() / 86400)
}

func (d date) utc() time.Time { return time.Unix(int64(d)*86400, 0).UTC() }

func (d date) text() string {
	if d == 0 {
		return ""
	}
	return d.utc().Format("2006-01-02")
}

// at is the moment of a wall-clock time on this day.
func (d date) at(z *time.Location, minutes int) instant {
	u := d.utc()
	return instantOf(time.Date(u.Year(), u.Month(), u.Day(), 0, minutes, 0, 0, z))
}

// minuteOfDay is the wall-clock time in minutes after midnight.
func minuteOfDay(i instant, z *time.Location) int {
	t := i.time().In(z)
	return t.Hour()*60 + t.Minute()
}

// span is when a fact stands in a partner's loadable files: from the writing of the first such file until a
// corrected file no longer has it.
type span struct{ from, until instant }

func (s span) seen(at instant) bool {
	return s.from != 0 && s.from <= at && (s.until == 0 || at < s.until)
}
