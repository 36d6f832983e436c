package world_test

import (
	"strings"
	"testing"

	"github.com/fourmarketing/waybill/sandbox/world"
	"github.com/fourmarketing/waybill/sandbox/worldtest"
)

// facts are the truth with questions about what shows in it.
type facts worldtest.Facts

// some counts the rows of a mart that belong to an order (or subject, in any column) and have these values.
func (f facts) some(mart, subject string, want ...string) bool {
	for key, row := range f[mart] {
		if !strings.Contains(" "+key+" ", " "+subject+" ") && row["order_id"] != subject {
			continue
		}
		ok := true
		for _, w := range want {
			column, value, _ := strings.Cut(w, "=")
			if value == "*" {
				ok = ok && row[column] != "" && row[column] != "0" && row[column] != "0.00"
			} else {
				ok = ok && row[column] == value
			}
		}
		if ok {
			return true
		}
	}
	return false
}

// orderOf follows a break's document to its order, and a file's to its path.
func (f facts) orderOf(document string) string {
	if parts := strings.SplitN(document, "/", 3); len(parts) == 3 {
		return parts[2]
	}
	for _, mart := range []string{"marts.fct_shipments", "marts.fct_order_lines", "marts.fct_refunds", "marts.fct_returns"} {
		if row, ok := f[mart][document]; ok {
			return row["order_id"]
		}
	}
	return document
}

// broken says whether a check has an open break of a kind on a subject's documents.
func (f facts) broken(check, kind, subject string) bool {
	for _, row := range f["marts.fct_breaks"] {
		of := f.orderOf(row["document"])
		if row["check_id"] == "R17" { // its document is an order with a SKU
			of = row["order_id"]
		}
		if row["check_id"] == check && row["kind"] == kind && (of == subject || check == "R20" && strings.HasSuffix(of, ":"+subject)) {
			return true // a settlement's document begins with its connection
		}
	}
	return false
}

