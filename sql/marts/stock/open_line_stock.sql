/*
description: >-
  Order lines that wait to be sent, and what of them the stock of the order's site can fill. Stock goes to the line that is due first, of
  those due on a day to the one that was ordered first. Lines of a site that tells no stock are not here: nobody can say.
grain: one row per order line that waits to be sent
key: [line_id]
unit: order_id
at_stake: {amount: at_stake_amount, currency: currency}
owner: operations
columns:
  line_id: the line
  order_id: {description: its order, not_null: true}
  order_name: what the customer sees
  brand: its brand
  site: {description: the order's warehouse, not_null: true}
  sku: stock keeping unit
  ship_by_on: site day by which the line has to leave; null where no rule tells it, and such lines stand last in the queue
  since_at: "when it was ordered: when the order was placed, or the line was added"
  units_open: {description: units that wait to be sent, not_null: true}
  units_wanted_before: {description: "units of the SKU that lines before this one want at the site", not_null: true}
  units_pickable: {description: "units of the SKU that the site can pick, for all lines together", not_null: true}
  units_covered: {description: "of units_open, those that are left for this line", not_null: true}
  units_missing: {description: "of units_open, those that are not there", not_null: true}
  why:
    description: "why units are missing: none_there, kept_apart (all that is there waits to be looked at) or too_few; null where none is missing"
    accepted: [none_there, kept_apart, too_few]
  counted_at: when the site's stock of the SKU was last counted; null where it never was
  next_po_number: "the purchase order that brings more soonest, overdue ones among them; null where none is known"
  next_expected_on: the day on which it is expected
  next_units: units of it that have not come
  next_step: what to do about it; null where none is missing
  at_stake_amount: "price of the missing units, before discounts"
  currency: of the amount
  _file_id: file of the newest answer about the line
  _line: line in that file
  _built_at: the instant that the run asked about
checks:
  - relationship: {column: order_id, to: marts.fct_orders, field: order_id}
  - rows: "units_open = units_covered + units_missing and units_covered >= 0 and units_missing >= 0"
*/
with sites as (
    select distinct site from intermediate.int_stock_snapshots
),

stock as (
    select site, sku, snapshot_at, units_pickable, units_quarantine from intermediate.int_stock_now
),

coming as (
    select
        g.site,
        g.sku,
        g.po_number,
        g.expected_on,
        g.units_expected - g.line_units_received as units,
        g.state,
        row_number() over (
            partition by g.site, g.sku order by g.expected_on nulls last, g.po_number, g.goods_in_id
        ) as place
    from marts.fct_goods_in as g
    where g.state in ('awaited', 'overdue', 'part')
),

waiting as (
    select
        l.line_id,
        l.order_id,
        o.order_name,
        l.brand,
        o.site,
        l.sku,
        l.ship_by_on,
        coalesce(l.added_at, o.placed_at) as since_at,
        l.units_open,
        l.unit_price_amount,
        l.currency,
        l._file_id,
        l._line
    from marts.fct_order_lines as l
    inner join marts.fct_orders as o on o.order_id = l.order_id
    inner join sites as s on s.site = o.site
    where l.units_open > 0 and o.releasable_at is not null
),

queued as (
    select
        w.*,
        cast(
            sum(w.units_open) over (
                partition by w.site, w.sku
                order by w.ship_by_on, w.since_at, w.line_id
                rows between unbounded preceding and current row
            ) - w.units_open as integer
        ) as units_wanted_before,
        coalesce(s.units_pickable, 0) as units_pickable,
        coalesce(s.units_quarantine, 0) as units_quarantine,
        s.snapshot_at as counted_at
    from waiting as w
    left join stock as s on s.site = w.site and s.sku = w.sku
),

filled as (
    select
        *,
        greatest(0, least(units_open, units_pickable - units_wanted_before)) as units_covered
    from queued
),

judged as (
    select
        f.*,
        f.units_open - f.units_covered as units_missing,
        case
            when f.units_covered = f.units_open then null
            when f.units_pickable > 0 then 'too_few'
            when f.units_quarantine > 0 then 'kept_apart'
            else 'none_there'
        end as why,
        c.po_number as next_po_number,
        c.expected_on as next_expected_on,
        c.units as next_units,
        c.state as next_state
    from filled as f
    left join coming as c on c.site = f.site and c.sku = f.sku and c.place = 1
),

open_line_stock as (
    select
        j.line_id,
        j.order_id,
        j.order_name,
        j.brand,
        j.site,
        j.sku,
        j.ship_by_on,
        j.since_at,
        j.units_open,
        j.units_wanted_before,
        j.units_pickable,
        j.units_covered,
        j.units_missing,
        j.why,
        j.counted_at,
        j.next_po_number,
        j.next_expected_on,
        j.next_units,
        case
            when j.why is null then null
            when j.why = 'kept_apart' then 'have what is kept apart looked at and released'
            when j.next_state = 'overdue' then 'ask the supplier where the overdue purchase order is, and tell the customer'
            when j.next_po_number is not null then 'tell the customer when more is expected'
            else 'buy more, or cancel the missing units and refund them'
        end as next_step,
        cast(j.units_missing * j.unit_price_amount as decimal(18, 4)) as at_stake_amount,
        j.currency,
        j._file_id,
        j._line,
        k.as_of as _built_at
    from judged as j
    cross join ops.clock as k
)

select * from open_line_stock
