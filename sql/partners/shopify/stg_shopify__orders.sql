/*
description: Orders of Shopify shops, in the newest answer about each.
grain: one row per order
key: [order_id]
owner: data
conforms_to: orders
rows:
  raw.shop_orders:
    told_by: {order_id: "canonical_id(_source, string_split(order_gid, '/')[-1])"}
columns:
  order_id: "the shop's name, a colon and Shopify's number: aster-vale:5000000001"
  order_name: "Shopify's name without the number sign: AV1001"
  is_test: test orders are kept here and dropped in intermediate
  email_hash: salted hash, made at load
*/
with latest as (
    select *
    from raw.shop_orders
    qualify row_number() over (
        partition by _source, order_gid
        order by _received_at desc, updated_at desc, _file_id desc, _line desc
    ) = 1
),

stg_shopify__orders as (
    select
        canonical_id(o._source, string_split(o.order_gid, '/')[-1]) as order_id,
        string_split(o.order_gid, '/')[-1] as order_no,
        ltrim(trim(o.name), '#') as order_name,
        coalesce(o.is_test, false) as is_test,
        o.created_at as placed_at,
        o.updated_at,
        o.cancelled_at,
        o.cancel_reason,
        o.closed_at,
        o.financial_status,
        o.fulfilment_status,
        upper(nullif(trim(o.ship_country), '')) as ship_country,
        upper(nullif(trim(o.ship_postcode_area), '')) as ship_postcode_area,
        coalesce(nullif(trim(o.shipping_code), ''), nullif(trim(o.shipping_title), '')) as service_raw,
        c.meaning as service,
        o.email as email_hash,
        o.total_amount,
        o.current_total_amount,
        o.subtotal_amount,
        o.discount_amount,
        o.tax_amount,
        o.shipping_amount,
        o.currency,
        o.presentment_currency,
        o._source,
        o._file_id,
        o._line,
        o._received_at
    from latest as o
    left join seeds.codes as c
        on c.partner = 'shopify' and c.list = 'services'
        and c.code = lower(coalesce(nullif(trim(o.shipping_code), ''), nullif(trim(o.shipping_title), '')))
)

select * from stg_shopify__orders
