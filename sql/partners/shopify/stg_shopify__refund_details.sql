/*
description: Refunds with the return they name, from the newest details of each order.
grain: one row per refund
key: [_source, refund_gid]
owner: data
*/
with stg_shopify__refund_details as (
    select *
    from raw.shop_refunds
    qualify row_number() over (
        partition by _source, refund_gid
        order by _received_at desc, _file_id desc, _line desc
    ) = 1
)

select * from stg_shopify__refund_details
