package sql_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/fourmarketing/waybill"
	wsql "github.com/fourmarketing/waybill/sql"
	"github.com/fourmarketing/waybill/transforms/duck"
	"github.com/fourmarketing/waybill/transforms/models"
)

// columns of the raw tables that the worklists reach, without lineage. A name tells its type, see typeOf.
var columns = map[string]string{
	"ops.clock":         "as_of",
	"ops.carriers":      "carrier source terms",
	"ops.carrier_words": "carrier word",
	"ops.feeds":         "source feed worklist",
	"raw.wms_despatch": `order_ref despatch_ref line_no site despatched_at carrier_code service_code_raw service_code
		parcel_ref tracking_no sku item_name barcode lot qty_ordered qty_despatched short_reason destination_country
		weight_kg customer_email`,
	"raw.shop_return_labels": "return_gid order_gid reverse_delivery_gid tracking_no carrier_name",
	"raw.dhl_answers":        "tracking_no status_code_number asked_at problem",
	"raw.dhl_shipments": `tracking_no asked_at shipment_no service asked_url origin_country destination_country product status_code
		status_number status_raw_time status_text status_locality status_country estimated_delivery`,
	"raw.dhl_events": `tracking_no asked_at shipment_no occurred_raw status_code status_number description locality country`,
	"raw.shop_orders": `order_gid name is_test created_at updated_at cancelled_at cancel_reason closed_at financial_status
		fulfilment_status currency presentment_currency total_amount current_total_amount subtotal_amount discount_amount
		tax_amount shipping_amount email ship_country ship_postcode_area ship_postcode_district shipping_title shipping_code is_edited current_units`,
	"raw.shop_order_refunds":  "refund_gid order_gid created_at total_amount currency",
	"raw.shop_returns":        "return_gid order_gid name status created_at approved_at closed_at",
	"raw.shop_fulfilments":    "fulfilment_gid order_gid name status created_at tracking_no carrier_name",
	"raw.shop_detail_answers": "order_gid status_code_number asked_at order_updated_at problem",
}

const lineage = " _source _file_id _line _received_at"

func typeOf(column string) string {
	switch {
	case strings.HasSuffix(column, "_at"), column == "as_of":
		return "timestamptz"
	case column == "weight_kg":
		return "decimal(18,3)"
	case strings.HasSuffix(column, "_amount"):
		return "decimal(18,2)"
	case strings.HasPrefix(column, "is_"):
		return "boolean"
	case strings.HasPrefix(column, "qty_"), column == "line_no", column == "status_code_number", column == "_line":
		return "integer"
	}
	return "varchar"
}

// row is one row of a raw table: what is not named is null.
type row map[string]string

// tables gives the rows of raw tables.
type tables map[string][]row

// Relation is a select of the table's rows, or an empty one of its columns.
func (t tables) Relation(_ context.Context, name waybill.TableName) (string, error) {
	list, known := columns[name.String()]
	if !known {
		return "", fmt.Errorf("the worklists should not read %s", name)
	}
	var selects []string
	for i, r := range append([]row{{}}, t[name.String()]...) {
		var items []string
		for _, c := range strings.Fields(list + lineage) {
			v, given := r[c]
			switch {
			case c == "_line":
				v, given = fmt.Sprint(i), true
			case c == "_received_at" && !given:
				v, given = "2026-03-01T00:00:00Z", true
			case c == "_file_id":
				v, given = "f", true
			}
			value := "null"
			if given {
				value = duck.Literal(v)
			}
			items = append(items, fmt.Sprintf("cast(%s as %s) as %s", value, typeOf(c), duck.Ident(c)))
		}
		where := ""
		if i == 0 {
			where = " where false"
		}
		selects = append(selects, "select "+strings.Join(items, ", ")+where)
	}
	text := strings.Join(selects, " union all ")
	// The answers' HTTP status is a number, the shipments' status code of the same name a text.
	if strings.Contains(list, "status_code_number") {
		text = "select * rename (status_code_number as status_code) from (" + text + ")"
	}
	return text, nil
}

