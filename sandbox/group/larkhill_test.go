package group_test

import (
	"encoding/xml"
	"path"
	"strings"
	"testing"

	"github.com/fourmarketing/waybill/sandbox/servers"
)

// document is Larkhill's XML as somebody reads it who knows only the agreement.
type document struct {
	Despatches int `xml:"total_despatches"`
	Events     int `xml:"total_events"`
	Receipts   int `xml:"total_receipts"`
	Changes    int `xml:"total_changes"`
	Notes      []struct {
		Number   string   `xml:"despatch_number"`
		Order    string   `xml:"order_number"`
		Carrier  string   `xml:"carrier_data>carrier"`
		Tracking []string `xml:"carrier_data>tracking_numbers>tracking_number"`
		Depot    string   `xml:"depot"`
		Products []string `xml:"despatch_lines>despatch_line>product_code"`
	} `xml:"Despatch_notes>Despatch_note"`
	Steps []struct{} `xml:"order_events>order_event"`
	Came  []struct{} `xml:"receipts>receipt"`
	Stock []struct{} `xml:"changes>change"`
}

func readLarkhill(t *testing.T, f servers.File) document {
	t.Helper()
	var d document
	if err := xml.Unmarshal(f.Body, &d); err != nil {
		t.Fatalf("%s: %v", f.Path, err)
	}
	return d
}

// larkhillRecords counts a document's records and compares with its total.
func larkhillRecords(t *testing.T, f servers.File) int {
	t.Helper()
	d := readLarkhill(t, f)
	kind, _, _ := strings.Cut(path.Base(f.Path), "_2")
	total, n := map[string]int{"despatch_notes": d.Despatches, "order_events": d.Events, "receipts": d.Receipts, "stock_report": d.Changes}[kind],
		map[string]int{"despatch_notes": len(d.Notes), "order_events": len(d.Steps), "receipts": len(d.Came), "stock_report": len(d.Stock)}[kind]
	if total != n {
		t.Errorf("%s: a total of %d for %d records", f.Path, total, n)
	}
	return n
}

func larkhillParcels(t *testing.T, f servers.File, into map[string]string) {
	t.Helper()
	words := map[string]string{"DHL": "dhl:", "Royal Mail Tracked 24": "royal_mail:", "Royal Mail Tracked 48": "royal_mail:"}
	for _, n := range readLarkhill(t, f).Notes {
		for _, number := range n.Tracking {
			if number != "" {
				into[words[n.Carrier]+number] = n.Depot
			}
		}
	}
}
