/*
description: >-
  Every day of the calendars that somebody works by, with its ordinal among working days, so that adding working days is a join.
grain: one row per calendar and day
key: [calendar, day_on]
owner: data
columns:
  working_day_no: >-
    number of working days from the calendar's start up to and including this day. add_wd(d, n) for n of 1 or more is the
    working day whose working_day_no is that of d plus n; add_wd(d, 0) the one whose working_day_no is d's due_day_no
  due_day_no: working_day_no of the day itself if it is a working day, else of the next one
*/
with calendars as (
    select calendar from ops.sites
    union
    select destination_calendar from intermediate.int_destinations
    union
    select calendar from ops.feeds
    union
    select 'GB-EAW' as calendar
),

days as (
    select
        c.calendar,
        cast(t.d as date) as day_on
    from seeds.calendars as c
    inner join calendars as u on u.calendar = c.calendar
    cross join unnest(sequence(c.known_from, c.known_to, interval '1' day)) as t(d)
),

marked as (
    select
        d.calendar,
        d.day_on,
        h.holiday_name,
        (e.calendar is null or w.worked_on is not null) and h.holiday_on is null as is_working_day
    from days as d
    left join seeds.calendar_weekends as e
        on e.calendar = d.calendar and e.iso_weekday = day_of_week(d.day_on)
        and d.day_on >= e.weekend_from and d.day_on <= e.weekend_to
    left join seeds.calendar_worked_weekends as w on w.calendar = d.calendar and w.worked_on = d.day_on
    left join (
        select calendar, holiday_on, min(name) as holiday_name
        from seeds.calendar_holidays
        group by calendar, holiday_on
    ) as h on h.calendar = d.calendar and h.holiday_on = d.day_on
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
