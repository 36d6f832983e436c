/*
description: Lines of web orders that have to be shipped, without test orders.
grain: one row per order line
key: [line_id]
owner: data
columns:
  sku_choice: 1 for the line that warehouse rows of this order and SKU are booked on, should a SKU be on two lines
  unit_cost_currency: the currency that the shop keeps costs in; null where it tells no cost
*/
with lines as (
    select
        l.line_id,
        l.order_id,
        o.brand,
        l.sku,
        l.title,
        l.units_ordered,
        l.unit_price_amount,
        l.discount_amount,
        l.discounted_total_amount,
        l.currency,
        l.unit_cost_amount,
        case when l.unit_cost_amount is not null then coalesce(l.unit_cost_currency, b.currency) end as unit_cost_currency,
        o.cancelled_at,
        l._file_id,
        l._line
    from canonical.order_lines as l
    inner join intermediate.int_branded_orders as o on o.order_id = l.order_id
    left join ops.brands as b on b.brand = o.brand
    where l.requires_shipping and not o.is_test
),

int_order_lines as (
    select
        *,
        row_number() over (partition by order_id, sku order by line_id) as sku_choice
    from lines
)

select * from int_order_lines
