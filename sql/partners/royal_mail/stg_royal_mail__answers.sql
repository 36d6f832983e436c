/*
description: Each time that Royal Mail was asked about a number, those without an answer among them.
grain: one row per number and call
key: [ask, _file_id, _line]
owner: data
conforms_to: asks
*/
with stg_royal_mail__answers as (
    select
        upper(trim(tracking_no)) as ask,
        case when is_known then 'answered' else 'not_found' end as outcome,
        status_code,
        asked_at,
        _source,
        _file_id,
        _line,
        _received_at
    from raw.royal_mail_answers
    union all
    select
        upper(trim(tracking_no)),
        case when status_code in (401, 403, 429) then 'refused' else 'failed' end,
        status_code,
        asked_at,
        _source,
        _file_id,
        _line,
        _received_at
    from raw.royal_mail_failures
)

select * from stg_royal_mail__answers
