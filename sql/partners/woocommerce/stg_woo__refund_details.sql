/*
description: Refunds as the newest answer about the order's refunds has them.
grain: one row per refund
key: [_source, refund_id]
owner: data
*/
with stg_woo__refund_details as (
    select *
    from raw.woo_refunds
    qualify row_number() over (
        partition by _source, refund_id
        order by _received_at desc, _file_id desc, _line desc
    ) = 1
)

select * from stg_woo__refund_details
