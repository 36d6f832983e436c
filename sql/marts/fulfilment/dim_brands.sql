/*
description: The group's brands with what belongs to them.
grain: one row per brand
key: [brand]
unit: none
owner: operations
columns:
  brand: the brand's name
  currency: the brand's own currency
  shops: sources of its web shops, separated by commas
  order_prefixes: letters that its order names begin with, separated by commas
  sites: warehouses that ship it, the first one first
  accounts: its accounts with payment providers
*/
with linked as (
    select
        brand,
        role,
        case role when 'warehouse' then site when 'account' then account else source end as name,
        min(place) as place
    from ops.links
    group by brand, role, case role when 'warehouse' then site when 'account' then account else source end
),

prefixes as (
    select brand, order_prefix, min(place) as place
    from ops.links
    where role = 'shop' and order_prefix <> ''
    group by brand, order_prefix
),

listed as (
    select
        brand,
        nullif(array_join(array_agg(case when role = 'shop' then name end order by place, name), ','), '') as shops,
        nullif(array_join(array_agg(case when role = 'warehouse' then name end order by place, name), ','), '') as sites,
        nullif(array_join(array_agg(case when role = 'account' then name end order by place, name), ','), '') as accounts
    from linked
    group by brand
),

prefixed as (
    select brand, array_join(array_agg(order_prefix order by place, order_prefix), ',') as order_prefixes
    from prefixes
    group by brand
),

dim_brands as (
    select
        b.brand,
        b.currency,
        l.shops,
        p.order_prefixes,
        l.sites,
        l.accounts
    from ops.brands as b
    left join listed as l on l.brand = b.brand
    left join prefixed as p on p.brand = b.brand
)

select * from dim_brands
