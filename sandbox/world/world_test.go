package world_test

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/fourmarketing/waybill/sandbox/world"
)

func mustWorld(t *testing.T, o world.Options) *world.World {
	t.Helper()
	w, err := world.New(o)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// sizes are worlds of several seeds, lengths and ends: the default with a clock change and Easter, short and small ones,
// an autumn with the other clock change, a turn of the year.
func sizes(defects float64) []world.Options {
	day := func(y int, m time.Month, d int) time.Time { return time.Date(y, m, d, 0, 0, 0, 0, time.UTC) }
	var out []world.Options
	for seed := range uint64(4) {
		out = append(out,
			world.Options{Seed: seed, Defects: defects},
			world.Options{Seed: seed, Defects: defects, Days: 10, OrdersPerDay: 10},
			world.Options{Seed: seed, Defects: defects, Days: 10, OrdersPerDay: 10, End: day(2026, 3, 20)},
			world.Options{Seed: seed, Defects: defects, Days: 13 + int(seed), OrdersPerDay: 15, End: day(2026, 11, 1+int(seed))},
			world.Options{Seed: seed, Defects: defects, Days: 30, OrdersPerDay: 25, End: day(2026, 1, 9+int(seed))},
		)
	}
	return out
}

func label(o world.Options) string {
	return fmt.Sprintf("seed %d, %d days x %d to %s", o.Seed, o.Days, o.OrdersPerDay, o.End.Format(time.DateOnly))
}

// facts are truth tables with their rows by key, each row by column.
type facts map[string]map[string]map[string]string

func gather(t *testing.T, tables []world.TruthTable) facts {
	t.Helper()
	out := facts{}
	for _, tb := range tables {
		rows := map[string]map[string]string{}
		for _, r := range tb.Rows {
			if len(r) != len(tb.Columns) {
				t.Fatalf("%s: row has %d values for %d columns", tb.Mart, len(r), len(tb.Columns))
			}
			row, key := map[string]string{}, strings.Join(r[:len(tb.Key)], " ")
			for i, c := range tb.Columns {
				row[c] = r[i]
			}
			if rows[key] != nil {
				t.Errorf("%s: key %s twice", tb.Mart, key)
			}
			rows[key] = row
		}
		out[tb.Mart] = rows
	}
	return out
}

func TestSameSeedGivesTheSameBytes(t *testing.T) {
	t.Parallel()
	o := world.Options{Seed: 7, Days: 12, OrdersPerDay: 20, Defects: 2}
	a, b := mustWorld(t, o), mustWorld(t, o)
	o.Seed = 8
	c := mustWorld(t, o)
	for _, at := range a.Checkpoints() {
		for _, partner := range []string{"northgate", "veldhoven"} {
			if !reflect.DeepEqual(a.Files(partner, at), b.Files(partner, at)) {
				t.Errorf("%s: files differ at %s", partner, at)
			}
			if reflect.DeepEqual(a.Files(partner, at), c.Files(partner, at)) {
				t.Errorf("%s: files of another seed are the same at %s", partner, at)
			}
		}
		for _, shop := range a.Shops() {
			if !reflect.DeepEqual(a.Reports(shop.MerchantAccount, at), b.Reports(shop.MerchantAccount, at)) {
				t.Errorf("%s: reports differ at %s", shop.Name, at)
			}
			if !reflect.DeepEqual(a.ShopOrders(shop.Name, at), b.ShopOrders(shop.Name, at)) {
				t.Errorf("%s: orders differ at %s", shop.Name, at)
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
	for _, o := range sizes(0) {
		w := mustWorld(t, o)
		if p := w.Planted(); len(p) != 0 && p[0].Kind != "batch_two_currencies" {
			t.Errorf("%s: planted %v", label(o), p)
		}
		for _, at := range w.Checkpoints() {
			f := gather(t, w.Truth(at))
			for _, empty := range []string{"marts.fct_breaks", "marts.feed_gaps", "marts.fct_claimable_parcels"} {
				for key := range f[empty] {
					t.Errorf("%s: %s at %s: %s", label(o), empty, at, key)
				}
			}
			for key, r := range f["ops.files"] {
				if r["status"] != "loaded" || r["rejected"] != "0" || r["version"] != "1" {
					t.Errorf("%s: %s: %v", label(o), key, r)
				}
			}
			for key, r := range f["marts.orders_at_risk"] {
				if r["risk_state"] != "ok" {
					t.Errorf("%s: at %s: order %s is %s %s", label(o), at, key, r["stuck_stage"], r["risk_state"])
				}
			}
			for key, r := range f["marts.fct_orders"] {
				if r["is_shipped_on_time"] == "false" || r["is_delivered_on_time"] == "false" {
					t.Errorf("%s: at %s: order %s is late: %v", label(o), at, key, r)
				}
			}
		}
	}
}

// timeless are the kinds that a short world with a holiday in it may have no room for.
func timeless(kind string, o world.Options) bool {
	long := []string{
		"return_lost", "return_not_refunded", "return_refunded_late", "parcel_late_carrier", "parcel_sent_back", "chargeback_reversed",
		"scan_late", "scan_twice", "scan_unmapped",
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
		refund_without_return refund_and_chargeback refund_goodwill chargeback_residual chargeback_reversed order_paid_in_pounds
		batch_header_only batch_missing batch_without_payout reserve_held reserve_released batch_two_currencies
		file_corrected file_late file_cut_off file_wrong_trailer file_changed_header file_held file_sent_twice rows_rejected sequence_skipped`)
}

func TestEveryKindIsPlanted(t *testing.T) {
	t.Parallel()
	for _, o := range sizes(1) {
		have := map[string]bool{}
		for _, p := range mustWorld(t, o).Planted() {
			have[p.Kind] = true
		}
		for _, kind := range kinds() {
			if !have[kind] && timeless(kind, o) {
				t.Errorf("%s: no %s", label(o), kind)
			}
		}
	}
	have := map[string]bool{}
	for seed := range uint64(3) {
		o := world.Options{Seed: seed, Defects: 1, Days: 10, OrdersPerDay: 10, End: time.Date(2026, 3, 20, 0, 0, 0, 0, time.UTC)}
		for _, p := range mustWorld(t, o).Planted() {
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
