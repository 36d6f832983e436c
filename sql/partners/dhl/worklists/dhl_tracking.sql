/*
description: >-
  Tracking numbers to ask DHL about: outbound parcels and return labels that it carries and that can still move, in the order of
  parcels_to_ask. None is asked again within 30 minutes.
grain: one row per source and tracking number
key: [source, ask]
owner: operations
*/
with askers as (
    select source from ops.feeds where worklist = 'dhl_tracking'
),

parcels as (
    select c.source, n.tracking_no, max(n.last_begun_at) as begun_at, bool_or(n.is_outbound) as is_outbound, max(k.as_of) as as_of
    from intermediate.int_tracking_numbers as n
    inner join ops.carriers as c on c.carrier = n.carrier
    inner join askers as a on a.source = c.source
    cross join ops.clock as k
    group by c.source, n.tracking_no
),

asks as (
    select n._source, n.ask, n.outcome, n._received_at
    from staging.stg_dhl__answers as n
    inner join ops.clock as k on n._received_at <= k.as_of
),

asked as (
    select * from questions('asks', ['answered', 'not_found'])
),

scans as (
    select e._source, e.tracking_no, e.status, s.rank_no, e.occurred_at
    from staging.stg_dhl__events as e
    left join seeds.parcel_statuses as s on s.status = e.status
    union all
    select h._source, h.tracking_no, h.status, s.rank_no, coalesce(h.status_at, h.told_since)
    from staging.stg_dhl__shipments as h
    inner join seeds.parcel_statuses as s on s.status = h.status
),

estimates as (
    select _source, tracking_no, estimated_on from staging.stg_dhl__shipments
),

dhl_tracking as (
    select p.source, p.tracking_no as ask, w.place
    from parcels as p
    inner join parcels_to_ask('parcels', 'asked', 'scans', 'estimates', interval '30' minute) as w
        on w.source = p.source and w.tracking_no = p.tracking_no
)

select source, ask from dhl_tracking order by place
