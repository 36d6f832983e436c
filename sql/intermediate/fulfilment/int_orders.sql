/*
description: Web orders without test orders, with their brand, site, destination and the two promises.
grain: one row per order
key: [order_id]
owner: data
columns:
  service: standard or express, as the customer chose; a method that nobody mapped is standard, and queued
  releasable_on: site day of releasable_at
  paid_file_id: file of the row that paid_at is of
  paid_line: its line
  ended_at: when it was cancelled, or was found to be deleted in the shop
  wms_source: the warehouse that has it, or is to get it
  ship_by_on: site day by which what was ordered at first has to leave; null while it cannot go
  deliver_by_on: destination day by which it has to arrive; null while it cannot go, and where the brand promises nothing for the service
*/
with int_orders as (
    select
        t.order_id,
        t.order_no,
        t.order_name,
        t.source as shop,
        t.brand,
        t.site,
        t.site_zone,
        t.site_calendar,
        t.wms_source,
        t.promised_service as service,
        t.ship_country,
        t.ship_postcode_area,
        t.destination_zone,
        t.destination_calendar,
        t.placed_at,
        t.authorised_at,
        t.paid_at,
        t.releasable_at,
        p.counted_on as releasable_on,
        t.is_held,
        t.paid_file_id,
        t.paid_line,
        t.releasable_file_id,
        t.releasable_line,
        t.cancelled_at,
        t.cancel_reason,
        t.cancel_cause,
        t.deleted_at,
        t.ended_at,
        t.closed_at,
        t.updated_at,
        t.is_complete,
        t.financial_status,
        t.fulfilment_status,
        p.ship_by_on,
        t.promise_days,
        p.deliver_by_on,
        t.total_amount,
        t.current_total_amount,
        t.subtotal_amount,
        t.discount_amount,
        t.tax_amount,
        t.shipping_amount,
        t.currency,
        t.presentment_currency,
        t.shop_currency,
        t._file_id,
        t._line
    from intermediate.int_order_terms as t
    left join intermediate.int_promised_days as p on p.order_id = t.order_id and p.counted_from = t.releasable_at
)

select * from int_orders
