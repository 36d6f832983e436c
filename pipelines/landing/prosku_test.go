package landing_test

import (
	"bytes"
	"strings"
	"testing"
)

// agreed puts what is Larkhill's own agreement into a published sample, behind the element that ends so.
func agreed(t *testing.T, sample []byte, behind, own string) []byte {
	t.Helper()
	if bytes.Count(sample, []byte(behind)) != 1 {
		t.Fatalf("%s is not once in the sample", behind)
	}
	return bytes.Replace(sample, []byte(behind), []byte(behind+own), 1)
}

func TestProSKUDespatches(t *testing.T) {
	t.Parallel()
	text := agreed(t, read(t, "published/prosku/despatches.xml"), "</confirmed_at>", "<depot>LH1</depot>")
	l := land(t, feed(t, "larkhill", "despatch"), text).all(1)
	// 11:44:08 on a July morning in Britain is 10:44:08 UTC. The published carrier_data is empty.
	l.rows("wms_despatch", "order_ref despatch_ref carrier_code service_code_raw despatched_at tracking_no sku qty_despatched site _line",
		"000001 | 006579 | ∅ | ∅ | 2017-07-01 10:44:08+00 | ∅ | LAMP001 | 2 | LH1 | 14")
}

// What a supplier delivers is a receipt, too, and no return.
func TestProSKUReceiptOfASupplierIsNoReturn(t *testing.T) {
	t.Parallel()
	l := land(t, feed(t, "larkhill", "returns"), read(t, "published/prosku/receipts.xml")).all(1)
	l.rows("wms_return_receipt", "return_ref")
}

func TestProSKUReceipts(t *testing.T) {
	t.Parallel()
	text := agreed(t, read(t, "published/prosku/receipts.xml"), "</receipt_status>", "<order_number>AV1001</order_number><depot>LH1</depot>")
	text = agreed(t, text, "</completed_at>", "<condition>Opened</condition><reason>Too small</reason>")
	text = bytes.Replace(text, []byte("supplier2"), []byte("RETURNS"), 1)
	l := land(t, feed(t, "larkhill", "returns"), text).all(1)
	l.rows("wms_return_receipt", "return_ref received_at processed_at order_ref rma sku qty reason_raw grade_raw grade site",
		"000005 | 2017-07-09 23:00:00+00 | 2017-07-10 13:39:52+00 | AV1001 | ∅ | 01-00228 | 12 | Too small | Opened | B | LH1")
}

func TestProSKUStockReport(t *testing.T) {
	t.Parallel()
	c := feed(t, "larkhill", "stock")
	sample := read(t, "published/prosku/stock_changes.xml")
	own := "<reported_at>23/02/2018 18:00:00 GMT</reported_at><depot>LH1</depot>"
	l := land(t, c, agreed(t, sample, "</updated_at>", own)).all(1)
	const columns = "sku qty_available qty_quarantine snapshot_at site"
	l.rows("wms_stock_snapshot", columns, "1000-0000-0107 | 99 | 0 | 2018-02-23 18:00:00+00 | LH1")

	// The stock report inside ProSKU's adjustments has the other spelling, and single stock has types on its elements.
	text := agreed(t, sample, "</updated_at>", own)
	text = bytes.ReplaceAll(text, []byte("unavailable>"), []byte("unavailabale>"))
	text = bytes.Replace(text, []byte("<unavailabale>0"), []byte(`<unavailabale type="integer">50.0`), 1)
	land(t, c, text).all(1).rows("wms_stock_snapshot", columns, "1000-0000-0107 | 99 | 50 | 2018-02-23 18:00:00+00 | LH1")
}

// A list of changes tells when stock changed, not when it was counted: it is not taken for a snapshot.
func TestProSKUStockChangesAreNoSnapshot(t *testing.T) {
	t.Parallel()
	l := land(t, feed(t, "larkhill", "stock"), read(t, "published/prosku/stock_changes.xml"))
	if l.Hold == nil || l.Hold.Rule != "max_rejected" || !strings.Contains(l.Hold.Detail, "snapshot_at") {
		t.Errorf("hold: %v, rejects %v", l.Hold, keys(l.RejectsByRule))
	}
}

// All kinds have one root element; what is inside tells them apart.
func TestProSKUKindsAreToldApart(t *testing.T) {
	t.Parallel()
	kinds := map[string]string{"despatch": "despatches", "returns": "receipts", "stock": "stock_changes", "order_status": ""}
	for name, own := range kinds {
		for _, sample := range []string{"despatches", "receipts", "stock_changes", "adjustments", "stock_of_a_product"} {
			if sample == own {
				continue
			}
			l := land(t, feed(t, "larkhill", name), read(t, "published/prosku/"+sample+".xml"))
			if l.Hold == nil || l.Hold.Rule != "root" {
				t.Errorf("%s as %s: hold %v, %d records", sample, name, l.Hold, l.Records)
			}
		}
	}
}
