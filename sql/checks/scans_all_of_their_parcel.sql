/*
description: >-
  Parcels under whose number the carrier tells of another parcel, which had it before: scans in hand more than seven days older than the despatch.
  They are set aside, and the parcel is asked about until it has scans of its own. If the despatch is what is wrong, its date is.
grain: one row per parcel
key: [shipment_id]
owner: operations
severity: warn
*/
with scans_all_of_their_parcel as (
    select
        e.shipment_id,
        count(*) as events_count,
        min(e.occurred_at) as first_event_at,
        max(e.occurred_at) as last_event_at,
        max(s.despatched_at) as despatched_at,
        max(s.status) as status
    from intermediate.int_parcel_events as e
    inner join marts.fct_shipments as s on s.shipment_id = e.shipment_id
    where e.is_of_earlier_parcel
    group by e.shipment_id
)

select * from scans_all_of_their_parcel
