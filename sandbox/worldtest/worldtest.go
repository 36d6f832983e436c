// Package worldtest makes worlds for tests, and reads their truth.
package worldtest

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/fourmarketing/waybill/sandbox/group"
	"github.com/fourmarketing/waybill/sandbox/world"
)

// New makes a world of the demo's group.
func New(t *testing.T, o world.Options) *world.World {
	t.Helper()
	o.Group = group.Demo()
	w, err := world.New(o)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// Sizes are worlds of several seeds, lengths and ends: the default with a clock change and Easter, short and small ones,
// an autumn with the other clock change, a turn of the year.
func Sizes(defects float64) []world.Options {
	day := func(y int, m time.Month, d int) time.Time { return time.Date(y, m, d, 0, 0, 0, 0, time.UTC) }
	var out []world.Options
	for seed := range uint64(4) {
		out = append(out,
			world.Options{Seed: seed, Defects: defects},
			world.Options{Seed: seed, Defects: defects, Days: 10, OrdersPerDay: 10},
			world.Options{Seed: seed, Defects: defects, Days: 10, OrdersPerDay: 10, End: day(2026, 3, 20)},
			world.Options{Seed: seed, Defects: defects, Days: 13 + int(seed), OrdersPerDay: 15, End: day(2026, 11, 1+int(seed))},
			world.Options{Seed: seed, Defects: defects, Days: 30, OrdersPerDay: 25, End: day(2026, 1, 9+int(seed))},
		)
	}
	return out
}

// Label names a world in an error.
func Label(o world.Options) string {
	return fmt.Sprintf("seed %d, %d days x %d to %s", o.Seed, o.Days, o.OrdersPerDay, o.End.Format(time.DateOnly))
}

// Facts are truth tables with their rows by key, each row by column.
type Facts map[string]map[string]map[string]string

// Gather reads truth tables; a row of another width or a key twice is an error.
func Gather(t *testing.T, tables []world.TruthTable) Facts {
	t.Helper()
	out := Facts{}
	for _, tb := range tables {
		rows := map[string]map[string]string{}
		for _, r := range tb.Rows {
			if len(r) != len(tb.Columns) {
				t.Fatalf("%s: row has %d values for %d columns", tb.Mart, len(r), len(tb.Columns))
			}
			row, key := map[string]string{}, strings.Join(r[:len(tb.Key)], " ")
			for i, c := range tb.Columns {
				row[c] = r[i]
			}
			if rows[key] != nil {
				t.Errorf("%s: key %s twice", tb.Mart, key)
			}
			rows[key] = row
		}
		out[tb.Mart] = rows
	}
	return out
}
