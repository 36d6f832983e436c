/*
description: Each time that Stripe was asked for the transactions of a payout.
grain: one row per answer, which has a page
key: [_file_id, _line]
owner: data
conforms_to: asks
columns:
  outcome: "failed also where Stripe says that it cannot itemise the payout (400)"
*/
-- The pages of an answer are lines of one file; one that is no answer spoils all.
with pages as (
    select *, max(problem) over (partition by _source, payout_id, _file_id) as any_problem
    from raw.stripe_payout_answers
),

stg_stripe__payout_answers as (
    select
        'payout' as subject,
        payout_id as ask,
        case
            when status_code between 200 and 299 and any_problem is not null then 'unusable'
            when status_code = 200 then 'answered'
            when status_code in (401, 403, 429) then 'refused'
            else 'failed'
        end as outcome,
        status_code,
        coalesce(any_problem, error_code) as problem,
        asked_at,
        _source,
        _file_id,
        _line,
        _received_at
    from pages
)

select * from stg_stripe__payout_answers
