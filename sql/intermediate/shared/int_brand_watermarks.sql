/*
description: How far the files of all warehouses that ship a brand reach. A brand whose warehouses have not all told anything yet is not here.
grain: one row per brand
key: [brand]
owner: data
columns:
  watermark_at: the least of the watermarks of its warehouses
*/
with int_brand_watermarks as (
    select
        l.brand,
        min(w.watermark_at) as watermark_at
    from (select distinct brand, source from ops.links where role = 'warehouse') as l
    left join intermediate.int_watermarks as w on w.source = l.source
    group by l.brand
    having count(*) = count(w.watermark_at)
)

select * from int_brand_watermarks
