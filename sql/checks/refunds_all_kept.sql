/*
description: >-
  Refunds of the shops that moved money and refunds of the payment provider that fct_refunds does not have. Those of test
  orders are left out on purpose.
grain: one row per refund
key: [side, refund]
owner: returns
severity: error
*/
with refunds_all_kept as (
    select
        'shop' as side,
        t.refund_id as refund,
        sum(t.amount) as amount
    from staging.stg_shopify__refund_transactions as t
    inner join staging.stg_shopify__orders as o on o.order_id = t.order_id and not o.is_test
    left join marts.fct_refunds as f on f.refund_id = t.refund_id
    where t.kind = 'REFUND' and t.status = 'SUCCESS' and t.amount > 0 and f.refund_id is null
    group by t.refund_id
    union all
    select
        'psp' as side,
        e.psp_modification_ref as refund,
        sum(e.net_amount) as amount
    from marts.fct_ledger_entries as e
    left join staging.stg_shopify__refund_transactions as t on t.authorization_code = e.psp_modification_ref
    left join staging.stg_shopify__transactions as b
        on b.authorization_code = e.psp_modification_ref and b.kind = 'REFUND'
    left join marts.fct_refunds as f on f.refund_id = 'adyen:' || e.psp_modification_ref
    where e.entry_type = 'refund' and e.psp_modification_ref is not null and e.order_id is not null
        and t.transaction_id is null and b.transaction_id is null and f.refund_id is null
    group by e.psp_modification_ref
)

select * from refunds_all_kept
