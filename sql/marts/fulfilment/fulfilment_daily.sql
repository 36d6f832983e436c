/*
description: >-
  What came in, went out and stayed behind on each day, and how the promises of that day were kept. Counts, to be summed
  over any group; a rate is the quotient of two sums over rows that are matured: shipped_on_time_count by ship_due_count, delivered_on_time_count and
  otif_count by delivery_due_count. On a day that has not passed successes are counted and failures are not yet.
grain: one row per day, brand, site, carrier, service
key: [day_on, brand, site, carrier, service]
unit: none
owner: operations
columns:
  day_on: site day; for deliveries and attempts the destination day
  brand: the brand
  site: the warehouse; none where no warehouse serves the brand
  carrier: the carrier
  service: standard, express or unknown
  is_matured: {description: "the day has passed wherever a promise of the row was made for it, and nothing of it is open any more", not_null: true}
  orders_in_count: orders that could go from that day on
  orders_shipped_count: orders whose last live unit left that day
  backlog_count: orders that could go and not fully shipped at the end of the day
  backlog_late_count: of these, past their ship_by_on
  ship_due_count: orders promised to leave that day, whether or not it has passed
  ship_open_count: "of these, those that have not left while the day has not passed"
  shipped_on_time_count: of these, those that left in time
  delivery_due_count: "orders promised to arrive that day, whether or not it has passed; among them those that we cancelled"
  delivery_open_count: "of these, those that have not arrived, and were not cancelled by us, while the day has not passed"
  delivered_on_time_count: of these, those that arrived in time
  otif_count: of these, those that arrived in time and in full
  parcels_despatched_count: parcels despatched that day
  parcels_accepted_count: parcels that the carrier first scanned that day
  parcels_delivered_count: parcels delivered that day
  parcels_due_count: parcels that were promised for that day, whose outcome is known
  parcels_delivered_on_time_count: of these, those delivered by it, the customer's view
  parcels_attempted_on_time_count: of these, those first attempted or ready for pickup by it, the carrier's view
  first_attempts_count: parcels first attempted that day
  first_attempts_delivered_count: of these, those delivered by that attempt
  click_to_ship_p50_hours: median from order to first scan, of orders first scanned that day; not to be averaged
  click_to_ship_p90_hours: ninetieth percentile of the same
  transit_p50_hours: median from first scan to delivery, of parcels delivered that day; not to be averaged
  transit_p90_hours: ninetieth percentile of the same
checks:
  - relationship: {column: brand, to: marts.dim_brands, field: brand}
  - sum_equal:
      left: sum(parcels_delivered_count)
      right: select count(delivered_at) from marts.fct_shipments where brand is not null
  - sum_equal:
      left: sum(orders_in_count)
      right: select count(releasable_at) from marts.fct_orders where brand is not null and goods_status <> 'nothing_to_ship'
  - rows: "shipped_on_time_count + ship_open_count <= ship_due_count and otif_count <= delivered_on_time_count"
*/
with counts as (
    select
        day_on,
        brand,
        site,
        carrier,
        service,
        count(case when measure in ('ship_undue', 'delivery_undue', 'ship_open', 'delivery_open') then 1 end) = 0 as is_matured,
        count(case when measure = 'orders_in' then 1 end) as orders_in_count,
        count(case when measure = 'orders_shipped' then 1 end) as orders_shipped_count,
        count(case when measure = 'backlog' then 1 end) as backlog_count,
        count(case when measure = 'backlog_late' then 1 end) as backlog_late_count,
        count(case when measure = 'ship_due' then 1 end) as ship_due_count,
        count(case when measure = 'ship_open' then 1 end) as ship_open_count,
        count(case when measure = 'shipped_on_time' then 1 end) as shipped_on_time_count,
        count(case when measure = 'delivery_due' then 1 end) as delivery_due_count,
        count(case when measure = 'delivery_open' then 1 end) as delivery_open_count,
        count(case when measure = 'delivered_on_time' then 1 end) as delivered_on_time_count,
        count(case when measure = 'otif' then 1 end) as otif_count,
        count(case when measure = 'parcels_despatched' then 1 end) as parcels_despatched_count,
        count(case when measure = 'parcels_accepted' then 1 end) as parcels_accepted_count,
        count(case when measure = 'parcels_delivered' then 1 end) as parcels_delivered_count,
        count(case when measure = 'parcels_due' then 1 end) as parcels_due_count,
        count(case when measure = 'parcels_delivered_on_time' then 1 end) as parcels_delivered_on_time_count,
        count(case when measure = 'parcels_attempted_on_time' then 1 end) as parcels_attempted_on_time_count,
        count(case when measure = 'first_attempts' then 1 end) as first_attempts_count,
        count(case when measure = 'first_attempts_delivered' then 1 end) as first_attempts_delivered_count
    from intermediate.int_fulfilment_measures
    where brand is not null
    group by day_on, brand, site, carrier, service
),

fulfilment_daily as (
    select
        c.*,
        h.click_to_ship_p50_hours,
        h.click_to_ship_p90_hours,
        h.transit_p50_hours,
        h.transit_p90_hours
    from counts as c
    left join intermediate.int_fulfilment_hours as h
        on h.day_on = c.day_on and h.brand = c.brand and h.site = c.site and h.carrier = c.carrier
        and h.service = c.service
)

select * from fulfilment_daily
