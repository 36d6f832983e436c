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

// TestOrderOfDayAndMonth: a file of days before its receipt in the contract's order is never held, whatever else stands among them; one in the other order is
// held as soon as one of its days is no month or would lie ahead.
func TestOrderOfDayAndMonth(t *testing.T) {
	t.Parallel()
	loader := load.New(openDuck(t))
	c := readContract(t, []byte(`
format: {type: csv, header: false, fields: 1}
limits: {max_rejected: 100%}
tables:
  raw.dates:
    columns:
      day: {position: 0, type: date, formats: ["%d/%m/%Y"]}
`))
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
