package landing_test

import "testing"

func TestWooCommercePublishedOrders(t *testing.T) {
	t.Parallel()
	l := land(t, feed(t, "woocommerce", "orders"), exchange(t, answer{"any 1", 200, read(t, "connectors/woocommerce/orders.json")}, answer{"trash 1", 200, []byte("[]")})).all(2)
	l.rows("woo_order_answers", "ask status_code asked_at", "any 1 | 200 | 2026-04-01 06:00:00.25+00", "trash 1 | 200 | 2026-04-01 06:00:00.25+00")
	l.rows("woo_orders", "order_id number status currency created_via created_at modified_at paid_at completed_at",
		"727 | 727 | processing | USD | rest-api | 2017-03-22 19:28:02+00 | 2017-03-22 19:28:08+00 | 2017-03-22 19:28:08+00 | ∅",
		"723 | 723 | completed | USD | checkout | 2017-03-21 19:16:00+00 | 2017-03-21 19:54:51+00 | ∅ | 2017-03-21 19:54:51+00")
	l.rows("woo_orders", "order_id total_amount tax_amount discount_amount discount_tax_amount shipping_amount shipping_tax_amount prices_include_tax",
		"727 | 29.3500 | 1.3500 | 0.0000 | 0.0000 | 10.0000 | 0.0000 | false",
		"723 | 39.0000 | 0.0000 | 0.0000 | 0.0000 | 10.0000 | 0.0000 | false")
	l.rows("woo_orders", "order_id payment_method transaction_id stripe_intent_id wcpay_mode ship_country ship_postcode_area shipping_method_id shipping_title",
		"727 | bacs | ∅ | ∅ | ∅ | US | ∅ | flat_rate | Flat Rate",
		"723 | bacs | ∅ | ∅ | ∅ | BR | ∅ | flat_rate:25 | Flat rate")
	l.rows("woo_order_lines", "line_id order_id product_id variation_id sku name quantity subtotal_amount subtotal_tax_amount total_amount tax_amount currency price_raw",
		"315 | 727 | 93 | 0 | ∅ | Woo Single #1 | 2.0000 | 6.0000 | 0.4500 | 6.0000 | 0.4500 | USD | 3",
		"316 | 727 | 22 | 23 | Bar3 | Ship Your Idea &ndash; Color: Black, Size: M Test | 1.0000 | 12.0000 | 0.9000 | 12.0000 | 0.9000 | USD | 12",
		"311 | 723 | 87 | 0 | ∅ | Woo Album #2 | 1.0000 | 9.0000 | 0.0000 | 9.0000 | 0.0000 | USD | 9",
		"313 | 723 | 34 | 0 | ∅ | Woo Ninja | 1.0000 | 20.0000 | 0.0000 | 20.0000 | 0.0000 | USD | 20")
	l.rows("woo_order_refunds", "refund_id order_id total_amount currency", "726 | 723 | -10.0000 | USD", "724 | 723 | -9.0000 | USD")
	l.rows("woo_order_shipments", "tracking_no")
	l.rows("woo_order_fees", "fee_id")
}

func TestWooCommercePublishedRefunds(t *testing.T) {
	t.Parallel()
	l := land(t, feed(t, "woocommerce", "order_refunds"), exchange(t,
		answer{"723", 200, read(t, "connectors/woocommerce/order_refunds.json")},
		answer{"727", 200, []byte("[]")},
		answer{"9", 404, read(t, "connectors/woocommerce/term_invalid.json")},
	)).all(3)
	l.rows("woo_refund_answers", "order_id status_code refunds_counted", "723 | 200 | ∅", "727 | 200 | ∅", "9 | 404 | ∅")
	l.rows("woo_refunds", "refund_id order_id created_at amount refunded_payment stripe_refund_id",
		"726 | 723 | 2017-03-21 20:07:11+00 | 10.0000 | false | ∅",
		"724 | 723 | 2017-03-21 19:55:37+00 | 9.0000 | false | ∅")
	l.rows("woo_refund_lines", "refund_line_id refund_id order_id line_id product_id sku quantity total_amount tax_amount",
		"314 | 724 | 723 | 311 | 87 | ∅ | -1.0000 | -9.0000 | 0.0000")
	l.rows("woo_refund_shipping", "refund_line_id")
	l.rows("woo_refund_fees", "refund_line_id")
}
