/*
description: What the warehouses said happened to an order, event by event, with the line that says so.
grain: one row per status event of a warehouse
key: [event_key]
unit: order_id
owner: operations
columns:
  event_key: source, order reference, status as sent, second, reason code and site
  order_id: the order it is about; null for an order that no shop knows
  brand: the order's brand
  source: the warehouse's source
  site: the site, as sent
  order_ref: the order's reference, as sent
  status: canonical status; null for one that nobody mapped
  status_raw: {description: the status as sent, not_null: true}
  occurred_at: {description: when it happened, not_null: true}
  reason_code: why, as sent
  reason_text: why, in the warehouse's words
  progress: how far along the status is, to put events of one instant in order
  _file_id: file of the event
  _line: line in that file
  _built_at: the instant that the run asked about
checks:
  - relationship: {column: order_id, to: marts.fct_orders, field: order_id}
*/
with fct_warehouse_events as (
    select
        e.source || '|' || e.order_ref || '|' || e.status_raw || '|' || cast(cast(to_unixtime(e.status_at) as bigint) as varchar)
            || '|' || coalesce(e.reason_code, '') || '|' || coalesce(e.site, '') as event_key,
        e.order_id,
        o.brand,
        e.source,
        e.site,
        e.order_ref,
        e.status,
        e.status_raw,
        e.status_at as occurred_at,
        e.reason_code,
        e.reason_text,
        e.progress,
        e._file_id,
        e._line,
        k.as_of as _built_at
    from intermediate.int_wms_events as e
    left join intermediate.int_orders as o on o.order_id = e.order_id
    cross join ops.clock as k
)

select * from fct_warehouse_events
