/*
description: Lines of web orders, as the newest answer about the order has them.
grain: one row per line item
key: [line_id]
owner: data
conforms_to: order_lines
rows:
  raw.shop_order_lines:
    told_by: {line_id: "canonical_id(_source, string_split(line_gid, '/')[-1])"}
    left_out:
      in_an_older_answer: >-
        {'at': r._received_at, 'file': r._file_id} <> (select max({'at': n._received_at, 'file': n._file_id})
        from raw.shop_order_lines as n where n._source = r._source and n.order_gid = r.order_gid)
*/
with latest as (
    select *
    from raw.shop_order_lines
    qualify rank() over (
        partition by _source, order_gid
        order by _received_at desc, _file_id desc
    ) = 1
),

once as (
    select *
    from latest
    qualify row_number() over (
        partition by _source, line_gid
        order by _line desc
    ) = 1
),

stg_shopify__order_lines as (
    select
        canonical_id(_source, string_split(line_gid, '/')[-1]) as line_id,
        canonical_id(_source, string_split(order_gid, '/')[-1]) as order_id,
        nullif(trim(sku), '') as sku,
        title,
        quantity as units_ordered,
        current_quantity as units_current,
        coalesce(requires_shipping, true) as requires_shipping,
        unit_price_amount,
        discount_amount,
        discounted_total_amount,
        currency,
        unit_cost_amount,
        unit_cost_currency,
        _source,
        _file_id,
        _line,
        _received_at
    from once
)

select * from stg_shopify__order_lines
