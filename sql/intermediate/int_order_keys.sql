/*
description: >-
  What every partner calls an order, and which order that is. Test orders are here too, marked, so that a partner's
  reference to one is not taken for an order that nobody sold.
grain: one row per source and key
key: [source, key]
owner: data
columns:
  source: the partner that uses the key (a warehouse or the PSP)
  key_kind: order_name, shopify_id or payment_id
  key: upper case, without number sign
*/
with orders as (
    select
        o.order_id,
        o.shopify_id,
        o.order_name,
        o.is_test,
        b.wms_source,
        b.psp
    from staging.stg_shopify__orders as o
    inner join ops.brands as b on b.shop = o.shop
),

keys as (
    select wms_source as source, 'order_name' as key_kind, upper(order_name) as key, order_id, is_test
    from orders
    union all
    select wms_source as source, 'shopify_id' as key_kind, shopify_id as key, order_id, is_test
    from orders
    union all
    select o.psp as source, 'payment_id' as key_kind, upper(t.payment_id) as key, o.order_id, o.is_test
    from staging.stg_shopify__transactions as t
    inner join orders as o on o.order_id = t.order_id
    where t.payment_id is not null
),

ranked as (
    select
        *,
        row_number() over (partition by source, key order by key_kind, order_id) as choice
    from keys
),

int_order_keys as (
    select source, key_kind, key, order_id, is_test
    from ranked
    where choice = 1
)

select * from int_order_keys
