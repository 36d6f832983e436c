package landing_test

import (
	"bytes"
	"encoding/csv"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/fourmarketing/waybill"
)

func TestDHLPublishedAnswer(t *testing.T) {
	t.Parallel()
	l := land(t, feed(t, "dhl", "tracking"), exchange(t,
		answer{"7777777770", 200, read(t, "connectors/dhl/sample.json")},
		answer{"8264715546", 404, read(t, "connectors/dhl/not_found.json")},
	)).all(2)
	l.rows("dhl_answers", "tracking_no status_code asked_at", "7777777770 | 200 | 2026-04-01 06:00:00.25+00", "8264715546 | 404 | 2026-04-01 06:00:00.25+00")
	l.rows("dhl_shipments", "tracking_no shipment_no service origin_country destination_country product status_code status_number estimated_delivery",
		"7777777770 | 7777777770 | express | NL | NL | UNKNOWN - Product unknown | pre-transit | DELIVERED | 2018-08-03T00:00:00Z")
	l.rows("dhl_events", "tracking_no shipment_no occurred_raw status_code status_number description locality country",
		"7777777770 | 7777777770 | 2018-03-02T07:53:47 | pre-transit | DELIVERED | JESSICA | Oderweg 2, AMSTERDAM | NL")
}

func TestDHLTestShipment(t *testing.T) {
	t.Parallel()
	l := land(t, feed(t, "dhl", "tracking"), exchange(t, answer{"00340434292135100186", 200, read(t, "published/dhl/ecommerce_test_shipment.json")})).all(1)
	l.rows("dhl_shipments", "tracking_no service origin_country destination_country product status_code estimated_delivery",
		"00340434292135100186 | ecommerce | US | US | DHL SM Parcel Plus Expedited | delivered | ∅")
	l.rows("dhl_events", "shipment_no occurred_raw status_code status_number description locality country",
		"00340434292135100186 | 2023-05-08T10:37:00 | delivered | DELIVERED | DELIVERED - PARCEL LOCKER | Henderson, NV, US | US",
		"00340434292135100186 | 2023-05-08T06:10:00 | transit | OUT FOR DELIVERY | ∅ | Henderson, NV, US | US",
		"00340434292135100186 | 2023-05-02T19:25:28 | transit | PACKAGE RECEIVED AT DHL ECOMMERCE DISTRIBUTION CENTER | ∅ | Hebron, KY, US | US",
		"00340434292135100186 | 2023-05-01T14:11:21 | pre-transit | EN ROUTE TO DHL ECOMMERCE OR AWAITING PROCESSING | ∅ | ∅ | ∅",
		"00340434292135100186 | 2023-05-01T10:02:48 | unknown | LABEL CREATED | ∅ | ∅ | ∅")
}

// The sample of Shopify's documentation has products: well-formed records that the orders feed has no table for.
func TestShopifyPublishedJSONL(t *testing.T) {
	t.Parallel()
	l := land(t, feed(t, "shopify", "orders"), read(t, "connectors/shopify/bulk.jsonl")).all(11)
	l.rows("shop_orders", "order_gid")
	l.rows("shop_order_lines", "line_gid")
}

// Shopify's samples of answers write the slash as \/, its samples of JSONL do not; both are the same text.
func TestShopifyEscapedSlashes(t *testing.T) {
	t.Parallel()
	const order = `{"id":"gid://shopify/Order/450789469","name":"#1001","createdAt":"2008-01-10T11:00:00-05:00","updatedAt":"2008-01-10T16:00:00Z",` +
		`"totalPriceSet":{"shopMoney":{"amount":"409.94","currencyCode":"USD"}}}` + "\n" +
		`{"id":"gid://shopify/LineItem/518995019","sku":"IPOD2008RED","quantity":1,"originalUnitPriceSet":{"shopMoney":{"amount":"199.0","currencyCode":"USD"}},"__parentId":"gid://shopify/Order/450789469"}` + "\n"
	for _, text := range []string{order, strings.ReplaceAll(order, "/", `\/`)} {
		l := land(t, feed(t, "shopify", "orders"), []byte(text)).all(2)
		l.rows("shop_orders", "order_gid name created_at updated_at total_amount currency cancelled_at email",
			"gid://shopify/Order/450789469 | #1001 | 2008-01-10 16:00:00+00 | 2008-01-10 16:00:00+00 | 409.9400 | USD | ∅ | ∅")
		l.rows("shop_order_lines", "line_gid order_gid sku quantity unit_price_amount",
			"gid://shopify/LineItem/518995019 | gid://shopify/Order/450789469 | IPOD2008RED | 1 | 199.0000")
	}
}

