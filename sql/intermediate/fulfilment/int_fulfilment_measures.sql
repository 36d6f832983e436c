/*
description: Every fact that the daily fulfilment figures count, one by one, on the day that it belongs to.
grain: one row per fact
key: [day_on, measure, document]
owner: data
columns:
  day_on: site day; for deliveries the destination day; the day in Europe/London for an order that no warehouse has
  site: the warehouse; none where no warehouse serves the brand
  measure: "name of the count in marts.fulfilment_daily; ship_undue and delivery_undue are promises of a day that has not passed"
  document: order or parcel
*/
with orders as (
    select
        o.order_id,
        o.brand,
        coalesce(o.site, 'none') as site,
        coalesce(g.carrier, 'unknown') as carrier,
        o.service,
        o.goods_status,
        o.is_incomplete,
        o.units_ordered - o.units_cancelled as units_live,
        o.units_failed,
        o.is_shipped_on_time,
        o.is_delivered_on_time,
        o.is_otif,
        o.ship_by_on,
        o.deliver_by_on,
        coalesce(i.releasable_on, cast(at_timezone(o.releasable_at, 'Europe/London') as date)) as releasable_on,
        cast(at_timezone(k.as_of, coalesce(i.site_zone, 'Europe/London')) as date) as today_on,
        cast(at_timezone(k.as_of, coalesce(i.destination_zone, 'Europe/London')) as date) as destination_today_on,
        case
            when o.goods_status = 'cancelled' then cast(at_timezone(coalesce(o.cancelled_at, o.deleted_at, o.releasable_at), coalesce(i.site_zone, 'Europe/London')) as date)
            when o.goods_status in ('despatched', 'delivered') then cast(at_timezone(coalesce(o.left_whole_at, o.last_despatched_at), coalesce(i.site_zone, 'Europe/London')) as date)
        end as left_on
    from marts.fct_orders as o
    left join intermediate.int_orders as i on i.order_id = o.order_id
    left join intermediate.int_order_stages as g on g.order_id = o.order_id
    cross join ops.clock as k
    where o.releasable_at is not null and o.goods_status <> 'nothing_to_ship'
),

parcels as (
    select
        s.shipment_id,
        s.brand,
        coalesce(s.site, 'none') as site,
        s.carrier,
        s.service,
        s.is_first_attempt_delivered,
        s.promised_on,
        s.is_delivered_on_time,
        s.is_attempted_on_time,
        cast(at_timezone(s.despatched_at, coalesce(p.site_zone, 'Europe/London')) as date) as despatched_on,
        cast(at_timezone(s.accepted_at, coalesce(p.site_zone, 'Europe/London')) as date) as accepted_on,
        cast(at_timezone(s.first_attempt_at, coalesce(p.destination_zone, 'Europe/London')) as date) as attempted_on,
        cast(at_timezone(s.delivered_at, coalesce(p.destination_zone, 'Europe/London')) as date) as delivered_on
    from marts.fct_shipments as s
    left join intermediate.int_parcels as p on p.shipment_id = s.shipment_id
),

-- An order of which nothing is wanted has nothing to leave. It had something to deliver if it was us who cancelled it.
ship_promises as (
    select * from orders
    where ship_by_on is not null and not is_incomplete and units_live > 0
),

delivery_promises as (
    select * from orders
    where deliver_by_on is not null and not is_incomplete and (units_live > 0 or units_failed > 0)
),

int_fulfilment_measures as (
    select releasable_on as day_on, brand, site, carrier, service, 'orders_in' as measure, order_id as document from orders
    union all
    select left_on, brand, site, carrier, service, 'orders_shipped', order_id
    from orders
    where left_on is not null and goods_status <> 'cancelled'
    union all
    select d.day_on, o.brand, o.site, o.carrier, o.service, 'backlog', o.order_id
    from orders as o
    inner join intermediate.int_calendar_days as d
        on d.calendar = 'GB-EAW' and d.day_on >= o.releasable_on and d.day_on <= o.today_on
        and (o.left_on is null or d.day_on < o.left_on)
    union all
    select d.day_on, o.brand, o.site, o.carrier, o.service, 'backlog_late', o.order_id
    from orders as o
    inner join intermediate.int_calendar_days as d
        on d.calendar = 'GB-EAW' and d.day_on > o.ship_by_on and d.day_on <= o.today_on
        and (o.left_on is null or d.day_on < o.left_on)
    union all
    select ship_by_on, brand, site, carrier, service, 'ship_due', order_id
    from ship_promises
    union all
    select ship_by_on, brand, site, carrier, service, 'ship_open', order_id
    from ship_promises
    where is_shipped_on_time is null and today_on <= ship_by_on
    union all
    select ship_by_on, brand, site, carrier, service, 'shipped_on_time', order_id
    from ship_promises
    where is_shipped_on_time
    union all
    select deliver_by_on, brand, site, carrier, service, 'delivery_due', order_id
    from delivery_promises
    union all
    select deliver_by_on, brand, site, carrier, service, 'delivery_open', order_id
    from delivery_promises
    where is_delivered_on_time is null and units_live > 0 and destination_today_on <= deliver_by_on
    union all
    select deliver_by_on, brand, site, carrier, service, 'delivered_on_time', order_id
    from delivery_promises
    where is_delivered_on_time
    union all
    select deliver_by_on, brand, site, carrier, service, 'otif', order_id
    from delivery_promises
    where is_otif
    union all
    select ship_by_on, brand, site, carrier, service, 'ship_undue', order_id
    from ship_promises
    where today_on <= ship_by_on
    union all
    select deliver_by_on, brand, site, carrier, service, 'delivery_undue', order_id
    from delivery_promises
    where destination_today_on <= deliver_by_on
    union all
    select despatched_on, brand, site, carrier, service, 'parcels_despatched', shipment_id from parcels
    union all
    select accepted_on, brand, site, carrier, service, 'parcels_accepted', shipment_id
    from parcels
    where accepted_on is not null
    union all
    select delivered_on, brand, site, carrier, service, 'parcels_delivered', shipment_id
    from parcels
    where delivered_on is not null
    union all
    select attempted_on, brand, site, carrier, service, 'first_attempts', shipment_id
    from parcels
    where attempted_on is not null
    union all
    select promised_on, brand, site, carrier, service, 'parcels_due', shipment_id
    from parcels
    where is_delivered_on_time is not null
    union all
    select promised_on, brand, site, carrier, service, 'parcels_delivered_on_time', shipment_id
    from parcels
    where is_delivered_on_time
    union all
    select promised_on, brand, site, carrier, service, 'parcels_attempted_on_time', shipment_id
    from parcels
    where is_delivered_on_time is not null and is_attempted_on_time
    union all
    select attempted_on, brand, site, carrier, service, 'first_attempts_delivered', shipment_id
    from parcels
    where is_first_attempt_delivered
)

select * from int_fulfilment_measures
