/*
description: >-
  Refunds as the newest answer about the order's refunds has them. One that a later answer about the order does not list any more was
  deleted in the shop, and is left out.
grain: one row per refund
key: [_source, refund_id]
owner: data
*/
with latest as (
    select *
    from raw.woo_refunds
    qualify row_number() over (
        partition by _source, refund_id
        order by _received_at desc, _file_id desc, _line desc
    ) = 1
),

stg_woo__refund_details as (
    select d.*
    from latest as d
    left join staging.stg_woo__latest_orders as o on o._source = d._source and o.order_id = d.order_id
    left join (select distinct _source, refund_id, _file_id, _line from raw.woo_order_refunds) as r
        on r._source = o._source and r.refund_id = d.refund_id and r._file_id = o._file_id and r._line = o._line
    where r.refund_id is not null or o._received_at is null or o._received_at <= d._received_at
)

select * from stg_woo__refund_details
