/*
description: Each time that a shop was asked for the refunds of an order.
grain: one row per answer
key: [_file_id, _line]
owner: data
conforms_to: asks
rows:
  raw.woo_refund_answers: {}
*/
with stg_woo__refund_answers as (
    select
        'order' as subject,
        canonical_id(_source, cast(order_id as varchar)) as ask,
        case
            when status_code between 200 and 299 and problem is not null then 'unusable'
            when status_code = 200 then 'answered'
            when status_code = 404 then 'not_found'
            when status_code in (401, 403, 429) then 'refused'
            else 'failed'
        end as outcome,
        status_code,
        problem,
        asked_at,
        _source,
        _file_id,
        _line,
        _received_at
    from raw.woo_refund_answers
)

select * from stg_woo__refund_answers
