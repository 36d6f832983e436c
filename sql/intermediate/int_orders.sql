/*
description: Web orders without test orders, with their brand, site, destination and the two promises.
grain: one row per order
key: [order_id]
owner: data
columns:
  service: standard or express, as the customer chose; a method that the shop names otherwise is standard
  ship_by_on: site day by which the order has to leave; null while unpaid
  deliver_by_on: destination day by which it has to arrive; null while unpaid
*/
with payments as (
    select
        order_id,
        min(processed_at) as paid_at
    from staging.stg_shopify__transactions
    where status = 'SUCCESS' and kind in ('SALE', 'CAPTURE')
    group by order_id
),

placed as (
    select
        o.*,
        p.paid_at,
        b.brand,
        b.currency as shop_currency,
        b.carrier,
        b.merchant_account,
        b.wms_source,
        s.site,
        s.zone as site_zone,
        s.calendar as site_calendar,
        cast(substr(s.cut_off_time, 1, 2) as integer) * 60
            + cast(substr(s.cut_off_time, 4, 2) as integer) as cut_off_minute,
        case when o.shipping_code = 'express' then 'express' else 'standard' end as service,
        case when o.ship_country = 'NL' then 'Europe/Amsterdam' else 'Europe/London' end as destination_zone,
        case
            when o.ship_country = 'NL' then 'NL'
            when o.ship_country = 'GB' then coalesce(a.calendar, 'GB-EAW')
            else 'GB-EAW'
        end as destination_calendar,
        case when o.shipping_code = 'express' then b.promise_express_days else b.promise_standard_days end
            as promise_days
    from staging.stg_shopify__orders as o
    left join payments as p on p.order_id = o.order_id
    left join ops.brands as b on b.shop = o.shop
    left join ops.sites as s on s.site = b.site
    left join seeds.postcode_areas as a on a.area = o.ship_postcode_area
    where not o.is_test
),

paid as (
    select
        *,
        cast(at_timezone(paid_at, site_zone) as timestamp) as paid_local
    from placed
),

due as (
    select
        p.*,
        cast(p.paid_local as date) as paid_on,
        case
            when d.is_working_day
                and extract(hour from p.paid_local) * 60 + extract(minute from p.paid_local) < p.cut_off_minute
                then d.working_day_no
            else d.working_day_no + 1
        end as ship_by_no
    from paid as p
    left join intermediate.int_calendar_days as d
        on d.calendar = p.site_calendar and d.day_on = cast(p.paid_local as date)
),

shipping as (
    select
        u.*,
        d.day_on as ship_by_on
    from due as u
    left join intermediate.int_calendar_days as d
        on d.calendar = u.site_calendar and d.is_working_day and d.working_day_no = u.ship_by_no
),

int_orders as (
    select
        s.order_id,
        s.order_gid,
        s.order_name,
        s.shop,
        s.brand,
        s.site,
        s.site_zone,
        s.site_calendar,
        s.wms_source,
        s.merchant_account,
        s.carrier,
        s.service,
        s.ship_country,
        s.ship_postcode_area,
        s.destination_zone,
        s.destination_calendar,
        s.placed_at,
        s.paid_at,
        s.paid_on,
        s.cancelled_at,
        s.cancel_reason,
        s.closed_at,
        s.updated_at,
        s.financial_status,
        s.fulfilment_status,
        s.ship_by_on,
        d.day_on as deliver_by_on,
        s.total_amount,
        s.current_total_amount,
        s.subtotal_amount,
        s.discount_amount,
        s.tax_amount,
        s.shipping_amount,
        s.currency,
        s.presentment_currency,
        s.shop_currency,
        s._file_id,
        s._line
    from shipping as s
    left join intermediate.int_calendar_days as f
        on f.calendar = s.destination_calendar and f.day_on = s.ship_by_on
    left join intermediate.int_calendar_days as d
        on d.calendar = s.destination_calendar
        and d.is_working_day
        and d.working_day_no = f.working_day_no + s.promise_days
            + case when s.destination_calendar = 'GB-NIR' then 1 else 0 end
)

select * from int_orders
