/*
description: >-
  Orders without a day to leave or to arrive by and accepted parcels without a day of commitment, though a rule says one:
  the calendar does not reach that far.
grain: one row per order or parcel
key: [document]
owner: operations
severity: error
unit: [order_id, shipment_id]
*/
with promises_all_dated as (
    select order_id as document, order_id, null as shipment_id, releasable_at as known_at
    from intermediate.int_orders
    where (cut_off_rule_id is not null and ship_by_on is null)
        or (ship_by_on is not null and promise_days is not null and destination_calendar is not null and deliver_by_on is null)
    union all
    select shipment_id as document, order_id, shipment_id, accepted_at as known_at
    from intermediate.int_parcels
    where accepted_at is not null and commitment_no is not null and commitment_on is null
)

select * from promises_all_dated
