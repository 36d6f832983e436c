/*
description: >-
  Which line of an exchange log has the answer about the order that a line belongs to: further pages of a long list are lines of their own, behind the
  answer that they go on from.
grain: one row per line
key: [_source, _file_id, _line]
owner: data
*/
with stg_shopify__answer_lines as (
    select distinct
        _source,
        _file_id,
        _line,
        max(case when not contains(order_gid, ' ') then _line end) over (
            partition by _source, _file_id, string_split(order_gid, ' ')[1]
            order by _line
            rows between unbounded preceding and current row
        ) as answer_line
    from raw.shop_detail_answers
)

select * from stg_shopify__answer_lines
