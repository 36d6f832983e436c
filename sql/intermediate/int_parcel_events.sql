/*
description: Scans of all parcels, outbound and return, with what they mean in one vocabulary.
grain: one row per event
key: [event_key]
owner: data
columns:
  status: canonical status; unknown for a code that nobody mapped
  rank: rank of the status; 20 and more is a physical event
  is_unmapped: DHL sent a code that is not in seeds.map_carrier_events
*/
with int_parcel_events as (
    select
        e.event_key,
        'dhl' as carrier,
        e.tracking_no,
        'dhl:' || e.tracking_no as shipment_id,
        e.occurred_at,
        e.occurred_local,
        e.tz_source,
        coalesce(n.status, t.status, 'unknown') as status,
        coalesce(n.rank, t.rank, 0) as rank,
        coalesce(n.rank, t.rank, 0) >= 20 as is_physical,
        coalesce(n.reason, t.reason) as reason,
        n.status is null and t.status is null as is_unmapped,
        e.raw_type,
        e.raw_code,
        e.raw_text,
        e.locality,
        e.country,
        e.first_asked_at,
        e._file_id,
        e._line
    from staging.stg_dhl__events as e
    -- The feed asks DHL for the service ecommerce, so the numbers are of that list.
    left join seeds.map_carrier_events as n
        on n.carrier = 'dhl' and n.service = 'ecommerce' and n.raw_type = '*' and n.raw_code = e.raw_code
    left join seeds.map_carrier_events as t
        on t.carrier = 'dhl' and t.service = '*' and t.raw_code = 'none' and t.raw_type = e.raw_type
        and e.raw_code is null
)

select * from int_parcel_events
