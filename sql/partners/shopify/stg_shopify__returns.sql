/*
description: Announced returns.
grain: one row per return
key: [return_id]
owner: data
conforms_to: shop_returns
rows:
  raw.shop_returns:
    told_by: {return_id: "canonical_id(_source, string_split(return_gid, '/')[-1])"}
columns:
  return_name: "what warehouses call the RMA: AV1001-R1"
*/
with latest as (
    select *
    from raw.shop_returns
    qualify row_number() over (
        partition by _source, return_gid
        order by _received_at desc, _file_id desc, _line desc
    ) = 1
),

stg_shopify__returns as (
    select
        canonical_id(r._source, string_split(r.return_gid, '/')[-1]) as return_id,
        canonical_id(r._source, string_split(r.order_gid, '/')[-1]) as order_id,
        ltrim(trim(r.name), '#') as return_name,
        coalesce(c.meaning, 'unknown') as status,
        upper(r.status) as status_raw,
        r.created_at as requested_at,
        r.approved_at,
        r.closed_at,
        r._source,
        r._file_id,
        r._line,
        r._received_at
    from latest as r
    left join seeds.codes as c on c.partner = 'shopify' and c.list = 'return_statuses' and c.code = upper(r.status)
)

select * from stg_shopify__returns
