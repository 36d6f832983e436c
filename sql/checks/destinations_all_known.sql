/*
description: >-
  Places that orders go to and of which no seed knows zone and calendar: their days are taken as England's. Countries with several zones
  need a postcode area in destination_areas.
grain: one row per country and postcode area
key: [country, postcode_area]
owner: operations
severity: warn
*/
with destinations_all_known as (
    select
        d.country,
        d.postcode_area,
        count(*) as orders_count,
        min(o.order_id) as example_order
    from canonical.orders as o
    inner join intermediate.int_destinations as d
        on d.country = o.ship_country and d.postcode_area = coalesce(o.ship_postcode_area, '')
    where d.is_assumed and not o.is_test
    group by d.country, d.postcode_area
)

select * from destinations_all_known
