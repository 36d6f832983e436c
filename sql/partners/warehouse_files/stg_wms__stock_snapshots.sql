/*
description: Stock by site and SKU as counted at an instant.
grain: one row per row as sent
key: [_source, _file_id, _line]
owner: data
conforms_to: stock_levels
*/
with stg_wms__stock_snapshots as (
    select
        coalesce(sku_key(sku), sku) as sku,
        barcode,
        site,
        snapshot_at,
        qty_on_hand,
        qty_allocated,
        qty_available,
        qty_quarantine,
        _source,
        _file_id,
        _line,
        _received_at
    from raw.wms_stock_snapshot
)

select * from stg_wms__stock_snapshots
