/*
description: >-
  Orders to ask each shop about in detail: refund lines, labels of returns, lines of fulfilments and what edits did cannot be had in bulk.
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
    union
    select order_id from staging.stg_shopify__latest_orders where is_edited
),

shopify_order_details as (
    select
        o._source as source,
        o.order_gid as ask,
        row_number() over (
            order by
                case when a.order_updated_at is null then 0 else 1 end,
                o.updated_at,
                o.order_id
        ) as place
    from staging.stg_shopify__latest_orders as o
    inner join eventful as e on e.order_id = o.order_id
    left join staging.stg_shopify__order_details as a on a.order_id = o.order_id
    where not coalesce(o.is_test, false)
        and (a.order_updated_at is null or a.order_updated_at < o.updated_at)
)

select source, ask from shopify_order_details order by place
