/*
description: >-
  Countries and postcode areas that orders and parcels go to, with the zone of their days and the calendar of their working days: by the
  postcode area where one is known, else by the country. Of a country with several zones nothing is known without a place.
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

country_zones as (
    select country, min(zone) as zone
    from seeds.zones_by_place
    where state = '*' and airport = '*'
    group by country
),

country_calendars as (
    select country, min(calendar) as calendar
    from seeds.calendars
    where is_default
    group by country
),

areas as (
    select country, prefix, min(calendar) as calendar, min(zone) as zone
    from seeds.destination_areas
    where prefix_kind = 'area'
    group by country, prefix
),

int_destinations as (
    select
        t.country,
        t.postcode_area,
        coalesce(a.zone, z.zone, 'Europe/London') as destination_zone,
        coalesce(a.calendar, c.calendar, 'GB-EAW') as destination_calendar,
        coalesce(a.zone, z.zone) is null or coalesce(a.calendar, c.calendar) is null as is_assumed
    from told as t
    left join country_zones as z on z.country = t.country
    left join country_calendars as c on c.country = t.country
    left join areas as a on a.country = t.country and a.prefix = t.postcode_area
)

select * from int_destinations
