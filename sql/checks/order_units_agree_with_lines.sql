/*
description: >-
  Orders whose units differ from those of their lines: the warehouse despatched a SKU that the order does not have.
grain: one row per order
key: [order_id]
owner: operations
severity: warn
*/
with lines as (
    select
        order_id,
        sum(units_despatched) as units_despatched,
        sum(units_delivered) as units_delivered,
        sum(units_short) as units_short
    from marts.fct_order_lines
    where not is_added
    group by order_id
),

order_units_agree_with_lines as (
    select
        o.order_id,
        o.units_despatched,
        l.units_despatched as line_units_despatched,
        o.units_delivered,
        l.units_delivered as line_units_delivered,
        o.units_short,
        l.units_short as line_units_short
    from marts.fct_orders as o
    left join lines as l on l.order_id = o.order_id
    where o.units_despatched <> coalesce(l.units_despatched, 0)
        or o.units_delivered <> coalesce(l.units_delivered, 0)
        or o.units_short <> coalesce(l.units_short, 0)
)

select * from order_units_agree_with_lines
