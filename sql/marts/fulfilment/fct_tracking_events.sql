/*
description: >-
  Scans of outbound and return parcels in one vocabulary. A scan that the carrier sent twice is one event. Those of a parcel that had the number
  before are not here (check scans_all_of_their_parcel).
grain: one row per event
key: [event_key]
unit: [order_id, shipment_id]
owner: operations
columns:
  event_key: what tells the scan among all
  shipment_id: {description: carrier and tracking number, not_null: true}
  direction: {description: outbound or return, not_null: true, accepted: [outbound, return]}
  order_id: the order it belongs to; null when no shop knows it
  carrier: who carries it
  tracking_no: the carrier's number
  occurred_at: when it happened
  occurred_local_at: wall time at the event's place, without zone
  tz_source: {description: how the instant is known, accepted: [offset, place, country, default]}
  status: {description: canonical status; unknown for a code that nobody mapped, not_null: true}
  status_rank: rank of the status, which decides between events of one instant
  is_physical: the carrier had the parcel in hand
  reason: why, where the code says it
  is_unmapped: {description: the carrier's code is in no map, not_null: true}
  raw_type: the carrier's coarse code
  raw_code: the carrier's fine code
  raw_text: the carrier's words
  locality: the place
  country: ISO code of the place
  first_seen_at: when the carrier was asked and first told of it
  _file_id: file of that answer
  _line: line in that file
  _built_at: the instant that the run asked about
checks:
  - relationship: {column: order_id, to: marts.fct_orders, field: order_id}
*/
with return_parcels as (
    select
        l.tracking_no,
        min(l.order_id) as order_id
    from canonical.return_labels as l
    inner join intermediate.int_orders as o on o.order_id = l.order_id
    where l.tracking_no is not null
    group by l.tracking_no
),

fct_tracking_events as (
    select
        e.event_key,
        e.shipment_id,
        case when p.tracking_no is not null then 'outbound' else 'return' end as direction,
        case when p.tracking_no is not null then p.order_id else r.order_id end as order_id,
        e.carrier,
        e.tracking_no,
        e.occurred_at,
        e.occurred_local as occurred_local_at,
        e.tz_source,
        e.status,
        e.status_rank,
        e.is_physical,
        e.reason,
        e.is_unmapped,
        e.raw_type,
        e.raw_code,
        e.raw_text,
        e.locality,
        e.country,
        e.first_asked_at as first_seen_at,
        e._file_id,
        e._line,
        k.as_of as _built_at
    from intermediate.int_parcel_events as e
    left join intermediate.int_parcels as p on p.shipment_id = e.shipment_id
    left join return_parcels as r on r.tracking_no = e.tracking_no
    cross join ops.clock as k
    where e.told_by = 'scan' and not e.is_of_earlier_parcel and (p.tracking_no is not null or r.tracking_no is not null)
)

select * from fct_tracking_events
