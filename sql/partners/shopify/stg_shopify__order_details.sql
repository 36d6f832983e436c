/*
description: How new the newest details of each order are.
grain: one row per order
key: [order_id]
owner: data
*/
with stg_shopify__order_details as (
    select
        n.ask as order_id,
        max(r.order_updated_at) as order_updated_at
    from staging.stg_shopify__detail_answers as n
    inner join raw.shop_detail_answers as r on r._file_id = n._file_id and r._line = n._line
    where n.outcome = 'answered'
    group by n.ask
)

select * from stg_shopify__order_details