// shows says, per kind, what must be seen at the end.
func shows(f facts, p world.Planted) bool {
	if b, ok := map[string][2]string{
		"parcel_never_scanned": {"R05", "never_scanned"}, "despatched_after_cancel": {"R09", "despatched_after_cancel"},
		"order_not_in_wms": {"R01", "not_in_wms"}, "no_web_order": {"R03", "no_web_order"}, "short_unresolved": {"R06", "short_unresolved"},
		"despatched_without_parcel": {"R05", "no_parcel"}, "not_fulfilled_in_web": {"R04", "not_fulfilled_in_web"},
		"fulfilled_not_despatched": {"R05", "fulfilled_not_despatched"}, "double_despatch": {"R06", "over_despatched"},
		"return_not_refunded": {"R12", "return_not_refunded"}, "refund_missing_in_psp": {"R13", "missing_in_psp"},
		"refund_missing_in_web": {"R13", "missing_in_web"}, "refund_amount_differs": {"R13", "amount_differs"},
		"refund_twice": {"R11", "same_refund_twice"}, "refund_over_captured": {"R11", "over_refunded"},
		"refund_without_return": {"R10", "refund_without_return"}, "refund_and_chargeback": {"R11", "refund_and_chargeback"},
		"batch_missing": {"R20", "batch_gap"}, "batch_unbalanced": {"R20", "unbalanced"}, "file_held": {"R22", "held"},
		"answer_spoilt": {"R05", "never_scanned"}, "movement_missing": {"R18", "unexplained"}, "snapshot_truncated": {"R18", "snapshot_truncated"},
		"restocked_in_shop_only": {"R17", "restocked_in_shop_only"}, "restocked_in_warehouse_only": {"R17", "restocked_in_warehouse_only"},
		"receipt_short": {"R21", "received_short"}, "receipt_over": {"R21", "received_over"}, "receipt_missing": {"R21", "not_received"},
		"receipt_not_ordered": {"R21", "not_ordered"}, "receipt_not_booked": {"R21", "not_booked"},
	}[p.Kind]; ok {
		return f.broken(b[0], b[1], p.Subject)
	}
	if w, ok := map[string]string{
		"parcel_lost_by_rule":             "fct_shipments is_lost=true lost_how=rule status=lost lost_on=*",
		"parcel_lost_by_carrier":          "fct_shipments is_lost=true lost_how=carrier status=lost",
		"parcel_damaged":                  "fct_shipments is_damaged=true delivered_at=",
		"parcel_damaged_delivered":        "fct_shipments is_damaged=true delivered_at=* status=delivered",
		"parcel_late_carrier":             "fct_shipments late_cause=carrier",
		"parcel_late_handover":            "fct_shipments late_cause=collection",
		"parcel_sent_back":                "fct_shipments status=returned delivered_at=",
		"scan_out_of_order":               "fct_shipments accepted_at=*",
		"scan_delivered_unheard_of":       "fct_shipments status=delivered delivered_at=*",
		"number_had_before":               "fct_shipments status=delivered delivered_at=*",
		"order_unpaid":                    "fct_orders goods_status=not_releasable money_status=unpaid paid_at=",
		"order_cancelled_before_picking":  "fct_orders goods_status=cancelled picked_at=",
		"order_cancelled_after_picking":   "fct_orders goods_status=cancelled picked_at=* packed_at=*",
		"order_held":                      "orders_at_risk stuck_stage=held",
		"order_shortage":                  "orders_at_risk stuck_stage=short",
		"order_despatched_late":           "fct_orders is_shipped_on_time=false first_despatched_at=*",
		"order_received_late":             "fct_orders is_shipped_on_time=false is_shipped_on_time_by_wms=true",
		"delivery_unheard_of":             "fct_orders service=unknown promise_rule_id= deliver_by_on= cut_off_rule_id=*",
		"order_split":                     "fct_orders split_count=2",
		"short_resolved":                  "fct_orders units_short=1 units_cancelled=1",
		"return_lost":                     "fct_returns is_lost=true stage=lost",
		"return_refunded_late":            "fct_returns is_refunded_on_time=false refunded_at=*",
		"return_short":                    "fct_returns is_short=true units_received=1 units_requested=2",
		"return_unannounced":              "fct_returns is_announced=false received_at=*",
		"refund_goodwill":                 "fct_refunds kind=goodwill",
		"refund_price":                    "fct_refunds kind=price",
		"return_part_refunded":            "fct_returns stage=part_refunded resolved_amount=* waiting_amount=* resolved_at=",
		"return_refund_failed":            "fct_returns refund_failed_at=* waiting_amount=* refunded_at=",
		"return_credited":                 "fct_returns outcomes=credit stage=resolved credited_amount=*",
		"return_refused":                  "fct_returns outcomes=reject stage=resolved rejected_amount=*",
		"return_refunded_early":           "fct_returns outcomes=refund is_refunded_on_time=true refunded_at=*",
		"return_kept":                     "fct_returns outcomes=keep,refund stage=resolved",
		"return_abandoned":                "fct_returns outcomes=keep stage=resolved",
		"return_not_booked":               "fct_returns hub_delivered_at=* received_at=",
		"return_slip_refunded":            "fct_returns is_announced=false stage=resolved outcomes=refund",
		"return_slip_in_two":              "fct_returns is_announced=false stage=received waiting_amount=*",
		"return_of_cancelled":             "fct_returns is_announced=false law_basis=undelivered stage=resolved outcomes=refund",
		"return_booked_late":              "fct_returns is_booked_on_time=true is_refunded_on_time=false",
		"chargeback_residual":             "fct_ledger_entries raw_type=Chargeback fee_residual_amount=15.00",
		"dispute_with_fee":                "fct_ledger_entries raw_type=dispute entry_type=chargeback fee_amount=20.00 fee_residual_amount=0.00",
		"chargeback_reversed":             "fct_ledger_entries raw_type=ChargebackReversed entry_type=chargeback_reversal",
		"order_paid_in_pounds":            "fct_orders currency=EUR",
		"order_from_two_sites":            "fct_orders split_count=2",
		"order_thrown_away":               "fct_orders goods_status=cancelled deleted_at=*",
		"order_edited":                    "fct_orders units_cancelled=*",
		"line_removed":                    "fct_order_lines units_cancelled=* units_despatched=0",
		"line_added":                      "fct_order_lines is_added=true added_by=edit units_despatched=1",
		"exchange_sent":                   "fct_exchanges state=sent sent_at=* return_id=*",
		"exchange_waiting":                "orders_at_risk stuck_stage=added_not_despatched",
		"order_cancelled_for_stock":       "fct_orders goods_status=cancelled cancel_cause=stock is_in_full=false is_otif=false",
		"order_paid_when_sent":            "fct_orders authorised_at=* is_shipped_on_time=false paid_at=*",
		"order_authorised_and_stuck":      "orders_at_risk risk_state=breached money_status=authorised",
		"order_on_terms":                  "fct_orders goods_status=delivered releasable_at=*",
		"order_on_terms_and_stuck":        "orders_at_risk risk_state=breached money_status=on_terms",
		"order_held_by_shop":              "fct_orders goods_status=delivered is_shipped_on_time=true releasable_at=*",
		"reship_stuck":                    "orders_at_risk risk_state=breached money_status=free",
		"article_swapped":                 "fct_orders goods_status=part_despatched units_extra=1 is_perfect=false",
		"refund_unsent":                   "fct_cancellations cause=unsent units=1",
		"order_free":                      "fct_orders total_amount=0.00 money_status=free releasable_at=*",
		"paid_elsewhere":                  "fct_refunds state=not_in_scope psp_due_amount=0.00",
		"paid_with_gift_card":             "fct_refunds kind=goodwill psp_due_amount=*",
		"refund_to_gift_card":             "fct_refunds state=not_in_scope psp_due_amount=0.00",
		"refund_of_carriage":              "fct_refunds kind=shipping",
		"order_of_gift_card":              "fct_orders goods_status=nothing_to_ship lines_count=0",
		"gift_card_beside":                "fct_orders lines_count=* units_despatched=*",
		"one_sku_on_two_lines":            "fct_order_lines units_ordered=2 units_despatched=2",
		"sku_in_lower_case":               "fct_order_lines units_despatched=*",
		"refund_of_duties":                "fct_refunds kind=shipping",
		"file_corrected":                  "ops.files version=1 status=superseded",
		"file_late":                       "ops.files version=1 status=loaded",
		"file_cut_off":                    "ops.files version=2 status=loaded",
		"file_wrong_trailer":              "ops.files version=2 status=loaded",
		"file_changed_header":             "ops.files version=2 status=loaded",
		"rows_rejected":                   "ops.files rejected=*",
		"stock_out":                       "open_line_stock why=none_there units_pickable=0 units_missing=*",
		"stock_out_told":                  "open_line_stock why=none_there units_pickable=0 units_missing=*",
		"stock_out_ended":                 "fct_orders is_shipped_on_time=false first_despatched_at=*",
		"parcel_nobody_in":                "fct_shipments late_cause=customer is_delivered_on_time=false is_attempted_on_time=true",
		"parcel_wrong_address":            "fct_shipments late_cause=customer",
		"parcel_held_in_customs":          "fct_shipments late_cause=customs",
		"parcel_held_by_weather":          "fct_shipments late_cause=weather",
		"parcel_late_stock":               "fct_shipments late_cause=stock",
		"scan_after_midnight":             "fct_orders is_handed_over_on_time=true goods_status=delivered",
		"parcel_destroyed":                "fct_shipments is_damaged=true status=destroyed",
		"parcel_signed_for_never_scanned": "fct_shipments lost_how=manifest status=lost accepted_at= collected_at=*",
		"parcel_lost_posted_late":         "fct_claimable_parcels window_from=manifested claim_type=lost",
		"parcel_delivered_and_sent_back":  "fct_shipments status=returned delivered_at=* is_returned_after=true",
	}[p.Kind]; ok {
		mart, want, _ := strings.Cut(w, " ")
		if !strings.Contains(mart, ".") {
			mart = "marts." + mart
		}
		return f.some(mart, p.Subject, strings.Fields(want)...)
	}
	return showsElsewhere(f, p)
}

