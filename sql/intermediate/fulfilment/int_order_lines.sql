/*
description: Lines of web orders that have to be shipped, without test orders.
grain: one row per order line
key: [line_id]
owner: data
columns:
  is_added: the order was there before it, so that it is a demand of its own, with a promise of its own
  added_at: when it was added; null for a line ordered at first
  sku_choice: 1 for the line that tells what a SKU of the order costs, should it be on two lines
  currency: of the prices; the order's where the line says none
  unit_cost_currency: the currency that the shop keeps costs in; null where it tells no cost
  ended_at: when the order was cancelled, or was found to be deleted in the shop
*/
with lines as (
    select
        l.line_id,
        l.order_id,
        o.brand,
        l.sku,
        l.title,
        l.added_at is not null as is_added,
        l.added_at,
        l.added_by,
        l.units_ordered,
        l.units_current,
        l.unit_price_amount,
        l.discount_amount,
        l.discounted_total_amount,
        coalesce(l.currency, o.currency) as currency,
        l.unit_cost_amount,
        case when l.unit_cost_amount is not null then coalesce(l.unit_cost_currency, b.currency) end as unit_cost_currency,
        coalesce(o.cancelled_at, o.deleted_at) as ended_at,
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
