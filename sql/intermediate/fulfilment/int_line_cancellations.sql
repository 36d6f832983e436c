/*
description: >-
  Why units of order lines are not sent. Of an order that was cancelled as a whole the shop's reason; else a shortage as far as the warehouse told
  one, then an edit, then a refund without a word why.
grain: one row per order line and cause
key: [line_id, cause]
owner: data
columns:
  price_amount: what the units came to after discounts, a share of the line rounded to the smallest unit of its currency
  is_excused: "not held against us (seeds.cancel_causes): the units leave what had to be delivered in full"
*/
with lines as (
    select
        u.line_id,
        u.order_id,
        u.is_added,
        u.units_cancelled,
        u.units_short,
        d.units_edited,
        d.ended_at,
        o.cancel_cause
    from intermediate.int_order_line_units as u
    inner join intermediate.int_line_demand as d on d.line_id = u.line_id
    inner join intermediate.int_branded_orders as o on o.order_id = u.order_id
),

parts as (
    select
        *,
        least(units_cancelled, units_short) as units_of_stock,
        least(units_cancelled - least(units_cancelled, units_short), units_edited) as units_of_edits
    from lines
    where ended_at is null
),

caused as (
    select line_id, order_id, is_added, coalesce(cancel_cause, 'unknown') as cause, units_cancelled as units
    from lines
    where ended_at is not null
    union all
    select line_id, order_id, is_added, 'stock', units_of_stock
    from parts
    union all
    select line_id, order_id, is_added, 'edited', units_of_edits
    from parts
    union all
    select line_id, order_id, is_added, 'unsent', units_cancelled - units_of_stock - units_of_edits
    from parts
),

int_line_cancellations as (
    select
        c.line_id,
        c.order_id,
        c.is_added,
        c.cause,
        coalesce(s.is_excused, false) as is_excused,
        cast(c.units as integer) as units,
        cast(cast(round(
            cast(l.discounted_total_amount * u.minor_per_unit as double) * c.units / nullif(l.units_ordered, 0)
        ) as decimal(18, 0)) * u.minor_amount as decimal(18, 4)) as price_amount
    from caused as c
    inner join intermediate.int_order_lines as l on l.line_id = c.line_id
    left join seeds.currencies as u on u.currency = l.currency
    left join seeds.cancel_causes as s on s.cause = c.cause
    where c.units > 0
)

select * from int_line_cancellations
