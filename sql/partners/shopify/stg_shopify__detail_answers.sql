/*
description: Each time that a shop was asked about one order in detail.
grain: one row per answer
key: [_file_id, _line]
owner: data
conforms_to: asks
rows:
  raw.shop_detail_answers:
    left_out:
      labels_beyond_three: contains(order_gid, 'reverseDeliveries') # such a page names no return
      further_page: contains(order_gid, ' ')
*/
-- Further pages of an order are asked for as "<order> <owner> <connection>"; one that is no answer spoils all.
with pages as (
    select *, max(problem) over (partition by _source, string_split(order_gid, ' ')[1], _file_id) as any_problem
    from raw.shop_detail_answers
),

stg_shopify__detail_answers as (
    select
        'order' as subject,
        canonical_id(_source, string_split(order_gid, '/')[-1]) as ask,
        case
            when status_code between 200 and 299 and any_problem is not null then 'unusable'
            when status_code = 200 and order_updated_at is not null then 'answered'
            when status_code in (200, 404) then 'not_found'
            when status_code in (401, 403, 429) then 'refused'
            else 'failed'
        end as outcome,
        status_code,
        any_problem as problem,
        asked_at,
        _source,
        _file_id,
        _line,
        _received_at
    from pages
    where not contains(order_gid, ' ')
)

select * from stg_shopify__detail_answers
