/*
description: >-
  What suppliers delivered to the warehouses. A delivery is told again when it is counted, put into stock and closed: the row that got furthest
  counts, of those that got as far the one received last.
grain: one row per delivery, purchase order and SKU
key: [_source, receipt_ref, po_number, sku]
owner: data
conforms_to: goods_in
rows:
  raw.wms_goods_in:
    told_by:
      receipt_ref: trim(receipt_ref)
      po_number: nullif(trim(po_number), '')
      sku: coalesce(sku_key(sku), sku)
*/
with stg_wms__goods_in as (
    select
        trim(receipt_ref) as receipt_ref,
        nullif(trim(po_number), '') as po_number,
        nullif(trim(supplier), '') as supplier,
        coalesce(sku_key(sku), sku) as sku,
        site,
        qty_received as units_received,
        qty_booked as units_booked,
        arrived_at,
        received_at,
        booked_at,
        closed_at,
        _source,
        _file_id,
        _line,
        _received_at
    from raw.wms_goods_in
    qualify row_number() over (
        partition by _source, trim(receipt_ref), nullif(trim(po_number), ''), coalesce(sku_key(sku), sku)
        order by coalesce(closed_at, booked_at, received_at, arrived_at) desc, _received_at desc, _file_id, _line
    ) = 1
)

select * from stg_wms__goods_in
