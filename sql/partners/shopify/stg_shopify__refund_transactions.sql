/*
description: Payment movements of refunds, from the newest details of each refund.
grain: one row per transaction
key: [_source, transaction_gid]
owner: data
*/
with stg_shopify__refund_transactions as (
    select *
    from raw.shop_refund_transactions
    qualify row_number() over (
        partition by _source, transaction_gid
        order by _received_at desc, _file_id desc, _line desc
    ) = 1
)

select * from stg_shopify__refund_transactions
