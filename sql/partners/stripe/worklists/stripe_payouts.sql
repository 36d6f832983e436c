/*
description: >-
  Payouts to ask Stripe for the transactions of: automatic ones that Stripe has finished to reconcile (others it cannot itemise) and that
  have not been answered: an answer is kept whole, to its last page, or not at all. One that was answered with an error is asked again a day later.
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

answers as (
    select
        _source,
        payout_id,
        bool_or(status_code = 200) as is_answered,
        max(case when status_code <> 200 then _received_at end) as failed_at
    from raw.stripe_payout_answers
    group by _source, payout_id
),

stripe_payouts as (
    select
        l._source as source,
        l.payout_id as ask,
        row_number() over (order by l.created_at, l.payout_id) as place
    from latest as l
    cross join ops.clock as k
    left join answers as a on a._source = l._source and a.payout_id = l.payout_id
    where l.is_automatic and l.reconciliation_status = 'completed' and l.status in ('paid', 'in_transit', 'failed')
        and not coalesce(a.is_answered, false)
        and (a.failed_at is null or a.failed_at <= k.as_of - interval '1' day)
)

select source, ask from stripe_payouts order by place
