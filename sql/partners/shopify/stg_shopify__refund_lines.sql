/*
description: Refunded order lines, from the newest details of each refund.
grain: one row per refund and refund line
key: [refund_id, refund_line_id]
owner: data
conforms_to: refund_lines
rows:
  raw.shop_refund_lines:
    told_by:
      refund_id: canonical_id(_source, string_split(refund_gid, '/')[-1])
      line_id: canonical_id(_source, string_split(line_gid, '/')[-1])
      units: quantity
    left_out:
      in_an_older_answer: >-
        {'at': r._received_at, 'file': r._file_id, 'line': coalesce((select a.answer_line from staging.stg_shopify__answer_lines as a
        where a._source = r._source and a._file_id = r._file_id and a._line = r._line), r._line)}
        <> (select max({'at': n._received_at, 'file': n._file_id, 'line': coalesce(b.answer_line, n._line)})
        from raw.shop_refund_lines as n
        left join staging.stg_shopify__answer_lines as b on b._source = n._source and b._file_id = n._file_id and b._line = n._line
        where n._source = r._source and n.refund_gid = r.refund_gid)
*/
-- Further pages of a long list are lines of their own, and belong to the answer that they go on from.
with latest as (
    select r.*
    from raw.shop_refund_lines as r
    left join staging.stg_shopify__answer_lines as a on a._source = r._source and a._file_id = r._file_id and a._line = r._line
    qualify rank() over (
        partition by r._source, r.refund_gid
        order by r._received_at desc, r._file_id desc, coalesce(a.answer_line, r._line) desc
    ) = 1
),

once as (
    select *
    from latest
    qualify row_number() over (
        partition by _source, refund_gid, refund_line_gid, line_gid, restock_type
        order by quantity desc, _line desc
    ) = 1
),

stg_shopify__refund_lines as (
    select
        coalesce(
            canonical_id(r._source, string_split(r.refund_line_gid, '/')[-1]),
            canonical_id(r._source, string_split(r.refund_gid, '/')[-1] || ':' || string_split(r.line_gid, '/')[-1]
                || ':' || r.restock_type)
        ) as refund_line_id,
        canonical_id(r._source, string_split(r.refund_gid, '/')[-1]) as refund_id,
        canonical_id(r._source, string_split(r.order_gid, '/')[-1]) as order_id,
        canonical_id(r._source, string_split(r.line_gid, '/')[-1]) as line_id,
        r.quantity as units,
        coalesce(c.meaning, 'unknown') as restock,
        r.is_restocked,
        cast(r.subtotal_amount as decimal(18, 4)) as subtotal_amount,
        cast(r.tax_amount as decimal(18, 4)) as tax_amount,
        r._source,
        r._file_id,
        r._line,
        r._received_at
    from once as r
    left join seeds.codes as c on c.partner = 'shopify' and c.list = 'restock' and c.code = upper(r.restock_type)
)

select * from stg_shopify__refund_lines
