/*
description: Scans of all parcels, outbound and return. What two connections tell alike of one carrier is one scan.
grain: one row per event
key: [event_key]
owner: data
columns:
  status: canonical status; unknown for a code that nobody mapped
  status_rank: rank of the status; 20 and more is a physical event
  is_unmapped: the carrier's finest code is in no map
*/
with carried as (
    select
        e.*,
        coalesce(c.carrier, e.partner) as carrier,
        coalesce(s.rank_no, 0) as status_rank,
        coalesce(s.is_physical, false) as is_physical
    from canonical.parcel_scans as e
    left join ops.carriers as c on c.source = e.source
    left join seeds.parcel_statuses as s on s.status = e.status
),

numbered as (
    select
        *,
        row_number() over (partition by carrier, scan_key order by first_asked_at, _file_id, _line) as place
    from carried
),

int_parcel_events as (
    select
        scan_key as event_key,
        carrier,
        tracking_no,
        carrier || ':' || tracking_no as shipment_id,
        occurred_at,
        occurred_local,
        tz_source,
        status,
        status_rank,
        is_physical,
        reason,
        is_unmapped,
        raw_type,
        raw_code,
        raw_text,
        locality,
        country,
        first_asked_at,
        _file_id,
        _line
    from numbered
    where place = 1
)

select * from int_parcel_events
