/*
description: >-
  Orders to ask each shop about in detail: refund lines, labels of returns and lines of fulfilments cannot be had in bulk.
  Asked when the order has any of them and the newest details are older than the order. Orders never asked about come
  first, then the longest out of date.
grain: one row per order
key: [source, ask]
owner: operations
*/
with eventful as (
    select canonical_id(_source, string_split(order_gid, '/')[-1]) as order_id from raw.shop_order_refunds
    union
    select order_id from staging.stg_shopify__returns
    union
    select order_id from staging.stg_shopify__fulfilments
),

shopify_order_details as (
    select
        o._source as source,
        'gid://shopify/Order/' || o.order_no as ask,
        row_number() over (
            order by
                case when a.order_updated_at is null then 0 else 1 end,
                o.updated_at,
                o.order_id
        ) as place
    from staging.stg_shopify__orders as o
    inner join eventful as e on e.order_id = o.order_id
    left join staging.stg_shopify__order_details as a on a.order_id = o.order_id
    where not o.is_test
        and (a.order_updated_at is null or a.order_updated_at < o.updated_at)
)

select source, ask from shopify_order_details order by place
