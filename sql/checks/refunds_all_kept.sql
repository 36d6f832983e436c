/*
description: >-
  Refunds of the shops that moved money and refunds of payment providers that fct_refunds does not have. Those of test
  orders are left out on purpose.
grain: one row per refund
key: [side, refund]
owner: returns
severity: error
unit: order_id
*/
with named as (
    select distinct movement_ref from canonical.payments where kind = 'refund' and movement_ref is not null
),

refunds_all_kept as (
    select
        'shop' as side,
        t.refund_id as refund,
        min(t.order_id) as order_id,
        sum(t.amount) as amount
    from canonical.payments as t
    inner join canonical.orders as o on o.order_id = t.order_id and not o.is_test
    left join marts.fct_refunds as f on f.refund_id = t.refund_id
    where t.kind = 'refund' and t.outcome = 'success' and t.amount > 0 and t.refund_id is not null and f.refund_id is null
    group by t.refund_id
    union all
    select
        'psp' as side,
        e.psp_modification_ref as refund,
        min(e.order_id) as order_id,
        sum(e.net_amount) as amount
    from marts.fct_ledger_entries as e
    left join named as t on t.movement_ref = e.psp_modification_ref
    left join marts.fct_refunds as f on f.refund_id = e.source || ':' || e.psp_modification_ref
    where e.entry_type = 'refund' and e.psp_modification_ref is not null and e.order_id is not null
        and t.movement_ref is null and f.refund_id is null
    group by e.psp_modification_ref
)

select * from refunds_all_kept