func showsElsewhere(f facts, p world.Planted) bool {
	account, no, _ := strings.Cut(p.Subject, ":")
	switch p.Kind {
	case "scan_late", "scan_twice":
		return f.some("marts.fct_orders", p.Subject, "goods_status=delivered")
	case "scan_unmapped":
		for id, row := range f["marts.fct_shipments"] {
			if row["order_id"] == p.Subject {
				return f.unknown(id) == 2 && row["status"] == "delivered"
			}
		}
	case "scan_without_time":
		for key := range f["marts.fct_tracking_events"] {
			id, rest, _ := strings.Cut(key, " ")
			if row := f["marts.fct_shipments"][id]; row["order_id"] == p.Subject && strings.HasPrefix(rest, " ") {
				return row["status"] == "delivered"
			}
		}
	case "status_misdated":
		for _, row := range f["marts.rows_set_aside"] {
			if row["order_id"] == p.Subject {
				return row["is_row"] == "true"
			}
		}
	case "test_order", "draft_order":
		return !f.some("marts.fct_orders", p.Subject) && !f.some("marts.orders_at_risk", p.Subject)
	case "return_unannounced_unknown":
		for _, row := range f["marts.fct_returns"] {
			if row["is_announced"] == "false" && row["order_id"] == "" {
				return true
			}
		}
	case "batch_header_only":
		return !f.some("marts.fct_settlements", account+" "+no) && !f.broken("R20", "batch_gap", p.Subject)
	case "batch_without_payout":
		return f.some("marts.fct_settlements", account+" "+no, "transfers_out_amount=*", "payout_amount=0.00", "state=closed")
	case "batch_two_currencies":
		return f.some("marts.fct_settlements", account+" "+no+" EUR") && f.some("marts.fct_settlements", account+" "+no+" GBP")
	case "reserve_held", "reserve_released":
		return f.some("marts.fct_settlements", account+" "+no, "reserves_amount=*")
	case "receipt_late":
		for key, row := range f["marts.fct_goods_in"] {
			if strings.HasPrefix(key, p.Subject+":") {
				return row["is_late"] == "true" && row["state"] == "complete"
			}
		}
	case "movement_unmapped":
		site, rest, _ := strings.Cut(p.Subject, ":")
		for key, row := range f["marts.stock_daily"] {
			if strings.HasSuffix(key, " "+site+" "+strings.Replace(rest, ":", " ", 1)) {
				return row["units_unmapped"] == "-1"
			}
		}
	case "file_sent_twice":
		return f.some("ops.files", p.Subject, "status=duplicate")
	case "sequence_skipped":
		feed, seq, _ := strings.Cut(p.Subject, ":")
		return f.some("marts.feed_gaps", strings.Replace(feed, "/", " ", 1)+" "+seq)
	}
	return false
}