func TestShopifyRefundExample(t *testing.T) {
	t.Parallel()
	ask := "gid://shopify/Order/450789469"
	l := land(t, feed(t, "shopify", "order_details"), exchange(t, answer{ask, 200, read(t, "published/shopify/order_details.json")})).all(1)
	l.rows("shop_detail_answers", "order_gid status_code order_updated_at", ask+" | 200 | 2020-01-14 15:34:55+00")
	l.rows("shop_refunds", "refund_gid order_gid return_gid created_at total_amount currency",
		"gid://shopify/Refund/929361464 | "+ask+" | ∅ | 2020-01-14 15:34:55+00 | 41.9400 | USD")
	l.rows("shop_refund_lines", "refund_line_gid line_gid quantity restock_type subtotal_amount tax_amount",
		"gid://shopify/RefundLineItem/1058498311 | gid://shopify/LineItem/518995019 | 1 | RETURN | 199.0000 | 3.9800")
	l.rows("shop_refund_transactions", "transaction_gid kind status gateway processed_at amount currency",
		"gid://shopify/OrderTransaction/1072844685 | REFUND | SUCCESS | bogus | 2020-01-14 15:34:55+00 | 41.9400 | USD")
	l.rows("shop_fulfilment_lines", "line_gid")
	l.rows("shop_return_labels", "tracking_no")
}

const adyenColumns = "company_account merchant_account psp_reference merchant_reference payment_method created_raw created_zone type_raw modification_reference " +
	"gross_currency gross_debit gross_credit exchange_rate net_currency net_debit net_credit commission markup scheme_fees interchange batch_no"

func adyenRows(batch string) []string {
	return []string{
		"TestCompany | TestMerchant | 1813702551707653 | 3vpzf7 | visa | 2013-06-03 11:26:49 | CET | Settled | 1713702551795048 | GBP | ∅ | 5.0000 | 1.000000000000000 | GBP | ∅ | 4.8800 | ∅ | 0.0400 | 0.0100 | 0.0700 | " + batch,
		"TestCompany | TestMerchant | 1313642467023511 | 324959451 | visa | 2013-03-26 22:37:26 | CET | Chargeback | 2313642467170922 | EUR | 349.9900 | ∅ | 1.000000000000000 | EUR | 357.4900 | ∅ | 7.5000 | ∅ | ∅ | ∅ | " + batch,
		"TestCompany | TestMerchant | ∅ | ∅ | ∅ | 2012-06-05 12:46:55 | CEST | DepositCorrection | Deposit Correction | EUR | ∅ | ∅ | ∅ | EUR | 1.0200 | ∅ | ∅ | ∅ | ∅ | ∅ | " + batch,
	}
}

func TestAdyenDocumentationRows(t *testing.T) {
	t.Parallel()
	records := adyenRecords(t)
	fillBatch(records)
	land(t, feed(t, "adyen", "settlement_details"), adyenFile(t, records)).all(3).rows("adyen_settlement_details", adyenColumns, adyenRows("4")...)
}

// As printed, the documentation's rows are of no batch: nothing could tie them to a payout.
func TestAdyenRowsWithoutBatchAreHeld(t *testing.T) {
	t.Parallel()
	l := land(t, feed(t, "adyen", "settlement_details"), read(t, "published/adyen/documentation_rows.csv"))
	if l.Hold == nil || l.Hold.Rule != "max_rejected" || !strings.Contains(l.Hold.Detail, "batch_no") {
		t.Errorf("hold: %v", l.Hold)
	}
}

