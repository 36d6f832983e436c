/*
description: What came back to the warehouses, line by line.
grain: one row per receipt row
key: [_source, _file_id, _line]
owner: data
columns:
  grade: A as new, B opened, C worn, D damaged, X not ours, M missing; null when not mapped
  rma: the Shopify return's name without the number sign, where the warehouse knew it
*/
with rows_as_sent as (
    select * from raw.wms_return_receipt
),

stg_wms__return_receipts as (
    select
        return_ref,
        received_at,
        processed_at,
        upper(ltrim(nullif(trim(order_ref), ''), '#')) as order_ref,
        upper(ltrim(nullif(trim(rma), ''), '#')) as rma,
        upper(nullif(trim(tracking_no), '')) as tracking_no,
        trim(sku) as sku,
        barcode,
        qty,
        nullif(trim(reason_raw), '') as reason_raw,
        grade_raw,
        grade,
        is_reusable,
        disposition,
        site,
        _source,
        _file_id,
        _line,
        _received_at
    from rows_as_sent
)

select * from stg_wms__return_receipts
