/*
description: What the warehouses despatched, line by line. A corrected file has replaced its former rows already.
grain: one row per despatch row
key: [_source, _file_id, _line]
owner: data
columns:
  order_ref: northgate sends the order's name, veldhoven the numeric Shopify id
  service: standard or express; null when the warehouse's code is not mapped
*/
with rows_as_sent as (
    select * from raw.wms_despatch
),

stg_wms__despatches as (
    select
        upper(ltrim(trim(order_ref), '#')) as order_ref,
        despatch_ref,
        line_no,
        site,
        despatched_at,
        carrier_code,
        service_code_raw,
        service_code as service,
        parcel_ref,
        upper(nullif(trim(tracking_no), '')) as tracking_no,
        trim(sku) as sku,
        item_name,
        barcode,
        lot,
        qty_ordered,
        qty_despatched,
        nullif(trim(short_reason), '') as short_reason,
        upper(nullif(trim(destination_country), '')) as destination_country,
        weight_kg,
        customer_email as email_hash,
        _source,
        _file_id,
        _line,
        _received_at
    from rows_as_sent
)

select * from stg_wms__despatches
