/*
description: >-
  What no dated rule speaks of, so that it is never late: orders that nothing is promised for or whose warehouse has no cut-off, and accepted parcels for
  whose lane no carrier is committed. A row goes when the rule is written for the days that it concerns.
grain: one row per kind of rule, whose it is, service, site, destination and currency
key: [rule_kind, name, service, site, destination, currency]
unit: none
owner: operations
list:
  by: [rule_kind, name]
  worse: {documents_count: more}
  amount: at_stake_amount
  currency: currency
  clock: [last_at]
  show: [why, example, next_step]
columns:
  rule_kind: {description: "promise, cut_off or lane", not_null: true, accepted: [promise, cut_off, lane]}
  name: "the brand that should promise, the warehouse, or the carrier; none for an order without a brand"
  service: standard, express or unknown
  site: the warehouse; none where no warehouse serves the brand
  destination: ISO code of the country; none where none was told, and for cut-offs
  documents_count: orders, or parcels for a lane
  since_at: when the first of them was ordered or accepted
  last_at: when the last of them was
  example: one of them, by its id
  at_stake_amount: "what the orders come to, or what the goods in the parcels cost"
  currency: of the amount; none where no cost is known
  why: in words
  next_step: what to do
*/
with missing as (
    select
        'promise' as rule_kind,
        coalesce(brand, 'none') as name,
        service,
        coalesce(site, 'none') as site,
        coalesce(ship_country, 'none') as destination,
        order_id as document,
        placed_at as begun_at,
        total_amount as amount,
        currency
    from marts.fct_orders
    where releasable_at is not null and units_ordered > units_cancelled and promise_rule_id is null
    union all
    -- A promise that counts from the warehouse's receipt has no cut-off before that.
    select
        'cut_off' as rule_kind,
        coalesce(o.site, 'none') as name,
        o.service,
        coalesce(o.site, 'none') as site,
        'none' as destination,
        o.order_id as document,
        o.placed_at as begun_at,
        o.total_amount as amount,
        o.currency
    from marts.fct_orders as o
    left join seeds.promise_rules as r on r.rule_id = o.promise_rule_id
    where o.releasable_at is not null and o.units_ordered > o.units_cancelled and o.cut_off_rule_id is null
        and (coalesce(r.base, 'releasable') <> 'wms_received' or o.in_wms_at is not null)
    union all
    select
        'lane' as rule_kind,
        carrier as name,
        service,
        coalesce(site, 'none') as site,
        coalesce(destination_country, 'none') as destination,
        shipment_id as document,
        accepted_at as begun_at,
        cost_amount as amount,
        coalesce(cost_currency, 'none') as currency
    from marts.fct_shipments
    where accepted_at is not null and lane_rule_id is null
),

counted as (
    select
        rule_kind,
        name,
        service,
        site,
        destination,
        currency,
        cast(count(*) as integer) as documents_count,
        min(begun_at) as since_at,
        max(begun_at) as last_at,
        min(document) as example,
        cast(sum(amount) as decimal(18, 4)) as at_stake_amount
    from missing
    group by rule_kind, name, service, site, destination, currency
),

rules_missing as (
    select
        rule_kind,
        name,
        service,
        site,
        destination,
        documents_count,
        since_at,
        last_at,
        example,
        at_stake_amount,
        currency,
        case
            when service = 'unknown' and rule_kind <> 'cut_off' then 'nobody mapped the service'
            when rule_kind = 'promise' then 'no row of promise_rules fits'
            when site = 'none' and rule_kind = 'cut_off' then 'no warehouse serves the brand'
            when rule_kind = 'cut_off' then 'no row of cut_off_rules fits'
            else 'no row of lane_rules fits'
        end as why,
        case
            when service = 'unknown' and rule_kind <> 'cut_off' then 'map the word: marts.unmapped_codes has it'
            when rule_kind = 'promise' then 'write what the brand promises there into sql/seeds/promise_rules.csv, from the day of since_at on'
            when site = 'none' and rule_kind = 'cut_off' then 'add the brand to a warehouse in waybill.yaml'
            when rule_kind = 'cut_off' then 'write the cut-offs of the warehouse into sql/seeds/cut_off_rules.csv, from the day of since_at on'
            else 'write the days of the lane into sql/seeds/lane_rules.csv, from the day of since_at on'
        end as next_step
    from counted
)

select * from rules_missing
