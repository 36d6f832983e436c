/*
description: >-
  Brands with an account at a payment provider through which none of their payments goes, by the names of the shop's gateways: their refunds and captures
  would be compared with nothing. Write what the shop calls the provider into gateways of the account in waybill.yaml.
grain: one row per brand
key: [brand]
owner: finance
severity: warn
*/
with gateways_of_accounts_used as (
    select
        p.brand,
        count(*) as payments_count,
        min(p.gateway) as example_gateway
    from intermediate.int_payments as p
    inner join (select distinct brand from ops.links where role = 'account') as a on a.brand = p.brand
    where p.outcome = 'success' and p.kind in ('sale', 'capture') and p.tender is null
    group by p.brand
    having not bool_or(p.is_provided)
)

select * from gateways_of_accounts_used
