package pull_test

import (
	"strings"
	"testing"
	"time"

	"github.com/fourmarketing/waybill/pipelines/ledger"
)

const datedDepot = `pipeline: depot
sources: [quay, pier]
feeds:
  - feed: lines
    file: {match: ["*.csv"]}
    format: {type: csv, header: true}
    supersede: {mode: file}
    tables:
      raw.quay_lines:
        columns:
          document: {from: ["Document"], type: text, required: true}
          sent_at: {from: ["Sent"], type: timestamp, formats: ["%d/%m/%Y %H:%M"], zone: Europe/London, required: true}
`

// TestDatesAreHeldAgainstEarlierFiles: the first days of a month could be read in either order. A feed's earlier files say how old its dates
// are; a file that fits only with day and month changed round is held, and loaded when it comes as it should.
func TestDatesAreHeldAgainstEarlierFiles(t *testing.T) {
	t.Parallel()
	d := newDepot(t)
	d.clock = func() time.Time { return d.asOf }
	d.under(datedDepot)
	bring := func(name, text string, day int) {
		d.asOf = time.Date(2026, 3, day, 6, 0, 0, 0, time.UTC)
		d.shelf["quay"][name] = parcelFile{"Document,Sent\n" + text, d.asOf}
		d.pull(0)
	}
	bring("march-28.csv", "1,27/3/2026 10:00\n2,28/3/2026 01:00\n", 28)
	bring("march-29.csv", "3,28/3/2026 10:00\n", 29)
	bring("march-30.csv", "4,29/3/2026 10:00\n5,30/3/2026 01:00\n", 30)
	bring("april-04.csv", "6,4/1/2026 10:00\n7,4/3/2026 09:00\n", 31+4) // Americans wrote it
	held, err := d.book.Files(t.Context(), ledger.Filter{Status: ledger.Held})
	if err != nil || len(held) != 1 || held[0].Name != "april-04.csv" || held[0].Rule != "ambiguous_dates" ||
		!strings.Contains(held[0].Detail, "1 April 2026 to 3 April 2026, as near to their receipt as those of the feed's last 3 files") {
		t.Fatalf("held %+v, %v", held, err)
	}
	bring("april-04.csv", "6,1/4/2026 10:00\n7,3/4/2026 09:00\n", 31+5)
	bring("april-05.csv", "8,4/4/2026 10:00\n", 31+5)
	if files, err := d.book.Files(t.Context(), ledger.Filter{Status: ledger.Loaded}); err != nil || len(files) != 5 {
		t.Errorf("loaded %+v, %v", files, err)
	}
	d.accounts()
}
