/*
description: How new the newest details of each order are.
grain: one row per order
key: [order_id]
owner: data
*/
with stg_shopify__order_details as (
    select
        canonical_id(_source, string_split(order_gid, '/')[-1]) as order_id,
        max(order_updated_at) as order_updated_at
    from raw.shop_detail_answers
    where status_code = 200 and order_updated_at is not null
    group by 1
)

select * from stg_shopify__order_details
