/*
description: >-
  Stock of a site and SKU by the last count of a site day. Rows of one SKU (several places or batches) are summed. Units on hand are those that
  the warehouse tells, else the sum of the parts that it tells.
grain: one row per source, site, site day and SKU
key: [source, site, stock_on, sku]
owner: data
columns:
  site: as sent; none where the warehouse names no site
  stock_on: site day of the count
  units_available: as told; null where the warehouse tells no such number
*/
with counted as (
    select
        l.source,
        coalesce(l.site, 'none') as site,
        coalesce(s.time_zone, 'Europe/London') as time_zone,
        l.sku,
        l.snapshot_at,
        coalesce(
            l.qty_on_hand,
            coalesce(l.qty_available, 0) + coalesce(l.qty_allocated, 0) + coalesce(l.qty_quarantine, 0)
        ) as units_on_hand,
        l.qty_allocated as units_allocated,
        l.qty_available as units_available,
        l.qty_quarantine as units_quarantine,
        l._file_id,
        l._line
    from canonical.stock_levels as l
    left join ops.sites as s on s.source = l.source and s.site = l.site
),

dated as (
    select
        *,
        cast(at_timezone(snapshot_at, time_zone) as date) as stock_on
    from counted
),

ranked as (
    select
        *,
        max(snapshot_at) over (partition by source, site, stock_on) as last_snapshot_at,
        row_number() over (partition by source, site, stock_on, sku order by snapshot_at desc, _file_id, _line) as place
    from dated
),

int_stock_counts as (
    select
        source,
        site,
        stock_on,
        sku,
        snapshot_at,
        cast(sum(units_on_hand) as integer) as units_on_hand,
        cast(sum(units_allocated) as integer) as units_allocated,
        cast(sum(units_available) as integer) as units_available,
        cast(sum(units_quarantine) as integer) as units_quarantine,
        min_by(_file_id, place) as _file_id,
        min_by(_line, place) as _line
    from ranked
    where snapshot_at = last_snapshot_at
    group by source, site, stock_on, sku, snapshot_at
)

select * from int_stock_counts
