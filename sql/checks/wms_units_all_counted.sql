/*
description: >-
  Every unit that a warehouse says it despatched is in an order, or in an order that no shop knows, or in a test order;
  none is counted twice.
grain: one row if the sums differ
key: [units_sent]
owner: operations
severity: error
*/
with sent as (
    select coalesce(sum(qty_despatched), 0) as units from canonical.despatches
),

in_orders as (
    select coalesce(sum(units_despatched + units_added_despatched), 0) as units from marts.fct_orders
),

unknown as (
    select coalesce(sum(qty_despatched), 0) as units
    from intermediate.int_despatches
    where order_id is null
),

tests as (
    select coalesce(sum(d.qty_despatched), 0) as units
    from canonical.despatches as d
    inner join intermediate.int_order_keys as k on k.source = d.source and k.order_ref = d.order_ref
    where k.is_test
),

wms_units_all_counted as (
    select
        s.units as units_sent,
        o.units as units_in_orders,
        u.units as units_of_unknown_orders,
        t.units as units_of_test_orders
    from sent as s
    cross join in_orders as o
    cross join unknown as u
    cross join tests as t
    where s.units <> o.units + u.units + t.units
)

select * from wms_units_all_counted
