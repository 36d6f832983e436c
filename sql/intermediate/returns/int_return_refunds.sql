/*
description: >-
  Which refunds are for which return: the one that a refund names; of those that name none, by order and SKU, the units first received first, and never
  more than were received. A refund that came back whole is there with 0.
grain: one row per return and refund
key: [return_id, refund_id]
owner: data
columns:
  amount: the part of what the customer has of it that is for the return, in the shop's currency; null in another than the order's
  is_credit: all of the refund became a gift card or credit in the shop
  settled_at: when the provider had booked it; null while it has not, and for refunds through none
*/
with refunds as (
    select
        p.*,
        p.credited_amount > 0 and p.credited_amount >= p.web_amount as is_credit,
        case when p.currency = o.currency then p.standing_amount end as amount,
        o.ended_at is not null as is_ended
    from intermediate.int_refunds_paid as p
    inner join intermediate.int_orders as o on o.order_id = p.order_id
),

-- What the customer paid for the units of each refunded line.
lines as (
    select
        f.refund_id,
        f.order_id,
        f.return_id,
        f.refunded_at,
        f.is_ended,
        coalesce(l.sku, r.line_id) as item,
        r.restock,
        r.units,
        cast(l.discounted_total_amount as double) * r.units / nullif(l.units_ordered, 0) as worth
    from canonical.refund_lines as r
    inner join refunds as f on f.refund_id = r.refund_id
    left join intermediate.int_order_lines as l on l.line_id = r.line_id
    where f.amount > 0
),

taken as (
    select return_id, item, sum(units) as units
    from lines
    where return_id is not null
    group by return_id, item
),

received as (
    select return_id, order_id, sku as item, min(received_at) as received_at, sum(units_received - units_refused) as units
    from intermediate.int_return_receipts
    where order_id is not null
    group by return_id, order_id, sku
),

waiting as (
    select
        r.return_id,
        r.order_id,
        r.item,
        greatest(0, r.units - coalesce(t.units, 0)) as units,
        sum(greatest(0, r.units - coalesce(t.units, 0))) over (
            partition by r.order_id, r.item
            order by r.received_at, r.return_id
            rows between unbounded preceding and current row
        ) as units_so_far,
        min(r.received_at) over (partition by r.order_id, r.item) as first_received_at
    from received as r
    left join taken as t on t.return_id = r.return_id and t.item = r.item
),

firsts as (
    select distinct order_id, item, first_received_at from waiting
),

-- A unit that was not put back into stock may never have been sent: it counts once something of it came back, one that was cancelled never. Of an
-- order that has ended nothing was to be sent, so that what came back is what was given up.
unnamed as (
    select
        l.refund_id,
        l.order_id,
        l.item,
        l.refunded_at,
        sum(l.units) as units,
        sum(l.worth) as worth
    from lines as l
    inner join firsts as f on f.order_id = l.order_id and f.item = l.item
    where l.return_id is null
        and (l.restock = 'return' or l.is_ended or (l.restock <> 'cancel' and l.refunded_at >= f.first_received_at))
    group by l.refund_id, l.order_id, l.item, l.refunded_at
),

given as (
    select
        *,
        sum(units) over (
            partition by order_id, item
            order by refunded_at, refund_id
            rows between unbounded preceding and current row
        ) as units_so_far
    from unnamed
),

met as (
    select
        w.return_id,
        g.refund_id,
        g.worth * (least(g.units_so_far, w.units_so_far) - greatest(g.units_so_far - g.units, w.units_so_far - w.units)) / g.units as worth
    from given as g
    inner join waiting as w on w.order_id = g.order_id and w.item = g.item
    where least(g.units_so_far, w.units_so_far) > greatest(g.units_so_far - g.units, w.units_so_far - w.units)
),

-- A refund of less than its units cost pays as much less of each; of more, the rest is for something else.
shared as (
    select
        m.return_id,
        m.refund_id,
        sum(m.worth) as worth,
        min(case when a.worth > cast(f.amount as double) then cast(f.amount as double) / a.worth else 1 end) as part
    from met as m
    inner join refunds as f on f.refund_id = m.refund_id
    inner join (select refund_id, sum(worth) as worth from lines group by refund_id) as a on a.refund_id = m.refund_id
    group by m.return_id, m.refund_id
),

int_return_refunds as (
    select
        return_id, refund_id, refunded_at, is_credit, is_provided, amount, currency, settled_at, failed_at
    from refunds
    where return_id is not null
    union all
    select
        s.return_id, f.refund_id, f.refunded_at, f.is_credit, f.is_provided,
        cast(cast(round(s.worth * s.part * c.minor_per_unit) as decimal(18, 0)) * c.minor_amount as decimal(18, 4)),
        f.currency, f.settled_at, f.failed_at
    from shared as s
    inner join refunds as f on f.refund_id = s.refund_id
    inner join seeds.currencies as c on c.currency = f.currency
)

select * from int_return_refunds
