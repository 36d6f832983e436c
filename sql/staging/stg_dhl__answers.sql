/*
description: Each time that DHL was asked about a tracking number.
grain: one row per answer
key: [_file_id, _line]
owner: data
columns:
  status_code: "of HTTP: 404 means that DHL knows nothing yet"
*/
with answers as (
    select * from raw.dhl_answers
),

stg_dhl__answers as (
    select
        upper(trim(tracking_no)) as tracking_no,
        status_code,
        asked_at,
        _source,
        _file_id,
        _line,
        _received_at
    from answers
)

select * from stg_dhl__answers
