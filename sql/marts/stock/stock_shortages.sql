/*
description: >-
  What cannot be sent for lack of stock: SKUs of which a site's open lines want more than it can pick. A row goes away by itself when stock comes, or when
  the lines are sent or cancelled.
grain: one row per site and SKU
key: [site, sku]
unit: none
owner: operations
list:
  by: [site]
  worse: {units_missing: more}
  amount: at_stake_amount
  currency: currency
  clock: [counted_at]
  show: [why, units_missing, orders_count, next_expected_on, next_step]
columns:
  site: the warehouse
  sku: stock keeping unit
  why: {description: "none_there, kept_apart or too_few, as of the lines", not_null: true, accepted: [none_there, kept_apart, too_few]}
  since_at: when the oldest order that lacks a unit was placed
  oldest_order_name: that order
  first_ship_by_on: the earliest day by which a line that lacks a unit has to leave
  units_wanted: {description: units that open lines want, not_null: true}
  units_pickable: {description: units that the site can pick, not_null: true}
  units_missing: {description: units that are not there, not_null: true}
  orders_count: {description: orders that lack a unit, not_null: true}
  lines_count: {description: lines that lack a unit, not_null: true}
  at_stake_amount: "price of the missing units, before discounts; null where they are of several currencies"
  currency: of the amount
  counted_at: when the site's stock of the SKU was last counted
  next_po_number: "the purchase order that brings more soonest, overdue ones among them"
  next_expected_on: the day on which it is expected
  next_units: units of it that have not come
  next_step: what to do about it
  _built_at: the instant that the run asked about
checks:
  - rows: "units_missing > 0 and units_missing = units_wanted - least(units_wanted, units_pickable)"
*/
with lacking as (
    select
        *,
        row_number() over (partition by site, sku order by since_at, line_id) as place
    from marts.open_line_stock
    where units_missing > 0
),

summed as (
    select
        site,
        sku,
        min(since_at) as since_at,
        min(ship_by_on) as first_ship_by_on,
        cast(sum(units_missing) as integer) as units_missing,
        cast(count(distinct order_id) as integer) as orders_count,
        cast(count(*) as integer) as lines_count,
        sum(at_stake_amount) as at_stake_amount,
        min(currency) as currency,
        count(distinct currency) as currencies_count
    from lacking
    group by site, sku
),

wanted as (
    select site, sku, cast(sum(units_open) as integer) as units_wanted
    from marts.open_line_stock
    group by site, sku
),

stock_shortages as (
    select
        s.site,
        s.sku,
        l.why,
        s.since_at,
        l.order_name as oldest_order_name,
        s.first_ship_by_on,
        w.units_wanted,
        l.units_pickable,
        s.units_missing,
        s.orders_count,
        s.lines_count,
        case when s.currencies_count = 1 then cast(s.at_stake_amount as decimal(18, 4)) end as at_stake_amount,
        case when s.currencies_count = 1 then s.currency end as currency,
        l.counted_at,
        l.next_po_number,
        l.next_expected_on,
        l.next_units,
        l.next_step,
        l._built_at
    from summed as s
    inner join lacking as l on l.site = s.site and l.sku = s.sku and l.place = 1
    inner join wanted as w on w.site = s.site and w.sku = s.sku
)

select * from stock_shortages
