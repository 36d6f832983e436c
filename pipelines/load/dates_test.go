package load_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/fourmarketing/waybill/pipelines/load"
)

// TestDatesAreJudgedByTheWholeFile: what speaks for an order of day and month and what speaks against it may stand in different parts of a file.
func TestDatesAreJudgedByTheWholeFile(t *testing.T) {
	t.Parallel()
	dirs, err := filepath.Glob(filepath.Join(casesDir, "d11_*"))
	if err != nil || len(dirs) == 0 {
		t.Fatalf("no cases: %v", err)
	}
	loader := load.New(openDuck(t)).WithSizes(1, 1)
	for _, dir := range dirs {
		t.Run(filepath.Base(dir), func(t *testing.T) {
			t.Parallel()
			in := caseInput(t, dir, contractOf(t, dir))
			res, err := loader.Load(t.Context(), in)
			if err != nil {
				t.Fatal(err)
			}
			want, err := os.ReadFile(filepath.Join(dir, "want.hold"))
			if err != nil && !os.IsNotExist(err) {
				t.Fatal(err)
			}
			got := ""
			if res.Hold != nil {
				got = res.Hold.String()
			}
			if got != strings.TrimSpace(string(want)) {
				t.Errorf("hold %q, want %q", got, want)
			}
		})
	}
}

// daysFirst is a feed of one date a line, with the day before the month.
const daysFirst = `
format: {type: csv, header: false, fields: 1}
limits: {max_rejected: 100%}
tables:
  raw.dates:
    columns:
      day: {position: 0, type: date, formats: ["%d/%m/%Y"]}
`

// TestOrderOfDayAndMonth: a file of days before its receipt in the contract's order is never held, whatever else stands among them; one in the other order is
// held as soon as one of its days is no month or would lie ahead.
func TestOrderOfDayAndMonth(t *testing.T) {
	t.Parallel()
	loader := load.New(openDuck(t))
	c := readContract(t, []byte(daysFirst))
	rapid.Check(t, func(rt *rapid.T) {
		received := time.Date(2026, 1, 1, 6, 0, 0, 0, time.UTC).AddDate(0, 0, rapid.IntRange(0, 89).Draw(rt, "received"))
		american := rapid.Bool().Draw(rt, "month first")
		var text bytes.Buffer
		var held bool
		for range rapid.IntRange(1, 6).Draw(rt, "dates") {
			day := received.AddDate(0, 0, -rapid.IntRange(0, 60).Draw(rt, "days before"))
			if rapid.Bool().Draw(rt, "early in its month") {
				day = day.AddDate(0, 0, min(0, 12-day.Day()))
			}
			pattern := "%d/%d/%d\n"
			if rapid.Bool().Draw(rt, "padded") {
				pattern = "%02d/%02d/%d\n"
			}
			if rapid.IntRange(0, 5).Draw(rt, "no date") == 0 {
				text.WriteString(rapid.SampledFrom([]string{"n/a\n", "0\n", "31/31/2026\n"}).Draw(rt, "text"))
			}
			if !american {
				fmt.Fprintf(&text, pattern, day.Day(), day.Month(), day.Year())
				continue
			}
			fmt.Fprintf(&text, pattern, day.Month(), day.Day(), day.Year())
			misread := time.Date(day.Year(), time.Month(min(day.Day(), 12)), int(day.Month()), 0, 0, 0, 0, time.UTC)
			held = held || day.Day() > 12 || misread.After(received.AddDate(0, 0, 3))
		}
		in := input(t, c, text.Bytes())
		in.ReceivedAt, in.LoadedAt = received, received
		res, err := loader.Load(t.Context(), in)
		if err != nil {
			rt.Fatal(err)
		}
		if (res.Hold != nil) != held || (held && !slices.Contains([]string{"spreadsheet_dates", "future_dates"}, res.Hold.Rule)) {
			rt.Fatalf("%q received %s: hold %v, want %t", text.String(), received, res.Hold, held)
		}
	})
}

// dateFormats are those of a contract, with a second reading of them: Go's layouts, and the text that they are read of.
var dateFormats = []struct {
	kind, format string
	layouts      []string
}{
	{"date", "%d/%m/%Y", []string{"2/1/2006"}},
	{"date", "%m/%d/%Y", []string{"1/2/2006"}},
	{"date", "%Y%m%d", []string{"20060102"}},
	{"date", "iso", []string{"2006-01-02"}},
	{"timestamp", "%d/%m/%Y %H:%M", []string{"2/1/2006 15:4"}},
	{"timestamp", "%d/%m/%Y %H:%M GMT", []string{"2/1/2006 15:4 GMT"}},
	{"timestamp", "%Y%m%d%H%M%S", []string{"20060102150405"}},
	{"timestamp", "%Y%m%dT%H%M%SZ", []string{"20060102T150405Z"}},
	{"timestamp", "iso", isoLayouts()},
}

