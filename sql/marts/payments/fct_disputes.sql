/*
description: Disputes of payments, as the payment provider has them.
grain: one row per dispute
key: [source, dispute_id]
unit: order_id
owner: finance
tags: [finance]
list:
  where: state in ('inquiry', 'needs_response', 'under_review', 'unknown')
  worse: {state: [inquiry, under_review, needs_response]}
  amount: amount
  currency: currency
  show: [state, reason_raw, due_at]
columns:
  source: the connection to the provider
  dispute_id: the provider's own id
  account: {description: the account with the provider, not_null: true}
  brand: the brand of the account
  order_id: the order whose payment it is; null when no shop knows the payment
  psp_payment_ref: the provider's reference of the payment
  state: {description: how far it is, not_null: true, accepted: [inquiry, needs_response, under_review, won, lost, closed, unknown]}
  state_raw: the provider's own word
  reason_raw: why, in the provider's words
  amount: {description: at stake, not_null: true}
  currency: {description: of the amount, not_null: true}
  opened_at: {description: when it was opened, not_null: true}
  due_at: until when evidence is taken; null where none is
  _file_id: file of the newest answer about it
  _line: line in that file
  _built_at: the instant that the run asked about
checks:
  - relationship: {column: order_id, to: marts.fct_orders, field: order_id}
*/
with linked as (
    select source, account, case when count(distinct brand) = 1 then min(brand) end as brand
    from ops.links
    where role = 'account'
    group by source, account
),

fct_disputes as (
    select
        d.source,
        d.dispute_id,
        d.account,
        coalesce(l.brand, o.brand) as brand,
        o.order_id,
        d.payment_ref as psp_payment_ref,
        d.state,
        d.state_raw,
        d.reason_raw,
        cast(d.amount as decimal(18, 4)) as amount,
        d.currency,
        d.opened_at,
        d.due_at,
        d._file_id,
        d._line,
        k.as_of as _built_at
    from canonical.disputes as d
    left join linked as l on l.source = d.source and l.account = d.account
    left join intermediate.int_order_keys as y
        on y.source = d.source and y.order_ref = upper(d.merchant_ref)
    left join intermediate.int_order_keys as z
        on z.source = d.source and z.order_ref = upper(d.payment_ref)
    left join intermediate.int_orders as o on o.order_id = coalesce(y.order_id, z.order_id)
    cross join ops.clock as k
)

select * from fct_disputes
