/*
description: >-
  Orders to ask each shop for the refunds of: an order lists its refunds without their time, lines and references. Asked while a listed
  refund is not known; one that failed is asked again after longer and longer pauses, behind all others.
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

asks as (
    select n._source, n.ask, n.outcome, n._received_at
    from staging.stg_woo__refund_answers as n
    inner join ops.clock as k on n._received_at <= k.as_of
),

asked as (
    select * from questions('asks', ['answered'])
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
        row_number() over (order by case when q.failures > 0 then 1 else 0 end, d.refund_id, d.order_id) as place
    from due as d
    cross join ops.clock as k
    left join asked as q on q._source = d._source and q.ask = canonical_id(d._source, cast(d.order_id as varchar))
    where q.due_at is null or q.due_at <= k.as_of
)

select source, ask from woocommerce_order_refunds order by place
