/*
description: Labels of announced returns, from the newest details of each order.
grain: one row per return and reverse delivery
key: [return_id, reverse_delivery_gid]
owner: data
*/
with answers as (
    select * from raw.shop_return_labels
),

latest as (
    select *
    from answers
    qualify rank() over (
        partition by _source, return_gid
        order by _received_at desc, _file_id desc, _line desc
    ) = 1
),

once as (
    select *
    from latest
    qualify row_number() over (
        partition by _source, return_gid, reverse_delivery_gid, tracking_no
        order by _line desc
    ) = 1
),

stg_shopify__return_labels as (
    select
        _source || ':' || string_split(return_gid, '/')[-1] as return_id,
        _source || ':' || string_split(order_gid, '/')[-1] as order_id,
        _source as shop,
        reverse_delivery_gid,
        upper(nullif(trim(tracking_no), '')) as tracking_no,
        carrier_name,
        _source,
        _file_id,
        _line,
        _received_at
    from once
)

select * from stg_shopify__return_labels
