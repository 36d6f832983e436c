/*
description: When warehouses received the orders.
grain: one row per order that a warehouse has received
key: [order_id]
owner: data
*/
with int_wms_receipts as (
    select order_id, min(status_at) as in_wms_at
    from intermediate.int_wms_events
    where status = 'received' and order_id is not null
    group by order_id
)

select * from int_wms_receipts
