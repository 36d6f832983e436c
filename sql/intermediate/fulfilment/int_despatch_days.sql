/*
description: >-
  What each cut-off rule says of each day of its site: until when what may be begun leaves that day, and which day of despatch follows. Public
  holidays of the site's calendar are no days of despatch.
grain: one row per rule and day
key: [rule_id, day_on]
owner: data
columns:
  cut_off_minute: minute of the site's day before which; null where nothing is despatched that day
  next_despatch_on: the first day of despatch after it
*/
with weekdays as (
    select rule_id, site, 1 as iso_weekday, monday as cut_off_time from seeds.cut_off_rules
    union all
    select rule_id, site, 2 as iso_weekday, tuesday as cut_off_time from seeds.cut_off_rules
    union all
    select rule_id, site, 3 as iso_weekday, wednesday as cut_off_time from seeds.cut_off_rules
    union all
    select rule_id, site, 4 as iso_weekday, thursday as cut_off_time from seeds.cut_off_rules
    union all
    select rule_id, site, 5 as iso_weekday, friday as cut_off_time from seeds.cut_off_rules
    union all
    select rule_id, site, 6 as iso_weekday, saturday as cut_off_time from seeds.cut_off_rules
    union all
    select rule_id, site, 7 as iso_weekday, sunday as cut_off_time from seeds.cut_off_rules
),

days as (
    select
        w.rule_id,
        d.day_on,
        case
            when d.holiday_name is null
                then cast(substr(w.cut_off_time, 1, 2) as integer) * 60 + cast(substr(w.cut_off_time, 4) as integer)
        end as cut_off_minute
    from weekdays as w
    inner join ops.sites as s on s.site = w.site
    inner join intermediate.int_calendar_days as d
        on d.calendar = s.calendar and day_of_week(d.day_on) = w.iso_weekday
),

int_despatch_days as (
    select
        rule_id,
        day_on,
        cut_off_minute,
        min(case when cut_off_minute is not null then day_on end) over (
            partition by rule_id
            order by day_on
            rows between 1 following and unbounded following
        ) as next_despatch_on
    from days
)

select * from int_despatch_days
