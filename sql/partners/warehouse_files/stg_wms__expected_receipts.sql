/*
description: What suppliers are to deliver to the warehouses, each line as it was changed last.
grain: one row per line of a purchase order
key: [_source, po_number, line_no, sku]
owner: data
conforms_to: expected_receipts
rows:
  raw.wms_expected_receipt:
    told_by:
      po_number: trim(po_number)
      line_no: line_no
      sku: coalesce(sku_key(sku), sku)
columns:
  status: open, closed or cancelled; null when not mapped
*/
with stg_wms__expected_receipts as (
    select
        trim(po_number) as po_number,
        line_no,
        nullif(trim(supplier), '') as supplier,
        coalesce(sku_key(sku), sku) as sku,
        site,
        qty_expected as units_expected,
        expected_on,
        status_raw,
        status,
        stated_at,
        _source,
        _file_id,
        _line,
        _received_at
    from raw.wms_expected_receipt
    qualify row_number() over (
        partition by _source, trim(po_number), line_no, coalesce(sku_key(sku), sku)
        order by stated_at desc, _received_at desc, _file_id, _line
    ) = 1
)

select * from stg_wms__expected_receipts
