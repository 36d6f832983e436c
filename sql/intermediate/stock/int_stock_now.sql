/*
description: >-
  What can be picked of each SKU at each site now: the last known stock less what is kept apart, and what moved since. Where a warehouse
  tells no movements, only its despatches since are taken off.
grain: one row per site and SKU
key: [source, site, sku]
owner: data
columns:
  units_pickable: never below 0
  units_quarantine: kept apart when it was last counted
*/
with ranked as (
    select
        *,
        row_number() over (partition by source, site, sku order by day_no desc) as recency
    from intermediate.int_stock_days
    where units_on_hand is not null
),

latest as (
    select source, site, sku, stock_on, snapshot_at, units_on_hand, coalesce(units_quarantine, 0) as units_quarantine, _file_id, _line
    from ranked
    where recency = 1
),

tellers as (
    select distinct source, coalesce(site, 'none') as site from canonical.stock_movements
),

changes as (
    select source, coalesce(site, 'none') as site, sku, moved_at, units_change from canonical.stock_movements
    union all
    select d.source, coalesce(d.site, 'none'), d.sku, d.despatched_at, -d.qty_despatched
    from canonical.despatches as d
    left join tellers as t on t.source = d.source and t.site = coalesce(d.site, 'none')
    where t.site is null
),

since as (
    select l.source, l.site, l.sku, sum(c.units_change) as units_change
    from latest as l
    inner join changes as c on c.source = l.source and c.site = l.site and c.sku = l.sku and c.moved_at > l.snapshot_at
    group by l.source, l.site, l.sku
),

int_stock_now as (
    select
        l.source,
        l.site,
        l.sku,
        l.stock_on,
        l.snapshot_at,
        l.units_quarantine,
        cast(greatest(0, l.units_on_hand - l.units_quarantine + coalesce(s.units_change, 0)) as integer) as units_pickable,
        l._file_id,
        l._line
    from latest as l
    left join since as s on s.source = l.source and s.site = l.site and s.sku = l.sku
)

select * from int_stock_now