// isoLayouts are those that DuckDB's casts take: an offset stands behind seconds only.
func isoLayouts() []string {
	layouts := []string{"2006-01-02"}
	for _, between := range []string{" ", "T"} {
		layouts = append(layouts, "2006-01-02"+between+"15:04")
		for _, offset := range []string{"", "Z", "Z07:00", "Z0700", "Z07", " UTC"} {
			layouts = append(layouts, "2006-01-02"+between+"15:04:05"+offset)
		}
	}
	return layouts
}

// TestDatesAreReadByTheirFormat: a text is the date or instant that Go reads of it in the same format, or a reject; never another one.
func TestDatesAreReadByTheirFormat(t *testing.T) {
	t.Parallel()
	db := openDuck(t)
	loader := load.New(db)
	rapid.Check(t, func(rt *rapid.T) {
		f := rapid.SampledFrom(dateFormats).Draw(rt, "format")
		zone := ""
		if f.kind == "timestamp" {
			zone = ", zone: UTC"
		}
		c := readContract(t, fmt.Appendf(nil, `
format: {type: csv, delimiter: ";", quote: "", header: false, fields: 1}
limits: {max_rejected: 100%%}
tables:
  raw.dates:
    columns:
      sent: {position: 0, type: %s, formats: ["%s"]%s, required: true, future: true}
`, f.kind, f.format, zone))
		var texts []string
		for range rapid.IntRange(1, 20).Draw(rt, "dates") {
			texts = append(texts, drawDate(rt, rapid.SampledFrom(f.layouts).Draw(rt, "layout")))
		}
		res, err := loader.Load(t.Context(), input(t, c, []byte(strings.Join(texts, "\n")+"\n")))
		if err != nil || (res.Hold != nil && res.Hold.Rule != "spreadsheet_dates") {
			rt.Fatalf("%q: %v %v", texts, err, res.Hold)
		}
		got := map[int64]string{}
		if res.Hold != nil {
			return
		}
		for _, file := range res.Files[c.Tables[0].Name] {
			rows(rt, db, fmt.Sprintf("select _line, strftime(sent, '%%Y-%%m-%%d %%H:%%M:%%S') from read_parquet('%s')", file.Path), got)
		}
		for i, text := range texts {
			want := "rejected"
			lax := strings.Contains(text, ",") || strings.Contains(text, "  ") || // Go reads fractions behind any seconds, and passes over blanks
				(strings.Contains(text, ".") && f.format != "iso")
			for _, layout := range f.layouts {
				if at, err := time.Parse(layout, text); err == nil && !lax && at.Year() >= 2000 && at.Before(loadedAt.AddDate(2, 0, 0)) {
					want = at.UTC().Format(time.DateTime)
				}
			}
			have, loaded := got[int64(i+1)]
			if !loaded {
				have = "rejected"
			}
			if have != want {
				rt.Fatalf("%q as %s is %s, want %s", text, f.format, have, want)
			}
		}
	})
}

// drawDate writes a time in a layout, and mostly spoils it in one place.
func drawDate(rt *rapid.T, layout string) string {
	first, last := time.Date(1999, 6, 1, 0, 0, 0, 0, time.UTC).Unix(), loadedAt.AddDate(2, 1, 0).Unix()
	text := time.Unix(rapid.Int64Range(first, last).Draw(rt, "at"), 0).UTC().Format(layout)
	at := rapid.IntRange(0, len(text)-1).Draw(rt, "place")
	switch rapid.IntRange(0, 5).Draw(rt, "spoil") {
	case 0:
		return text
	case 1:
		return text[:at+1] + text[at:]
	case 2:
		return text[:at] + "9" + text[at+1:]
	case 3:
		return text + rapid.SampledFrom([]string{" x", "x", "0", " 10:00", "Z", " BST", " (BC)", ".5", ","}).Draw(rt, "behind")
	case 4:
		return "x" + text
	}
	return strings.Replace(text, text[at:at+1], rapid.SampledFrom([]string{"/", "-", ":", "T", "3"}).Draw(rt, "other"), 1)
}
