/*
description: Breaks of quantities and of cancelled orders in the warehouse (R06, R09).
grain: one row per break
key: [check_id, kind, document]
owner: data
columns:
  first_seen_at: the instant at which the condition's grace ended
*/
with lasts as (
    select order_id, max(despatched_at) as last_of_order_at
    from intermediate.int_despatches
    group by order_id
),

rows_sent as (
    select
        d.*,
        t.last_of_order_at,
        row_number() over (partition by d.line_id order by d.despatched_at desc, d._file_id desc, d._line desc) as recency
    from intermediate.int_despatch_lines as d
    inner join lasts as t on t.order_id = d.order_id
),

after_cancel as (
    select
        d.*,
        row_number() over (partition by d.order_id order by d.despatched_at, d._file_id, d._line) as place
    from intermediate.int_despatches as d
    inner join intermediate.int_orders as o on o.order_id = d.order_id
    where d.despatched_at > o.cancelled_at and d.qty_despatched > 0
),

-- What was edited away is not wanted any more, though it was ordered.
wanted as (
    select line_id, units_ordered - units_edited as units
    from intermediate.int_line_demand
),

int_breaks_of_quantity as (
    select
        'R06' as check_id,
        'over_despatched' as kind,
        l.line_id as document,
        l.order_id,
        cast((l.units_despatched - w.units) * l.unit_cost_amount as decimal(18, 4)) as amount,
        l.unit_cost_currency as currency,
        r.despatched_at as first_seen_at,
        cast(l.units_despatched as varchar) || ' despatched of ' || cast(w.units as varchar) || ' ordered, '
            || coalesce(l.sku, '') as detail,
        r._file_id,
        r._line
    from marts.fct_order_lines as l
    inner join wanted as w on w.line_id = l.line_id
    inner join rows_sent as r on r.line_id = l.line_id and r.recency = 1
    where l.units_despatched > w.units
    union all
    select
        'R06',
        'short_unresolved',
        l.line_id,
        l.order_id,
        cast(l.units_open * l.unit_price_amount as decimal(18, 4)),
        l.currency,
        date_add('hour', 24, r.last_of_order_at),
        cast(l.units_short as varchar) || ' short, ' || cast(l.units_open as varchar) || ' neither sent nor cancelled, '
            || coalesce(l.sku, ''),
        r._file_id,
        r._line
    from marts.fct_order_lines as l
    inner join rows_sent as r on r.line_id = l.line_id and r.recency = 1
    where l.units_short > 0 and l.units_ordered - l.units_cancelled - l.units_despatched > 0
    union all
    select
        'R09',
        'despatched_after_cancel',
        a.order_id,
        a.order_id,
        o.total_amount,
        o.currency,
        a.despatched_at,
        'cancelled in the shop and despatched later',
        a._file_id,
        a._line
    from after_cancel as a
    inner join marts.fct_orders as o on o.order_id = a.order_id
    where a.place = 1
)

select * from int_breaks_of_quantity
