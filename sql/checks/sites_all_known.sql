/*
description: Sites that warehouses name and that the configuration has not.
grain: one row per source and site
key: [source, site]
owner: operations
severity: warn
*/
with named as (
    select source, site from canonical.despatches
    union all
    select source, site from canonical.order_statuses
    union all
    select source, site from canonical.return_receipts
    union all
    select source, site from canonical.stock_levels
    union all
    select source, site from canonical.stock_movements
    union all
    select source, site from canonical.goods_in
    union all
    select source, site from canonical.expected_receipts
),

sites_all_known as (
    select n.source, n.site, count(*) as rows_count
    from named as n
    left join ops.sites as s on s.source = n.source and s.site = n.site
    where n.site is not null and s.site is null
    group by n.source, n.site
)

select * from sites_all_known
