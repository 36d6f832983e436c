/*
description: >-
  Movements on the balances with payment providers, whose they are and which order they belong to. A movement of a test order stays
  in the ledger, without order: the settlement has to add up.
grain: one row per movement
key: [source, identity, occurrence]
owner: data
columns:
  account: the account with the provider
  brand: the account's brand; of an account that several brands share the order's
  gross_settled: gross in the settlement currency at the provider's own rate, rounded half up to the smallest unit of that currency; null without gross
  fee_amount: what the provider kept of the gross; 0 where there is no gross
  is_test: a movement of a test order
*/
with accounts as (
    select source, account, min(brand) as brand, count(distinct brand) as brands_count
    from ops.links
    where role = 'account'
    group by source, account
),

entries as (
    select
        e.*,
        case when a.brands_count = 1 then a.brand else o.brand end as brand,
        coalesce(k.order_id, y.order_id) as any_order_id,
        coalesce(k.is_test, y.is_test, false) as is_test,
        coalesce(t.entry_class, 'unknown') as entry_class,
        cast(cast(round(e.gross_amount * coalesce(
            e.exchange_rate, case when e.gross_currency = e.net_currency then 1 end
        ) * c.minor_per_unit) as decimal(18, 0)) * c.minor_amount as decimal(18, 4)) as gross_settled
    from canonical.ledger_entries as e
    left join accounts as a on a.source = e.source and a.account = e.account
    left join seeds.currencies as c on c.currency = e.net_currency
    left join seeds.entry_types as t on t.entry_type = e.entry_type
    left join intermediate.int_order_keys as k on k.source = e.source and k.order_ref = upper(e.merchant_ref)
    -- A shop may know the payment by the provider's own reference of it.
    left join intermediate.int_order_keys as y on y.source = e.source and y.order_ref = upper(e.payment_ref)
    left join intermediate.int_branded_orders as o on o.order_id = coalesce(k.order_id, y.order_id)
),

int_ledger_entries as (
    select
        source,
        account,
        settlement_ref,
        raw_type,
        entry_type,
        entry_class,
        payment_ref as psp_payment_ref,
        movement_ref as psp_modification_ref,
        merchant_ref,
        case when not is_test then any_order_id end as order_id,
        brand,
        is_test,
        payment_method,
        payment_method_variant,
        scheme,
        gross_amount,
        gross_currency,
        exchange_rate,
        gross_settled,
        net_amount,
        net_currency,
        coalesce(commission_amount, 0) as commission,
        coalesce(markup_amount, 0) as markup,
        coalesce(scheme_fees_amount, 0) as scheme_fees,
        coalesce(interchange_amount, 0) as interchange,
        coalesce(processing_fee_amount, 0) as processing_fee,
        case when gross_amount is null then 0 else gross_settled - net_amount end as fee_amount,
        occurred_at,
        booked_at,
        identity,
        occurrence,
        _file_id,
        _line,
        _received_at
    from entries
)

select * from int_ledger_entries
