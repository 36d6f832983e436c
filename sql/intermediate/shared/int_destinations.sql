/*
description: >-
  Places that orders and parcels go to, with the zone of their days, the calendar of their working days and the region that carriers tell
  apart: by the postcode district where a seed knows it, else by the area, else by the country. Of a country with several zones nothing is known without a place.
grain: one row per country, postcode area and postcode district
key: [country, postcode_area, postcode_district]
owner: data
columns:
  country: ISO 3166 code; empty where none was told
  postcode_area: letters that the postcode begins with; empty where none was told
  postcode_district: its part before the blank; empty where none was told
  destination_zone: IANA zone; null where no seed knows the place
  destination_calendar: calendar of its working days; null where no seed knows the place
  destination_region: region of the country, as destination_areas names it; null where no seed tells
*/
with told as (
    select
        coalesce(ship_country, '') as country,
        coalesce(ship_postcode_area, '') as postcode_area,
        coalesce(ship_postcode_district, '') as postcode_district
    from canonical.orders
    union
    select coalesce(destination_country, '') as country, '' as postcode_area, '' as postcode_district from canonical.despatches
    union
    select coalesce(destination_country, '') as country, '' as postcode_area, '' as postcode_district from canonical.parcel_statuses
    union
    select '' as country, '' as postcode_area, '' as postcode_district
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
    select country, prefix, prefix_kind, min(calendar) as calendar, min(zone) as zone, min(region) as region
    from seeds.destination_areas
    group by country, prefix, prefix_kind
),

int_destinations as (
    select
        t.country,
        t.postcode_area,
        t.postcode_district,
        coalesce(d.zone, a.zone, z.zone) as destination_zone,
        coalesce(d.calendar, a.calendar, c.calendar) as destination_calendar,
        coalesce(d.region, a.region) as destination_region
    from told as t
    left join country_zones as z on z.country = t.country
    left join country_calendars as c on c.country = t.country
    left join areas as a on a.country = t.country and a.prefix = t.postcode_area and a.prefix_kind = 'area'
    left join areas as d on d.country = t.country and d.prefix = t.postcode_district and d.prefix_kind = 'district'
)

select * from int_destinations
