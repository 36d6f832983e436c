/*
description: Status events of the warehouses with the order they are about. Those of test orders are left out.
grain: one row per event
key: [source, order_ref, status_raw, status_at, reason_code, site]
owner: data
columns:
  order_id: null for an order that no shop knows
  progress: how far along the status is, to put events of one instant in order
*/
with int_wms_events as (
    select
        e.source,
        e.order_ref,
        k.order_id,
        e.status,
        e.status_raw,
        e.status_at,
        e.reason_code,
        e.reason_text,
        e.site,
        case e.status
            when 'received' then 1
            when 'query' then 2
            when 'allocated' then 3
            when 'on_hold' then 4
            when 'shortage' then 5
            when 'picking' then 6
            when 'picked' then 7
            when 'packed' then 8
            when 'part_despatched' then 9
            when 'despatched' then 10
            when 'cancelled' then 11
            else 0
        end as progress,
        e._file_id,
        e._line
    from canonical.order_statuses as e
    left join intermediate.int_order_keys as k on k.source = e.source and k.order_ref = e.order_ref
    where k.is_test is null or not k.is_test
)

select * from int_wms_events
