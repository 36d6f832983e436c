/*
description: >-
  Days of each calendar, 2024 to 2028; bank holidays are known to the end of 2027. Adding working days is a join on
  working_day_no.
grain: one row per calendar and day
key: [calendar, day_on]
unit: none
owner: operations
columns:
  calendar: GB-EAW (England and Wales), GB-SCT, GB-NIR or NL
  day_on: the day
  is_working_day: Monday to Friday and no bank holiday
  holiday_name: the bank holiday's name, null on other days
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
