/*
description: The warehouses with their zone, calendar and cut-off.
grain: one row per site
key: [site]
unit: none
owner: operations
columns:
  site: the warehouse's code in its files
  name: what people call it
  source: the source that its files come from
  time_zone: IANA zone of its local time
  calendar: calendar of its working days
  cut_off_time: local time before which an order is paid to leave on the same working day (HH:MM)
*/
with dim_sites as (
    select
        site,
        name,
        source,
        time_zone,
        calendar,
        cut_off_time
    from ops.sites
)

select * from dim_sites
