/*
description: Web orders without test orders, with their brand, site, destination and the two promises.
grain: one row per order
key: [order_id]
owner: data
columns:
  service: as the customer chose; unknown for a method that nobody mapped, which is queued
  releasable_on: site day of releasable_at
  paid_file_id: file of the row that paid_at is of
  paid_line: its line
  ended_at: when it was cancelled, or was found to be deleted in the shop
  wms_source: the warehouse that has it, or is to get it
  ship_by_on: site day by which what was ordered at first has to leave; null before what the promise counts from
  deliver_by_on: destination day by which it has to arrive; null where nothing is promised
  promise_rule_id: the rule that promises it
  cut_off_rule_id: the rule that ship_by_on is of
  wms_ship_by_on: site day by which the warehouse has to send it, counted from its own receipt; null before that
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
        t.destination_region,
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
        p.transit_working_days as promise_days,
        p.deliver_by_on,
        p.deliver_from_at,
        p.deliver_to_at,
        p.promise_rule_id,
        p.cut_off_rule_id,
        w.ship_by_on as wms_ship_by_on,
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
    left join intermediate.int_wms_receipts as r on r.order_id = t.order_id
    left join intermediate.int_ship_by_days as w on w.order_id = t.order_id and w.counted_from = r.in_wms_at
)

select * from int_orders
