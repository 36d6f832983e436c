/*
description: >-
  Payouts to ask Stripe for the transactions of: automatic ones that Stripe has finished to reconcile (others it cannot itemise) and that
  have not been answered: an answer is kept whole, to its last page, or not at all. One that failed is asked again after longer and longer
  pauses, behind all others.
grain: one row per source and payout
key: [source, ask]
owner: finance
*/
with latest as (
    select *
    from raw.stripe_payouts
    qualify row_number() over (
        partition by _source, payout_id
        order by asked_at desc, _received_at desc, _file_id desc, _line desc
    ) = 1
),

asks as (
    select n._source, n.ask, n.outcome, n._received_at
    from staging.stg_stripe__payout_answers as n
    inner join ops.clock as k on n._received_at <= k.as_of
),

asked as (
    select * from questions('asks', ['answered'])
),

stripe_payouts as (
    select
        l._source as source,
        l.payout_id as ask,
        row_number() over (order by case when q.failures > 0 then 1 else 0 end, l.created_at, l.payout_id) as place
    from latest as l
    cross join ops.clock as k
    left join asked as q on q._source = l._source and q.ask = l.payout_id
    where l.is_automatic and l.reconciliation_status = 'completed' and l.status in ('paid', 'in_transit', 'failed')
        and q.answered_at is null
        and (q.due_at is null or q.due_at <= k.as_of)
)

select source, ask from stripe_payouts order by place
