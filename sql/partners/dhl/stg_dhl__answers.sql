/*
description: Each time that DHL was asked about a tracking number.
grain: one row per answer
key: [_file_id, _line]
owner: data
conforms_to: asks
columns:
  status_code: "of HTTP: 404 means that DHL knows nothing yet"
*/
with stg_dhl__answers as (
    select
        upper(trim(tracking_no)) as ask,
        case
            when status_code = 200 then 'answered'
            when status_code = 404 then 'not_found'
            when status_code in (401, 403, 429) then 'refused'
            else 'failed'
        end as outcome,
        status_code,
        asked_at,
        _source,
        _file_id,
        _line,
        _received_at
    from raw.dhl_answers
)

select * from stg_dhl__answers
