/*
description: Refunds as the order's own record lists them, and with the return they name once the order's details are known.
grain: one row per refund
key: [refund_id]
owner: data
conforms_to: refunds
rows:
  raw.shop_order_refunds:
    told_by: {refund_id: "canonical_id(_source, string_split(refund_gid, '/')[-1])"}
  raw.shop_refunds:
    told_by: {refund_id: "canonical_id(_source, string_split(refund_gid, '/')[-1])"}
  raw.shop_refund_shipping:
    told_by: {refund_id: "canonical_id(_source, string_split(refund_gid, '/')[-1])"}
  raw.shop_refund_duties:
    told_by: {refund_id: "canonical_id(_source, string_split(refund_gid, '/')[-1])"}
columns:
  return_id: null when the refund names no return
*/
with listed as (
    select *
    from raw.shop_order_refunds
    qualify row_number() over (
        partition by _source, refund_gid
        order by _received_at desc, _file_id desc, _line desc
    ) = 1
),

-- Further pages are lines of their own. Taxes of carriage are in its amount where the shop's prices include them.
carriage as (
    select r._source, r.refund_gid, sum(r.subtotal_amount) as amount
    from raw.shop_refund_shipping as r
    left join staging.stg_shopify__answer_lines as a on a._source = r._source and a._file_id = r._file_id and a._line = r._line
    inner join staging.stg_shopify__refund_details as d
        on d._source = r._source and d.refund_gid = r.refund_gid and d._file_id = r._file_id and d._line = coalesce(a.answer_line, r._line)
    group by r._source, r.refund_gid
),

duties as (
    select r._source, r.refund_gid, sum(r.amount) as amount
    from raw.shop_refund_duties as r
    inner join staging.stg_shopify__refund_details as d
        on d._source = r._source and d.refund_gid = r.refund_gid and d._file_id = r._file_id and d._line = r._line
    group by r._source, r.refund_gid
),

stg_shopify__refunds as (
    select
        canonical_id(coalesce(d._source, l._source), string_split(coalesce(d.refund_gid, l.refund_gid), '/')[-1]) as refund_id,
        canonical_id(coalesce(d._source, l._source), string_split(coalesce(d.order_gid, l.order_gid), '/')[-1]) as order_id,
        canonical_id(d._source, string_split(d.return_gid, '/')[-1]) as return_id,
        coalesce(d.created_at, l.created_at) as refunded_at,
        cast(coalesce(d.total_amount, l.total_amount) as decimal(18, 4)) as total_amount,
        coalesce(d.currency, l.currency) as currency,
        cast(s.amount as decimal(18, 4)) as shipping_amount,
        cast(u.amount as decimal(18, 4)) as duty_amount,
        w.meaning as reason,
        d.refund_gid is not null as has_details,
        coalesce(d._source, l._source) as _source,
        coalesce(d._file_id, l._file_id) as _file_id,
        case when d._file_id is not null then d._line else l._line end as _line,
        coalesce(d._received_at, l._received_at) as _received_at
    from listed as l
    full outer join staging.stg_shopify__refund_details as d on d._source = l._source and d.refund_gid = l.refund_gid
    left join carriage as s on s._source = d._source and s.refund_gid = d.refund_gid
    left join duties as u on u._source = d._source and u.refund_gid = d.refund_gid
    left join seeds.codes as w on w.partner = 'shopify' and w.list = 'refund_reasons' and w.code = lower(d.reason_raw)
)

select * from stg_shopify__refunds
