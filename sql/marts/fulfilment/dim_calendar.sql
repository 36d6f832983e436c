/*
description: >-
  Days of each calendar that somebody works by, 2015 to 2035. Adding working days is a join on working_day_no.
grain: one row per calendar and day
key: [calendar, day_on]
unit: none
owner: operations
columns:
  calendar: "GB-EAW (England and Wales), GB-SCT, GB-NIR, or a country's own, as seeds.calendars names it"
  day_on: the day
  is_working_day: "neither weekend nor public holiday, or a weekend that is worked"
  holiday_name: the public holiday's name, null on other days
  working_day_no: working days from the calendar's start up to and including this day
*/
with dim_calendar as (
    select
        calendar,
        day_on,
        is_working_day,
        holiday_name,
        working_day_no
    from intermediate.int_calendar_days
)

select * from dim_calendar
