/*
description: >-
  Orders to ask each shop for the refunds of: an order lists its refunds without their time, lines and references. Asked while a listed
  refund is not known; a question that failed is asked again an hour later.
grain: one row per source and order
key: [source, ask]
owner: operations
*/
with listed as (
    select distinct r._source, r.order_id, r.refund_id
    from raw.woo_order_refunds as r
    inner join staging.stg_woo__latest_orders as o
        on o._source = r._source and o.order_id = r.order_id and o._file_id = r._file_id and o._line = r._line
),

answers as (
    select _source, order_id, max(_received_at) as asked_at
    from raw.woo_refund_answers
    where status_code <> 200
    group by _source, order_id
),

due as (
    select l._source, l.order_id, min(l.refund_id) as refund_id
    from listed as l
    left join staging.stg_woo__refund_details as d on d._source = l._source and d.refund_id = l.refund_id
    where d.refund_id is null
    group by l._source, l.order_id
),

woocommerce_order_refunds as (
    select
        d._source as source,
        cast(d.order_id as varchar) as ask,
        row_number() over (order by case when a.asked_at is null then 0 else 1 end, d.refund_id, d.order_id) as place
    from due as d
    cross join ops.clock as k
    left join answers as a on a._source = d._source and a.order_id = d.order_id
    where a.asked_at is null or a.asked_at <= k.as_of - interval '1' hour
)

select source, ask from woocommerce_order_refunds order by place
