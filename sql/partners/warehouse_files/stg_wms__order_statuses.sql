/*
description: Status events of the warehouses; an event that was sent twice is one.
grain: one row per event
key: [_source, order_ref, status_raw, status_at, reason_code, site]
owner: data
conforms_to: order_statuses
rows:
  raw.wms_order_status:
    told_by:
      order_ref: upper(ltrim(trim(order_ref), '#'))
      status_raw: status_raw
      status_at: status_at
      reason_code: nullif(trim(reason_code), '')
      site: site
columns:
  status: received, allocated, on_hold, shortage, picking, picked, packed, despatched, part_despatched, cancelled or query; null when not mapped
*/
with rows_as_sent as (
    select * from raw.wms_order_status
),

stg_wms__order_statuses as (
    select
        upper(ltrim(trim(order_ref), '#')) as order_ref,
        status_raw,
        status,
        status_at,
        nullif(trim(reason_code), '') as reason_code,
        nullif(trim(reason_text), '') as reason_text,
        site,
        _source,
        _file_id,
        _line,
        _received_at
    from rows_as_sent
    qualify row_number() over (
        partition by
            _source,
            upper(ltrim(trim(order_ref), '#')),
            status_raw,
            status_at,
            nullif(trim(reason_code), ''),
            site
        order by _received_at, _file_id, _line
    ) = 1
)

select * from stg_wms__order_statuses
