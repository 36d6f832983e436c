/*
description: Stock by site and SKU as counted at an instant.
grain: one row per snapshot row
key: [_source, _file_id, _line]
owner: data
*/
with rows_as_sent as (
    select * from raw.wms_stock_snapshot
),

stg_wms__stock_snapshots as (
    select
        trim(sku) as sku,
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
    from rows_as_sent
)

select * from stg_wms__stock_snapshots
