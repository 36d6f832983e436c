/*
description: >-
  Places of scans whose zone nothing tells: their times came without an offset, and are taken as England's. A country with several clocks needs a
  state, an airport or a city that seeds.zones_by_place or zones_by_city has.
grain: one row per carrier, country and locality
key: [carrier, country, locality]
owner: operations
severity: warn
*/
with scan_places_all_known as (
    select
        carrier,
        country,
        locality,
        count(*) as events_count,
        count(distinct shipment_id) as parcels_count,
        min(shipment_id) as example_shipment
    from intermediate.int_parcel_events
    where tz_source = 'default'
    group by carrier, country, locality
)

select * from scan_places_all_known
