package pipelines_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/fourmarketing/waybill"
	"github.com/fourmarketing/waybill/transforms/duck"
	"github.com/fourmarketing/waybill/transforms/models"
)

// partly gives some tables rows, of some columns; the rest are empty.
type partly struct {
	empty empty
	rows  map[string]string // selects
}

func (p partly) Relation(ctx context.Context, t waybill.TableName) (string, error) {
	text, err := p.empty.Relation(ctx, t)
	if rows, ok := p.rows[t.String()]; ok && err == nil {
		text += " union all by name " + rows
	}
	return text, err
}

// one is a brand with an order that went from shop to door: what each partner tells of it on a date, and in a currency.
func one(order int, date, currency string) map[string]string {
	at := fmt.Sprintf("timestamptz '%s'", date)
	line := fmt.Sprintf("'f%[1]d' as _file_id, %[1]d as _line, timestamptz '2026-03-27 07:00:00+00' as _received_at", order)
	return map[string]string{
		"raw.shop_orders":      fmt.Sprintf("select 'gid://shopify/Order/%[1]d' as order_gid, '#AV%[1]d' as name, %[2]s as created_at, %[2]s as updated_at, '%[3]s' as currency, 10.00 as total_amount, 'GB' as ship_country, 'SW' as ship_postcode_area, 'aster-vale' as _source, %[4]s", order, at, currency, line),
		"raw.shop_order_lines": fmt.Sprintf("select 'gid://shopify/LineItem/%[1]d' as line_gid, 'gid://shopify/Order/%[1]d' as order_gid, 'A' as sku, 1 as quantity, true as requires_shipping, 'aster-vale' as _source, %[2]s", order, line),
		"raw.shop_transactions": fmt.Sprintf("select 'gid://shopify/OrderTransaction/%[1]d' as transaction_gid, 'gid://shopify/Order/%[1]d' as order_gid, 'SALE' as kind, 'SUCCESS' as status, 'P%[1]d' as payment_id, %[2]s as processed_at, 10.00 as amount, '%[3]s' as currency, 'aster-vale' as _source, %[4]s",
			order, at, currency, line),
		"raw.shop_order_refunds": fmt.Sprintf("select 'gid://shopify/Refund/%[1]d' as refund_gid, 'gid://shopify/Order/%[1]d' as order_gid, %[2]s as created_at, 5.00 as total_amount, '%[3]s' as currency, 'aster-vale' as _source, %[4]s", order, at, currency, line),
		"raw.shop_returns":       fmt.Sprintf("select 'gid://shopify/Return/%[1]d' as return_gid, 'gid://shopify/Order/%[1]d' as order_gid, '#AV%[1]d-R1' as name, 'OPEN' as status, %[2]s as created_at, 'aster-vale' as _source, %[3]s", order, at, line),
		"raw.shop_fulfilments":   fmt.Sprintf("select 'gid://shopify/Fulfillment/%[1]d' as fulfilment_gid, 'gid://shopify/Order/%[1]d' as order_gid, 'SUCCESS' as status, %[2]s as created_at, 'JJD0000%[1]d' as tracking_no, 'aster-vale' as _source, %[3]s", order, at, line),
		"raw.wms_order_status":   fmt.Sprintf("select 'AV%[1]d' as order_ref, 'Received' as status_raw, 'received' as status, %[2]s as status_at, 'NG1' as site, 'northgate' as _source, %[3]s", order, at, line),
		"raw.wms_despatch":       fmt.Sprintf("select 'AV%[1]d' as order_ref, 'D%[1]d' as despatch_ref, %[2]s as despatched_at, 'DHL' as carrier_code, 'JJD0000%[1]d' as tracking_no, 'A' as sku, 1 as qty_ordered, 1 as qty_despatched, 'NG1' as site, 'northgate' as _source, %[3]s", order, at, line),
		"raw.wms_return_receipt": fmt.Sprintf("select 'RC%[1]d' as return_ref, %[2]s as received_at, 'AV%[1]d' as order_ref, 'A' as sku, 1 as qty, 'NEW' as grade_raw, 'A' as grade, 'NG1' as site, 'northgate' as _source, %[3]s", order, at, line),
		"raw.dhl_events": fmt.Sprintf("select 'JJD0000%[1]d' as tracking_no, 'JJD0000%[1]d' as shipment_no, timestamptz '2026-03-27 07:00:00+00' as asked_at, cast(%[2]s at time zone 'UTC' as varchar) as occurred_raw, 'transit' as status_code, '510' as status_number, 'GB' as country, 'dhl' as _source, %[3]s",
			order, at, line),
		"raw.adyen_settlement_details": fmt.Sprintf("select 'AsterValeUK' as merchant_account, 'P%[1]d' as merchant_reference, 'Settled' as type_raw, 'M%[1]d' as modification_reference, cast(%[2]s at time zone 'UTC' as varchar) as created_raw, 'GMT' as created_zone, '%[3]s' as gross_currency, 10.00 as gross_credit, 1.0 as exchange_rate, '%[3]s' as net_currency, 9.90 as net_credit, 0.10 as commission, 1 as batch_no, 'adyen' as _source, %[4]s",
			order, at, currency, line),
	}
}

