/*
description: Movements of stock by kind, each in the day of the count that was the first to see it.
grain: one row per source, site, day and SKU
key: [source, site, day_no, sku]
owner: data
columns:
  units_unmapped: changes of a kind that nobody has mapped; they count all the same
  units_change: of all kinds
*/
with moved as (
    select
        m.source,
        coalesce(m.site, 'none') as site,
        m.sku,
        m.movement,
        m.units_change,
        m.moved_at
    from canonical.stock_movements as m
),

int_stock_changes as (
    select
        s.source,
        s.site,
        s.day_no,
        m.sku,
        cast(sum(case when m.movement = 'receipt' then m.units_change else 0 end) as integer) as units_received,
        cast(-sum(case when m.movement = 'despatch' then m.units_change else 0 end) as integer) as units_despatched,
        cast(sum(case when m.movement = 'return' then m.units_change else 0 end) as integer) as units_returned,
        cast(sum(case when m.movement = 'adjustment' then m.units_change else 0 end) as integer) as units_adjusted,
        cast(sum(case when m.movement = 'transfer' then m.units_change else 0 end) as integer) as units_transferred,
        cast(-sum(case when m.movement = 'write_off' then m.units_change else 0 end) as integer) as units_written_off,
        cast(sum(case when m.movement is null then m.units_change else 0 end) as integer) as units_unmapped,
        cast(sum(m.units_change) as integer) as units_change
    from moved as m
    inner join intermediate.int_stock_snapshots as s
        on s.source = m.source and s.site = m.site and m.moved_at > s.previous_at and m.moved_at <= s.snapshot_at
    group by s.source, s.site, s.day_no, m.sku
)

select * from int_stock_changes
