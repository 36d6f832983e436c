/*
description: Web orders without test orders, with their brand, site, destination and the two promises.
grain: one row per order
key: [order_id]
owner: data
columns:
  service: standard or express, as the customer chose; a method that nobody mapped is standard, and queued
  paid_file_id: file of the movement that paid_at is of
  paid_line: its line
  wms_source: the warehouse that has it, or is to get it
  ship_by_on: site day by which the order has to leave; null while unpaid
  deliver_by_on: destination day by which it has to arrive; null while unpaid, and where the brand promises nothing for the service
*/
with movements as (
    select
        order_id,
        moved_at,
        _file_id,
        _line,
        row_number() over (partition by order_id order by moved_at nulls last, _file_id, _line) as place
    from canonical.payments
    where outcome = 'success' and kind in ('sale', 'capture')
),

paid_orders as (
    select
        order_id,
        moved_at as paid_at,
        _file_id as paid_file_id,
        _line as paid_line
    from movements
    where place = 1
),

placed as (
    select
        o.*,
        p.paid_at,
        p.paid_file_id,
        p.paid_line,
        b.currency as shop_currency,
        i.source as wms_source,
        s.site,
        s.time_zone as site_zone,
        s.calendar as site_calendar,
        cast(substr(s.cut_off_time, 1, 2) as integer) * 60
            + cast(substr(s.cut_off_time, 4, 2) as integer) as cut_off_minute,
        coalesce(o.service, 'standard') as promised_service,
        d.destination_zone,
        d.destination_calendar
    from intermediate.int_branded_orders as o
    inner join intermediate.int_order_sites as i on i.order_id = o.order_id
    left join paid_orders as p on p.order_id = o.order_id
    left join ops.brands as b on b.brand = o.brand
    left join ops.sites as s on s.source = i.source and s.site = i.site
    left join intermediate.int_destinations as d
        on d.country = coalesce(o.ship_country, '') and d.postcode_area = coalesce(o.ship_postcode_area, '')
    where not o.is_test
),

promised as (
    select
        o.*,
        coalesce(n.working_days, a.working_days) as promise_days,
        cast(at_timezone(o.paid_at, o.site_zone) as timestamp) as paid_local
    from placed as o
    left join ops.promises as n
        on n.brand = o.brand and n.service = o.promised_service and n.destination = o.destination_calendar
    left join ops.promises as a on a.brand = o.brand and a.service = o.promised_service and a.destination = '*'
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
    from promised as p
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
        s.order_no,
        s.order_name,
        s.source as shop,
        s.brand,
        s.site,
        s.site_zone,
        s.site_calendar,
        s.wms_source,
        s.promised_service as service,
        s.ship_country,
        s.ship_postcode_area,
        s.destination_zone,
        s.destination_calendar,
        s.placed_at,
        s.paid_at,
        s.paid_on,
        s.paid_file_id,
        s.paid_line,
        s.cancelled_at,
        s.cancel_reason,
        s.closed_at,
        s.updated_at,
        s.financial_status,
        s.fulfilment_status,
        s.ship_by_on,
        s.promise_days,
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
)

select * from int_orders
