-- $1: a reference without '#'
with found as (
    select order_id from marts.fct_orders where order_name = $1 or order_id = $1 or split_part(order_id, ':', 2) = $1
    union
    select order_id from marts.fct_shipments where tracking_no = $1 or shipment_id = $1
    union
    select order_id from marts.fct_returns where return_id = $1 or tracking_no = $1 or return_name = $1
    union
    select order_id from marts.fct_refunds where refund_id = $1 or psp_ref = $1
    union
    select order_id from marts.fct_ledger_entries where psp_payment_ref = $1 or psp_modification_ref = $1
)
select o.order_id, o.order_name, coalesce(o.brand, ''), o.status
from marts.fct_orders as o
where o.order_id in (select order_id from found)
order by o.order_id
