/*
description: >-
  Paid orders without a day to arrive by and accepted parcels without a day of commitment: the brand, site or carrier
  service is not configured, or the calendar does not reach that far.
grain: one row per order or parcel
key: [document]
owner: operations
severity: error
*/
with promises_all_dated as (
    select order_id as document, paid_at as known_at
    from marts.fct_orders
    where paid_at is not null and (ship_by_on is null or deliver_by_on is null)
    union all
    select shipment_id as document, accepted_at as known_at
    from marts.fct_shipments
    where accepted_at is not null and commitment_on is null
)

select * from promises_all_dated
