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
  raw.shop_order_agreements:
    told_by: {line_id: "canonical_id(_source, string_split(line_gid, '/')[-1])"}
    left_out: {of_no_line: line_gid is null}
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

refunded as (
    select line_id, sum(units) as units
    from staging.stg_shopify__refund_lines
    group by line_id
),

stg_shopify__order_lines as (
    select
        canonical_id(l._source, string_split(l.line_gid, '/')[-1]) as line_id,
        canonical_id(l._source, string_split(l.order_gid, '/')[-1]) as order_id,
        e.added_at,
        e.added_by,
        sku_key(l.sku) as sku,
        l.title,
        l.quantity as units_ordered,
        -- Shopify's count is without what was refunded, be it that that is later than what is asked about.
        cast(l.current_quantity + coalesce(r.units, 0) as integer) as units_current,
        coalesce(l.requires_shipping, true) as requires_shipping,
        cast(l.unit_price_amount as decimal(18, 4)) as unit_price_amount,
        cast(l.discount_amount as decimal(18, 4)) as discount_amount,
        cast(l.discounted_total_amount as decimal(18, 4)) as discounted_total_amount,
        l.currency,
        cast(l.unit_cost_amount as decimal(18, 4)) as unit_cost_amount,
        l.unit_cost_currency,
        l._source,
        l._file_id,
        l._line,
        l._received_at
    from once as l
    left join staging.stg_shopify__order_edits as e on e._source = l._source and e.line_gid = l.line_gid
    left join refunded as r on r.line_id = canonical_id(l._source, string_split(l.line_gid, '/')[-1])
)

select * from stg_shopify__order_lines
