/*
description: What customers were given for each return, one by one, and from when on nothing is owed any more.
grain: one row per return
key: [return_id]
owner: data
columns:
  refunded_at: the earliest refund that stands, in money or credit
  settled_at: when the provider had booked all refunds that went through it; null while one is not booked
  refund_failed_at: when a refund for it first came back
  resolved_amount: refunded, credited, exchanged and refused together
  waiting_amount: what is owed and not resolved; 0 within the tolerance, null while no price is known
  value_resolved_at: when what was given reached what is owed; null while it has not
*/
with events as (
    select
        return_id,
        refunded_at as happened_at,
        case when is_credit then 'credit' else 'refund' end as outcome,
        refund_id as document,
        amount
    from intermediate.int_return_refunds
    where amount > 0
    union all
    select return_id, agreed_at, 'exchange', line_id, amount
    from intermediate.int_exchanges
    where return_id is not null
    union all
    select return_id, coalesce(inspected_at, received_at), 'reject', return_id, refused_amount
    from intermediate.int_returns
    where refused_amount > 0
),

running as (
    select
        *,
        sum(amount) over (
            partition by return_id
            order by happened_at, outcome, document
            rows between unbounded preceding and current row
        ) as amount_so_far
    from events
),

kept as (
    select return_id, kept_amount from intermediate.int_return_limits where clock = 'brand'
),

owed as (
    select
        r.return_id,
        r.owed_amount,
        r.received_at,
        r.requested_at,
        r.owed_amount - coalesce(k.kept_amount, 0) - r.tolerance_amount as least_amount,
        coalesce(k.kept_amount, 0) as kept_amount
    from intermediate.int_returns as r
    left join kept as k on k.return_id = r.return_id
),

given as (
    select
        o.return_id,
        min(case when e.outcome in ('refund', 'credit') then e.happened_at end) as refunded_at,
        sum(case when e.outcome = 'refund' then e.amount end) as refunded_amount,
        sum(case when e.outcome = 'credit' then e.amount end) as credited_amount,
        sum(case when e.outcome = 'exchange' then e.amount end) as exchanged_amount,
        sum(case when e.outcome = 'reject' then e.amount end) as rejected_amount,
        coalesce(sum(e.amount), 0) as resolved_amount,
        min(case when e.amount_so_far >= o.least_amount then e.happened_at end) as reached_at
    from owed as o
    left join running as e on e.return_id = o.return_id
    group by o.return_id
),

booked as (
    select
        return_id,
        case
            when count(case when is_provided and amount > 0 then 1 end) = count(case when is_provided and amount > 0 then settled_at end)
                then max(case when amount > 0 then settled_at end)
        end as settled_at,
        min(failed_at) as refund_failed_at
    from intermediate.int_return_refunds
    group by return_id
),

int_return_resolutions as (
    select
        g.return_id,
        g.refunded_at,
        b.settled_at,
        b.refund_failed_at,
        g.refunded_amount,
        g.credited_amount,
        g.exchanged_amount,
        g.rejected_amount,
        g.resolved_amount,
        case
            when g.resolved_amount >= o.least_amount then 0
            else o.owed_amount - o.kept_amount - g.resolved_amount
        end as waiting_amount,
        case when g.resolved_amount >= o.least_amount then coalesce(g.reached_at, o.received_at, o.requested_at) end as value_resolved_at
    from given as g
    inner join owed as o on o.return_id = g.return_id
    left join booked as b on b.return_id = g.return_id
)

select * from int_return_resolutions
