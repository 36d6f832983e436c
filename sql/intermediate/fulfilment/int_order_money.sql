/*
description: How it stands with the money of each web order, whatever became of the goods.
grain: one row per order
key: [order_id]
owner: data
columns:
  captured_amount: "sales and captures that succeeded, in the order's currency"
  refunded_amount: "what the shop gave back, by its own totals"
  money_status: "free, refunded, part_refunded, paid, part_paid, voided, authorised, on_terms or unpaid; the first that fits"
*/
with moved as (
    select
        m.order_id,
        sum(case when m.kind in ('sale', 'capture') then m.amount else 0 end) as captured_amount,
        max(case when m.kind in ('sale', 'capture') and m.currency <> o.currency then 1 else 0 end) as is_other_currency,
        max(case when m.kind in ('sale', 'capture') then 1 else 0 end) as is_captured,
        max(case when m.kind = 'authorisation' then 1 else 0 end) as is_authorised,
        max(case when m.kind = 'void' then 1 else 0 end) as is_voided
    from canonical.payments as m
    inner join intermediate.int_branded_orders as o on o.order_id = m.order_id
    where m.outcome = 'success'
    group by m.order_id
),

given as (
    select order_id, sum(total_amount) as refunded_amount
    from canonical.refunds
    group by order_id
),

summed as (
    select
        o.order_id,
        o.total_amount,
        o.current_total_amount,
        r.terms_at,
        coalesce(m.captured_amount, 0) as captured_amount,
        coalesce(g.refunded_amount, 0) as refunded_amount,
        coalesce(m.is_captured, 0) = 1 as is_captured,
        coalesce(m.is_other_currency, 0) = 1 as is_other_currency,
        coalesce(m.is_authorised, 0) = 1 as is_authorised,
        coalesce(m.is_voided, 0) = 1 as is_voided
    from intermediate.int_branded_orders as o
    inner join intermediate.int_order_release as r on r.order_id = o.order_id
    left join moved as m on m.order_id = o.order_id
    left join given as g on g.order_id = o.order_id
),

int_order_money as (
    select
        order_id,
        captured_amount,
        refunded_amount,
        case
            when total_amount = 0 and not is_captured then 'free'
            when is_captured and refunded_amount > 0 and refunded_amount >= captured_amount then 'refunded'
            when is_captured and refunded_amount > 0 then 'part_refunded'
            -- What was edited away before it was captured is owed no more.
            when is_captured and (is_other_currency or captured_amount >= least(total_amount, coalesce(current_total_amount, total_amount))) then 'paid'
            when is_captured then 'part_paid'
            when is_authorised and is_voided then 'voided'
            when is_authorised then 'authorised'
            when terms_at is not null then 'on_terms'
            else 'unpaid'
        end as money_status
    from summed
)

select * from int_order_money
