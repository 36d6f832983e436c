/*
description: >-
  The days by which what was ordered has to leave and to arrive: for the order itself, known from when the warehouse may begin, for lines added
  later from when they were added. The order's count from what its promise says, added lines' from when they were added.
grain: one row per order and instant
key: [order_id, counted_from]
owner: data
columns:
  counted_on: site day of the instant
  ship_by_on: site day by which it has to leave; null without a site or a cut-off, and before a receipt that the promise counts from
  deliver_by_on: destination day by which it has to arrive; null where nothing is promised
  deliver_from_at: on that day, from when; null where the promise says no time
  deliver_to_at: and until when
  transit_working_days: how many working days it may take from the one to the other; null where nothing is promised
*/
with asked as (
    select order_id, placed_at as asked_at, releasable_at as counted_from, true as is_first
    from intermediate.int_order_terms
    where releasable_at is not null
    union
    select l.order_id, l.added_at, l.added_at, false
    from intermediate.int_order_lines as l
    inner join intermediate.int_order_terms as t on t.order_id = l.order_id
    where l.is_added and l.added_at > t.releasable_at
),

based as (
    select
        a.order_id,
        a.counted_from,
        p.rule_id as promise_rule_id,
        p.transit_working_days,
        cast(substr(p.deliver_from, 1, 2) as integer) * 60 + cast(substr(p.deliver_from, 4) as integer) as deliver_from_minute,
        cast(substr(p.deliver_to, 1, 2) as integer) * 60 + cast(substr(p.deliver_to, 4) as integer) as deliver_to_minute,
        t.destination_zone,
        case
            when a.is_first and p.base = 'placed' then a.asked_at
            when a.is_first and p.base = 'wms_received' then r.in_wms_at
            else a.counted_from
        end as based_at,
        t.destination_calendar
    from asked as a
    inner join intermediate.int_order_terms as t on t.order_id = a.order_id
    left join intermediate.int_promises as p on p.order_id = a.order_id and p.asked_at = a.asked_at
    left join intermediate.int_wms_receipts as r on r.order_id = a.order_id
),

int_promised_days as (
    select
        b.order_id,
        b.counted_from,
        c.counted_on,
        b.promise_rule_id,
        s.rule_id as cut_off_rule_id,
        b.transit_working_days,
        s.ship_by_on,
        d.day_on as deliver_by_on,
        with_timezone(date_add('minute', b.deliver_from_minute, cast(d.day_on as timestamp)), b.destination_zone) as deliver_from_at,
        with_timezone(date_add('minute', b.deliver_to_minute, cast(d.day_on as timestamp)), b.destination_zone) as deliver_to_at
    from based as b
    left join intermediate.int_ship_by_days as c on c.order_id = b.order_id and c.counted_from = b.counted_from
    left join intermediate.int_ship_by_days as s on s.order_id = b.order_id and s.counted_from = b.based_at
    left join intermediate.int_calendar_days as f on f.calendar = b.destination_calendar and f.day_on = s.ship_by_on
    left join intermediate.int_calendar_days as d
        on d.calendar = b.destination_calendar
        and d.is_working_day
        and d.working_day_no
        = case when b.transit_working_days = 0 then f.due_day_no else f.working_day_no + b.transit_working_days end
)

select * from int_promised_days
