/*
description: The group's brands with their shop, site, accounts and promises to customers.
grain: one row per brand
key: [brand]
owner: operations
columns:
  brand: the brand's name
  shop: its web shop, the source of its orders and the first part of its ids
  order_prefix: letters that its order names begin with
  site: the warehouse that ships its orders
  wms_source: the source that the warehouse's files come from
  carrier: the carrier of its parcels
  psp: its payment provider
  merchant_account: its account with the payment provider
  promise_standard_days: working days that a standard delivery is promised in, after the day of shipping
  promise_express_days: the same for express
  currency: the shop's own currency
*/
with dim_brands as (
    select
        brand,
        shop,
        order_prefix,
        site,
        wms_source,
        carrier,
        psp,
        merchant_account,
        promise_standard_days,
        promise_express_days,
        currency
    from ops.brands
)

select * from dim_brands
