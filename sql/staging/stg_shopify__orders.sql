/*
description: Orders of the web shops, in the newest answer about each.
grain: one row per order
key: [order_id]
owner: data
columns:
  order_id: "the shop's name, a colon and Shopify's number: aster-vale:5000000001"
  order_name: "Shopify's name without the number sign: AV1001"
  is_test: test orders are kept here and dropped in intermediate
  email_hash: salted hash, made at load
*/
with answers as (
    select * from raw.shop_orders
),

latest as (
    select *
    from answers
    qualify row_number() over (
        partition by _source, order_gid
        order by _received_at desc, updated_at desc, _file_id desc, _line desc
    ) = 1
),

stg_shopify__orders as (
    select
        _source || ':' || string_split(order_gid, '/')[-1] as order_id,
        _source as shop,
        order_gid,
        string_split(order_gid, '/')[-1] as shopify_id,
        ltrim(trim(name), '#') as order_name,
        coalesce(is_test, false) as is_test,
        created_at as placed_at,
        updated_at,
        cancelled_at,
        cancel_reason,
        closed_at,
        financial_status,
        fulfilment_status,
        upper(nullif(trim(ship_country), '')) as ship_country,
        upper(nullif(trim(ship_postcode_area), '')) as ship_postcode_area,
        shipping_title,
        lower(nullif(trim(shipping_code), '')) as shipping_code,
        email as email_hash,
        total_amount,
        current_total_amount,
        subtotal_amount,
        discount_amount,
        tax_amount,
        shipping_amount,
        currency,
        presentment_currency,
        _source,
        _file_id,
        _line,
        _received_at
    from latest
)

select * from stg_shopify__orders
