/*
description: Refunded order lines, from the newest details of each refund.
grain: one row per refund and refund line
key: [refund_id, refund_line_id]
owner: data
columns:
  restock_type: RETURN, CANCEL, NO_RESTOCK or LEGACY_RESTOCK
*/
with answers as (
    select * from raw.shop_refund_lines
),

latest as (
    select *
    from answers
    qualify rank() over (
        partition by _source, refund_gid
        order by _received_at desc, _file_id desc, _line desc
    ) = 1
),

once as (
    select *
    from latest
    qualify row_number() over (
        partition by _source, refund_gid, refund_line_gid, line_gid, restock_type
        order by _line desc
    ) = 1
),

stg_shopify__refund_lines as (
    select
        coalesce(
            _source || ':' || string_split(refund_line_gid, '/')[-1],
            _source || ':' || string_split(refund_gid, '/')[-1] || ':' || string_split(line_gid, '/')[-1] || ':' || restock_type
        ) as refund_line_id,
        _source || ':' || string_split(refund_gid, '/')[-1] as refund_id,
        _source || ':' || string_split(order_gid, '/')[-1] as order_id,
        _source || ':' || string_split(line_gid, '/')[-1] as line_id,
        _source as shop,
        quantity,
        upper(restock_type) as restock_type,
        subtotal_amount,
        tax_amount,
        _source,
        _file_id,
        _line,
        _received_at
    from once
)

select * from stg_shopify__refund_lines
