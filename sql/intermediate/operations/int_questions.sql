/*
description: What Waybill asked partners about, one thing at a time, and how each question stands.
grain: one row per source and thing
key: [source, subject, ask]
owner: data
columns:
  state: answered; not_found (the partner knows nothing of it, or not yet); failing (no answer since the last one, or never)
  outcome: of the newest question
  answered_at: when it was last answered
  failures: runs since then in which it was asked and not answered
*/
with asked as (
    select
        source,
        subject,
        ask,
        outcome,
        status_code,
        problem,
        asked_at,
        _received_at,
        _file_id,
        _line,
        outcome in ('answered', 'not_found') as is_answer,
        row_number() over (
            partition by source, subject, ask
            order by _received_at desc, case when outcome in ('answered', 'not_found') then 0 else 1 end, asked_at desc, _file_id, _line desc
        ) as recency
    from canonical.asks
    -- As of an earlier instant, what was asked later has no instant of receipt: it was not asked yet.
    where outcome <> 'refused' and _received_at is not null
),

answered as (
    select source, subject, ask, max(_received_at) as answered_at
    from asked
    where is_answer
    group by source, subject, ask
),

failed as (
    select k.source, k.subject, k.ask, count(distinct k._received_at) as failures
    from asked as k
    left join answered as a on a.source = k.source and a.subject = k.subject and a.ask = k.ask
    where a.answered_at is null or k._received_at > a.answered_at
    group by k.source, k.subject, k.ask
),

int_questions as (
    select
        k.source,
        k.subject,
        k.ask,
        case when f.failures is not null then 'failing' when k.outcome = 'not_found' then 'not_found' else 'answered' end as state,
        k.outcome,
        k.status_code,
        k.problem,
        k.asked_at,
        a.answered_at,
        cast(coalesce(f.failures, 0) as integer) as failures,
        k._file_id,
        k._line
    from asked as k
    left join answered as a on a.source = k.source and a.subject = k.subject and a.ask = k.ask
    left join failed as f on f.source = k.source and f.subject = k.subject and f.ask = k.ask
    where k.recency = 1
)

select * from int_questions
