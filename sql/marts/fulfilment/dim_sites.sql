/*
description: The warehouses with their zone and calendar.
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
*/
with dim_sites as (
    select
        site,
        name,
        source,
        time_zone,
        calendar
    from ops.sites
)

select * from dim_sites
