package typing

import (
	"fmt"
	"regexp"
	"strconv"
	"time"
)

// Bound is the first or last day that a date or time may be of: a day (2024-01-31) or one counted from the receipt of its file (-400d, +30d, 2y). Days are
// those of UTC. Empty means the default.
type Bound string

var relativeBound = regexp.MustCompile(`^([+-]?\d{1,5})([dy])$`)

// day is the bound's day for a file received at a time.
func (b Bound) day(received time.Time) (time.Time, error) {
	if m := relativeBound.FindStringSubmatch(string(b)); m != nil {
		n, err := strconv.Atoi(m[1])
		if err != nil {
			return time.Time{}, fmt.Errorf("bound %q: %w", b, err)
		}
		today := received.UTC().Truncate(24 * time.Hour)
		if m[2] == "y" {
			return today.AddDate(n, 0, 0), nil
		}
		return today.AddDate(0, 0, n), nil
	}
	day, err := time.Parse(time.DateOnly, string(b))
	if err != nil {
		return day, fmt.Errorf("%q is neither a day such as 2024-01-31 nor one counted from the file's receipt, such as -400d, +30d or 2y", b)
	}
	return day, nil
}

// outOfRange is the SQL that is true for a value v of the column outside of its bounds.
func (col Column) outOfRange(v string, received time.Time) (string, error) {
	low := time.Date(firstYear, 1, 1, 0, 0, 0, 0, time.UTC)
	high := received.UTC().AddDate(yearsAhead, 0, 0)
	var err error
	if col.Earliest != "" {
		if low, err = col.Earliest.day(received); err != nil {
			return "", err
		}
	}
	if col.Latest != "" {
		if high, err = col.Latest.day(received); err != nil {
			return "", err
		}
		high = high.AddDate(0, 0, 1).Add(-time.Microsecond)
	}
	return fmt.Sprintf("coalesce(%[1]s < timestamptz '%[2]s+00' or %[1]s > timestamptz '%[3]s+00', false)", v, low.Format(sqlTime), high.Format(sqlTime+".999999")), nil
}

func (col Column) validateBounds(at string, p *problems) {
	if !col.isTime() {
		if col.Earliest != "" || col.Latest != "" {
			p.say(at+".earliest", "earliest and latest are for date and timestamp; numbers have min and max")
		}
		return
	}
	someDay := time.Date(firstYear, 1, 1, 0, 0, 0, 0, time.UTC)
	days := map[string]time.Time{}
	for key, b := range map[string]Bound{"earliest": col.Earliest, "latest": col.Latest} {
		if b == "" {
			continue
		}
		day, err := b.day(someDay)
		if err != nil {
			p.say(at+"."+key, "%w", err)
			return
		}
		days[key] = day
	}
	alike := relativeBound.MatchString(string(col.Earliest)) == relativeBound.MatchString(string(col.Latest))
	if len(days) == 2 && alike && days["latest"].Before(days["earliest"]) {
		p.say(at+".latest", "%s is before earliest, %s", col.Latest, col.Earliest)
	}
}
