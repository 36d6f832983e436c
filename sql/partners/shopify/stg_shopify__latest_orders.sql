/*
description: The newest answer about each order.
grain: one row per order
key: [_source, order_gid]
owner: data
*/
with stg_shopify__latest_orders as (
    select *, canonical_id(_source, string_split(order_gid, '/')[-1]) as order_id
    from raw.shop_orders
    qualify row_number() over (
        partition by _source, order_gid
        order by _received_at desc, updated_at desc, _file_id desc, _line desc
    ) = 1
)

select * from stg_shopify__latest_orders
