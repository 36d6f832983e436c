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

// nearYears is how far back a change of clocks has a WHEN of its own. Those of all years since 2000 would take DuckDB 5 ms to plan, which is
// most of the time of a small file; older times are looked up in a list, which takes longer for each.
const nearYears = 1

// instant is the TIMESTAMPTZ of a wall time in a zone. The offset at the time of loading is asked first: CASE looks at a row only until one fits.
func instant(wall string, zone *time.Location, now time.Time) string {
	list := shifts(zone, now.AddDate(yearsAhead+1, 0, 0))
	if len(list) == 1 {
		return fmt.Sprintf("make_timestamptz(epoch_us(%s) - (%d))", wall, list[0].offset.Microseconds())
	}
	current := 0
	for i, s := range list {
		if i > 0 && !s.from.After(now) {
			current = i
		}
	}
	var b strings.Builder
	when := func(i int) {
		before := ""
		if i == current && i+1 < len(list) {
			before = fmt.Sprintf(" and %s < timestamp '%s'", wall, list[i+1].from.Format(sqlTime))
		}
		fmt.Fprintf(&b, " when %s >= timestamp '%s'%s then %d", wall, list[i].from.Format(sqlTime), before, list[i].offset.Microseconds())
	}
	if current > 0 {
		when(current)
	}
	far := now.AddDate(-nearYears, 0, 0)
	for i := len(list) - 1; i > 0 && (i+1 == len(list) || list[i+1].from.After(far)); i-- { // the last of them reaches beyond far
		if i != current {
			when(i)
		}
	}
	return fmt.Sprintf("make_timestamptz(epoch_us(%s) - case%s else %s end)", wall, b.String(), lookUp(wall, list))
}

// lookUp finds the offset of a wall time in a list of all of them.
func lookUp(wall string, list []shift) string {
	var changes, offsets []string
	for i, s := range list {
		if i > 0 {
			changes = append(changes, s.from.Format(sqlTime))
		}
		offsets = append(offsets, fmt.Sprint(s.offset.Microseconds()))
	}
	return fmt.Sprintf("cast('[%s]' as bigint[])[1 + len(list_filter(cast('[%s]' as timestamp[]), lambda change: change <= %s))]",
		strings.Join(offsets, ", "), strings.Join(changes, ", "), wall)
}
