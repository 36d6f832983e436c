/*
description: >-
  Web orders without test orders, with all that their promises hang on: when they could go, the site that has them and where they go.
grain: one row per order
key: [order_id]
owner: data
columns:
  releasable_at: when the warehouse may begin (int_order_release)
  ended_at: when it was cancelled, or was found to be deleted in the shop
  promised_service: the delivery that the customer chose; unknown where nobody mapped the method, and then nothing is promised
*/
with int_order_terms as (
    select
        o.*,
        coalesce(o.cancelled_at, o.deleted_at) as ended_at,
        r.authorised_at,
        r.paid_at,
        r.paid_file_id,
        r.paid_line,
        r.is_held,
        r.releasable_at,
        r.releasable_file_id,
        r.releasable_line,
        b.currency as shop_currency,
        i.source as wms_source,
        s.site,
        s.time_zone as site_zone,
        s.calendar as site_calendar,
        coalesce(o.service, 'unknown') as promised_service,
        d.destination_zone,
        d.destination_calendar,
        d.destination_region
    from intermediate.int_branded_orders as o
    inner join intermediate.int_order_sites as i on i.order_id = o.order_id
    inner join intermediate.int_order_release as r on r.order_id = o.order_id
    left join ops.brands as b on b.brand = o.brand
    left join ops.sites as s on s.source = i.source and s.site = i.site
    left join intermediate.int_destinations as d
        on d.country = coalesce(o.ship_country, '')
        and d.postcode_area = coalesce(o.ship_postcode_area, '')
        and d.postcode_district = coalesce(o.ship_postcode_district, '')
    where not o.is_test
)

select * from int_order_terms
