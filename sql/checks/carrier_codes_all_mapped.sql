/*
description: >-
  Carrier codes that nobody has mapped yet, with how many events and parcels have them and what is in those parcels. Add a
  row to the carrier's codes.csv.
grain: one row per carrier, code and currency of what is in the parcels
key: [carrier, raw_type, raw_code, cost_currency]
owner: operations
severity: warn
*/
with unmapped as (
    select distinct carrier, shipment_id, raw_type, raw_code
    from marts.fct_tracking_events
    where is_unmapped
),

counted as (
    select
        carrier,
        raw_type,
        raw_code,
        count(*) as events_count,
        min(raw_text) as example_text
    from marts.fct_tracking_events
    where is_unmapped
    group by carrier, raw_type, raw_code
),

carrier_codes_all_mapped as (
    select
        c.carrier,
        c.raw_type,
        c.raw_code,
        c.events_count,
        c.example_text,
        s.cost_currency,
        count(u.shipment_id) as parcels_count,
        sum(s.cost_amount) as cost_amount
    from counted as c
    left join unmapped as u
        on u.carrier = c.carrier and u.raw_type is not distinct from c.raw_type
        and u.raw_code is not distinct from c.raw_code
    left join marts.fct_shipments as s on s.shipment_id = u.shipment_id
    group by c.carrier, c.raw_type, c.raw_code, c.events_count, c.example_text, s.cost_currency
)

select * from carrier_codes_all_mapped
