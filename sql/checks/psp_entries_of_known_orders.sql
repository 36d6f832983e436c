/*
description: Captures, refunds and chargebacks of the payment provider whose reference no shop knows.
grain: one row per movement
key: [row_key]
owner: finance
severity: warn
*/
with psp_entries_of_known_orders as (
    select
        e.row_key,
        e.source,
        e.account,
        e.settlement_ref,
        e.raw_type,
        e.merchant_ref,
        e.psp_payment_ref,
        e.net_amount,
        e.settlement_currency,
        e._file_id,
        e._line
    from marts.fct_ledger_entries as e
    left join intermediate.int_order_keys as k on k.source = e.source and k.order_ref = upper(e.merchant_ref)
    inner join (
        select distinct a.source, a.account
        from ops.links as a
        inner join ops.links as s on s.role = 'shop' and s.brand = a.brand
        where a.role = 'account'
    ) as h on h.source = e.source and h.account = e.account
    left join intermediate.int_order_keys as y on y.source = e.source and y.order_ref = upper(e.psp_payment_ref)
    where y.order_id is null and e.entry_class in ('captures', 'refunds', 'chargebacks') and k.order_id is null
)

select * from psp_entries_of_known_orders
