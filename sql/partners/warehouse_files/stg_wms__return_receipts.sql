/*
description: What came back to the warehouses, line by line.
grain: one row per row as sent
key: [_source, _file_id, _line]
owner: data
conforms_to: return_receipts
*/
with stg_wms__return_receipts as (
    select
        return_ref,
        received_at,
        processed_at,
        upper(ltrim(nullif(trim(order_ref), ''), '#')) as order_ref,
        upper(ltrim(nullif(trim(rma), ''), '#')) as rma,
        upper(nullif(trim(tracking_no), '')) as tracking_no,
        coalesce(sku_key(sku), sku) as sku,
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
    from raw.wms_return_receipt
)

select * from stg_wms__return_receipts
