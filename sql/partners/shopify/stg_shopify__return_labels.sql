/*
description: Labels of announced returns, from the newest details of each order.
grain: one row per return and reverse delivery
key: [return_id, label_no]
owner: data
conforms_to: return_labels
rows:
  raw.shop_return_labels:
    told_by:
      return_id: canonical_id(_source, string_split(return_gid, '/')[-1])
      label_no: string_split(reverse_delivery_gid, '/')[-1]
    left_out:
      in_an_older_answer: >-
        {'at': r._received_at, 'file': r._file_id, 'line': r._line} <> (select max({'at': n._received_at, 'file': n._file_id, 'line': n._line})
        from raw.shop_return_labels as n where n._source = r._source and n.return_gid = r.return_gid)
*/
with latest as (
    select *
    from raw.shop_return_labels
    qualify rank() over (
        partition by _source, return_gid
        order by _received_at desc, _file_id desc, _line desc
    ) = 1
),

once as (
    select *
    from latest
    qualify row_number() over (
        partition by _source, return_gid, reverse_delivery_gid
        order by tracking_no, carrier_name
    ) = 1
),

stg_shopify__return_labels as (
    select
        canonical_id(_source, string_split(return_gid, '/')[-1]) as return_id,
        canonical_id(_source, string_split(order_gid, '/')[-1]) as order_id,
        string_split(reverse_delivery_gid, '/')[-1] as label_no,
        upper(nullif(trim(tracking_no), '')) as tracking_no,
        carrier_name as carrier_word,
        _source,
        _file_id,
        _line,
        _received_at
    from once
)

select * from stg_shopify__return_labels
