/*
description: >-
  Every unit that a warehouse says it received back is in a return or belongs to a test order; none is counted twice.
grain: one row per return whose units differ, and one if there are more than were sent
key: [return_id]
owner: returns
severity: error
unit: [order_id, return_id]
*/
with counted as (
    select return_id, min(order_id) as order_id, sum(units_received + units_not_ours + units_missing) as units
    from marts.fct_return_lines
    group by return_id
),

known as (
    select return_id, min(order_id) as order_id, sum(qty) as units
    from intermediate.int_return_receipts
    group by return_id
),

totals as (
    select
        coalesce((select sum(qty) from canonical.return_receipts), 0) as sent,
        coalesce((select sum(units) from known), 0) as known
),

receipts_all_counted as (
    select
        coalesce(k.return_id, c.return_id) as return_id,
        coalesce(c.order_id, k.order_id) as order_id,
        k.units as units_not_of_tests,
        c.units as units_in_returns
    from known as k
    full outer join counted as c on c.return_id = k.return_id
    where coalesce(k.units, 0) <> coalesce(c.units, 0)
    union all
    select null as return_id, null as order_id, sent as units_not_of_tests, known as units_in_returns
    from totals
    where known > sent
)

select * from receipts_all_counted
