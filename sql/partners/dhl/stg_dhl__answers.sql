/*
description: Each time that DHL was asked about a tracking number.
grain: one row per answer
key: [_file_id, _line]
owner: data
conforms_to: asks
columns:
  outcome: other where the answer is about another number, or about that number of another of DHL's services
  status_code: "of HTTP: 404 means that DHL knows nothing yet"
*/
with about as (
    select
        _file_id,
        _line,
        bool_or(
            coalesce(upper(trim(shipment_no)) = upper(trim(tracking_no)), false)
            and coalesce(lower(service) = lower(url_parameter(asked_url, 'service')), true)
        ) as is_about
    from raw.dhl_shipments
    group by _file_id, _line
),

stg_dhl__answers as (
    select
        'parcel' as subject,
        upper(trim(n.tracking_no)) as ask,
        case
            when n.status_code = 404 and n.problem is null then 'not_found'
            when n.status_code in (401, 403, 429) then 'refused'
            when n.status_code between 200 and 299 and n.problem is not null then 'unusable'
            when n.status_code = 200 and not a.is_about then 'other'
            when n.status_code = 200 then 'answered'
            else 'failed'
        end as outcome,
        n.status_code,
        coalesce(n.problem, case when n.status_code = 200 and not a.is_about then 'another shipment' end) as problem,
        n.asked_at,
        n._source,
        n._file_id,
        n._line,
        n._received_at
    from raw.dhl_answers as n
    left join about as a on a._file_id = n._file_id and a._line = n._line
)

select * from stg_dhl__answers
