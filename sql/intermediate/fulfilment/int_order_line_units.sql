/*
description: >-
  How many units of each order line were ordered, cancelled, short, despatched and delivered, and when as many of them as are wanted had left and
  arrived. What was sent beyond that, or after the order had ended, fills nothing.
grain: one row per order line
key: [line_id]
owner: data
columns:
  units_cancelled: >-
    of an order that was cancelled or deleted what had not left by then; else what cancellations and edits took off, and refunded units that
    were never sent
  units_live: units that are wanted, never below 0
  units_left: of these, how many left
  units_arrived: of these, how many are in parcels that are delivered
  units_extra: units that left and nobody wanted
  left_whole_at: when the last of the units that are wanted left; null while one has not, and where none is wanted
  units_handed_over: of units_left, how many a carrier has got
  units_unfollowed: of the others, how many have no number, or a carrier that nobody asks, so that nobody knows
  handed_whole_on: site day on which carriers had got all that are wanted; null while they have not, and where none is wanted
  arrived_whole_at: likewise when it was delivered
  arrived_whole_on: destination day of that
*/
with sent as (
    select
        d.line_id,
        d.source,
        d._file_id,
        d._line,
        d.row_no,
        d.despatched_at,
        d.units_despatched as units,
        d.units_short,
        l.ended_at is not null and d.despatched_at > l.ended_at as is_after_end,
        p.handed_over_on,
        p.handed_over_on is null and a.carrier is null as is_unfollowed,
        p.delivered_at,
        p.delivered_on
    from intermediate.int_despatch_lines as d
    inner join intermediate.int_line_demand as l on l.line_id = d.line_id
    left join intermediate.int_parcels as p on p.tracking_no = d.tracking_no
    left join (select distinct carrier from ops.carriers where source <> '') as a on a.carrier = p.carrier
),

despatched as (
    select
        line_id,
        sum(units) as units,
        sum(case when not is_after_end then units else 0 end) as units_before_end,
        sum(units_short) as units_short,
        sum(case when delivered_at is not null then units else 0 end) as units_delivered,
        sum(case when delivered_at is not null and not is_after_end then units else 0 end) as units_arrived,
        sum(case when handed_over_on is not null and not is_after_end then units else 0 end) as units_handed_over,
        sum(case when is_unfollowed and not is_after_end then units else 0 end) as units_unfollowed,
        min(case when units > 0 then despatched_at end) as first_despatched_at,
        max(case when units > 0 then despatched_at end) as last_despatched_at,
        max(case when units > 0 then delivered_on end) as last_delivered_on
    from sent
    group by line_id
),

counted as (
    select
        l.line_id,
        l.order_id,
        l.is_added,
        l.units_ordered,
        case
            when l.ended_at is not null then greatest(0, l.units_ordered - coalesce(d.units_before_end, 0))
            else l.units_cancelled + l.units_edited + least(l.units_kept, greatest(0, l.units_wanted - coalesce(d.units, 0)))
        end as units_cancelled,
        coalesce(d.units_short, 0) as units_short,
        coalesce(d.units, 0) as units_despatched,
        coalesce(d.units_before_end, 0) as units_before_end,
        coalesce(d.units_delivered, 0) as units_delivered,
        coalesce(d.units_arrived, 0) as units_arrived,
        coalesce(d.units_handed_over, 0) as units_handed_over,
        coalesce(d.units_unfollowed, 0) as units_unfollowed,
        d.first_despatched_at,
        d.last_despatched_at,
        d.last_delivered_on
    from intermediate.int_line_demand as l
    left join despatched as d on d.line_id = l.line_id
),

wanted as (
    select *, greatest(0, units_ordered - units_cancelled) as units_live
    from counted
),

-- How many had left, and how many had arrived, with each row.
running as (
    select
        s.line_id,
        s.despatched_at,
        s.handed_over_on,
        s.delivered_at,
        s.delivered_on,
        sum(s.units) over (
            partition by s.line_id order by s.despatched_at, s.source, s._file_id, s._line, s.row_no
            rows between unbounded preceding and current row
        ) as left_to,
        case
            when s.handed_over_on is not null then sum(case when s.handed_over_on is not null then s.units else 0 end) over (
                partition by s.line_id order by s.handed_over_on nulls last, s.source, s._file_id, s._line, s.row_no
                rows between unbounded preceding and current row
            )
        end as handed_to,
        case
            when s.delivered_at is not null then sum(case when s.delivered_at is not null then s.units else 0 end) over (
                partition by s.line_id order by s.delivered_at nulls last, s.source, s._file_id, s._line, s.row_no
                rows between unbounded preceding and current row
            )
        end as arrived_to
    from sent as s
    where not s.is_after_end
),

whole as (
    select
        w.line_id,
        min(case when r.left_to >= w.units_live then r.despatched_at end) as left_whole_at,
        min(case when r.handed_to >= w.units_live then r.handed_over_on end) as handed_whole_on,
        min(case when r.arrived_to >= w.units_live then r.delivered_at end) as arrived_whole_at,
        min(case when r.arrived_to >= w.units_live then r.delivered_on end) as arrived_whole_on
    from wanted as w
    inner join running as r on r.line_id = w.line_id
    where w.units_live > 0
    group by w.line_id
),

int_order_line_units as (
    select
        w.line_id,
        w.order_id,
        w.is_added,
        cast(w.units_ordered as integer) as units_ordered,
        cast(w.units_cancelled as integer) as units_cancelled,
        cast(w.units_short as integer) as units_short,
        cast(w.units_despatched as integer) as units_despatched,
        cast(w.units_delivered as integer) as units_delivered,
        cast(w.units_live as integer) as units_live,
        cast(least(w.units_before_end, w.units_live) as integer) as units_left,
        cast(least(w.units_arrived, w.units_live) as integer) as units_arrived,
        cast(least(w.units_handed_over, w.units_live) as integer) as units_handed_over,
        cast(least(w.units_unfollowed, w.units_live - least(w.units_handed_over, w.units_live)) as integer) as units_unfollowed,
        cast(w.units_despatched - least(w.units_before_end, w.units_live) as integer) as units_extra,
        h.left_whole_at,
        h.handed_whole_on,
        h.arrived_whole_at,
        h.arrived_whole_on,
        w.first_despatched_at,
        w.last_despatched_at,
        w.last_delivered_on
    from wanted as w
    left join whole as h on h.line_id = w.line_id
)

select * from int_order_line_units
