/*
description: >-
  Every movement on the balances with payment providers, as they print it, with the order. Net is
  what moved and is never computed; what the printed fees do not explain stands in fee_residual_amount.
grain: one row per movement
key: [row_key]
unit: [[source, account, settlement_ref]]
owner: finance
tags: [finance]
partition_by: [brand]
columns:
  row_key: what tells the movement, and its number among equal ones
  source: {description: the connection to the provider, not_null: true}
  account: {description: the account with the provider, not_null: true}
  settlement_ref: {description: "the provider's batch or payout; unsettled while there is none", not_null: true}
  raw_type: {description: the provider's own word for the movement, not_null: true}
  entry_type: {description: what it is; unknown for a word that nobody mapped, not_null: true}
  entry_class:
    description: the column of fct_settlements that it adds to; none for what never touches the balance
    not_null: true
    accepted: [captures, refunds, chargebacks, fees, reserves, adjustments, opening, transfers_out, payout, none, unknown]
  brand: the brand of the account, of a shared account that of the order
  order_id: the order whose payment it moves; null for movements of the account itself and of test orders
  psp_payment_ref: the provider's reference of the original payment
  psp_modification_ref: the provider's reference of the capture, refund or chargeback, or its text
  merchant_ref: our reference of the payment
  payment_method: what the customer paid with
  payment_method_variant: the kind of card
  scheme: "the card scheme, none for what is no card; null where nothing tells it"
  occurred_at: the instant that the provider prints for the row; null for a time label that nobody knows
  booked_at: when the provider booked the movement, where the report says so
  gross_amount: credit minus debit before fees, in presentment_currency; null where the line has no gross
  presentment_currency: what the customer paid in
  exchange_rate: the provider's rate from gross to net, its margin included
  gross_settled_amount: gross at that rate, in settlement_currency, rounded to its smallest unit
  net_amount: {description: credit minus debit after fees; what moved on the balance, not_null: true}
  fee_amount: what the provider kept of the gross; 0 where there is no gross
  commission_amount: {description: printed commission, not_null: true}
  markup_amount: {description: printed markup, not_null: true}
  scheme_fees_amount: {description: printed scheme fees, not_null: true}
  interchange_amount: {description: printed interchange, not_null: true}
  processing_fee_amount: {description: "one fee for all, where the provider prints no more", not_null: true}
  fee_residual_amount: fee that no printed component explains
  settlement_currency: {description: currency of the balance, not_null: true}
  _file_id: the report
  _line: line in it
  _built_at: the instant that the run asked about
checks:
  - relationship: {column: order_id, to: marts.fct_orders, field: order_id}
  - sum_equal:
      by: [source, account, settlement_ref]
      left: count(*)
      right: select source, account, settlement_ref, count(*) from canonical.ledger_entries group by source, account, settlement_ref
  - sum_equal:
      by: [source, account, settlement_ref]
      left: sum(abs(net_amount))
      right: select source, account, settlement_ref, sum(abs(net_amount)) from canonical.ledger_entries group by source, account, settlement_ref
  - rows: "gross_settled_amount is null or gross_settled_amount - fee_amount = net_amount"
  - rows: "fee_amount is null or fee_amount = commission_amount + markup_amount + scheme_fees_amount + interchange_amount + processing_fee_amount + fee_residual_amount"
*/
with fct_ledger_entries as (
    select
        e.source || '|' || e.identity || '|' || cast(e.occurrence as varchar) as row_key,
        e.source,
        e.account,
        e.settlement_ref,
        e.raw_type,
        e.entry_type,
        e.entry_class,
        e.brand,
        e.order_id,
        e.psp_payment_ref,
        e.psp_modification_ref,
        e.merchant_ref,
        e.payment_method,
        e.payment_method_variant,
        e.scheme,
        e.occurred_at,
        e.booked_at,
        cast(e.gross_amount as decimal(18, 4)) as gross_amount,
        e.gross_currency as presentment_currency,
        e.exchange_rate,
        e.gross_settled as gross_settled_amount,
        cast(e.net_amount as decimal(18, 4)) as net_amount,
        cast(e.fee_amount as decimal(18, 4)) as fee_amount,
        cast(e.commission as decimal(18, 4)) as commission_amount,
        cast(e.markup as decimal(18, 4)) as markup_amount,
        cast(e.scheme_fees as decimal(18, 4)) as scheme_fees_amount,
        cast(e.interchange as decimal(18, 4)) as interchange_amount,
        cast(e.processing_fee as decimal(18, 4)) as processing_fee_amount,
        cast(e.fee_amount - e.commission - e.markup - e.scheme_fees - e.interchange - e.processing_fee as decimal(18, 4))
            as fee_residual_amount,
        e.net_currency as settlement_currency,
        e._file_id,
        e._line,
        k.as_of as _built_at
    from intermediate.int_ledger_entries as e
    cross join ops.clock as k
)

select * from fct_ledger_entries
