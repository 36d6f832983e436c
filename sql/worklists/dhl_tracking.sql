/*
description: >-
  Tracking numbers to ask DHL about: outbound parcels and return labels that can still move. Parcels due today come first,
  then those never asked about, then those asked longest ago. None is asked again within 30 minutes. A delivered parcel is
  asked for three more days (late proof, damage, return), a parcel that came back or was destroyed no more; after 90
  days DHL has forgotten it. The answer of a quota refusal does not count as asked.
grain: one row per tracking number
key: [ask]
owner: operations
*/
with clock as (
    select as_of, cast(as_of at time zone 'Europe/London' as date) as today_on
    from ops.clock
),

parcels as (
    select tracking_no, min(despatched_at) as begun_at
    from (
        select tracking_no, despatched_at from staging.stg_wms__despatches
        union all
        select tracking_no, _received_at as despatched_at from staging.stg_shopify__return_labels
    ) as numbers
    where tracking_no is not null
    group by tracking_no
),

answers as (
    -- An answer counts from the instant that the run which got it asked about: its wall clock is later, and in a repeated run
    -- another. A run may ask about an instant before the last answer; such an answer says nothing of how fresh the number was then.
    select n.tracking_no, max(n._received_at) as asked_at
    from staging.stg_dhl__answers as n
    inner join clock as k on n._received_at <= k.as_of
    where n.status_code in (200, 404)
    group by n.tracking_no
),

mapped as (
    select
        e.tracking_no,
        e.occurred_at,
        e.event_key,
        coalesce(n.status, t.status, 'unknown') as status,
        coalesce(n.rank, t.rank, 0) as rank
    from staging.stg_dhl__events as e
    left join seeds.map_carrier_events as n
        on n.carrier = 'dhl' and n.service = 'ecommerce' and n.raw_type = '*' and n.raw_code = e.raw_code
    left join seeds.map_carrier_events as t
        on t.carrier = 'dhl' and t.service = '*' and t.raw_code = 'none' and t.raw_type = e.raw_type
        and e.raw_code is null
    where e.occurred_at is not null
),

ranked as (
    select
        *,
        row_number() over (
            partition by tracking_no
            order by case when rank >= 20 then 1 else 0 end desc, occurred_at desc, rank desc, event_key
        ) as recency
    from mapped
),

states as (
    select tracking_no, status, occurred_at
    from ranked
    where recency = 1
),

dhl_tracking as (
    select
        'dhl' as source,
        p.tracking_no as ask,
        row_number() over (
            order by
                case
                    when s.status = 'out_for_delivery' then 0
                    when s.status in ('delivered', 'delivered_damaged') then 3
                    when try_cast(substr(h.estimated_delivery, 1, 10) as date) <= k.today_on then 0
                    when a.asked_at is null then 1
                    else 2
                end,
                a.asked_at,
                p.begun_at,
                p.tracking_no
        ) as place
    from parcels as p
    cross join clock as k
    left join answers as a on a.tracking_no = p.tracking_no
    left join states as s on s.tracking_no = p.tracking_no
    left join staging.stg_dhl__shipments as h on h.tracking_no = p.tracking_no
    where (a.asked_at is null or a.asked_at <= k.as_of - interval '30' minute)
        and p.begun_at > k.as_of - interval '90' day
        and (s.status is null or s.status not in ('returned', 'cancelled', 'destroyed'))
        and (
            s.status is null
            or s.status not in ('delivered', 'delivered_damaged')
            or s.occurred_at > k.as_of - interval '3' day
        )
)

select source, ask from dhl_tracking order by place
