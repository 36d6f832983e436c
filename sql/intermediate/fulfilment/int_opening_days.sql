/*
description: >-
  When each site works on each day, and how many minutes it had worked before it, so that working time between two instants is a difference. A site
  is closed on public holidays of its calendar. Nothing is known before a site's first rule, nor of a site without one.
grain: one row per site and day
key: [site, day_on]
owner: data
columns:
  opens_minute: minute of the site's day; null where it is closed
  closes_minute: likewise; 1440 is midnight
  worked_before_minutes: minutes of all its open days before this one
*/
with begun as (
    select site, min(valid_from) as known_from
    from seeds.opening_hours
    group by site
),

days as (
    select
        s.site,
        d.day_on,
        case when d.holiday_name is null then cast(substr(h.opens, 1, 2) as integer) * 60 + cast(substr(h.opens, 4) as integer) end as opens_minute,
        case when d.holiday_name is null then cast(substr(h.closes, 1, 2) as integer) * 60 + cast(substr(h.closes, 4) as integer) end
            as closes_minute
    from ops.sites as s
    inner join begun as b on b.site = s.site
    inner join intermediate.int_calendar_days as d on d.calendar = s.calendar and d.day_on >= b.known_from
    left join seeds.opening_hours as h
        on h.site = s.site and h.iso_weekday = day_of_week(d.day_on)
        and h.valid_from <= d.day_on and (h.valid_to is null or h.valid_to > d.day_on)
),

int_opening_days as (
    select
        site,
        day_on,
        opens_minute,
        closes_minute,
        cast(coalesce(sum(coalesce(closes_minute - opens_minute, 0)) over (
            partition by site
            order by day_on
            rows between unbounded preceding and 1 preceding
        ), 0) as integer) as worked_before_minutes
    from days
)

select * from int_opening_days
