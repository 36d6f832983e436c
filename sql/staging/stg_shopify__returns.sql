/*
description: Announced returns.
grain: one row per return
key: [return_id]
owner: data
columns:
  return_name: "what warehouses call the RMA: AV1001-R1"
*/
with answers as (
    select * from raw.shop_returns
),

latest as (
    select *
    from answers
    qualify row_number() over (
        partition by _source, return_gid
        order by _received_at desc, _file_id desc, _line desc
    ) = 1
),

stg_shopify__returns as (
    select
        _source || ':' || string_split(return_gid, '/')[-1] as return_id,
        _source || ':' || string_split(order_gid, '/')[-1] as order_id,
        _source as shop,
        ltrim(trim(name), '#') as return_name,
        upper(status) as status,
        created_at,
        approved_at,
        closed_at,
        _source,
        _file_id,
        _line,
        _received_at
    from latest
)

select * from stg_shopify__returns
