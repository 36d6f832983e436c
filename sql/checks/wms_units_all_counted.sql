/*
description: >-
  Every unit that a warehouse says it despatched is in its order, or in an order that no shop knows, or in a test order;
  none is counted twice.
grain: one row per order whose units differ, and one of all orders that no shop knows
key: [order_id]
owner: operations
severity: error
unit: order_id
*/
with sent as (
    select k.order_id, sum(d.qty_despatched) as units
    from canonical.despatches as d
    left join intermediate.int_order_keys as k on k.source = d.source and k.order_ref = d.order_ref
    where k.is_test is null or not k.is_test
    group by k.order_id
),

counted as (
    select order_id, units_despatched + units_added_despatched as units from marts.fct_orders
    union all
    select null as order_id, coalesce(sum(qty_despatched), 0) as units
    from intermediate.int_despatches
    where order_id is null
),

wms_units_all_counted as (
    select
        coalesce(s.order_id, c.order_id) as order_id,
        s.units as units_sent,
        c.units as units_counted
    from sent as s
    full outer join counted as c on coalesce(c.order_id, '') = coalesce(s.order_id, '')
    where coalesce(s.units, 0) <> coalesce(c.units, 0)
)

select * from wms_units_all_counted
