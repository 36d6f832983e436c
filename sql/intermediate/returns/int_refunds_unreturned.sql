/*
description: >-
  Refunds of returned units that the warehouse has not received back, the condition of R10 without its grace. Of brands without a
  warehouse nobody could have received them.
grain: one row per refund
key: [refund_id]
owner: data
columns:
  units_unreturned: units of the refund's SKUs that are refunded up to it and not received back
*/
with served as (
    select distinct brand from ops.links where role = 'warehouse'
),

refunded as (
    select
        l.refund_id,
        coalesce(o.sku, l.line_id) as item,
        r.order_id,
        r.refunded_at,
        sum(l.units) as units
    from canonical.refund_lines as l
    inner join intermediate.int_shop_refunds as r on r.refund_id = l.refund_id
    inner join served as w on w.brand = r.brand
    -- Warehouses tell a SKU, whichever of the order's lines it was on.
    left join intermediate.int_order_lines as o on o.line_id = l.line_id
    where l.restock = 'return'
    group by l.refund_id, coalesce(o.sku, l.line_id), r.order_id, r.refunded_at
),

running as (
    select
        *,
        sum(units) over (
            partition by order_id, item
            order by refunded_at, refund_id
            rows between unbounded preceding and current row
        ) as units_so_far
    from refunded
),

received as (
    select order_id, sku as item, sum(units_received) as units
    from intermediate.int_return_receipts
    group by order_id, sku
),

excused as (
    select order_id
    from marts.fct_shipments
    where is_lost or status = 'returned'
),

int_refunds_unreturned as (
    select
        r.refund_id,
        cast(sum(r.units_so_far - coalesce(b.units, 0)) as integer) as units_unreturned
    from running as r
    left join received as b on b.order_id = r.order_id and b.item = r.item
    left join excused as e on e.order_id = r.order_id
    where r.units_so_far > coalesce(b.units, 0) and e.order_id is null
    group by r.refund_id
)

select * from int_refunds_unreturned
