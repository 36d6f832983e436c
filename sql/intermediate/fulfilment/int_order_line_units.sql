/*
description: How many units of each order line were ordered, cancelled, short, despatched and delivered.
grain: one row per order line
key: [line_id]
owner: data
columns:
  units_cancelled: >-
    of a cancelled order what was not despatched; else the units of refund lines that cancel
*/
with cancels as (
    select
        line_id,
        sum(units) as units
    from canonical.refund_lines
    where restock = 'cancel'
    group by line_id
),

despatched as (
    select
        d.line_id,
        sum(d.qty_despatched) as units,
        sum(d.units_short) as units_short,
        sum(case when p.delivered_at is not null then d.qty_despatched else 0 end) as units_delivered,
        min(case when d.qty_despatched > 0 then d.despatched_at end) as first_despatched_at,
        max(case when d.qty_despatched > 0 then d.despatched_at end) as last_despatched_at
    from intermediate.int_despatches as d
    left join intermediate.int_parcels as p on p.tracking_no = d.tracking_no
    where d.line_id is not null
    group by d.line_id
),

int_order_line_units as (
    select
        l.line_id,
        l.order_id,
        cast(l.units_ordered as integer) as units_ordered,
        cast(case
            when l.cancelled_at is not null then greatest(0, l.units_ordered - coalesce(d.units, 0))
            else coalesce(c.units, 0)
        end as integer) as units_cancelled,
        cast(coalesce(d.units_short, 0) as integer) as units_short,
        cast(coalesce(d.units, 0) as integer) as units_despatched,
        cast(coalesce(d.units_delivered, 0) as integer) as units_delivered,
        d.first_despatched_at,
        d.last_despatched_at
    from intermediate.int_order_lines as l
    left join cancels as c on c.line_id = l.line_id
    left join despatched as d on d.line_id = l.line_id
)

select * from int_order_line_units
