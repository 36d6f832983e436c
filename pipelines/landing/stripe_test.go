package landing_test

import (
	"fmt"
	"testing"

	"github.com/fourmarketing/waybill"
)

const stripeAsk = "2023-03-01T00:00:00Z/2023-05-01T00:00:00Z"

// As printed, the transaction's source is not expanded; then nothing is known of it but that there is one.
func TestStripePublishedTransaction(t *testing.T) {
	t.Parallel()
	l := land(t, feed(t, "stripe", "balance_transactions"), exchange(t, answer{stripeAsk, 200, read(t, "connectors/stripe/balance_transactions.json")})).all(1)
	l.rows("stripe_balance_transactions", "transaction_id asked_at amount_minor fee_minor net_minor currency exchange_rate created_at available_at status type reporting_category source_id",
		"txn_1MiN3gLkdIwHu7ixxapQrznl | 2026-04-01 06:00:00.25+00 | -400 | 0 | -400 | usd | ∅ | 2023-03-05 19:17:24+00 | 2023-03-05 19:17:24+00 | available | transfer | transfer | ∅")
	l.rows("stripe_fee_details", "transaction_id")
}

// Stripe's example of a charge and of a refund, where expand[]=data.source puts them.
func TestStripePublishedSources(t *testing.T) {
	t.Parallel()
	transaction := func(id, category string, source []byte) string {
		return fmt.Sprintf(`{"id":%q,"object":"balance_transaction","amount":1,"available_on":1679616000,"created":1679090539,"currency":"usd","exchange_rate":null,`+
			`"fee":1,"fee_details":[{"amount":1,"application":null,"currency":"usd","description":"Stripe processing fees","type":"stripe_fee"}],"net":0,`+
			`"reporting_category":%q,"source":%s,"status":"pending","type":%q}`, id, category, source, category)
	}
	body := fmt.Sprintf(`{"object":"list","has_more":false,"data":[%s,%s]}`,
		transaction("txn_1Nispe2eZvKYlo2CYezqFhEx", "refund", read(t, "connectors/stripe/refund.json")),
		transaction("txn_3MmlLrLkdIwHu7ix0uke3Ezy", "charge", read(t, "connectors/stripe/charge.json")))
	l := land(t, feed(t, "stripe", "balance_transactions"), exchange(t, answer{stripeAsk, 200, []byte(body)})).all(1)
	l.rows("stripe_balance_transactions", "transaction_id source_id source_object source_charge_id payment_intent_id source_amount_minor source_currency source_created_at source_status acquirer_reference",
		"txn_3MmlLrLkdIwHu7ix0uke3Ezy | ch_3MmlLrLkdIwHu7ix0snN0B15 | charge | ∅ | ∅ | 1099 | usd | 2023-03-17 22:02:19+00 | succeeded | ∅",
		"txn_1Nispe2eZvKYlo2CYezqFhEx | re_1Nispe2eZvKYlo2Cd31jOCgZ | refund | ch_1NirD82eZvKYlo2CIvbtLWuY | pi_1GszsK2eZvKYlo2CfhZyoZLp | 1000 | usd | 2023-08-25 05:45:18+00 | succeeded | 123456789012")
	l.rows("stripe_balance_transactions", "transaction_id payment_method card_brand card_country card_funding card_network card_wallet billing_country",
		"txn_3MmlLrLkdIwHu7ix0uke3Ezy | card | visa | US | credit | visa | ∅ | ∅",
		"txn_1Nispe2eZvKYlo2CYezqFhEx | ∅ | ∅ | ∅ | ∅ | ∅ | ∅ | ∅")
	l.rows("stripe_fee_details", "transaction_id type amount_minor currency description",
		"txn_1Nispe2eZvKYlo2CYezqFhEx | stripe_fee | 1 | usd | Stripe processing fees", "txn_3MmlLrLkdIwHu7ix0uke3Ezy | stripe_fee | 1 | usd | Stripe processing fees")
}

func TestStripePublishedPayouts(t *testing.T) {
	t.Parallel()
	l := land(t, feed(t, "stripe", "payouts"), exchange(t, answer{stripeAsk, 200, read(t, "connectors/stripe/payouts.json")})).all(1)
	l.rows("stripe_payouts", "payout_id amount_minor currency created_at arrival_at is_automatic method status reconciliation_status transaction_id destination_id trace_id is_live",
		"po_1OaFDbEcg9tTZuTgNYmX0PKB | 1100 | usd | 2023-04-04 22:51:31+00 | 2023-04-05 00:00:00+00 | false | standard | pending | not_applicable | txn_1OaFDcEcg9tTZuTgYMR25tSe | ba_1MtIhL2eZvKYlo2CAElKwKu2 | ∅ | false")
}

func TestStripePublishedDispute(t *testing.T) {
	t.Parallel()
	l := land(t, feed(t, "stripe", "disputes"), exchange(t, answer{stripeAsk, 200, read(t, "connectors/stripe/disputes.json")})).all(1)
	l.rows("stripe_disputes", "dispute_id charge_id payment_intent_id order_reference amount_minor currency reason status created_at due_by is_past_due has_evidence submission_count is_charge_refundable",
		"du_1MtJUT2eZvKYlo2CNaw2HvEv | ch_1AZtxr2eZvKYlo2CJDX8whov | ∅ | 6735 | 1000 | usd | general | warning_needs_response | 2023-04-04 23:42:17+00 | 2023-04-23 23:59:59+00 | false | false | 0 | true")
	l.rows("stripe_dispute_transactions", "dispute_id")
}

// A payout that Stripe cannot itemise is an answer without transactions. Without expand, the source of a transaction is its id.
func TestStripePayoutTransactions(t *testing.T) {
	t.Parallel()
	l := land(t, feed(t, "stripe", "payout_transactions"), exchange(t,
		answer{"po_1", 200, read(t, "connectors/stripe/balance_transactions.json")},
		answer{"po_2", 400, read(t, "connectors/stripe/manual_payout.json")},
	)).all(2)
	l.rows("stripe_payout_answers", "payout_id status_code has_more error_message", "po_1 | 200 | false | ∅",
		"po_2 | 400 | ∅ | Balance transaction history can only be filtered on automatic transfers, not manual.")
	l.rows("stripe_payout_transactions", "payout_id transaction_id net_minor source_id", "po_1 | txn_1MiN3gLkdIwHu7ixxapQrznl | -400 | tr_1MiN3gLkdIwHu7ixNCZvFdgA")
}

// Nobody's name, address or email is in a table, whatever the columns are called.
func TestStripeShowsNobody(t *testing.T) {
	t.Parallel()
	for pipelineFeed, tables := range map[string][]string{
		"balance_transactions": {"stripe_balance_transactions", "stripe_fee_details"}, "disputes": {"stripe_disputes"},
	} {
		c := feed(t, "stripe", pipelineFeed)
		l := land(t, c, read(t, "load/stripe_"+pipelineFeed+"/in.ndjson"))
		for _, table := range tables {
			files := l.Files[waybill.TableName{Namespace: "raw", Name: table}]
			if len(files) == 0 {
				t.Errorf("%s has no rows to look at", table)
			}
			for _, f := range files {
				var found int
				q := fmt.Sprintf("select count(*) from read_parquet('%s') as t where regexp_matches(cast(t as varchar), 'Example|Exempel|example\\.|LS1|receipts')", f.Path)
				if err := l.db.QueryRowContext(t.Context(), q).Scan(&found); err != nil {
					t.Fatal(err)
				}
				if found > 0 {
					t.Errorf("%s shows a customer in %d rows", table, found)
				}
			}
		}
	}
}
