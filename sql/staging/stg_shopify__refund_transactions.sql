/*
description: Payment movements of refunds, from the newest details of each refund.
grain: one row per transaction
key: [transaction_id]
owner: data
*/
with answers as (
    select * from raw.shop_refund_transactions
),

latest as (
    select *
    from answers
    qualify row_number() over (
        partition by _source, transaction_gid
        order by _received_at desc, _file_id desc, _line desc
    ) = 1
),

stg_shopify__refund_transactions as (
    select
        _source || ':' || string_split(transaction_gid, '/')[-1] as transaction_id,
        _source || ':' || string_split(refund_gid, '/')[-1] as refund_id,
        _source || ':' || string_split(order_gid, '/')[-1] as order_id,
        _source as shop,
        upper(kind) as kind,
        upper(status) as status,
        lower(gateway) as gateway,
        nullif(trim(payment_id), '') as payment_id,
        nullif(trim(authorization_code), '') as authorization_code,
        processed_at,
        amount,
        currency,
        _source,
        _file_id,
        _line,
        _received_at
    from latest
)

select * from stg_shopify__refund_transactions