func TestEverythingPlantedShows(t *testing.T) {
	t.Parallel()
	for _, o := range append(worldtest.Sizes(1), worldtest.Sizes(2)[:5]...) {
		w := worldtest.New(t, o)
		f := facts(worldtest.Gather(t, w.Truth(w.AsOf())))
		for _, p := range w.Planted() {
			if !shows(f, p) && timeless(p.Kind, o) {
				t.Errorf("%s: %s on %s does not show in %s", worldtest.Label(o), p.Kind, p.Subject, p.Shows)
			}
		}
	}
}

// TestOnlyWhatWasPlantedBreaks follows every break at the end to a subject on which something was planted.
func TestOnlyWhatWasPlantedBreaks(t *testing.T) {
	t.Parallel()
	for _, o := range append(worldtest.Sizes(1), worldtest.Sizes(2)...) {
		w := worldtest.New(t, o)
		f := facts(worldtest.Gather(t, w.Truth(w.AsOf())))
		planted := map[string]bool{}
		for _, p := range w.Planted() {
			planted[p.Subject] = true
		}
		for key, row := range f["marts.fct_breaks"] {
			of := f.orderOf(row["document"])
			if row["check_id"] == "R17" { // its document is an order with a SKU
				of = row["order_id"]
			}
			if row["check_id"] == "R20" { // a settlement's document begins with its connection
				_, of, _ = strings.Cut(of, ":")
			}
			if !planted[of] {
				t.Errorf("%s: break %s on %s is not planted", worldtest.Label(o), key, of)
			}
		}
	}
}

// unknown counts a parcel's events that no map knows.
func (f facts) unknown(shipment string) int {
	n := 0
	for key, row := range f["marts.fct_tracking_events"] {
		if strings.HasPrefix(key, shipment+" ") && row["status"] == "unknown" && row["raw_code"] != "" {
			n++
		}
	}
	return n
}
