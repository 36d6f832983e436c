/*
description: >-
  The site that has an order: that of the earliest status event or despatch which a warehouse told of; before that the brand's first
  warehouse. A site that is not configured counts as the first of its source.
grain: one row per order
key: [order_id]
owner: data
*/
with told as (
    select order_id, source, site, status_at as told_at, _file_id, _line
    from intermediate.int_wms_events
    union all
    select order_id, source, site, despatched_at, _file_id, _line
    from intermediate.int_despatches
),

earliest as (
    select
        *,
        row_number() over (partition by order_id order by told_at, _file_id, _line) as place
    from told
),

firsts as (
    select source, brand, site, row_number() over (partition by source order by place, site) as place_in_source
    from ops.links
    where role = 'warehouse'
),

of_brands as (
    select brand, source, site, row_number() over (partition by brand order by place, site) as place_in_brand
    from ops.links
    where role = 'warehouse'
),

int_order_sites as (
    select
        o.order_id,
        coalesce(e.source, b.source) as source,
        coalesce(s.site, f.site, b.site) as site
    from intermediate.int_branded_orders as o
    left join earliest as e on e.order_id = o.order_id and e.place = 1
    left join ops.sites as s on s.source = e.source and s.site = e.site
    left join firsts as f on f.source = e.source and f.place_in_source = 1
    left join of_brands as b on b.brand = o.brand and b.place_in_brand = 1
)

select * from int_order_sites
