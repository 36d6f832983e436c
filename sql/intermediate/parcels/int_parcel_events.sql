/*
description: >-
  Scans of all parcels, outbound and return. What two connections tell alike of one carrier is one scan. Where a carrier's answer says of a parcel
  what none of its scans says yet (it has none, or only earlier ones, or the status has no time and no scan says the same), that is an event, too.
grain: one row per event
key: [event_key]
owner: data
columns:
  told_by: scan, or status of the parcel as a whole
  status: canonical status; unknown for a code that nobody mapped
  status_rank: rank of the status; 20 and more is a physical event
  is_unmapped: the carrier's finest code is in no map
  is_of_earlier_parcel: >-
    of a parcel that had the number before: up to the last scan in hand that is more than seven days older than the despatch
*/
with scans as (
    select
        e.*,
        coalesce(c.carrier, e.partner) as carrier
    from canonical.parcel_scans as e
    left join ops.carriers as c on c.source = e.source
),

numbered as (
    select
        *,
        row_number() over (partition by carrier, scan_key order by first_asked_at, _file_id, _line) as place
    from scans
),

newest_scans as (
    select carrier, tracking_no, max(occurred_at) as occurred_at
    from scans
    group by carrier, tracking_no
),

scanned as (
    select distinct carrier, tracking_no, status
    from scans
    where occurred_at is not null
),

statuses as (
    select
        h.*,
        coalesce(c.carrier, h.partner) as carrier,
        row_number() over (
            partition by coalesce(c.carrier, h.partner), h.tracking_no order by h.asked_at desc, h.source, h._file_id, h._line
        ) as recency
    from canonical.parcel_statuses as h
    left join ops.carriers as c on c.source = h.source
),

told as (
    select
        'scan' as told_by,
        scan_key as event_key,
        carrier,
        tracking_no,
        occurred_at,
        occurred_local,
        tz_source,
        status,
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
    union all
    select
        'status',
        'status:' || h.carrier || ':' || h.tracking_no,
        h.carrier,
        h.tracking_no,
        coalesce(h.status_at, h.told_since, h._received_at),
        null,
        null,
        h.status,
        h.reason,
        false,
        h.raw_type,
        h.raw_code,
        h.raw_text,
        null,
        null,
        h.asked_at,
        h._file_id,
        h._line
    from statuses as h
    left join newest_scans as n on n.carrier = h.carrier and n.tracking_no = h.tracking_no
    left join scanned as s on s.carrier = h.carrier and s.tracking_no = h.tracking_no and s.status = h.status
    cross join ops.clock as k
    where h.recency = 1 and h.status <> 'unknown'
        -- Without a time of its own it counts from the run that first heard it, where no scan says the same.
        and (
            h.status_at > n.occurred_at
            or (
                (h.status_at is null or n.carrier is null)
                and s.carrier is null
                and coalesce(h.status_at, h.told_since, h._received_at) <= k.as_of
            )
        )
),

despatched as (
    select tracking_no, min(despatched_at) as despatched_at
    from canonical.despatches
    where tracking_no is not null
    group by tracking_no
),

ranked as (
    select
        t.*,
        coalesce(s.rank_no, 0) as status_rank,
        coalesce(s.is_physical, false) as is_physical,
        max(case when s.is_physical and date_diff('day', t.occurred_at, d.despatched_at) >= 7 then t.occurred_at end) over (
            partition by t.carrier, t.tracking_no
        ) as earlier_until
    from told as t
    left join seeds.parcel_statuses as s on s.status = t.status
    left join despatched as d on d.tracking_no = t.tracking_no
),

int_parcel_events as (
    select
        event_key,
        told_by,
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
        coalesce(occurred_at <= earlier_until, false) as is_of_earlier_parcel,
        raw_type,
        raw_code,
        raw_text,
        locality,
        country,
        first_asked_at,
        _file_id,
        _line
    from ranked
)

select * from int_parcel_events
