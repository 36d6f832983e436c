package world_test

import (
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/fourmarketing/waybill/sandbox/world"
	"github.com/fourmarketing/waybill/sandbox/worldtest"
)

func TestSameSeedGivesTheSameBytes(t *testing.T) {
	t.Parallel()
	o := world.Options{Seed: 7, Days: 12, OrdersPerDay: 20, Defects: 2}
	a, b := worldtest.New(t, o), worldtest.New(t, o)
	o.Seed = 8
	c := worldtest.New(t, o)
	for _, at := range a.Checkpoints() {
		for _, site := range a.Group().Sites {
			if !reflect.DeepEqual(a.Files(site.Source, at), b.Files(site.Source, at)) {
				t.Errorf("%s: files differ at %s", site.Source, at)
			}
			if reflect.DeepEqual(a.Files(site.Source, at), c.Files(site.Source, at)) {
				t.Errorf("%s: files of another seed are the same at %s", site.Source, at)
			}
		}
		for _, brand := range a.Group().Brands {
			if !reflect.DeepEqual(a.Batches(brand.Account.Name, at), b.Batches(brand.Account.Name, at)) {
				t.Errorf("%s: batches differ at %s", brand.Name, at)
			}
			if !reflect.DeepEqual(a.ShopOrders(brand.Shop, at), b.ShopOrders(brand.Shop, at)) {
				t.Errorf("%s: orders differ at %s", brand.Name, at)
			}
		}
		if !reflect.DeepEqual(a.Truth(at), b.Truth(at)) {
			t.Errorf("truth differs at %s", at)
		}
	}
	if !reflect.DeepEqual(a.Planted(), b.Planted()) {
		t.Error("planted problems differ")
	}
}

func TestWithoutDefectsNothingIsWrong(t *testing.T) {
	t.Parallel()
	for _, o := range worldtest.Sizes(0) {
		w := worldtest.New(t, o)
		if p := w.Planted(); len(p) != 0 && p[0].Kind != "batch_two_currencies" {
			t.Errorf("%s: planted %v", worldtest.Label(o), p)
		}
		for _, at := range w.Checkpoints() {
			f := worldtest.Gather(t, w.Truth(at))
			for _, empty := range []string{"marts.fct_breaks", "marts.feed_gaps", "marts.fct_claimable_parcels", "marts.stock_shortages"} {
				for key := range f[empty] {
					t.Errorf("%s: %s at %s: %s", worldtest.Label(o), empty, at, key)
				}
			}
			for key, r := range f["ops.files"] {
				if r["status"] != "loaded" || r["rejected"] != "0" || r["version"] != "1" {
					t.Errorf("%s: %s: %v", worldtest.Label(o), key, r)
				}
			}
			for key, r := range f["marts.orders_at_risk"] {
				if r["risk_state"] != "ok" {
					t.Errorf("%s: at %s: order %s is %s %s", worldtest.Label(o), at, key, r["stuck_stage"], r["risk_state"])
				}
			}
			for key, r := range f["marts.fct_orders"] {
				if r["is_shipped_on_time"] == "false" || r["is_delivered_on_time"] == "false" {
					t.Errorf("%s: at %s: order %s is late: %v", worldtest.Label(o), at, key, r)
				}
			}
		}
	}
}

// timeless are the kinds that a short world with a holiday in it may have no room for.
func timeless(kind string, o world.Options) bool {
	long := []string{
		"return_lost", "return_not_refunded", "return_refunded_late", "parcel_late_carrier", "parcel_sent_back", "chargeback_reversed",
		"scan_late", "scan_twice", "scan_unmapped", "batch_two_currencies",
	}
	return !slices.Contains(long, kind) || o.Days == 0 || o.Days >= 21
}

