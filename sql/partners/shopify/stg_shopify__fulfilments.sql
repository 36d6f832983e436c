/*
description: Despatches as the web shop was told of them, one row per tracking number.
grain: one row per fulfilment and tracking number
key: [fulfilment_id, tracking_no]
owner: data
conforms_to: fulfilments
rows:
  raw.shop_fulfilments:
    told_by:
      fulfilment_id: canonical_id(_source, string_split(fulfilment_gid, '/')[-1])
      tracking_no: upper(nullif(trim(tracking_no), ''))
    left_out:
      in_an_older_answer: >-
        {'at': r._received_at, 'file': r._file_id, 'line': r._line} <> (select max({'at': n._received_at, 'file': n._file_id, 'line': n._line})
        from raw.shop_fulfilments as n where n._source = r._source and n.fulfilment_gid = r.fulfilment_gid)
columns:
  tracking_no: null for a fulfilment without one
*/
with latest as (
    select *
    from raw.shop_fulfilments
    qualify rank() over (
        partition by _source, fulfilment_gid
        order by _received_at desc, _file_id desc, _line desc
    ) = 1
),

once as (
    select *
    from latest
    qualify row_number() over (
        partition by _source, fulfilment_gid, upper(nullif(trim(tracking_no), ''))
        order by carrier_name
    ) = 1
),

stg_shopify__fulfilments as (
    select
        canonical_id(_source, string_split(fulfilment_gid, '/')[-1]) as fulfilment_id,
        canonical_id(_source, string_split(order_gid, '/')[-1]) as order_id,
        upper(nullif(trim(tracking_no), '')) as tracking_no,
        carrier_name as carrier_word,
        status is null or upper(status) not in ('CANCELLED', 'ERROR', 'FAILURE') as is_valid,
        created_at,
        _source,
        _file_id,
        _line,
        _received_at
    from once
)

select * from stg_shopify__fulfilments
