/*
description: Every step of every return on the day that it happened, in Europe/London, one by one, and the last day for its refund.
grain: one row per return and step
key: [return_id, measure]
owner: data
columns:
  hours: how long the step took, where the step before it is known
*/
with returns as (
    select * from marts.fct_returns where brand is not null
),

int_return_measures as (
    select return_id, brand, site, 'requested' as measure, requested_at as reached_at, null as hours
    from returns where requested_at is not null
    union all
    select return_id, brand, site, 'scanned', first_scan_at, request_to_scan_hours
    from returns where first_scan_at is not null
    union all
    select return_id, brand, site, 'delivered', hub_delivered_at, scan_to_hub_hours
    from returns where hub_delivered_at is not null
    union all
    select return_id, brand, site, 'received', received_at, hub_to_received_hours
    from returns where received_at is not null
    union all
    select return_id, brand, site, 'graded', graded_at, received_to_graded_hours
    from returns where graded_at is not null
    union all
    select return_id, brand, site, 'refunded', refunded_at, received_to_refunded_hours
    from returns where refunded_at is not null
    union all
    select return_id, brand, site, 'resolved', resolved_at, null
    from returns where resolved_at is not null
    union all
    select return_id, brand, site, 'due', with_timezone(cast(refund_due_on as timestamp), 'Europe/London'), null
    from returns where refund_due_on is not null
)

select * from int_return_measures
