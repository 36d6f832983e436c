/*
description: Units of each order line in each fulfilment, from the newest details.
grain: one row per fulfilment and order line
key: [fulfilment_id, line_id]
owner: data
conforms_to: fulfilment_lines
rows:
  raw.shop_fulfilment_lines:
    told_by:
      fulfilment_id: canonical_id(_source, string_split(fulfilment_gid, '/')[-1])
      line_id: canonical_id(_source, string_split(line_gid, '/')[-1])
    left_out:
      in_an_older_answer: >-
        {'at': r._received_at, 'file': r._file_id, 'line': coalesce((select a.answer_line from staging.stg_shopify__answer_lines as a
        where a._source = r._source and a._file_id = r._file_id and a._line = r._line), r._line)}
        <> (select max({'at': n._received_at, 'file': n._file_id, 'line': coalesce(b.answer_line, n._line)})
        from raw.shop_fulfilment_lines as n
        left join staging.stg_shopify__answer_lines as b on b._source = n._source and b._file_id = n._file_id and b._line = n._line
        where n._source = r._source and n.fulfilment_gid = r.fulfilment_gid)
*/
-- Further pages of a long list are lines of their own, and belong to the answer that they go on from.
with latest as (
    select r.*
    from raw.shop_fulfilment_lines as r
    left join staging.stg_shopify__answer_lines as a on a._source = r._source and a._file_id = r._file_id and a._line = r._line
    qualify rank() over (
        partition by r._source, r.fulfilment_gid
        order by r._received_at desc, r._file_id desc, coalesce(a.answer_line, r._line) desc
    ) = 1
),

once as (
    select *
    from latest
    qualify row_number() over (
        partition by _source, fulfilment_gid, line_gid
        order by quantity desc, _line desc
    ) = 1
),

stg_shopify__fulfilment_lines as (
    select
        canonical_id(_source, string_split(fulfilment_gid, '/')[-1]) as fulfilment_id,
        canonical_id(_source, string_split(order_gid, '/')[-1]) as order_id,
        canonical_id(_source, string_split(line_gid, '/')[-1]) as line_id,
        quantity as units,
        _source,
        _file_id,
        _line,
        _received_at
    from once
)

select * from stg_shopify__fulfilment_lines
