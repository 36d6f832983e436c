/*
description: Refunds as the order lists them, and with their time once they have been asked for.
grain: one row per refund
key: [refund_id]
owner: data
conforms_to: refunds
rows:
  raw.woo_refunds:
    told_by: {refund_id: "canonical_id(_source, cast(refund_id as varchar))"}
    left_out:
      deleted_in_the_shop: >-
        not exists (select 1 from staging.stg_woo__refund_details as d where d._source = r._source and d.refund_id = r.refund_id)
  raw.woo_refund_shipping:
    told_by: {refund_id: "canonical_id(_source, cast(refund_id as varchar))"}
    left_out:
      deleted_in_the_shop: >-
        not exists (select 1 from staging.stg_woo__refund_details as d where d._source = r._source and d.refund_id = r.refund_id)
  raw.woo_order_refunds:
    told_by: {refund_id: "canonical_id(_source, cast(refund_id as varchar))"}
    left_out:
      in_an_older_answer: >-
        not exists (select 1 from staging.stg_woo__latest_orders as o
        where o._source = r._source and o.order_id = r.order_id and o._file_id = r._file_id and o._line = r._line)
columns:
  total_amount: what was given back, above 0
*/
with listed as (
    select distinct r._source, r.refund_id, r.order_id, r.order_modified_at, r.total_amount, r._file_id, r._line, r._received_at
    from raw.woo_order_refunds as r
    inner join staging.stg_woo__latest_orders as o
        on o._source = r._source and o.order_id = r.order_id and o._file_id = r._file_id and o._line = r._line
),

both_sides as (
    select
        coalesce(d._source, l._source) as _source,
        coalesce(d.refund_id, l.refund_id) as refund_id,
        coalesce(d.order_id, l.order_id) as order_id,
        d.created_at,
        l.order_modified_at,
        coalesce(d.amount, -l.total_amount) as amount,
        d.reason_raw,
        d.refund_id is not null as has_details,
        coalesce(d._file_id, l._file_id) as _file_id,
        case when d._file_id is not null then d._line else l._line end as _line,
        coalesce(d._received_at, l._received_at) as _received_at,
    from listed as l
    full outer join staging.stg_woo__refund_details as d on d._source = l._source and d.refund_id = l.refund_id
),

carriage as (
    select s._source, s.refund_id, -sum(coalesce(s.total_amount, 0) + coalesce(s.tax_amount, 0)) as amount
    from raw.woo_refund_shipping as s
    inner join staging.stg_woo__refund_details as d
        on d._source = s._source and d.refund_id = s.refund_id and d._file_id = s._file_id and d._line = s._line
    group by s._source, s.refund_id
),

stg_woo__refunds as (
    select
        canonical_id(b._source, cast(b.refund_id as varchar)) as refund_id,
        canonical_id(b._source, cast(b.order_id as varchar)) as order_id,
        coalesce(b.created_at, b.order_modified_at) as refunded_at,
        b.amount as total_amount,
        upper(o.currency) as currency,
        minor_rounded(c.amount, u.minor_per_unit, u.minor_amount) as shipping_amount,
        w.meaning as reason,
        b.has_details,
        b._source,
        b._file_id,
        b._line,
        b._received_at
    from both_sides as b
    left join staging.stg_woo__latest_orders as o on o._source = b._source and o.order_id = b.order_id
    left join seeds.currencies as u on u.currency = upper(o.currency)
    left join carriage as c on c._source = b._source and c.refund_id = b.refund_id
    left join seeds.codes as w on w.partner = 'woocommerce' and w.list = 'refund_reasons' and w.code = lower(b.reason_raw)
)

select * from stg_woo__refunds
