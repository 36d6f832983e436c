/*
description: >-
  Units of an order's SKU that came back: how many of them the shop counts among its stock again, beside how many the warehouse can sell again.
  Only where both have said of the same number of units what became of them.
grain: one row per order and SKU
key: [order_id, sku]
owner: data
columns:
  units_back: units that shop and warehouse say came back
  told_at: when the second of the two had said so of all of them
  _file_id: file of the receipt row that is last by file and line
  _line: line in it
*/
with in_shop as (
    select
        l.order_id,
        o.sku,
        sum(l.units) as units,
        sum(case when l.is_restocked then l.units else 0 end) as units_restocked,
        max(r.refunded_at) as refunded_at
    from canonical.refund_lines as l
    inner join intermediate.int_shop_refunds as r on r.refund_id = l.refund_id
    inner join canonical.refunds as n on n.refund_id = l.refund_id
    inner join intermediate.int_order_lines as o on o.line_id = l.line_id
    where l.restock = 'return' or (l.restock = 'no_restock' and n.return_id is not null)
    group by l.order_id, o.sku
    having count(l.is_restocked) = count(*)
),

in_warehouse as (
    select
        order_id,
        sku,
        sum(units_received) as units,
        sum(units_resaleable) as units_restocked,
        max(processed_at) as processed_at,
        max_by(_file_id, _file_id || lpad(cast(_line as varchar), 12, '0')) as _file_id,
        max_by(_line, _file_id || lpad(cast(_line as varchar), 12, '0')) as _line
    from intermediate.int_return_receipts
    where units_received > 0
    group by order_id, sku
    having count(processed_at) = count(*) and count(grade) = count(*)
),

costs as (
    select order_id, sku, unit_cost_amount, unit_cost_currency
    from intermediate.int_order_lines
    where sku_choice = 1
),

int_units_restocked as (
    select
        s.order_id,
        s.sku,
        cast(s.units as integer) as units_back,
        cast(s.units_restocked as integer) as units_in_shop,
        cast(coalesce(w.units_restocked, 0) as integer) as units_in_warehouse,
        case when s.refunded_at > w.processed_at then s.refunded_at else w.processed_at end as told_at,
        c.unit_cost_amount,
        c.unit_cost_currency,
        w._file_id,
        w._line
    from in_shop as s
    inner join in_warehouse as w on w.order_id = s.order_id and w.sku = s.sku and w.units = s.units
    left join costs as c on c.order_id = s.order_id and c.sku = s.sku
)

select * from int_units_restocked
