/*
description: >-
  The days by which what was ordered at an instant has to leave and to arrive: for the order itself when it could go, for lines added later when
  they were added.
grain: one row per order and instant
key: [order_id, counted_from]
owner: data
columns:
  counted_on: site day of the instant
  ship_by_on: site day by which it has to leave; null without a site
  deliver_by_on: destination day by which it has to arrive; null where the brand promises nothing for the service
*/
with instants as (
    select order_id, releasable_at as counted_from
    from intermediate.int_order_terms
    where releasable_at is not null
    union
    select t.order_id, greatest(t.releasable_at, l.added_at)
    from intermediate.int_order_lines as l
    inner join intermediate.int_order_terms as t on t.order_id = l.order_id
    where l.is_added and t.releasable_at is not null
),

local_times as (
    select
        i.order_id,
        i.counted_from,
        t.site_calendar,
        t.cut_off_minute,
        t.destination_calendar,
        t.promise_days,
        cast(at_timezone(i.counted_from, t.site_zone) as timestamp) as counted_local
    from instants as i
    inner join intermediate.int_order_terms as t on t.order_id = i.order_id
),

due as (
    select
        p.*,
        cast(p.counted_local as date) as counted_on,
        case
            when d.is_working_day
                and extract(hour from p.counted_local) * 60 + extract(minute from p.counted_local) < p.cut_off_minute
                then d.working_day_no
            else d.working_day_no + 1
        end as ship_by_no
    from local_times as p
    left join intermediate.int_calendar_days as d
        on d.calendar = p.site_calendar and d.day_on = cast(p.counted_local as date)
),

int_promised_days as (
    select
        u.order_id,
        u.counted_from,
        u.counted_on,
        s.day_on as ship_by_on,
        d.day_on as deliver_by_on
    from due as u
    left join intermediate.int_calendar_days as s
        on s.calendar = u.site_calendar and s.is_working_day and s.working_day_no = u.ship_by_no
    left join intermediate.int_calendar_days as f
        on f.calendar = u.destination_calendar and f.day_on = s.day_on
    left join intermediate.int_calendar_days as d
        on d.calendar = u.destination_calendar
        and d.is_working_day
        and d.working_day_no = case when u.promise_days = 0 then f.due_day_no else f.working_day_no + u.promise_days end
)

select * from int_promised_days
