/*
description: >-
  Tracking numbers to ask Royal Mail about: outbound parcels and return labels that it carries and that can still move. Parcels due
  today come first, then those never asked about, then those asked longest ago. None is asked again within an hour. A number whose
  questions fail is asked again after longer and longer pauses, and comes last. A delivered parcel is asked for three more days, one
  that came back no more; after 90 days nothing more is expected.
grain: one row per source and tracking number
key: [source, ask]
owner: operations
*/
with clock as (
    select as_of, cast(as_of at time zone 'Europe/London' as date) as today_on
    from ops.clock
),

askers as (
    select source from ops.feeds where worklist = 'royal_mail_tracking'
),

parcels as (
    select c.source, n.tracking_no, min(n.begun_at) as begun_at
    from intermediate.int_tracking_numbers as n
    inner join ops.carriers as c on c.carrier = n.carrier
    inner join askers as a on a.source = c.source
    group by c.source, n.tracking_no
),

answered as (
    -- An answer counts from the instant that the run which got it asked about. A summary of a known number alone leaves its events due.
    select n._source, upper(trim(n.tracking_no)) as tracking_no, max(n._received_at) as asked_at
    from raw.royal_mail_answers as n
    inner join clock as k on n._received_at <= k.as_of
    where n.endpoint = 'events' or not n.is_known
    group by n._source, upper(trim(n.tracking_no))
),

-- Failures since the last answer.
failures as (
    select n._source, upper(trim(n.tracking_no)) as tracking_no, max(n._received_at) as failed_at, count(*) as failed_count
    from raw.royal_mail_failures as n
    inner join clock as k on n._received_at <= k.as_of
    left join answered as a on a._source = n._source and a.tracking_no = upper(trim(n.tracking_no))
    where a.asked_at is null or n._received_at > a.asked_at
    group by n._source, upper(trim(n.tracking_no))
),

ranked as (
    select
        e._source,
        e.tracking_no,
        e.status,
        e.occurred_at,
        row_number() over (
            partition by e._source, e.tracking_no
            order by case when s.rank_no >= 20 then 1 else 0 end desc, e.occurred_at desc, s.rank_no desc, e.scan_key
        ) as recency
    from staging.stg_royal_mail__events as e
    left join seeds.parcel_statuses as s on s.status = e.status
    where e.occurred_at is not null
),

states as (
    select _source, tracking_no, status, occurred_at
    from ranked
    where recency = 1
),

royal_mail_tracking as (
    select
        p.source,
        p.tracking_no as ask,
        row_number() over (
            order by
                case when f.failed_at is not null then 1 else 0 end,
                case
                    when s.status = 'out_for_delivery' then 0
                    when s.status in ('delivered', 'delivered_damaged') then 3
                    when h.estimated_on <= k.today_on then 0
                    when a.asked_at is null then 1
                    else 2
                end,
                a.asked_at,
                p.begun_at,
                p.tracking_no
        ) as place
    from parcels as p
    cross join clock as k
    left join answered as a on a._source = p.source and a.tracking_no = p.tracking_no
    left join failures as f on f._source = p.source and f.tracking_no = p.tracking_no
    left join states as s on s._source = p.source and s.tracking_no = p.tracking_no
    left join staging.stg_royal_mail__statuses as h on h._source = p.source and h.tracking_no = p.tracking_no
    where (a.asked_at is null or a.asked_at <= k.as_of - interval '1' hour)
        and (f.failed_at is null or f.failed_at <= k.as_of - to_minutes(cast(least(720, 30 * f.failed_count) as integer)))
        and p.begun_at > k.as_of - interval '90' day
        and (s.status is null or s.status not in ('returned', 'cancelled', 'destroyed'))
        and (
            s.status is null
            or s.status not in ('delivered', 'delivered_damaged')
            or s.occurred_at > k.as_of - interval '3' day
        )
)

select source, ask from royal_mail_tracking order by place
