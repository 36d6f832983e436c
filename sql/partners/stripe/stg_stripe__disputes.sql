/*
description: Disputes, each as the newest answer has it.
grain: one row per dispute
key: [dispute_id]
owner: data
conforms_to: disputes
rows:
  raw.stripe_disputes:
    told_by: {dispute_id: dispute_id}
columns:
  due_at: until when evidence is taken, 23:59:59 UTC as Stripe sends it; null where no answer can be given
*/
with latest as (
    select *
    from raw.stripe_disputes
    qualify row_number() over (
        partition by _source, dispute_id
        order by asked_at desc, _received_at desc, _file_id desc, _line desc
    ) = 1
),

stg_stripe__disputes as (
    select
        l.dispute_id,
        l._source as account,
        l.charge_id as payment_ref,
        coalesce(l.payment_intent_id, l.charge_id) as merchant_ref,
        coalesce(s.meaning, 'unknown') as state,
        l.status as state_raw,
        l.reason as reason_raw,
        cast(cast(l.amount_minor as decimal(18, 4)) / cast(power(10, coalesce(cast(e.meaning as integer), 2)) as integer) as decimal(18, 4))
            as amount,
        upper(l.currency) as currency,
        l.created_at as opened_at,
        case when l.due_by > timestamptz '1970-01-02 00:00:00Z' then l.due_by end as due_at,
        l._source,
        l._file_id,
        l._line,
        l._received_at
    from latest as l
    left join seeds.codes as e on e.partner = 'stripe' and e.list = 'exponents' and e.code = upper(l.currency)
    left join seeds.codes as s on s.partner = 'stripe' and s.list = 'dispute_states' and s.code = l.status
)

select * from stg_stripe__disputes
