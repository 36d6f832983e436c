/*
description: >-
  What is wanted of each order line that has to be shipped: how many units were ordered, and how many of them edits, cancellations and refunds
  have taken off again. The one place that reckons it; what was sent of it is in int_order_line_units.
grain: one row per order line
key: [line_id]
owner: data
columns:
  units_cancelled: units of refund lines that cancel
  units_edited: >-
    units that the shop no longer counts, refunds aside: taken off by an edit. While a refund of the order is known without its
    lines, nobody can tell, and it is 0 for units that may have been sent
  units_kept: units refunded without being returned or cancelled; one that was never sent was cancelled after all
  units_wanted: units to be sent, whatever has been sent; never below 0
*/
with refunded as (
    select
        line_id,
        sum(case when restock = 'cancel' then units else 0 end) as units_cancelled,
        sum(case when restock in ('no_restock', 'unknown') then units else 0 end) as units_kept
    from canonical.refund_lines
    group by line_id
),

undetailed as (
    select distinct order_id from canonical.refunds where not has_details
),

counted as (
    select
        l.line_id,
        l.order_id,
        l.sku,
        l.is_added,
        l.added_at,
        l.ended_at,
        l.units_ordered,
        coalesce(r.units_cancelled, 0) as units_cancelled,
        coalesce(r.units_kept, 0) as units_kept,
        case
            when u.order_id is not null then 0
            else greatest(0, l.units_ordered - coalesce(l.units_current, l.units_ordered))
        end as units_edited
    from intermediate.int_order_lines as l
    left join refunded as r on r.line_id = l.line_id
    left join undetailed as u on u.order_id = l.order_id
),

int_line_demand as (
    select
        *,
        greatest(0, units_ordered - units_cancelled - units_edited) as units_wanted
    from counted
)

select * from int_line_demand
