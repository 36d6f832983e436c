/*
description: >-
  Places that orders go to and of which no seed knows zone and calendar: no day of arrival is known there, so nothing can be late. Countries
  with several zones need a postcode area in destination_areas; an empty country is of orders without an address.
grain: one row per country and postcode area
key: [country, postcode_area]
owner: operations
severity: warn
*/
with shipped as (
    select distinct order_id
    from intermediate.int_order_lines
),

destinations_all_known as (
    select
        d.country,
        d.postcode_area,
        count(*) as orders_count,
        min(o.order_id) as example_order
    from canonical.orders as o
    inner join shipped as s on s.order_id = o.order_id
    inner join intermediate.int_destinations as d
        on d.country = coalesce(o.ship_country, '')
        and d.postcode_area = coalesce(o.ship_postcode_area, '')
        and d.postcode_district = coalesce(o.ship_postcode_district, '')
    where (d.destination_zone is null or d.destination_calendar is null) and not o.is_test
    group by d.country, d.postcode_area
)

select * from destinations_all_known
