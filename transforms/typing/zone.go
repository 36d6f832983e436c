package typing

import (
	"fmt"
	"strings"
	"time"
)

// firstYear is the oldest year a date may have; a value before it is a placeholder such as 1900-01-01 or 0001-01-01.
const firstYear = 2000

// yearsAhead is how far in the future a date may be.
const yearsAhead = 2

const sqlTime = "2006-01-02 15:04:05"

// shift is a change of a zone's offset as wall clocks show it.
type shift struct {
	from   time.Time     // the first wall time of the new offset, held as if it were UTC
	offset time.Duration // east of UTC
}

// shifts lists a zone's offsets, oldest first, for wall times from firstYear on. Wall times that never were (clocks go forward) keep the
// offset before the change and so move forward; wall times that were twice (clocks go back) keep the offset before it, too, and so are the
// first occurrence. DuckDB's timezone() takes the second occurrence, which is why it is not used; it also costs three times the parse.
func shifts(zone *time.Location, until time.Time) []shift {
	at := time.Date(firstYear-1, 12, 31, 0, 0, 0, 0, time.UTC).In(zone)
	_, seconds := at.Zone()
	before := time.Duration(seconds) * time.Second
	list := []shift{{offset: before}}
	for {
		_, change := at.ZoneBounds()
		if change.IsZero() || change.After(until) {
			return list
		}
		_, seconds = change.Zone()
		after := time.Duration(seconds) * time.Second
		list = append(list, shift{from: change.UTC().Add(max(before, after)), offset: after})
		at, before = change, after
	}
}

// reach says how far back wall times are reckoned. Every change of a zone's clocks is a line of SQL that DuckDB has to plan, 5 ms for those
// since 2000, which is most of the time of a small file; so a chunk is tried with the newest first.
type reach struct {
	now   time.Time
	years int // 0 for all since firstYear
}

// nearYears is how far back a chunk is tried at first.
const nearYears = 1

// instant is the TIMESTAMPTZ of a wall time in a zone, null for one that is out of reach. The newest offsets are asked first: CASE looks at
// a row only until one fits.
func (r reach) instant(wall string, zone *time.Location) string {
	list := shifts(zone, r.now.AddDate(yearsAhead+1, 0, 0))
	if len(list) == 1 {
		return fmt.Sprintf("make_timestamptz(epoch_us(%s) - (%d))", wall, list[0].offset.Microseconds())
	}
	var b strings.Builder
	last := 0
	for i := len(list) - 1; i > 0; i-- {
		if r.years > 0 && list[i].from.Before(r.now.AddDate(-r.years, 0, 0)) {
			last = i
			break
		}
		fmt.Fprintf(&b, " when %s >= timestamp '%s' then %d", wall, list[i].from.Format(sqlTime), list[i].offset.Microseconds())
	}
	otherwise := fmt.Sprintf(" else %d", list[0].offset.Microseconds())
	if last > 0 {
		otherwise = fmt.Sprintf(" when %s >= timestamp '%s' then %d", wall, list[last].from.Format(sqlTime), list[last].offset.Microseconds())
	}
	return fmt.Sprintf("make_timestamptz(epoch_us(%s) - case%s%s end)", wall, b.String(), otherwise)
}
