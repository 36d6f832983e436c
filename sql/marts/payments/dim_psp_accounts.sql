/*
description: Accounts with payment providers, whose they are and what has been settled on them.
grain: one row per account
key: [source, account]
unit: none
owner: finance
tags: [finance]
columns:
  source: the connection to the provider
  account: the account with the provider
  brand: the brand that is paid on it; null for an account that no brand or several name
  brand_currency: the brand's own currency
  settlement_currencies: currencies of its balances, separated by commas
  settlements_count: {description: settlements that are known, not_null: true}
  last_received_at: when the last one was received
checks:
  - relationship: {column: brand, to: marts.dim_brands, field: brand}
*/
with linked as (
    select source, account, case when count(distinct brand) = 1 then min(brand) end as brand
    from ops.links
    where role = 'account'
    group by source, account
),

accounts as (
    select source, account from linked
    union
    select source, account from canonical.payouts
    union
    select source, account from canonical.ledger_entries
),

told as (
    select source, account, count(*) as settlements_count, max(_received_at) as last_received_at
    from canonical.payouts
    group by source, account
),

currencies as (
    select
        source,
        account,
        array_join(array_agg(distinct settlement_currency order by settlement_currency), ',') as settlement_currencies
    from marts.fct_settlements
    group by source, account
),

dim_psp_accounts as (
    select
        a.source,
        a.account,
        l.brand,
        b.currency as brand_currency,
        c.settlement_currencies,
        coalesce(t.settlements_count, 0) as settlements_count,
        t.last_received_at
    from accounts as a
    left join linked as l on l.source = a.source and l.account = a.account
    left join ops.brands as b on b.brand = l.brand
    left join told as t on t.source = a.source and t.account = a.account
    left join currencies as c on c.source = a.source and c.account = a.account
)

select * from dim_psp_accounts
