/*
description: >-
  Orders that count more than came: a line of theirs was rejected, or did not come. Nothing of them is judged until it is there; ops.rejects has
  the line and its cause.
grain: one row per order
key: [order_id]
owner: operations
severity: warn
*/
with orders_all_complete as (
    select order_id, order_name, brand, units_ordered, total_amount, currency, _file_id, _line
    from marts.fct_orders
    where is_incomplete
)

select * from orders_all_complete
