/*
description: >-
  Orders to ask each shop about in detail: refund lines, labels of returns, lines of fulfilments and what edits did cannot be had in bulk.
  Asked when the order has any of them and the newest details are older than the order. Orders never asked about come
  first, then the longest out of date. One that failed, or that the shop has no more, is asked again after longer and longer pauses, behind all
  others.
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

asks as (
    select n._source, n.ask, n.outcome, n._received_at
    from staging.stg_shopify__detail_answers as n
    inner join ops.clock as k on n._received_at <= k.as_of
),

asked as (
    select * from questions('asks', ['answered'])
),

shopify_order_details as (
    select
        o._source as source,
        o.order_gid as ask,
        row_number() over (
            order by
                case when q.failures > 0 then 1 else 0 end,
                case when a.order_updated_at is null then 0 else 1 end,
                o.updated_at,
                o.order_id
        ) as place
    from staging.stg_shopify__latest_orders as o
    inner join eventful as e on e.order_id = o.order_id
    left join staging.stg_shopify__order_details as a on a.order_id = o.order_id
    cross join ops.clock as k
    left join asked as q on q._source = o._source and q.ask = o.order_id
    where not coalesce(o.is_test, false)
        and (q.due_at is null or q.due_at <= k.as_of)
        and (a.order_updated_at is null or a.order_updated_at < o.updated_at)
)

select source, ask from shopify_order_details order by place
