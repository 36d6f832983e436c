/*
description: Payment movements as the web shop knows them.
grain: one row per transaction
key: [transaction_id]
owner: data
columns:
  payment_id: the PSP's merchant reference
  authorization_code: the PSP's own reference of this movement
*/
with answers as (
    select * from raw.shop_transactions
),

latest as (
    select *
    from answers
    qualify row_number() over (
        partition by _source, transaction_gid
        order by _received_at desc, _file_id desc, _line desc
    ) = 1
),

stg_shopify__transactions as (
    select
        _source || ':' || string_split(transaction_gid, '/')[-1] as transaction_id,
        _source || ':' || string_split(order_gid, '/')[-1] as order_id,
        _source || ':' || string_split(parent_gid, '/')[-1] as parent_transaction_id,
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

select * from stg_shopify__transactions
