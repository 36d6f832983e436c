package prosku_test

import (
	"encoding/xml"
	"errors"
	"io"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/fourmarketing/waybill/sandbox/prosku"
)

func london(t *testing.T) *time.Location {
	t.Helper()
	zone, err := time.LoadLocation("Europe/London")
	if err != nil {
		t.Fatal(err)
	}
	return zone
}

// own are the elements that Larkhill adds to what is published.
var own = strings.Fields("depot carrier service tracking_numbers tracking_number order_number additional_ref condition reason reported_at")

// elements lists a document's elements with their texts, without those of own.
func elements(t *testing.T, text string, leave ...string) []string {
	t.Helper()
	d := xml.NewDecoder(strings.NewReader(text))
	var all []string
	skip := map[string]bool{}
	for _, name := range leave {
		skip[name] = true
	}
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return all
		}
		if err != nil {
			t.Fatalf("%v\n%s", err, text)
		}
		switch e := token.(type) {
		case xml.StartElement:
			if skip[e.Name.Local] {
				if err := d.Skip(); err != nil {
					t.Fatal(err)
				}
				continue
			}
			all = append(all, e.Name.Local)
		case xml.CharData:
			if s := strings.TrimSpace(string(e)); s != "" {
				all[len(all)-1] += "=" + s
			}
		}
	}
}

// TestDocumentsAreThePublishedOnes: given what the published samples say, the documents have the same elements with the same texts in
// the same order, but for what is Larkhill's own.
func TestDocumentsAreThePublishedOnes(t *testing.T) {
	t.Parallel()
	zone := london(t)
	at := func(year, month, day, hour, minute, second int) time.Time {
		return time.Date(year, time.Month(month), day, hour, minute, second, 0, zone)
	}
	despatches, err := prosku.Despatches([]prosku.DespatchNote{{
		Number: "006579", Order: "000001", Delivery: at(2017, 7, 1, 11, 44, 0), AdditionalRef: "22", DeliverTo: "Example Works 1 High Street Leeds LS1 1AA",
		Confirmed: at(2017, 7, 1, 11, 44, 8), Depot: "LH1", Lines: []prosku.DespatchLine{{Product: "LAMP001", Quantity: 2}},
	}}, prosku.Form{Zone: zone})
	if err != nil {
		t.Fatal(err)
	}
	receipts, err := prosku.Receipts([]prosku.Receipt{{
		Number: "000005", Received: at(2017, 7, 10, 9, 0, 0), Supplier: "supplier2", Depot: "LH1",
		Lines: []prosku.ReceiptLine{{Product: "01-00228", ID: 25865, Quantity: 12, Location: "01A01C", Completed: at(2017, 7, 10, 14, 39, 52)}},
	}}, prosku.Form{Zone: zone, ShortYears: true, DateOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	stock, err := prosku.StockReport([]prosku.Stock{{Product: "1000-0000-0107", Changed: at(2018, 2, 23, 12, 0, 0), Available: 99}},
		prosku.Count{At: at(2018, 2, 23, 18, 0, 0), Depot: "LH1"}, prosku.Form{Zone: zone, GMT: true})
	if err != nil {
		t.Fatal(err)
	}
	// 50 products a page is ProSKU's; a report here is one page.
	onePage := strings.NewReplacer("<per_page>50", "<per_page>1")
	for name, got := range map[string][]byte{"despatches": despatches, "receipts": receipts, "stock_changes": stock} {
		published, err := os.ReadFile("../../testdata/published/prosku/" + name + ".xml")
		if err != nil {
			t.Fatal(err)
		}
		leave := own
		want := elements(t, onePage.Replace(string(published)))
		if name == "despatches" {
			leave = strings.Fields("depot tracking_numbers")
		}
		if have := elements(t, string(got), leave...); strings.Join(have, "\n") != strings.Join(want, "\n") {
			t.Errorf("%s:\n got %q\nwant %q", name, have, want)
		}
	}
}

// TestForms: each quirk is in the text, where it is asked for and only there.
func TestForms(t *testing.T) {
	t.Parallel()
	zone := london(t)
	july := time.Date(2026, 7, 10, 14, 39, 0, 0, zone)
	all := func(f prosku.Form) string {
		t.Helper()
		f.Zone = zone
		a, err := prosku.Despatches([]prosku.DespatchNote{{Number: "1", Confirmed: july, DeliverTo: "Zoë & Sons", Lines: []prosku.DespatchLine{{Product: "A", Quantity: 50}}}}, f)
		b, err2 := prosku.Receipts([]prosku.Receipt{{Number: "1", Received: july.AddDate(0, 0, 1), Lines: []prosku.ReceiptLine{{Product: "A", Quantity: 1, Completed: july}}}}, f)
		c, err3 := prosku.StockReport([]prosku.Stock{{Product: "A", Changed: july, Unavailable: 3}}, prosku.Count{At: july}, f)
		d, err4 := prosku.OrderEvents([]prosku.OrderEvent{{Order: "AV1", Status: "packed", Changed: july}}, f)
		if err := errors.Join(err, err2, err3, err4); err != nil {
			t.Fatal(err)
		}
		return string(a) + string(b) + string(c) + string(d)
	}
	plain := all(prosku.Form{})
	for _, c := range []struct {
		form prosku.Form
		has  string
	}{
		{prosku.Form{ShortYears: true}, "<changed_at>10/07/26 14:39:00<"},
		{prosku.Form{DateOnly: true}, "<receipt_date>11/07/2026<"},
		{prosku.Form{GMT: true}, "<confirmed_at>10/07/2026 13:39:00 GMT<"},
		{prosku.Form{NoSeconds: true}, "<completed_at>10/07/2026 14:39<"},
		{prosku.Form{Decimals: true}, "<quantity>50.0<"},
		{prosku.Form{Misspelt: true}, "<unavailabale>3</unavailabale>"},
		{prosku.Form{Typed: true}, `<available type="integer">0<`},
		{prosku.Form{OneLine: true}, "</receipt></receipts></APIResponse>"},
		{prosku.Form{Windows1252: true}, "Zo\xEB &amp; Sons"},
		{prosku.Form{Miscount: 2}, "<total_events>3<"},
		{prosku.Form{BareAmpersands: true}, "Zoë & Sons"},
	} {
		if strings.Contains(plain, c.has) {
			t.Errorf("%s is in a plain document", c.has)
		}
		if !strings.Contains(all(c.form), c.has) {
			t.Errorf("%s is not in\n%s", c.has, all(c.form))
		}
	}
	if _, err := prosku.OrderEvents([]prosku.OrderEvent{{Reason: "漢"}}, prosku.Form{Zone: zone, Windows1252: true}); err == nil {
		t.Error("a character that windows-1252 lacks was written")
	}
	if none, err := prosku.Despatches(nil, prosku.Form{Zone: zone}); err != nil || !strings.Contains(string(none), "<Despatch_notes></Despatch_notes>") {
		t.Errorf("no notes: %s, %v", none, err)
	}
}
