/*
description: Orders that were despatched before they were placed, or delivered before they were despatched.
grain: one row per order
key: [order_id]
owner: operations
severity: warn
*/
with stages_in_order as (
    select order_id, placed_at, releasable_at, first_despatched_at, first_accepted_at, first_delivered_at
    from marts.fct_orders
    where first_despatched_at < placed_at
        or first_delivered_at < first_despatched_at
)

select * from stages_in_order