// A row that no calendar or list of currencies has, of any partner, keeps no check of severity error from passing, and no other order from its marts.
func TestNothingThatIsSetAsideHoldsARelease(t *testing.T) {
	t.Parallel()
	project, schemas := shapes(t)
	p := partly{empty: empty(schemas), rows: map[string]string{
		"ops.clock":    "select timestamptz '2026-03-27 07:00:00+00' as as_of",
		"ops.brands":   "select 'Aster & Vale' as brand, 'GBP' as currency",
		"ops.carriers": "select 'dhl' as carrier, 'dhl' as source, 'dhl' as terms",
		"ops.sites":    "select 'NG1' as site, 'northgate' as source, 'Europe/London' as time_zone, 'GB-EAW' as calendar",
		"ops.links": `select * from (values ('shop', 'aster-vale', 'Aster & Vale', null, null, 'AV', null, 1), ('warehouse', 'northgate', 'Aster & Vale', null, 'NG1', null, 'name', 1),
			('account', 'adyen', 'Aster & Vale', 'AsterValeUK', null, null, null, 1)) as t(role, source, brand, account, site, order_prefix, order_key, place)`,
	}}
	bad := [][2]string{
		{"1899-12-30 00:00:00+00", "GBP"},
		{"0001-01-01 00:00:00+00", "GBP"},
		{"2012-05-01 10:00:00+00", "GBP"},
		{"2014-12-31 23:30:00+00", "GBP"},
		{"9999-12-31 23:59:59+00", "GBP"},
		{"2099-01-01 00:00:00+00", "GBP"},
		{"2026-03-24 10:00:00+00", "QQQ"},
		{"2026-03-24 10:00:00+00", ""},
		{"2026-03-24 10:00:00+00", "gbp"},
	}
	for table, rows := range one(1, "2026-03-24 09:00:00+00", "GBP") {
		for i, b := range bad {
			rows += " union all by name " + one(2+i, b[0], b[1])[table]
		}
		p.rows[table] = rows
	}
	db := duck.Open(duck.Config{})
	defer db.Close()
	s, err := models.NewSession(t.Context(), db, project, p)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	built, err := s.Build(t.Context(), project.Models(), nil)
	if err != nil {
		t.Fatal(err)
	}
	rows := map[string]int64{}
	for _, b := range built {
		if b.Err != nil {
			t.Errorf("%s: %v", b.Model.Name, b.Err)
		}
		rows[b.Model.Name.String()] = b.Rows
	}
	marts := slices.DeleteFunc(project.Models(), func(m *models.Model) bool { return m.Name.Namespace != models.Marts })
	results, err := s.Check(t.Context(), marts) // as a build checks them
	if err != nil {
		t.Fatal(err)
	}
	var told bool
	for _, r := range results {
		told = told || (r.Check == "rows_all_placed" && r.Failing > 0)
		if r.Failing > 0 && r.Severity == models.SeverityError {
			t.Errorf("%s: %s: %d rows, such as %s", r.Model, r.Check, r.Failing, strings.Join(r.Sample[0], " | "))
		}
	}
	if !told {
		t.Error("no check tells of what is set aside")
	}
	// The good order, and those of which only the money is in no currency, where a fact has none.
	for mart, want := range map[string]int64{"marts.fct_orders": 1, "marts.fct_ledger_entries": 1, "marts.fct_refunds": 1, "marts.fct_shipments": 4, "marts.fct_tracking_events": 4} {
		if rows[mart] != want {
			t.Errorf("%s has %d rows, want %d", mart, rows[mart], want)
		}
	}
	if got := rows["marts.rows_set_aside"]; got < 60 {
		t.Errorf("%d rows are told to be set aside", got)
	}
}
