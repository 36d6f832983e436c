/*
description: >-
  What changed the stock of the warehouses. Where a warehouse writes places instead of a sign, what has no place to come from came in, what has
  none to go to went out, and what has both lies elsewhere now. A movement that was sent twice is one.
grain: one row per movement
key: [_source, movement_ref]
owner: data
conforms_to: stock_movements
rows:
  raw.wms_stock_movement:
    told_by:
      movement_ref: trim(movement_ref)
columns:
  movement: receipt, despatch, return, adjustment, transfer or write_off; null when not mapped
*/
with placed as (
    select
        *,
        nullif(trim(from_location), '') as left_place,
        nullif(trim(to_location), '') as went_to_place
    from raw.wms_stock_movement
),

stg_wms__stock_movements as (
    select
        trim(movement_ref) as movement_ref,
        moved_at,
        coalesce(sku_key(sku), sku) as sku,
        site,
        movement_raw,
        movement,
        case
            when left_place is not null and went_to_place is not null then 0
            when left_place is not null then -qty
            else qty
        end as units_change,
        nullif(trim(reason_raw), '') as reason_raw,
        upper(ltrim(nullif(trim(order_ref), ''), '#')) as order_ref,
        _source,
        _file_id,
        _line,
        _received_at
    from placed
    qualify row_number() over (
        partition by _source, trim(movement_ref) order by _received_at desc, _file_id, _line
    ) = 1
)

select * from stg_wms__stock_movements
