/*
description: Lines of announced returns, as the newest answer about the return has them.
grain: one row per return line
key: [return_line_id]
owner: data
conforms_to: shop_return_lines
rows:
  raw.shop_return_lines:
    told_by: {return_line_id: "canonical_id(_source, string_split(return_line_gid, '/')[-1])"}
    left_out:
      in_an_older_answer: >-
        {'at': r._received_at, 'file': r._file_id} <> (select max({'at': n._received_at, 'file': n._file_id})
        from raw.shop_return_lines as n where n._source = r._source and n.return_gid = r.return_gid)
*/
with latest as (
    select *
    from raw.shop_return_lines
    qualify rank() over (
        partition by _source, return_gid
        order by _received_at desc, _file_id desc
    ) = 1
),

once as (
    select *
    from latest
    qualify row_number() over (
        partition by _source, return_line_gid
        order by _line desc
    ) = 1
),

stg_shopify__return_lines as (
    select
        canonical_id(r._source, string_split(r.return_line_gid, '/')[-1]) as return_line_id,
        canonical_id(r._source, string_split(r.return_gid, '/')[-1]) as return_id,
        canonical_id(r._source, string_split(r.line_gid, '/')[-1]) as line_id,
        r.quantity as units,
        upper(r.reason_raw) as reason_raw,
        c.meaning as reason_code,
        r._source,
        r._file_id,
        r._line,
        r._received_at
    from once as r
    left join seeds.codes as c on c.partner = 'shopify' and c.list = 'return_reasons' and c.code = upper(r.reason_raw)
)

select * from stg_shopify__return_lines
