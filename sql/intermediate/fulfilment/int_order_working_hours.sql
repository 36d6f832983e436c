/*
description: >-
  The hours that the order's site was open between its stages, whole minutes of the site's clock being counted. Null where a stage was not reached, and where
  the site's opening hours are not known.
grain: one row per order
key: [order_id]
owner: data
columns:
  waiting_working_hours: from when the warehouse may begin to now
*/
with instants as (
    select order_id, 'releasable' as step, releasable_at as reached_at
    from intermediate.int_orders
    union all
    select o.order_id, 'now' as step, k.as_of as reached_at
    from intermediate.int_orders as o
    cross join ops.clock as k
    union all
    select order_id, 'in_wms' as step, in_wms_at as reached_at
    from intermediate.int_order_stages
    union all
    select order_id, 'picked' as step, picked_at as reached_at
    from intermediate.int_order_stages
    union all
    select order_id, 'despatched' as step, first_despatched_at as reached_at
    from intermediate.int_order_stages
),

local_times as (
    select i.order_id, i.step, o.site, cast(at_timezone(i.reached_at, o.site_zone) as timestamp) as reached_local
    from instants as i
    inner join intermediate.int_orders as o on o.order_id = i.order_id
    where i.reached_at is not null
),

minutes as (
    select
        l.order_id,
        l.step,
        d.opens_minute,
        d.closes_minute,
        d.worked_before_minutes,
        extract(hour from l.reached_local) * 60 + extract(minute from l.reached_local) as reached_minute
    from local_times as l
    inner join intermediate.int_opening_days as d on d.site = l.site and d.day_on = cast(l.reached_local as date)
),

worked as (
    select
        order_id,
        step,
        worked_before_minutes + case
            when opens_minute is null or reached_minute <= opens_minute then 0
            when reached_minute >= closes_minute then closes_minute - opens_minute
            else reached_minute - opens_minute
        end as worked_minutes
    from minutes
),

steps as (
    select
        order_id,
        max(case when step = 'releasable' then worked_minutes end) as releasable,
        max(case when step = 'now' then worked_minutes end) as as_of,
        max(case when step = 'in_wms' then worked_minutes end) as in_wms,
        max(case when step = 'picked' then worked_minutes end) as picked,
        max(case when step = 'despatched' then worked_minutes end) as despatched
    from worked
    group by order_id
),

int_order_working_hours as (
    select
        order_id,
        cast((in_wms - releasable) * 0.0166666667 as decimal(18, 2)) as releasable_to_wms_working_hours,
        cast((picked - in_wms) * 0.0166666667 as decimal(18, 2)) as wms_to_picked_working_hours,
        cast((despatched - picked) * 0.0166666667 as decimal(18, 2)) as picked_to_despatched_working_hours,
        cast((as_of - releasable) * 0.0166666667 as decimal(18, 2)) as waiting_working_hours
    from steps
)

select * from int_order_working_hours
