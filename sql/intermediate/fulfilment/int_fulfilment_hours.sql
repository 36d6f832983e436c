/*
description: >-
  Medians and ninetieth percentiles of the hours from order to first scan and from first scan to delivery, exact (nearest
  rank), by the day on which the span ended.
grain: one row per day, brand, site, carrier, service
key: [day_on, brand, site, carrier, service]
owner: data
*/
with spans as (
    select
        cast(at_timezone(o.first_accepted_at, coalesce(i.site_zone, 'Europe/London')) as date) as day_on,
        o.brand,
        coalesce(o.site, 'none') as site,
        coalesce(g.carrier, 'unknown') as carrier,
        o.service,
        'click_to_ship' as span,
        o.click_to_ship_hours as hours,
        o.order_id as document
    from marts.fct_orders as o
    left join intermediate.int_orders as i on i.order_id = o.order_id
    left join intermediate.int_order_stages as g on g.order_id = o.order_id
    where o.click_to_ship_hours is not null
    union all
    select
        cast(at_timezone(s.delivered_at, coalesce(p.destination_zone, 'Europe/London')) as date) as day_on,
        s.brand,
        coalesce(s.site, 'none') as site,
        s.carrier,
        s.service,
        'transit' as span,
        s.transit_hours as hours,
        s.shipment_id as document
    from marts.fct_shipments as s
    left join intermediate.int_parcels as p on p.shipment_id = s.shipment_id
    where s.transit_hours is not null
),

ranked as (
    select
        *,
        row_number() over (
            partition by day_on, brand, site, carrier, service, span
            order by hours, document
        ) as place,
        count(*) over (partition by day_on, brand, site, carrier, service, span) as total
    from spans
),

int_fulfilment_hours as (
    select
        day_on,
        brand,
        site,
        carrier,
        service,
        min(case when span = 'click_to_ship' and place * 2 >= total then hours end) as click_to_ship_p50_hours,
        min(case when span = 'click_to_ship' and place * 10 >= total * 9 then hours end) as click_to_ship_p90_hours,
        min(case when span = 'transit' and place * 2 >= total then hours end) as transit_p50_hours,
        min(case when span = 'transit' and place * 10 >= total * 9 then hours end) as transit_p90_hours
    from ranked
    group by day_on, brand, site, carrier, service
)

select * from int_fulfilment_hours
