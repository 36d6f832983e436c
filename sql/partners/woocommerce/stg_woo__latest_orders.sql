/*
description: The newest answer about each order.
grain: one row per order
key: [_source, order_id]
owner: data
*/
with stg_woo__latest_orders as (
    select
        *,
        nullif(trim(shipping_method_id), '') is null and nullif(trim(shipping_title), '') is null
            and nullif(trim(ship_country), '') is null as needs_no_shipping
    from raw.woo_orders
    qualify row_number() over (
        partition by _source, order_id
        order by modified_at desc, _received_at desc, _file_id desc, _line desc
    ) = 1
)

select * from stg_woo__latest_orders
