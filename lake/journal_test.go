package lake_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/fourmarketing/waybill/lake"
)

// entries are the journal's names and texts, sorted.
func entries(t *testing.T, l *lake.Lake) []string {
	t.Helper()
	var all []string
	for e, err := range l.Journal(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, e.Name+" "+string(e.Body))
	}
	slices.Sort(all)
	return all
}

func TestTheJournalOfAMonthBecomesOneObject(t *testing.T) {
	t.Parallel()
	onEveryStore(t, func(t *testing.T, cfg lake.Config) {
		clock := time.Date(2026, 11, 7, 23, 0, 0, 0, time.UTC)
		cfg.Now = func() time.Time { return clock }
		l := open(t, cfg)
		for i := range 12 {
			name := fmt.Sprintf("2026-%02d/%02d/%012d-x.json", 10+i%2, i+1, i)
			for range 2 { // the same again is no error
				if err := l.Note(t.Context(), name, fmt.Appendf(nil, `{"number":%d}`, i)); err != nil {
					t.Fatal(err)
				}
			}
			if err := l.Note(t.Context(), name, []byte(`{}`)); err == nil || !strings.Contains(err.Error(), "another one stands there") {
				t.Errorf("an entry was changed: %v", err)
			}
		}
		if err := l.Note(t.Context(), "contracts/abc.json", []byte(`{"a":1}`)); err != nil {
			t.Fatal(err)
		}
		was := entries(t, l)
		if len(was) != 13 {
			t.Fatalf("%d entries: %v", len(was), was)
		}
		const week = 7 * 24 * time.Hour
		if n, err := l.CompactJournal(t.Context(), week); err != nil || n != 0 {
			t.Errorf("a week after October: %d, %v", n, err)
		}
		clock = clock.Add(time.Hour)
		for _, want := range []int{6, 0} {
			if n, err := l.CompactJournal(t.Context(), week); err != nil || n != want {
				t.Errorf("%d entries of October, %v; want %d", n, err, want)
			}
		}
		if n := countObjects(t, l, cfg, "-x.json"); n != 6 {
			t.Errorf("%d objects of days are left, want those of November", n)
		}
		if is := entries(t, open(t, cfg)); !slices.Equal(is, was) {
			t.Errorf("the journal was\n%s\nand is\n%s", strings.Join(was, "\n"), strings.Join(is, "\n"))
		}
	})
}
