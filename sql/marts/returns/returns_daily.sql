/*
description: >-
  Steps that returns took on each day and the units and money in them. Counts, to be summed over any group; a rate is the
  quotient of two sums.
grain: one row per day, brand, site and currency
key: [day_on, brand, site, currency]
unit: none
owner: returns
columns:
  day_on: the day, Europe/London
  brand: the brand
  site: the warehouse; none where no warehouse serves the brand
  currency: of the amounts
  requested_count: returns announced that day
  scanned_count: returns that the carrier first scanned that day
  delivered_count: returns delivered to the warehouse that day
  received_count: returns received that day
  unannounced_count: of these, those that nobody announced
  short_count: of these, those with fewer units than announced
  graded_count: returns graded that day
  refunded_count: returns of which the first refund was given that day
  resolved_count: returns that were resolved that day
  refund_due_count: returns whose last day for the refund was that day, and it has passed
  refund_open_count: returns whose last day for the refund is that day, which has not passed, and of which money is owed
  refunded_on_time_count: of refund_due_count, those of which nothing was owed by then
  is_matured: {description: nothing of the day is open any more, not_null: true}
  units_requested: units announced that day
  units_received: units received that day
  units_resaleable: of these, those that can be sold as new
  refunded_amount: refunds for returns of which the first was given that day
  received_to_refunded_p50_hours: median from receipt to refund, of returns first refunded that day; not to be averaged
  received_to_refunded_p90_hours: ninetieth percentile of the same
checks:
  - relationship: {column: brand, to: marts.dim_brands, field: brand}
  - sum_equal:
      left: sum(units_received)
      right: select sum(units_received) from marts.fct_returns where brand is not null
  - sum_equal:
      left: sum(refunded_amount)
      right: select sum(coalesce(refunded_amount, 0) + coalesce(credited_amount, 0)) from marts.fct_returns where brand is not null
*/
with steps as (
    select
        cast(m.reached_at at time zone 'Europe/London' as date) as day_on,
        m.measure,
        m.hours,
        r.*,
        r.refund_due_on < cast(k.as_of at time zone 'Europe/London' as date) as is_past,
        row_number() over (
            partition by cast(m.reached_at at time zone 'Europe/London' as date), r.brand, r.site, r.currency, m.measure
            order by m.hours
        ) as place,
        count(m.hours) over (
            partition by cast(m.reached_at at time zone 'Europe/London' as date), r.brand, r.site, r.currency, m.measure
        ) as timed_count
    from intermediate.int_return_measures as m
    inner join marts.fct_returns as r on r.return_id = m.return_id
    cross join ops.clock as k
),

returns_daily as (
    select
        day_on,
        brand,
        coalesce(site, 'none') as site,
        currency,
        count(case when measure = 'requested' then 1 end) as requested_count,
        count(case when measure = 'scanned' then 1 end) as scanned_count,
        count(case when measure = 'delivered' then 1 end) as delivered_count,
        count(case when measure = 'received' then 1 end) as received_count,
        count(case when measure = 'received' and not is_announced then 1 end) as unannounced_count,
        count(case when measure = 'received' and is_short then 1 end) as short_count,
        count(case when measure = 'graded' then 1 end) as graded_count,
        count(case when measure = 'refunded' then 1 end) as refunded_count,
        count(case when measure = 'resolved' then 1 end) as resolved_count,
        count(case when measure = 'due' and is_past then 1 end) as refund_due_count,
        count(case when measure = 'due' and not is_past and value_resolved_at is null then 1 end) as refund_open_count,
        count(case when measure = 'due' and is_past and is_refunded_on_time then 1 end) as refunded_on_time_count,
        count(case when measure = 'due' and not is_past and value_resolved_at is null then 1 end) = 0 as is_matured,
        cast(sum(case when measure = 'requested' then units_requested else 0 end) as bigint) as units_requested,
        cast(sum(case when measure = 'received' then units_received else 0 end) as bigint) as units_received,
        cast(sum(case when measure = 'received' then units_resaleable else 0 end) as bigint) as units_resaleable,
        cast(sum(case when measure = 'refunded' then coalesce(refunded_amount, 0) + coalesce(credited_amount, 0) else 0 end) as decimal(18, 4)) as refunded_amount,
        min(case when measure = 'refunded' and place * 2 >= timed_count then hours end)
            as received_to_refunded_p50_hours,
        min(case when measure = 'refunded' and place * 10 >= timed_count * 9 then hours end)
            as received_to_refunded_p90_hours
    from steps
    group by day_on, brand, coalesce(site, 'none'), currency
)

select * from returns_daily
