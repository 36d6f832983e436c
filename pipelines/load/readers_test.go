package load_test

import (
	"bytes"
	"context"
	"encoding/csv"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/fourmarketing/waybill"
	"github.com/fourmarketing/waybill/pipelines/load"
	"github.com/fourmarketing/waybill/transforms/typing"
)

// TestZonesOfColumnsAreReadByTheirLabels: a wall time is the instant that Go makes of it in the zone to which the contract maps the label of its row, and a label
// that nobody has mapped is a reject.
func TestZonesOfColumnsAreReadByTheirLabels(t *testing.T) {
	t.Parallel()
	db := openDuck(t)
	loader := load.New(db)
	c := readContract(t, []byte(`
format: {type: csv, header: false, fields: 3}
limits: {max_rejected: 100%}
tables:
  raw.dates:
    columns:
      zone: {position: 0, type: text}
      day: {position: 1, type: date, formats: ["%Y-%m-%d"], future: true}
      clock: {position: 2, type: text}
      sent: {position: 1, type: timestamp, time_column: clock, formats: ["%Y-%m-%d %H:%M:%S"], zone_column: zone, future: true,
        zones: {CDT: America/Chicago, IST: "+05:30", AEST: Australia/Sydney, BST: Europe/London, NST: America/St_Johns, HST: "-10:00"}}
`))
	zones := map[string]string{"CDT": "America/Chicago", "AEST": "Australia/Sydney", "BST": "Europe/London", "NST": "America/St_Johns", "UTC": "UTC", "Z": "UTC", "gmt": "UTC"}
	offsets := map[string]int{"IST": 19800, "HST": -36000, "+0200": 7200, "-09:30": -34200}
	unknown := []string{"EST", "PST", "+25:00", "", "CDT6", "Europe/London"}
	labels := append([]string{}, unknown...)
	for label := range zones {
		labels = append(labels, label)
	}
	for label := range offsets {
		labels = append(labels, label)
	}
	slices.Sort(labels)
	rapid.Check(t, func(rt *rapid.T) {
		var text strings.Builder
		want := map[int64]string{}
		for line := range int64(rapid.IntRange(1, 12).Draw(rt, "rows")) {
			label := rapid.SampledFrom(labels).Draw(rt, "label")
			wall := time.Unix(rapid.Int64Range(time.Date(2001, 1, 1, 0, 0, 0, 0, time.UTC).Unix(), loadedAt.AddDate(1, 0, 0).Unix()).Draw(rt, "wall"), 0).UTC()
			fmt.Fprintf(&text, "%s,%s,%s\n", label, wall.Format(time.DateOnly), wall.Format(time.TimeOnly))
			in := time.FixedZone("", offsets[label])
			if name, ok := zones[label]; ok {
				var err error
				if in, err = time.LoadLocation(name); err != nil {
					rt.Fatal(err)
				}
			} else if _, ok := offsets[label]; !ok {
				continue
			}
			at := time.Date(wall.Year(), wall.Month(), wall.Day(), wall.Hour(), wall.Minute(), wall.Second(), 0, in)
			if _, before := at.Add(-3 * time.Hour).Zone(); before != offsetAt(at.Add(3*time.Hour)) {
				want[line+1] = "either" // clocks are changed: which of two hours is meant, Go leaves open
				continue
			}
			want[line+1] = at.UTC().Format(time.DateTime)
		}
		res, err := loader.Load(t.Context(), input(t, c, []byte(text.String())))
		if err != nil || res.Hold != nil {
			rt.Fatalf("%q: %v %v", text.String(), err, res.Hold)
		}
		got := map[int64]string{}
		for _, file := range res.Files[c.Tables[0].Name] {
			rows(rt, db, fmt.Sprintf("select _line, strftime(sent, '%%Y-%%m-%%d %%H:%%M:%%S') from read_parquet('%s')", file.Path), got)
		}
		if len(got) != len(want) {
			rt.Fatalf("%q: %v are loaded, want %v", text.String(), got, want)
		}
		for line, at := range want {
			if got[line] != at && at != "either" {
				rt.Fatalf("%q: line %d is %s, want %s", text.String(), line, got[line], at)
			}
		}
	})
}

func offsetAt(at time.Time) int {
	_, offset := at.Zone()
	return offset
}

