/*
description: Despatches as the web shop was told of them, one row per tracking number.
grain: one row per fulfilment and tracking number
key: [fulfilment_id, tracking_no]
owner: data
columns:
  tracking_no: null for a fulfilment without one
*/
with answers as (
    select * from raw.shop_fulfilments
),

latest as (
    select *
    from answers
    qualify rank() over (
        partition by _source, fulfilment_gid
        order by _received_at desc, _file_id desc, _line desc
    ) = 1
),

once as (
    select *
    from latest
    qualify row_number() over (
        partition by _source, fulfilment_gid, tracking_no
        order by _line desc
    ) = 1
),

stg_shopify__fulfilments as (
    select
        _source || ':' || string_split(fulfilment_gid, '/')[-1] as fulfilment_id,
        _source || ':' || string_split(order_gid, '/')[-1] as order_id,
        _source as shop,
        ltrim(trim(name), '#') as fulfilment_name,
        upper(status) as status,
        created_at,
        upper(nullif(trim(tracking_no), '')) as tracking_no,
        carrier_name,
        _source,
        _file_id,
        _line,
        _received_at
    from once
)

select * from stg_shopify__fulfilments
