/*
description: What the warehouse and the carrier did for each order, and how many units of it.
grain: one row per order
key: [order_id]
owner: data
columns:
  units_despatched: of all WMS rows of the order, a SKU that the order does not have included
  carrier: carrier of its parcels, of several the first by name; unknown before the first
  wms_status: the warehouse's latest status event; null if there is none
*/
with events as (
    select
        *,
        row_number() over (
            partition by order_id
            order by status_at desc, progress desc, _file_id desc, _line desc
        ) as recency
    from intermediate.int_wms_events
    where order_id is not null
),

warehouse as (
    select
        order_id,
        min(case when status = 'received' then status_at end) as in_wms_at,
        min(case when status = 'allocated' then status_at end) as released_at,
        min(case when status = 'picked' then status_at end) as picked_at,
        min(case when status = 'packed' then status_at end) as packed_at,
        max(case when recency = 1 then status end) as wms_status,
        max(case when recency = 1 then status_at end) as wms_status_at
    from events
    group by order_id
),

parcels as (
    select
        d.order_id,
        cast(sum(d.qty_despatched) as integer) as units_despatched,
        cast(sum(d.units_short) as integer) as units_short,
        cast(sum(case when p.delivered_at is not null then d.qty_despatched else 0 end) as integer)
            as units_delivered,
        min(case when d.qty_despatched > 0 then d.despatched_at end) as first_despatched_at,
        max(case when d.qty_despatched > 0 then d.despatched_at end) as last_despatched_at,
        cast(count(distinct d.tracking_no) as integer) as split_count,
        min(p.accepted_at) as first_accepted_at,
        min(p.delivered_at) as first_delivered_at,
        max(p.delivered_at) as last_delivered_at,
        max(p.delivered_on) as last_delivered_on,
        max(case when p.lost_how is not null or p.first_damaged_at is not null then 1 else 0 end) as harmed,
        min(d.carrier) as carrier
    from intermediate.int_despatches as d
    left join intermediate.int_parcels as p on p.tracking_no = d.tracking_no
    where d.order_id is not null
    group by d.order_id
),

lines as (
    select
        order_id,
        cast(count(*) as integer) as lines_count,
        cast(sum(units_ordered) as integer) as units_ordered,
        cast(sum(units_cancelled) as integer) as units_cancelled
    from intermediate.int_order_line_units
    group by order_id
),

int_order_stages as (
    select
        o.order_id,
        w.in_wms_at,
        w.released_at,
        w.picked_at,
        w.packed_at,
        w.wms_status,
        w.wms_status_at,
        p.first_despatched_at,
        p.last_despatched_at,
        p.first_accepted_at,
        p.first_delivered_at,
        p.last_delivered_at,
        p.last_delivered_on,
        coalesce(l.lines_count, 0) as lines_count,
        coalesce(l.units_ordered, 0) as units_ordered,
        coalesce(l.units_cancelled, 0) as units_cancelled,
        coalesce(p.units_short, 0) as units_short,
        coalesce(p.units_despatched, 0) as units_despatched,
        coalesce(p.units_delivered, 0) as units_delivered,
        coalesce(p.split_count, 0) as split_count,
        coalesce(p.harmed, 0) = 1 as is_harmed,
        p.order_id is not null as has_despatch,
        coalesce(p.carrier, 'unknown') as carrier
    from intermediate.int_orders as o
    left join warehouse as w on w.order_id = o.order_id
    left join parcels as p on p.order_id = o.order_id
    left join lines as l on l.order_id = o.order_id
)

select * from int_order_stages
