/*
description: Every day of every calendar with its ordinal among working days, so that adding working days is a join.
grain: one row per calendar and day
key: [calendar, day_on]
owner: data
columns:
  working_day_no: >-
    number of working days from the calendar's start up to and including this day. add_wd(d, n) for n of 1 or more is the
    working day whose working_day_no is that of d plus n; add_wd(d, 0) the one whose working_day_no is d's due_day_no
  due_day_no: working_day_no of the day itself if it is a working day, else of the next one
*/
with days as (
    select cast(t.d as date) as day_on
    from unnest(sequence(date '2024-01-01', date '2028-12-31', interval '1' day)) as t(d)
),

calendars as (
    select distinct calendar from seeds.holidays
),

marked as (
    select
        c.calendar,
        d.day_on,
        h.name as holiday_name,
        day_of_week(d.day_on) <= 5 and h.holiday_on is null as is_working_day
    from calendars as c
    cross join days as d
    left join seeds.holidays as h on h.calendar = c.calendar and h.holiday_on = d.day_on
),

counted as (
    select
        *,
        cast(sum(case when is_working_day then 1 else 0 end) over (
            partition by calendar
            order by day_on
            rows between unbounded preceding and current row
        ) as integer) as working_day_no
    from marked
),

int_calendar_days as (
    select
        calendar,
        day_on,
        is_working_day,
        holiday_name,
        working_day_no,
        case when is_working_day then working_day_no else working_day_no + 1 end as due_day_no
    from counted
)

select * from int_calendar_days
