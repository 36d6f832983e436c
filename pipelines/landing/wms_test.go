package landing_test

import (
	"bytes"
	"slices"
	"strings"
	"testing"
)

func TestPeoplevoxDespatchSummary(t *testing.T) {
	t.Parallel()
	l := land(t, feed(t, "northgate", "despatch"), sealed(read(t, "published/peoplevox/despatch_summary.csv"), "TRL,1")).all(1)
	// 06:03 on a July morning in Britain is 05:03 UTC. Peoplevox says nothing of what was ordered.
	l.rows("wms_despatch", "order_ref despatch_ref carrier_code service_code_raw service_code despatched_at tracking_no sku item_name qty_ordered qty_despatched short_reason destination_country site",
		"1234 | 456 | DPD | UK Standard 1-2 Days (Tracked) | ∅ | 2017-07-03 05:03:00+00 | 1234567890 | PROD001 | Test item | ∅ | 7 | ∅ | England | PrimarySite")
	if got := newColumns(l); !slices.Contains(got, "Requested delivery date") || slices.Contains(got, "Despatch date") {
		t.Errorf("new columns: %v", got)
	}
}

func TestPeoplevoxReturnSummary(t *testing.T) {
	t.Parallel()
	l := land(t, feed(t, "northgate", "returns"), sealed(read(t, "published/peoplevox/return_summary.csv"), "TRL,1")).all(1)
	l.rows("wms_return_receipt", "return_ref received_at processed_at order_ref rma tracking_no sku barcode qty reason_raw grade_raw grade is_reusable site",
		"RET1 | 2018-06-14 15:55:07+00 | ∅ | 1234 | ∅ | ∅ | PROD001 | 5060466510500 | 1 | Not Wanted | NEW | A | true | PrimarySite")
}

func TestPeoplevoxItemAvailability(t *testing.T) {
	t.Parallel()
	l := land(t, feed(t, "northgate", "stock"), sealed(read(t, "published/peoplevox/item_availability.csv"), "TRL,1")).all(1)
	l.rows("wms_stock_snapshot", "sku barcode qty_on_hand qty_allocated qty_available qty_quarantine snapshot_at site",
		"ABBUILTIN/15/0/2 | 800811232 | 0 | ∅ | ∅ | ∅ | 2017-07-03 09:52:00+00 | PrimarySite")
}

// A sales order export has an order number and a status, but not since when: it is not taken for the status feed.
func TestPeoplevoxSalesOrderIsNoStatusEvent(t *testing.T) {
	t.Parallel()
	l := land(t, feed(t, "northgate", "order_status"), sealed(read(t, "published/peoplevox/sales_order_template.csv"), "TRL,1"))
	if l.Hold == nil || l.Hold.Rule != "missing_column" || !strings.Contains(l.Hold.Detail, "Status date") {
		t.Errorf("hold: %v", l.Hold)
	}
}

// A report cut off on the way has no trailer.
func TestReportWithoutTrailerIsHeld(t *testing.T) {
	t.Parallel()
	l := land(t, feed(t, "northgate", "despatch"), read(t, "published/peoplevox/despatch_summary.csv"))
	if l.Hold == nil || l.Hold.Rule != "truncated" {
		t.Errorf("hold: %v", l.Hold)
	}
}

func framed(record []byte, kind, trailer string) []byte {
	return bytes.Join([][]byte{[]byte("HDR;VELDHOVEN;" + kind + ";1;20200501093500\r"), record, []byte(trailer + "\r")}, nil)
}

func TestPositionalDespatchConfirmation(t *testing.T) {
	t.Parallel()
	text := framed(read(t, "published/positional_3pl/despatch_confirmation.csv"), "DESP", "TRL;1;2")
	l := land(t, feed(t, "veldhoven", "despatch"), text).all(1)
	l.rows("wms_despatch", "order_ref despatched_at carrier_code sku lot qty_ordered qty_despatched tracking_no weight_kg",
		"5400592744677 | 2020-05-01 07:30:00+00 | COLISSIMO | JB-0001 | L20 | 3 | 2 | 6A12345678901 | 0.500")
}

// The confirmation of goods in has the same number of fields, the instant two places further on.
func TestPositionalInboundConfirmationIsNoDespatch(t *testing.T) {
	t.Parallel()
	text := framed(read(t, "published/positional_3pl/inbound_confirmation.csv"), "DESP", "TRL;1;2")
	l := land(t, feed(t, "veldhoven", "despatch"), text)
	if l.Hold == nil || l.Hold.Rule != "max_rejected" || !strings.Contains(l.Hold.Detail, "despatched_at") {
		t.Errorf("hold: %v, rejects %v", l.Hold, keys(l.RejectsByRule))
	}
}
