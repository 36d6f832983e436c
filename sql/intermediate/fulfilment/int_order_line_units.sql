/*
description: How many units of each order line were ordered, cancelled, short, despatched and delivered.
grain: one row per order line
key: [line_id]
owner: data
columns:
  units_cancelled: >-
    of an order that was cancelled or deleted what was not despatched; else what cancellations and edits took off, and refunded units that
    were never sent
*/
with despatched as (
    select
        d.line_id,
        sum(d.units_despatched) as units,
        sum(d.units_short) as units_short,
        sum(case when p.delivered_at is not null then d.units_despatched else 0 end) as units_delivered,
        min(case when d.units_despatched > 0 then d.despatched_at end) as first_despatched_at,
        max(case when d.units_despatched > 0 then d.despatched_at end) as last_despatched_at,
        max(case when d.units_despatched > 0 then p.delivered_on end) as last_delivered_on
    from intermediate.int_despatch_lines as d
    left join intermediate.int_parcels as p on p.tracking_no = d.tracking_no
    group by d.line_id
),

int_order_line_units as (
    select
        l.line_id,
        l.order_id,
        l.is_added,
        cast(l.units_ordered as integer) as units_ordered,
        cast(case
            when l.ended_at is not null then greatest(0, l.units_ordered - coalesce(d.units, 0))
            else l.units_cancelled + l.units_edited
                + least(l.units_kept, greatest(0, l.units_wanted - coalesce(d.units, 0)))
        end as integer) as units_cancelled,
        cast(coalesce(d.units_short, 0) as integer) as units_short,
        cast(coalesce(d.units, 0) as integer) as units_despatched,
        cast(coalesce(d.units_delivered, 0) as integer) as units_delivered,
        d.first_despatched_at,
        d.last_despatched_at,
        d.last_delivered_on
    from intermediate.int_line_demand as l
    left join despatched as d on d.line_id = l.line_id
)

select * from int_order_line_units