// TestReferencesAreWhatIsSeen: a reference is its visible characters, each blank a plain one, and none at its ends; one with a control character is a reject.
func TestReferencesAreWhatIsSeen(t *testing.T) {
	t.Parallel()
	db := openDuck(t)
	loader := load.New(db)
	c := readContract(t, []byte(`
format: {type: csv, header: false, fields: 2}
limits: {max_rejected: 100%}
tables:
  raw.refs:
    columns:
      line: {position: 0, type: integer, required: true}
      ref: {position: 1, type: text, reference: true}
`))
	alphabet := []rune("AB1é\u00a0\u202f\u3000\u200b\u200d\u2060\ufeff\u00ad\u200e \t\u0007\u007f\u0085")
	rapid.Check(t, func(rt *rapid.T) {
		texts := rapid.SliceOfN(rapid.StringOfN(rapid.SampledFrom(alphabet), 0, 8, -1), 1, 10).Draw(rt, "texts")
		var text bytes.Buffer
		w := csv.NewWriter(&text)
		want := map[int64]string{}
		for i, s := range texts {
			if err := w.Write([]string{"7", s}); err != nil {
				rt.Fatal(err)
			}
			seen := strings.Map(func(r rune) rune {
				switch {
				case strings.ContainsRune("\u200b\u200d\u2060\ufeff\u00ad\u200e", r):
					return -1
				case strings.ContainsRune("\u00a0\u202f\u3000", r):
					return ' '
				}
				return r
			}, s)
			if seen = strings.Trim(seen, " \t"); !strings.ContainsAny(strings.Trim(s, " \t"), "\t\u0007\u007f\u0085") {
				want[int64(i+1)] = seen
			}
		}
		w.Flush()
		res, err := loader.Load(t.Context(), input(t, c, text.Bytes()))
		if err != nil || res.Hold != nil {
			rt.Fatalf("%q: %v %v", texts, err, res.Hold)
		}
		got := map[int64]string{}
		for _, file := range res.Files[c.Tables[0].Name] {
			rows(rt, db, fmt.Sprintf("select _line, coalesce(ref, '') from read_parquet('%s')", file.Path), got)
		}
		if fmt.Sprint(got) != fmt.Sprint(want) {
			rt.Fatalf("%q became %v, want %v", texts, got, want)
		}
	})
}

// TestDatesAgainstNeighbours: in a feed whose dates are of the days before their receipt a file written as the contract has it is never held, of whatever days it
// is; one with day and month changed round is held as soon as one of its dates, as the contract reads them, would be of other days than the feed's.
func TestDatesAgainstNeighbours(t *testing.T) {
	t.Parallel()
	loader := load.New(openDuck(t))
	c := readContract(t, []byte(daysFirst))
	rapid.Check(t, func(rt *rapid.T) {
		received := time.Date(2026, 2, 1, 0, 0, 0, 0, time.UTC).AddDate(0, 0, rapid.IntRange(0, 300).Draw(rt, "received"))
		most := rapid.IntRange(0, 20).Draw(rt, "days before")
		american := rapid.Bool().Draw(rt, "month first")
		var text bytes.Buffer
		odd := false
		for range rapid.IntRange(1, 6).Draw(rt, "dates") {
			day := received.AddDate(0, 0, -rapid.IntRange(0, most).Draw(rt, "before"))
			if !american {
				fmt.Fprintln(&text, day.Format("2/1/2006"))
				continue
			}
			fmt.Fprintln(&text, day.Format("1/2/2006"))
			read := time.Date(day.Year(), time.Month(day.Day()), int(day.Month()), 0, 0, 0, 0, time.UTC)
			odd = odd || day.Day() > 12 || read.Before(received.AddDate(0, 0, -most-3)) || read.After(received.AddDate(0, 0, 3))
		}
		in := input(t, c, text.Bytes())
		in.ReceivedAt, in.LoadedAt = received, received
		in.Neighbours = func(context.Context, waybill.TableName, string) (typing.Reach, error) {
			return typing.Reach{Files: 5, Most: most}, nil
		}
		res, err := loader.Load(t.Context(), in)
		if err != nil {
			rt.Fatal(err)
		}
		if (res.Hold != nil) != odd {
			rt.Fatalf("%q received %s, the feed's are up to %d days older: hold %v, want %t", text.String(), received, most, res.Hold, odd)
		}
	})
}
