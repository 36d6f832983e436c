/*
description: What the warehouse and the carrier did for each order, and how many units of it.
grain: one row per order
key: [order_id]
owner: data
columns:
  units_ordered: of lines ordered at first, as all counts and times of despatch and delivery here are
  units_despatched: of all WMS rows of the order but for lines added later; a SKU that the order does not have included
  units_live: units that are wanted
  units_left: of these, line by line, how many left; what a line got too much fills no other
  units_arrived: of these, how many are in parcels that are delivered
  units_in_time: of these, how many were delivered by deliver_by_on
  units_extra: "units that left and nobody wanted: more than ordered, after the order had ended, of a SKU that it does not have"
  units_failed: units that were cancelled for a cause that is not excused
  left_whole_at: when the last of the units that are wanted left; null while one has not, and where none is wanted
  arrived_whole_at: likewise when it was delivered
  arrived_whole_on: destination day of that
  units_added: units that lines added later still want, cancelled ones taken off
  added_last_despatched_at: latest despatch of such lines
  added_ship_by_on: the earliest day by which such a line that is not sent whole has to leave; once all are sent the latest of those days
  added_deliver_by_on: likewise for arrival
  units_handed_over: of units_left, how many a carrier has got
  units_unfollowed: of the others, how many have no number, or a carrier that nobody asks, so that nobody knows
  handed_whole_on: site day on which carriers had got all that are wanted
  told_lines_count: all lines of the order, also those that are not shipped
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

-- What of a despatch row went to lines added later.
added_rows as (
    select d.source, d._file_id, d._line, d.row_no, sum(d.units_despatched) as units, sum(d.units_short) as units_short
    from intermediate.int_despatch_lines as d
    inner join intermediate.int_order_lines as l on l.line_id = d.line_id and l.is_added
    group by d.source, d._file_id, d._line, d.row_no
),

despatch_rows as (
    select
        d.order_id,
        d.tracking_no,
        d.carrier,
        d.despatched_at,
        d.qty_despatched - coalesce(a.units, 0) as units,
        d.units_short - coalesce(a.units_short, 0) as units_short,
        a.units is null or d.qty_despatched > a.units or a.units_short < d.units_short as is_first
    from intermediate.int_despatches as d
    left join added_rows as a on a.source = d.source and a._file_id = d._file_id and a._line = d._line and a.row_no = d.row_no
    where d.order_id is not null
),

parcels as (
    select
        d.order_id,
        cast(sum(d.units) as integer) as units_despatched,
        cast(sum(d.units_short) as integer) as units_short,
        cast(sum(case when p.delivered_at is not null then d.units else 0 end) as integer)
            as units_delivered,
        min(case when d.units > 0 then d.despatched_at end) as first_despatched_at,
        max(case when d.units > 0 then d.despatched_at end) as last_despatched_at,
        cast(count(distinct d.tracking_no) as integer) as split_count,
        min(case when d.is_first then p.accepted_at end) as first_accepted_at,
        min(case when d.is_first then p.delivered_at end) as first_delivered_at,
        max(case when d.is_first then p.delivered_at end) as last_delivered_at,
        max(case when d.is_first then p.delivered_on end) as last_delivered_on,
        max(case when d.is_first and (p.lost_how is not null or p.first_damaged_at is not null) then 1 else 0 end) as harmed,
        min(d.carrier) as carrier
    from despatch_rows as d
    left join intermediate.int_parcels as p on p.tracking_no = d.tracking_no
    group by d.order_id
),

promised_lines as (
    select
        u.*,
        l.ended_at,
        d.ship_by_on,
        d.deliver_by_on
    from intermediate.int_order_line_units as u
    inner join intermediate.int_order_terms as t on t.order_id = u.order_id
    inner join intermediate.int_order_lines as l on l.line_id = u.line_id
    left join intermediate.int_promised_days as d
        on d.order_id = u.order_id and d.counted_from = greatest(t.releasable_at, coalesce(l.added_at, t.releasable_at))
),

in_time as (
    select p.line_id, sum(d.units_despatched) as units
    from promised_lines as p
    inner join intermediate.int_despatch_lines as d on d.line_id = p.line_id and (p.ended_at is null or d.despatched_at <= p.ended_at)
    inner join intermediate.int_parcels as c on c.tracking_no = d.tracking_no
    where c.delivered_on <= p.deliver_by_on
    group by p.line_id
),

failed as (
    select order_id, cast(sum(units) as integer) as units_failed
    from intermediate.int_line_cancellations
    where not is_excused and not is_added
    group by order_id
),

lines as (
    select
        p.order_id,
        cast(sum(case when not is_added then units_live else 0 end) as integer) as units_live,
        cast(sum(case when not is_added then units_left else 0 end) as integer) as units_left,
        cast(sum(case when not is_added then units_arrived else 0 end) as integer) as units_arrived,
        cast(sum(case when not is_added then units_handed_over else 0 end) as integer) as units_handed_over,
        cast(sum(case when not is_added then units_unfollowed else 0 end) as integer) as units_unfollowed,
        cast(sum(case when not is_added then least(coalesce(t.units, 0), units_live) else 0 end) as integer) as units_in_time,
        case
            when count(case when not is_added and units_live > 0 and left_whole_at is null then 1 end) = 0
                then max(case when not is_added then left_whole_at end)
        end as left_whole_at,
        case
            when count(case when not is_added and units_live > 0 and handed_whole_on is null then 1 end) = 0
                then max(case when not is_added then handed_whole_on end)
        end as handed_whole_on,
        case
            when count(case when not is_added and units_live > 0 and arrived_whole_at is null then 1 end) = 0
                then max(case when not is_added then arrived_whole_at end)
        end as arrived_whole_at,
        case
            when count(case when not is_added and units_live > 0 and arrived_whole_at is null then 1 end) = 0
                then max(case when not is_added then arrived_whole_on end)
        end as arrived_whole_on,
        cast(count(case when not is_added then 1 end) as integer) as lines_count,
        cast(sum(case when not is_added then units_ordered else 0 end) as integer) as units_ordered,
        cast(sum(case when not is_added then units_cancelled else 0 end) as integer) as units_cancelled,
        cast(sum(case when is_added then units_live else 0 end) as integer) as units_added,
        cast(sum(case when is_added then units_despatched else 0 end) as integer) as units_added_despatched,
        cast(sum(case when is_added then units_delivered else 0 end) as integer) as units_added_delivered,
        cast(sum(case when is_added then greatest(0, units_live - units_despatched) else 0 end) as integer) as units_added_open,
        max(case when is_added then last_despatched_at end) as added_last_despatched_at,
        min(case when is_added and units_despatched < units_live then ship_by_on end) as added_open_ship_by_on,
        max(case when is_added and units_live > 0 then ship_by_on end) as added_last_ship_by_on,
        min(case when is_added and units_delivered < units_live then deliver_by_on end) as added_open_deliver_by_on,
        max(case when is_added and units_live > 0 then deliver_by_on end) as added_last_deliver_by_on
    from promised_lines as p
    left join in_time as t on t.line_id = p.line_id
    group by p.order_id
),

told as (
    select order_id, cast(count(*) as integer) as told_lines_count
    from canonical.order_lines
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
        coalesce(l.units_handed_over, 0) as units_handed_over,
        coalesce(l.units_unfollowed, 0) as units_unfollowed,
        l.handed_whole_on,
        coalesce(l.lines_count, 0) as lines_count,
        coalesce(l.units_ordered, 0) as units_ordered,
        coalesce(l.units_cancelled, 0) as units_cancelled,
        coalesce(l.units_live, 0) as units_live,
        coalesce(l.units_left, 0) as units_left,
        coalesce(l.units_arrived, 0) as units_arrived,
        coalesce(l.units_in_time, 0) as units_in_time,
        coalesce(p.units_despatched, 0) - coalesce(l.units_left, 0) as units_extra,
        coalesce(f.units_failed, 0) as units_failed,
        l.left_whole_at,
        l.arrived_whole_at,
        l.arrived_whole_on,
        coalesce(l.units_added, 0) as units_added,
        coalesce(l.units_added_despatched, 0) as units_added_despatched,
        coalesce(l.units_added_delivered, 0) as units_added_delivered,
        coalesce(l.units_added_open, 0) as units_added_open,
        l.added_last_despatched_at,
        coalesce(l.added_open_ship_by_on, l.added_last_ship_by_on) as added_ship_by_on,
        coalesce(l.added_open_deliver_by_on, l.added_last_deliver_by_on) as added_deliver_by_on,
        coalesce(t.told_lines_count, 0) as told_lines_count,
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
    left join told as t on t.order_id = o.order_id
    left join failed as f on f.order_id = o.order_id
)

select * from int_order_stages
