/*
description: >-
  Stock of every site and SKU on every day that stock was told, from the day before the SKU was first seen: as counted, zero where a whole count
  does not tell it, unknown where the count is not whole; beside it the last known stock before and all movements since.
grain: one row per source, site, day and SKU
key: [source, site, day_no, sku]
owner: data
columns:
  told: counted, absent (a whole count does not tell it, so it is zero) or not_told (the count is not whole)
  units_on_hand: null when not told
  known_on: the day before of which the stock is known
  units_before: the stock then
  units_since: all movements since then; null where the warehouse tells no movements so far back
*/
with seen as (
    select c.source, c.site, c.sku, s.day_no
    from intermediate.int_stock_counts as c
    inner join intermediate.int_stock_snapshots as s on s.source = c.source and s.site = c.site and s.stock_on = c.stock_on
    union all
    select source, site, sku, day_no from intermediate.int_stock_changes
),

skus as (
    select source, site, sku, min(day_no) as first_no
    from seen
    group by source, site, sku
),

spread as (
    select
        s.source,
        s.site,
        s.day_no,
        s.stock_on,
        s.snapshot_at,
        s.coverage_share,
        u.sku,
        case when c.sku is not null then 'counted' when s.is_whole then 'absent' else 'not_told' end as told,
        case when c.sku is not null then c.units_on_hand when s.is_whole then 0 end as units_on_hand,
        c.units_allocated,
        c.units_available,
        case when c.sku is not null then c.units_quarantine when s.is_whole then 0 end as units_quarantine,
        coalesce(h.units_received, 0) as units_received,
        coalesce(h.units_despatched, 0) as units_despatched,
        coalesce(h.units_returned, 0) as units_returned,
        coalesce(h.units_adjusted, 0) as units_adjusted,
        coalesce(h.units_transferred, 0) as units_transferred,
        coalesce(h.units_written_off, 0) as units_written_off,
        coalesce(h.units_unmapped, 0) as units_unmapped,
        sum(coalesce(h.units_change, 0)) over (
            partition by s.source, s.site, u.sku order by s.day_no rows between unbounded preceding and current row
        ) as units_so_far,
        max(case when c.sku is not null or s.is_whole then s.day_no end) over (
            partition by s.source, s.site, u.sku order by s.day_no rows between unbounded preceding and 1 preceding
        ) as known_no,
        coalesce(c._file_id, s._file_id) as _file_id,
        c._line
    from skus as u
    inner join intermediate.int_stock_snapshots as s on s.source = u.source and s.site = u.site and s.day_no >= u.first_no - 1
    left join intermediate.int_stock_counts as c
        on c.source = s.source and c.site = s.site and c.stock_on = s.stock_on and c.sku = u.sku
    left join intermediate.int_stock_changes as h
        on h.source = s.source and h.site = s.site and h.day_no = s.day_no and h.sku = u.sku
),

-- Before the first movement that a warehouse ever told nobody knows what moved.
tellers as (
    select source, coalesce(site, 'none') as site, min(moved_at) as first_moved_at
    from canonical.stock_movements
    group by source, coalesce(site, 'none')
),

int_stock_days as (
    select
        d.source,
        d.site,
        d.day_no,
        d.stock_on,
        d.snapshot_at,
        d.coverage_share,
        d.sku,
        d.told,
        d.units_on_hand,
        d.units_allocated,
        d.units_available,
        d.units_quarantine,
        d.units_received,
        d.units_despatched,
        d.units_returned,
        d.units_adjusted,
        d.units_transferred,
        d.units_written_off,
        d.units_unmapped,
        k.stock_on as known_on,
        k.units_on_hand as units_before,
        case when t.first_moved_at <= k.snapshot_at then cast(d.units_so_far - k.units_so_far as integer) end as units_since,
        d._file_id,
        d._line
    from spread as d
    left join spread as k on k.source = d.source and k.site = d.site and k.sku = d.sku and k.day_no = d.known_no
    left join tellers as t on t.source = d.source and t.site = d.site
)

select * from int_stock_days
