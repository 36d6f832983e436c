/*
description: The last two instants by which each feed's files should have been there.
grain: one row per source and feed that is expected at all
key: [source, feed]
owner: data
columns:
  due_at: the latest such instant that is past
  previous_due_at: the one before it
*/
with clocks as (
    select
        f.source,
        f.feed,
        f.zone,
        f.days,
        coalesce(nullif(f.calendar, ''), 'GB-EAW') as calendar,
        trim(t.local_time) as local_time
    from ops.feeds as f
    cross join unnest(split(f.expect_by, ',')) as t(local_time)
    where f.expect_by <> ''
),

instants as (
    select
        c.source,
        c.feed,
        with_timezone(
            date_add('minute',
                cast(substr(c.local_time, 1, 2) as integer) * 60 + cast(substr(c.local_time, 4) as integer),
                cast(d.day_on as timestamp)
            ),
            c.zone
        ) as due_at
    from clocks as c
    inner join intermediate.int_calendar_days as d
        on d.calendar = c.calendar and (c.days = 'all' or d.is_working_day)
    cross join ops.clock as k
    where d.day_on >= cast(date_add('day', -21, cast(k.as_of at time zone 'UTC' as date)) as date)
),

past as (
    select
        i.*,
        row_number() over (partition by i.source, i.feed order by i.due_at desc) as recency
    from instants as i
    cross join ops.clock as k
    where i.due_at <= k.as_of
),

int_feed_deadlines as (
    select
        source,
        feed,
        max(case when recency = 1 then due_at end) as due_at,
        max(case when recency = 2 then due_at end) as previous_due_at
    from past
    group by source, feed
)

select * from int_feed_deadlines
