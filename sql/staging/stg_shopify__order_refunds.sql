/*
description: "Refunds as the order's own record lists them: enough to know that details must be asked for."
grain: one row per refund
key: [refund_id]
owner: data
*/
with answers as (
    select * from raw.shop_order_refunds
),

latest as (
    select *
    from answers
    qualify row_number() over (
        partition by _source, refund_gid
        order by _received_at desc, _file_id desc, _line desc
    ) = 1
),

stg_shopify__order_refunds as (
    select
        _source || ':' || string_split(refund_gid, '/')[-1] as refund_id,
        _source || ':' || string_split(order_gid, '/')[-1] as order_id,
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

select * from stg_shopify__order_refunds
