/*
description: Refunds of the shops that moved money, with what was given back and why. Those of test orders are left out.
grain: one row per refund
key: [refund_id]
owner: data
columns:
  web_amount: successful refund transactions; the shop's own total while the details are not known
  lines_text: order lines and units given back, to tell two equal refunds; null for a refund without lines
*/
with moved as (
    select
        refund_id,
        sum(case when outcome = 'success' then amount else 0 end) as amount,
        min(currency) as currency
    from canonical.payments
    where kind = 'refund' and refund_id is not null
    group by refund_id
),

lines as (
    select
        refund_id,
        bool_or(restock = 'return') as is_return,
        bool_or(restock = 'cancel') as is_cancel,
        array_join(
            array_agg(line_id || ' x ' || cast(units as varchar) order by line_id, units, refund_line_id), ', '
        ) as lines_text
    from canonical.refund_lines
    group by refund_id
),

int_shop_refunds as (
    select
        t.refund_id,
        t.order_id,
        t.return_id,
        o.brand,
        t.refunded_at,
        coalesce(m.amount, case when t.has_details then 0 else t.total_amount end, 0) as web_amount,
        coalesce(m.currency, t.currency, o.currency) as currency,
        case
            when l.is_return then 'return'
            when l.is_cancel then 'cancel'
            else 'goodwill'
        end as kind,
        l.lines_text,
        t._file_id,
        t._line
    from canonical.refunds as t
    inner join intermediate.int_orders as o on o.order_id = t.order_id
    left join moved as m on m.refund_id = t.refund_id
    left join lines as l on l.refund_id = t.refund_id
    where coalesce(m.amount, t.total_amount, 0) > 0 or t.total_amount > 0
)

select * from int_shop_refunds
