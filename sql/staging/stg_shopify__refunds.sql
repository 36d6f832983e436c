/*
description: Refunds with the return they name, from the newest details of each order.
grain: one row per refund
key: [refund_id]
owner: data
columns:
  return_id: null when the refund names no return
*/
with answers as (
    select * from raw.shop_refunds
),

latest as (
    select *
    from answers
    qualify row_number() over (
        partition by _source, refund_gid
        order by _received_at desc, _file_id desc, _line desc
    ) = 1
),

stg_shopify__refunds as (
    select
        _source || ':' || string_split(refund_gid, '/')[-1] as refund_id,
        _source || ':' || string_split(order_gid, '/')[-1] as order_id,
        _source || ':' || string_split(return_gid, '/')[-1] as return_id,
        _source as shop,
        created_at,
        total_amount,
        currency,
        _source,
        _file_id,
        _line,
        _received_at
    from latest
)

select * from stg_shopify__refunds