func kinds() []string {
	return strings.Fields(`parcel_lost_by_rule parcel_lost_by_carrier parcel_damaged parcel_damaged_delivered parcel_late_carrier
		parcel_late_handover parcel_sent_back parcel_never_scanned scan_late scan_twice scan_out_of_order scan_unmapped test_order order_unpaid
		order_cancelled_before_picking order_cancelled_after_picking despatched_after_cancel order_not_in_wms order_held order_shortage
		order_despatched_late no_web_order order_split short_resolved short_unresolved despatched_without_parcel not_fulfilled_in_web
		fulfilled_not_despatched double_despatch return_lost return_not_refunded return_refunded_late return_short return_unannounced
		return_unannounced_unknown refund_missing_in_psp refund_missing_in_web refund_amount_differs refund_twice refund_over_captured
		refund_without_return refund_and_chargeback refund_goodwill chargeback_residual chargeback_reversed dispute_with_fee order_paid_in_pounds
		order_edited line_removed line_added exchange_sent exchange_waiting order_free paid_elsewhere paid_with_gift_card refund_to_gift_card
		refund_of_carriage refund_of_duties status_misdated order_of_gift_card gift_card_beside one_sku_on_two_lines sku_in_lower_case draft_order order_from_two_sites order_thrown_away
		parcel_destroyed parcel_signed_for_never_scanned parcel_lost_posted_late parcel_nobody_in parcel_wrong_address parcel_held_by_weather
		parcel_delivered_and_sent_back scan_after_midnight
		batch_header_only batch_missing batch_without_payout reserve_held reserve_released batch_two_currencies
		file_corrected file_late file_cut_off file_wrong_trailer file_changed_header file_held file_sent_twice rows_rejected sequence_skipped
		stock_out stock_out_told stock_out_ended receipt_short receipt_over receipt_late receipt_missing receipt_not_ordered receipt_not_booked
		movement_missing movement_unmapped snapshot_truncated restocked_in_shop_only restocked_in_warehouse_only`)
}

func TestEveryKindIsPlanted(t *testing.T) {
	t.Parallel()
	for _, o := range worldtest.Sizes(1) {
		have := map[string]bool{}
		for _, p := range worldtest.New(t, o).Planted() {
			have[p.Kind] = true
		}
		for _, kind := range kinds() {
			if !have[kind] && timeless(kind, o) {
				t.Errorf("%s: no %s", worldtest.Label(o), kind)
			}
		}
	}
	have := map[string]bool{}
	for seed := range uint64(3) {
		o := world.Options{Seed: seed, Defects: 1, Days: 10, OrdersPerDay: 10, End: time.Date(2026, 3, 20, 0, 0, 0, 0, time.UTC)}
		for _, p := range worldtest.New(t, o).Planted() {
			have[p.Kind] = true
		}
	}
	for _, kind := range kinds() {
		if !have[kind] {
			t.Errorf("ten days of March: no %s", kind)
		}
	}
}

func TestOptionsOutOfRange(t *testing.T) {
	t.Parallel()
	for _, o := range []world.Options{{Days: 9}, {OrdersPerDay: 3}, {Defects: -1}, {Days: -4}} {
		if _, err := world.New(o); err == nil {
			t.Errorf("%+v: no error", o)
		}
	}
}

// TestNothingHappensBeforeItsOrder: whatever roles an order plays and however it is paid, its steps come after it.
func TestNothingHappensBeforeItsOrder(t *testing.T) {
	t.Parallel()
	for seed := range uint64(8) {
		w := worldtest.New(t, world.Options{Seed: seed + 1, Days: 14, OrdersPerDay: 25, Defects: 4})
		points := w.Checkpoints()
		orders := worldtest.Gather(t, w.Truth(points[len(points)-1]))["marts.fct_orders"]
		if len(orders) == 0 {
			t.Fatalf("seed %d has no orders", seed+1)
		}
		for id, o := range orders {
			for _, step := range strings.Fields("authorised_at paid_at releasable_at in_wms_at released_at picked_at packed_at first_despatched_at first_accepted_at first_delivered_at") {
				if o[step] != "" && o[step] < o["placed_at"] {
					t.Errorf("seed %d: %s was placed at %s, and %s is %s", seed+1, id, o["placed_at"], step, o[step])
				}
			}
		}
	}
}
