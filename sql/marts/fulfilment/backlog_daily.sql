/*
description: >-
  What waited at each site at named instants of each day: at 06:00 in the morning, before work, and at the cut-off, when all that is due should be
  on its way. Counts, to be summed over brands and sites of one instant.
grain: one row per day, instant, brand and site
key: [day_on, taken, brand, site]
unit: none
owner: operations
columns:
  day_on: site day
  taken: {description: "which instant: 06:00, or cut_off for that of any service on days with one", accepted: ["06:00", cut_off]}
  taken_at: when that was
  brand: the brand; none where nobody knows it
  site: the warehouse
  backlog_count: orders that the warehouse may begin and has not sent whole by then, cancelled ones left out
  backlog_due_count: of these, those that have to leave that day
  backlog_late_count: of these, those that had to leave on an earlier day
*/
with orders as (
    select
        o.order_id,
        coalesce(o.brand, 'none') as brand,
        o.site,
        o.releasable_at as begun_at,
        o.ship_by_on,
        case
            when o.goods_status = 'cancelled' then coalesce(o.cancelled_at, o.deleted_at, o.releasable_at)
            when o.goods_status in ('despatched', 'delivered') then coalesce(g.left_whole_at, o.last_despatched_at)
        end as left_at
    from marts.fct_orders as o
    left join intermediate.int_order_stages as g on g.order_id = o.order_id
    where o.releasable_at is not null and o.site is not null and (o.units_ordered > 0 or o.is_incomplete)
),

instants as (
    select
        s.site,
        d.day_on,
        '06:00' as taken,
        with_timezone(date_add('hour', 6, cast(d.day_on as timestamp)), s.time_zone) as taken_at
    from ops.sites as s
    inner join intermediate.int_calendar_days as d on d.calendar = s.calendar
    union all
    select
        s.site,
        d.day_on,
        'cut_off' as taken,
        with_timezone(date_add('minute', d.cut_off_minute, cast(d.day_on as timestamp)), s.time_zone) as taken_at
    from ops.sites as s
    inner join seeds.cut_off_rules as r on r.site = s.site and r.service = '*'
    inner join intermediate.int_despatch_days as d
        on d.rule_id = r.rule_id and d.cut_off_minute is not null
        and d.day_on >= r.valid_from and (r.valid_to is null or d.day_on < r.valid_to)
),

waiting as (
    select
        i.day_on,
        i.taken,
        i.taken_at,
        o.brand,
        o.site,
        o.ship_by_on
    from orders as o
    cross join ops.clock as k
    inner join instants as i
        on i.site = o.site and i.taken_at >= o.begun_at and i.taken_at <= k.as_of and (o.left_at is null or i.taken_at < o.left_at)
),

backlog_daily as (
    select
        day_on,
        taken,
        taken_at,
        brand,
        site,
        cast(count(*) as integer) as backlog_count,
        cast(count(case when ship_by_on = day_on then 1 end) as integer) as backlog_due_count,
        cast(count(case when ship_by_on < day_on then 1 end) as integer) as backlog_late_count
    from waiting
    group by day_on, taken, taken_at, brand, site
)

select * from backlog_daily
