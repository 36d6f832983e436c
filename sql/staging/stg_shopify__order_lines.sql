/*
description: Lines of web orders, as the newest answer about the order has them.
grain: one row per line item
key: [line_id]
owner: data
*/
with answers as (
    select * from raw.shop_order_lines
),

latest as (
    select *
    from answers
    qualify rank() over (
        partition by _source, order_gid
        order by _received_at desc, _file_id desc
    ) = 1
),

once as (
    select *
    from latest
    qualify row_number() over (
        partition by _source, line_gid
        order by _line desc
    ) = 1
),

stg_shopify__order_lines as (
    select
        _source || ':' || string_split(line_gid, '/')[-1] as line_id,
        _source || ':' || string_split(order_gid, '/')[-1] as order_id,
        _source as shop,
        nullif(trim(sku), '') as sku,
        title,
        quantity,
        current_quantity,
        coalesce(requires_shipping, true) as requires_shipping,
        variant_gid,
        unit_price_amount,
        discount_amount,
        discounted_total_amount,
        currency,
        unit_cost_amount,
        unit_cost_currency,
        _source,
        _file_id,
        _line,
        _received_at
    from once
)

select * from stg_shopify__order_lines
