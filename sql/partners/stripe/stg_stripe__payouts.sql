/*
description: Payouts to the bank, each as the newest answer has it.
grain: one row per payout
key: [settlement_ref]
owner: data
conforms_to: payouts
rows:
  raw.stripe_payouts:
    told_by: {settlement_ref: payout_id}
*/
with latest as (
    select *
    from raw.stripe_payouts
    qualify row_number() over (
        partition by _source, payout_id
        order by asked_at desc, _received_at desc, _file_id desc, _line desc
    ) = 1
),

stg_stripe__payouts as (
    select
        l._source as account,
        l.payout_id as settlement_ref,
        l.created_at as made_at,
        s.meaning as state,
        cast(cast(l.amount_minor as decimal(18, 4)) / cast(power(10, coalesce(cast(e.meaning as integer), 2)) as integer) as decimal(18, 4))
            as amount,
        upper(l.currency) as currency,
        cast(timezone('UTC', l.arrival_at) as date) as arrives_on,
        l._source,
        l._file_id,
        l._line,
        l._received_at
    from latest as l
    left join seeds.codes as e on e.partner = 'stripe' and e.list = 'exponents' and e.code = upper(l.currency)
    left join seeds.codes as s on s.partner = 'stripe' and s.list = 'payout_states' and s.code = l.status
)

select * from stg_stripe__payouts
