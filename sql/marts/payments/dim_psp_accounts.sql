/*
description: Accounts with payment providers, whose they are and what has been settled on them.
grain: one row per merchant account
key: [merchant_account]
owner: finance
tags: [finance]
columns:
  merchant_account: the account with the provider
  psp: the provider
  brand: the brand that is paid on it; null for an account that no brand names
  shop: the brand's web shop
  shop_currency: the shop's own currency
  settlement_currencies: currencies of its balances, separated by commas
  first_batch_no: first batch that a report is known of
  last_batch_no: last batch that a report is known of
  last_received_at: when the last report was received
checks:
  - relationship: {column: brand, to: marts.dim_brands, field: brand}
*/
with accounts as (
    select merchant_account, psp from ops.brands where merchant_account is not null
    union
    select merchant_account, 'adyen' as psp from intermediate.int_known_batches
),

batches as (
    select
        merchant_account,
        min(batch_no) as first_batch_no,
        max(batch_no) as last_batch_no,
        max(received_at) as last_received_at
    from intermediate.int_known_batches
    group by merchant_account
),

currencies as (
    select
        merchant_account,
        array_join(array_agg(distinct settlement_currency order by settlement_currency), ',') as settlement_currencies
    from marts.fct_settlements
    group by merchant_account
),

dim_psp_accounts as (
    select
        a.merchant_account,
        a.psp,
        b.brand,
        b.shop,
        b.currency as shop_currency,
        c.settlement_currencies,
        n.first_batch_no,
        n.last_batch_no,
        n.last_received_at
    from accounts as a
    left join ops.brands as b on b.merchant_account = a.merchant_account and b.psp = a.psp
    left join batches as n on n.merchant_account = a.merchant_account
    left join currencies as c on c.merchant_account = a.merchant_account
)

select * from dim_psp_accounts
