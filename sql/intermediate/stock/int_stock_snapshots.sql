/*
description: >-
  The days on which a warehouse told stock, each for every site that it has told before: how many SKUs it told, beside the most that it told in the
  fourteen counts before. A count that lacks too many is no whole one: what it does not tell is unknown, not zero.
grain: one row per source, site and day
key: [source, site, day_no]
owner: data
columns:
  day_no: the site's days of stock in their order, from 1
  snapshot_at: when it was counted; of a site that was left out, when the source's other sites were
  coverage_share: SKUs told of the most before; null for a site's first count
  is_whole: "what it does not tell is zero: it has at least the share of SKUs that seeds.stock_guards asks for"
*/
with told as (
    select source, site, stock_on, max(snapshot_at) as snapshot_at, count(*) as skus_count, max_by(_file_id, sku) as _file_id
    from intermediate.int_stock_counts
    group by source, site, stock_on
),

days as (
    select source, stock_on, max(snapshot_at) as snapshot_at
    from told
    group by source, stock_on
),

sites as (
    select source, site, min(stock_on) as first_on
    from told
    group by source, site
),

spread as (
    select
        d.source,
        s.site,
        d.stock_on,
        coalesce(t.snapshot_at, d.snapshot_at) as snapshot_at,
        coalesce(t.skus_count, 0) as skus_count,
        t._file_id
    from days as d
    inner join sites as s on s.source = d.source and s.first_on <= d.stock_on
    left join told as t on t.source = d.source and t.site = s.site and t.stock_on = d.stock_on
),

compared as (
    select
        *,
        row_number() over (partition by source, site order by stock_on) as day_no,
        max(skus_count) over (
            partition by source, site order by stock_on rows between 14 preceding and 1 preceding
        ) as skus_count_before,
        lag(snapshot_at) over (partition by source, site order by stock_on) as previous_at
    from spread
),

guards as (
    select site, min_coverage_share from seeds.stock_guards
),

int_stock_snapshots as (
    select
        c.source,
        c.site,
        c.day_no,
        c.stock_on,
        c.snapshot_at,
        c.previous_at,
        c.skus_count,
        c.skus_count_before,
        cast(c.skus_count as double) / nullif(cast(c.skus_count_before as double), 0) as coverage_share,
        c.skus_count_before is null
            or cast(c.skus_count as double) >= coalesce(own.min_coverage_share, every.min_coverage_share) * c.skus_count_before as is_whole,
        c._file_id
    from compared as c
    left join guards as own on own.site = c.site
    left join guards as every on every.site = '*'
)

select * from int_stock_snapshots
