/*
description: The newest answer that the shop gave when asked about one order.
grain: one row per order
key: [order_id]
owner: data
columns:
  order_updated_at: the order's own updatedAt in that answer
*/
with answers as (
    select * from raw.shop_detail_answers
),

latest as (
    select *
    from answers
    where status_code = 200 and order_updated_at is not null
    qualify row_number() over (
        partition by _source, order_gid
        order by order_updated_at desc, asked_at desc, _file_id desc, _line desc
    ) = 1
),

stg_shopify__detail_answers as (
    select
        _source || ':' || string_split(order_gid, '/')[-1] as order_id,
        order_gid,
        _source as shop,
        asked_at,
        order_updated_at,
        _source,
        _file_id,
        _line,
        _received_at
    from latest
)

select * from stg_shopify__detail_answers
