/*
description: Parcels whose order no shop knows, with what they cost.
grain: one row per parcel
key: [shipment_id]
owner: operations
severity: warn
*/
with parcels_of_known_orders as (
    select shipment_id, site, despatched_at, units_despatched, _file_id, _line
    from marts.fct_shipments
    where order_id is null
)

select * from parcels_of_known_orders
