/*
description: Countries and postcode areas that orders and parcels go to, with the zone of their days and the calendar of their working days.
grain: one row per country and postcode area
key: [country, postcode_area]
owner: data
columns:
  country: ISO 3166 code; empty where none was told
  postcode_area: letters that the postcode begins with; empty where none was told
  is_assumed: no seed knows the place, so the zone and calendar of England stand in
*/
with told as (
    select coalesce(ship_country, '') as country, coalesce(ship_postcode_area, '') as postcode_area from canonical.orders
    union
    select coalesce(destination_country, '') as country, '' as postcode_area from canonical.despatches
    union
    select coalesce(destination_country, '') as country, '' as postcode_area from canonical.parcel_statuses
    union
    select '' as country, '' as postcode_area
),

int_destinations as (
    select
        t.country,
        t.postcode_area,
        coalesce(z.time_zone, 'Europe/London') as destination_zone,
        coalesce(a.calendar, z.calendar, 'GB-EAW') as destination_calendar,
        z.country is null as is_assumed
    from told as t
    left join seeds.country_zones as z on z.country = t.country
    left join seeds.postcode_areas as a on t.country = 'GB' and a.area = t.postcode_area
)

select * from int_destinations