func asked(t *testing.T, name string, given tables) []string {
	t.Helper()
	p, err := models.Read(wsql.Files)
	if err != nil {
		t.Fatal(err)
	}
	w, err := p.Worklist(name)
	if err != nil {
		t.Fatal(err)
	}
	db := duck.Open(duck.Config{})
	defer db.Close()
	s, err := models.NewSession(t.Context(), db, p, given)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	rows, err := s.Query(t.Context(), w)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var out []string
	for rows.Next() {
		var source, ask string
		if err := rows.Scan(&source, &ask); err != nil {
			t.Fatal(err)
		}
		out = append(out, source+" "+ask)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return out
}

func TestDHLIsAskedForWhatCanStillMove(t *testing.T) {
	t.Parallel()
	given := tables{
		"ops.clock":    {{"as_of": "2026-03-25T12:00:00Z"}},
		"ops.carriers": {{"carrier": "dhl", "source": "dhl-uk", "terms": "dhl"}},
		"ops.feeds":    {{"source": "dhl-uk", "feed": "tracking", "worklist": "dhl_tracking"}},
	}
	parcel := func(number, despatched string) {
		given["raw.wms_despatch"] = append(given["raw.wms_despatch"], row{"tracking_no": number, "despatched_at": despatched, "carrier_code": "DHL", "_source": "northgate"})
	}
	answer := func(number, status, at string) {
		given["raw.dhl_answers"] = append(given["raw.dhl_answers"], row{"_source": "dhl-uk", "tracking_no": number, "status_code_number": status, "asked_at": at, "_received_at": at})
	}
	scan := func(number, code, at string) {
		given["raw.dhl_events"] = append(given["raw.dhl_events"],
			row{"_source": "dhl-uk", "tracking_no": number, "shipment_no": number, "status_code": "transit", "status_number": code, "occurred_raw": at, "asked_at": at})
		answer(number, "200", "2026-03-25T06:00:00Z")
	}
	parcel("NEVER-ASKED", "2026-03-25T09:00:00Z")
	parcel("NEVER-ASKED-OLDER", "2026-03-24T09:00:00Z")
	parcel("NOT-FOUND", "2026-03-24T09:00:00Z")
	answer("NOT-FOUND", "404", "2026-03-25T08:00:00Z")
	parcel("ASKED-29-MINUTES-AGO", "2026-03-24T09:00:00Z")
	answer("ASKED-29-MINUTES-AGO", "404", "2026-03-25T11:31:00Z")
	parcel("ASKED-30-MINUTES-AGO", "2026-03-24T09:00:00Z")
	answer("ASKED-30-MINUTES-AGO", "404", "2026-03-25T11:30:00Z")
	parcel("REFUSED-BY-QUOTA", "2026-03-23T09:00:00Z")
	answer("REFUSED-BY-QUOTA", "429", "2026-03-25T11:59:00Z")
	parcel("ASKED-LATER-THAN-THE-RUN", "2026-03-22T09:00:00Z")
	answer("ASKED-LATER-THAN-THE-RUN", "200", "2026-03-26T12:00:00Z")
	parcel("OUT-FOR-DELIVERY", "2026-03-24T09:00:00Z")
	scan("OUT-FOR-DELIVERY", "598", "2026-03-25T07:00:00")
	parcel("DELIVERED-2-DAYS-AGO", "2026-03-20T09:00:00Z")
	scan("DELIVERED-2-DAYS-AGO", "600", "2026-03-23T12:00:00")
	parcel("DELIVERED-4-DAYS-AGO", "2026-03-20T09:00:00Z")
	scan("DELIVERED-4-DAYS-AGO", "600", "2026-03-21T12:00:00")
	parcel("RETURNED", "2026-03-20T09:00:00Z")
	scan("RETURNED", "860", "2026-03-24T12:00:00")
	given["raw.wms_despatch"] = append(given["raw.wms_despatch"], row{"tracking_no": "RM123456785GB", "despatched_at": "2026-03-25T08:00:00Z", "carrier_code": "RoyalMail", "_source": "northgate"})
	parcel("FORGOTTEN", "2025-12-20T09:00:00Z")
	parcel("HAD-BY-ANOTHER-PARCEL", "2026-03-22T09:00:00Z")
	scan("HAD-BY-ANOTHER-PARCEL", "600", "2025-06-01T12:00:00")
	// Failures: they rest half an hour, one hour, two hours, …, at most a day, and come last. An answer ends them; a refusal of the account is none.
	parcel("FAILED-TWICE-AN-HOUR-AGO", "2026-03-24T09:00:00Z")
	answer("FAILED-TWICE-AN-HOUR-AGO", "400", "2026-03-25T09:00:00Z")
	answer("FAILED-TWICE-AN-HOUR-AGO", "500", "2026-03-25T11:00:00Z")
	parcel("FAILED-THREE-TIMES-AN-HOUR-AGO", "2026-03-24T09:00:00Z")
	answer("FAILED-THREE-TIMES-AN-HOUR-AGO", "400", "2026-03-25T07:00:00Z")
	answer("FAILED-THREE-TIMES-AN-HOUR-AGO", "400", "2026-03-25T08:00:00Z")
	answer("FAILED-THREE-TIMES-AN-HOUR-AGO", "400", "2026-03-25T11:00:00Z")
	parcel("FAILED-OFTEN-A-DAY-AGO", "2026-03-20T09:00:00Z")
	parcel("FAILED-OFTEN-TODAY", "2026-03-20T09:00:00Z")
	for day := range 4 {
		for hour := range 12 {
			answer("FAILED-OFTEN-A-DAY-AGO", "400", fmt.Sprintf("2026-03-%dT%02d:00:00Z", 21+day, hour+1))
			answer("FAILED-OFTEN-TODAY", "400", fmt.Sprintf("2026-03-%dT%02d:01:00Z", 21+day, hour+1))
		}
	}
	parcel("FAILED-BEFORE-ITS-ANSWER", "2026-03-24T09:00:00Z")
	answer("FAILED-BEFORE-ITS-ANSWER", "500", "2026-03-25T09:00:00Z")
	answer("FAILED-BEFORE-ITS-ANSWER", "404", "2026-03-25T10:00:00Z")
	parcel("PAGE-IN-PLACE-OF-AN-ANSWER", "2026-03-24T09:00:00Z")
	answer("PAGE-IN-PLACE-OF-AN-ANSWER", "200", "2026-03-25T11:29:00Z")
	given["raw.dhl_answers"][len(given["raw.dhl_answers"])-1]["problem"] = "200 text/html that is no JSON as asked for"
	given["raw.shop_return_labels"] = []row{{
		"return_gid": "gid://shopify/Return/1", "order_gid": "gid://shopify/Order/1", "reverse_delivery_gid": "x",
		"tracking_no": "return-label", "carrier_name": "DHL eCommerce", "_source": "aster-vale", "_received_at": "2026-03-25T10:00:00Z",
	}}
	want := []string{
		"dhl-uk OUT-FOR-DELIVERY", "dhl-uk ASKED-LATER-THAN-THE-RUN", "dhl-uk REFUSED-BY-QUOTA", "dhl-uk NEVER-ASKED-OLDER", "dhl-uk NEVER-ASKED",
		"dhl-uk RETURN-LABEL", "dhl-uk HAD-BY-ANOTHER-PARCEL", "dhl-uk NOT-FOUND", "dhl-uk FAILED-BEFORE-ITS-ANSWER", "dhl-uk ASKED-30-MINUTES-AGO",
		"dhl-uk DELIVERED-2-DAYS-AGO", "dhl-uk FAILED-OFTEN-A-DAY-AGO", "dhl-uk FAILED-TWICE-AN-HOUR-AGO", "dhl-uk PAGE-IN-PLACE-OF-AN-ANSWER",
	}
	if got := asked(t, "dhl_tracking", given); !slices.Equal(got, want) {
		t.Errorf("asked for\n %s\nwant\n %s", strings.Join(got, "\n "), strings.Join(want, "\n "))
	}
}

func TestShopsAreAskedForDetailsThatAreMissingOrOld(t *testing.T) {
	t.Parallel()
	given := tables{"ops.clock": {{"as_of": "2026-03-25T12:00:00Z"}}}
	order := func(shop, number, updated string, more row) {
		r := row{"_source": shop, "order_gid": "gid://shopify/Order/" + number, "name": "#" + number, "created_at": updated, "updated_at": updated}
		for k, v := range more {
			r[k] = v
		}
		given["raw.shop_orders"] = append(given["raw.shop_orders"], r)
	}
	add := func(table, shop, number string, more row) {
		r := row{"_source": shop, "order_gid": "gid://shopify/Order/" + number}
		for k, v := range more {
			r[k] = v
		}
		given[table] = append(given[table], r)
	}
	order("aster-vale", "1", "2026-03-24T10:00:00Z", nil) // nothing happened to it
	order("aster-vale", "2", "2026-03-24T11:00:00Z", nil)
	add("raw.shop_order_refunds", "aster-vale", "2", row{"refund_gid": "gid://shopify/Refund/2"})
	order("norre-studio", "3", "2026-03-24T10:00:00Z", nil)
	add("raw.shop_returns", "norre-studio", "3", row{"return_gid": "gid://shopify/Return/3", "name": "#3-R1"})
	order("aster-vale", "4", "2026-03-24T09:00:00Z", nil) // details are as new as the order
	add("raw.shop_fulfilments", "aster-vale", "4", row{"fulfilment_gid": "gid://shopify/Fulfillment/4"})
	add("raw.shop_detail_answers", "aster-vale", "4", row{"status_code_number": "200", "order_updated_at": "2026-03-24T09:00:00Z"})
	order("aster-vale", "5", "2026-03-20T09:00:00Z", nil) // the order has changed since
	order("aster-vale", "5", "2026-03-24T08:00:00Z", row{"_received_at": "2026-03-24T08:10:00Z"})
	add("raw.shop_fulfilments", "aster-vale", "5", row{"fulfilment_gid": "gid://shopify/Fulfillment/5"})
	add("raw.shop_detail_answers", "aster-vale", "5", row{"status_code_number": "200", "order_updated_at": "2026-03-20T09:00:00Z"})
	order("aster-vale", "6", "2026-03-24T12:00:00Z", nil) // an answer without an order is none, and comes last
	add("raw.shop_fulfilments", "aster-vale", "6", row{"fulfilment_gid": "gid://shopify/Fulfillment/6"})
	add("raw.shop_detail_answers", "aster-vale", "6", row{"status_code_number": "200"})
	order("aster-vale", "7", "2026-03-24T07:00:00Z", row{"is_test": "true"})
	add("raw.shop_fulfilments", "aster-vale", "7", row{"fulfilment_gid": "gid://shopify/Fulfillment/7"})
	// An answer of which a row was rejected is none either: it rests, and is asked for again behind the others.
	for number, heard := range map[string]string{"9": "2026-03-25T10:00:00Z", "10": "2026-03-25T11:50:00Z"} {
		order("aster-vale", number, "2026-03-25T09:00:00Z", nil)
		add("raw.shop_fulfilments", "aster-vale", number, row{"fulfilment_gid": "gid://shopify/Fulfillment/" + number})
		add("raw.shop_detail_answers", "aster-vale", number, row{
			"status_code_number": "200", "order_updated_at": "2026-03-25T09:00:00Z", "problem": "rejected: integer of quantity in raw.shop_refund_lines", "_received_at": heard,
		})
	}
	order("aster-vale", "8", "2026-03-24T10:30:00Z", row{"is_edited": "true"}) // what was added when stands in the details
	want := []string{
		"norre-studio gid://shopify/Order/3", "aster-vale gid://shopify/Order/8", "aster-vale gid://shopify/Order/2",
		"aster-vale gid://shopify/Order/5", "aster-vale gid://shopify/Order/6", "aster-vale gid://shopify/Order/9",
	}
	if got := asked(t, "shopify_order_details", given); !slices.Equal(got, want) {
		t.Errorf("asked for\n %s\nwant\n %s", strings.Join(got, "\n "), strings.Join(want, "\n "))
	}
}