// Accounts order and widen the report as they like: columns are found by their names. Types come in lower case too.
func TestAdyenReorderedAndWidened(t *testing.T) {
	t.Parallel()
	records := adyenRecords(t)
	fillBatch(records)
	more := map[string]string{
		"Booking Date": "2013-06-11 04:55:40", "Booking Date TimeZone": "BST", "Metadata": `{"store":"a,b"}`, "Balance Currency": "GBP", "Net Debit (BC)": "",
		"Payment Fees (NC)": "0.12", "Dispute Reference": "", "Settlement Flow": "EU_Adyen", "Gross Fees (NC)": "0.12",
	}
	for _, name := range slices.Sorted(maps.Keys(more)) {
		records[0] = append(records[0], name)
		for i := 1; i < len(records); i++ {
			records[i] = append(records[i], more[name])
		}
	}
	for i, r := range records {
		slices.Reverse(r)
		if i > 0 {
			r[slices.Index(records[0], "Type")] = strings.ToLower(r[slices.Index(records[0], "Type")])
		}
	}
	l := land(t, feed(t, "adyen", "settlement_details"), adyenFile(t, records)).all(3)
	var want []string
	for _, row := range adyenRows("4") {
		for _, typ := range []string{"Settled", "Chargeback", "DepositCorrection"} {
			row = strings.Replace(row, "| "+typ+" |", "| "+strings.ToLower(typ)+" |", 1)
		}
		want = append(want, row+" | 2013-06-11 04:55:40 | BST | ∅")
	}
	l.rows("adyen_settlement_details", adyenColumns+" booking_raw booking_zone dispute_reference", want...)
	if got := newColumns(l); !slices.Contains(got, "Metadata") || slices.Contains(got, "Booking Date") {
		t.Errorf("new columns: %v", got)
	}
}

// Exports that went through other systems have blank lines before the header and between rows.
func TestAdyenBlankLines(t *testing.T) {
	t.Parallel()
	records := adyenRecords(t)
	fillBatch(records)
	lines := bytes.SplitAfter(adyenFile(t, records), []byte("\n"))
	text := bytes.Join([][]byte{[]byte("\n\n"), lines[0], lines[1], []byte("\n"), lines[2], lines[3]}, nil)
	land(t, feed(t, "adyen", "settlement_details"), text).all(3).rows("adyen_settlement_details", adyenColumns, adyenRows("4")...)
}

// A row that ends early is a reject, and one reject holds a settlement.
func TestAdyenTornRowIsHeld(t *testing.T) {
	t.Parallel()
	records := adyenRecords(t)
	fillBatch(records)
	records[2] = records[2][:15]
	l := land(t, feed(t, "adyen", "settlement_details"), adyenFile(t, records))
	if l.Hold == nil || l.Hold.Rule != "max_rejected" || !strings.Contains(l.Hold.Detail, "fields") {
		t.Errorf("hold: %v", l.Hold)
	}
	if n := len(l.Files[waybill.TableName{Namespace: "raw", Name: "adyen_settlement_details"}]); n != 0 {
		t.Errorf("%d files staged of a held settlement", n)
	}
}

func adyenRecords(t *testing.T) [][]string {
	t.Helper()
	records, err := csv.NewReader(bytes.NewReader(read(t, "published/adyen/documentation_rows.csv"))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	return records
}

// fillBatch writes the batch of the documentation's example file name, settlement_detail_report_batch_4.csv, into the rows.
func fillBatch(records [][]string) {
	at := slices.Index(records[0], "Batch Number")
	for _, r := range records[1:] {
		r[at] = "4"
	}
}

func adyenFile(t *testing.T, records [][]string) []byte {
	t.Helper()
	var out bytes.Buffer
	for _, r := range records {
		w := csv.NewWriter(&out)
		if err := w.Write(r); err != nil {
			t.Fatal(err)
		}
		w.Flush()
	}
	return out.Bytes()
}
