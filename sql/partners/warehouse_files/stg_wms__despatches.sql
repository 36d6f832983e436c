/*
description: What the warehouses despatched, line by line. A corrected file has replaced its former rows already.
grain: one row per row as sent
key: [_source, _file_id, _line]
owner: data
conforms_to: despatches
*/
with stg_wms__despatches as (
    select
        upper(ltrim(trim(order_ref), '#')) as order_ref,
        despatch_ref,
        line_no,
        site,
        despatched_at,
        nullif(trim(carrier_code), '') as carrier_word,
        service_code_raw as service_raw,
        service_code as service,
        parcel_ref,
        upper(nullif(trim(tracking_no), '')) as tracking_no,
        coalesce(sku_key(sku), sku) as sku,
        item_name,
        barcode,
        qty_ordered,
        qty_despatched,
        nullif(trim(short_reason), '') as short_reason,
        upper(nullif(trim(destination_country), '')) as destination_country,
        weight_kg,
        nullif(trim(manifest_ref), '') as manifest_ref,
        manifested_at,
        collected_at,
        _source,
        _file_id,
        _line,
        _received_at
    from raw.wms_despatch
)

select * from stg_wms__despatches
