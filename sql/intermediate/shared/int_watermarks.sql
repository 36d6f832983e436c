/*
description: How far each warehouse's files reach. What happened after that instant cannot be known yet.
grain: one row per warehouse source
key: [source]
owner: data
columns:
  watermark_at: latest status or despatch time in the source's files; one in the future is a typing error and does not count
*/
with told as (
    select source, status_at as told_at from canonical.order_statuses
    union all
    select source, despatched_at as told_at from canonical.despatches
),

int_watermarks as (
    select
        t.source,
        max(t.told_at) as watermark_at
    from told as t
    cross join ops.clock as k
    where t.told_at <= k.as_of
    group by t.source
)

select * from int_watermarks
