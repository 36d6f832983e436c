/*
description: Orders of which the customer got more money back than there is reason for (R11).
grain: one row per order and kind
key: [kind, order_id]
owner: data
columns:
  kind: over_refunded, same_refund_twice or refund_and_chargeback
  first_seen_at: when the refund or chargeback that made it so came
*/
with placed as (
    select *, row_number() over (partition by order_id order by refunded_at, refund_id) as place
    from intermediate.int_shop_refunds
    where web_amount > 0
),

refunds as (
    select
        *,
        sum(web_amount) over (
            partition by order_id
            order by place
            rows between unbounded preceding and current row
        ) as running_amount,
        sum(web_amount) over (partition by order_id) as refunded_amount
    from placed
),

captured as (
    select order_id, sum(amount) as amount
    from canonical.payments
    where outcome = 'success' and kind in ('sale', 'capture')
    group by order_id
),

disputed as (
    select
        order_id,
        sum(coalesce(gross_amount, net_amount)) as amount,
        max(case when net_amount < 0 then coalesce(booked_at, _received_at) end) as charged_back_at
    from intermediate.int_ledger_entries
    where entry_class = 'chargebacks'
    group by order_id
),

int_refunds_doubled as (
    select
        'over_refunded' as kind,
        r.order_id,
        min(r.refunded_at) as first_seen_at,
        max(r.refunded_amount - coalesce(c.amount, 0)) as amount,
        min(r.currency) as currency,
        max_by(r._file_id, r.place) as _file_id,
        max_by(r._line, r.place) as _line
    from refunds as r
    left join captured as c on c.order_id = r.order_id
    where r.running_amount > coalesce(c.amount, 0)
    group by r.order_id
    union all
    select
        'same_refund_twice',
        a.order_id,
        min(b.refunded_at),
        max(b.web_amount),
        min(b.currency),
        max_by(b._file_id, b.place),
        max_by(b._line, b.place)
    from refunds as a
    inner join refunds as b
        on b.order_id = a.order_id and b.place > a.place
        and b.web_amount = a.web_amount
        and b.lines_text is not distinct from a.lines_text
        and b.refunded_at <= date_add('hour', 48, a.refunded_at)
    group by a.order_id
    union all
    select
        'refund_and_chargeback',
        r.order_id,
        greatest(r.refunded_at, coalesce(d.charged_back_at, r.refunded_at)),
        r.refunded_amount,
        r.currency,
        r._file_id,
        r._line
    from refunds as r
    inner join disputed as d on d.order_id = r.order_id and d.amount < 0
    where r.place = 1
)

select * from int_refunds_doubled
