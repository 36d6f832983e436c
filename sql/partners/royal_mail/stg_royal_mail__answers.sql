/*
description: Each time that Royal Mail was asked about a number, those without an answer among them.
grain: one row per number and call
key: [ask, _file_id, _line]
owner: data
conforms_to: asks
rows:
  raw.royal_mail_answers:
    left_out:
      half_an_answer: endpoint <> 'events' and is_known
columns:
  outcome: "never refused: a refusal of the whole app has no line, and 403 may be about the number"
*/
with stg_royal_mail__answers as (
    select
        'parcel' as subject,
        upper(trim(tracking_no)) as ask,
        case when is_known then 'answered' else 'not_found' end as outcome,
        status_code,
        cast(null as varchar) as problem,
        asked_at,
        _source,
        _file_id,
        _line,
        _received_at
    from raw.royal_mail_answers
    -- A summary of a known number is half an answer: its events are still due.
    where endpoint = 'events' or not is_known
    union all
    select
        'parcel' as subject,
        upper(trim(tracking_no)) as ask,
        case when status_code between 200 and 299 then 'unusable' else 'failed' end as outcome,
        status_code,
        problem,
        asked_at,
        _source,
        _file_id,
        _line,
        _received_at
    from raw.royal_mail_failures
)

select * from stg_royal_mail__answers
