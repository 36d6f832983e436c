/*
description: >-
  Why parcels arrived, or will arrive, after the day that was promised: the first of the steps after which the promise could not be kept any more. A
  day of handing over can keep a promise if the carrier's days from it (lane_days; the promise's own where no lane is known) end by the promised day.
grain: one row per outbound parcel that is late
key: [tracking_no]
owner: data
columns:
  late_cause: >-
    promise (it could not be kept even from ship_by_on), integration (the order was so late in the WMS), stock (it left so late and the warehouse
    had told of a shortage), warehouse (it left so late), collection (the carrier got it so late, or has not), customer, customs, weather or carrier
*/
with late as (
    select
        p.tracking_no,
        p.shipment_id,
        p.order_id,
        p.destination_zone,
        p.destination_calendar,
        p.promised_on,
        p.ship_by_on,
        p.handed_over_on,
        p.first_attempt_on,
        p.despatched_at,
        case when not p.is_added and o.wms_ship_by_on > p.ship_by_on then o.wms_ship_by_on end as wms_ship_by_on,
        cast(least(
            cast(at_timezone(p.despatched_at, p.site_zone) as date),
            coalesce(p.handed_over_on, cast(at_timezone(p.despatched_at, p.site_zone) as date))
        ) as date) as left_on,
        coalesce(p.lane_days, o.promise_days) as transit_working_days
    from intermediate.int_parcels as p
    left join intermediate.int_orders as o on o.order_id = p.order_id
    cross join ops.clock as k
    where p.delivered_on > p.promised_on
        or (p.delivered_on is null and cast(at_timezone(k.as_of, p.destination_zone) as date) > p.promised_on)
),

steps as (
    select tracking_no, destination_calendar, promised_on, transit_working_days, 1 as step_no, ship_by_on as day_on from late
    union all
    select tracking_no, destination_calendar, promised_on, transit_working_days, 2, wms_ship_by_on from late
    union all
    select tracking_no, destination_calendar, promised_on, transit_working_days, 3, left_on from late
    union all
    select tracking_no, destination_calendar, promised_on, transit_working_days, 4, handed_over_on from late
),

-- The promised day is a working day, so that arriving by it is arriving by its ordinal.
failed as (
    select
        s.tracking_no,
        min(s.step_no) as step_no
    from steps as s
    inner join intermediate.int_calendar_days as f on f.calendar = s.destination_calendar and f.day_on = s.day_on
    inner join intermediate.int_calendar_days as d on d.calendar = s.destination_calendar and d.day_on = s.promised_on
    where case when s.transit_working_days = 0 then f.due_day_no else f.working_day_no + s.transit_working_days end > d.working_day_no
    group by s.tracking_no
),

shortages as (
    select order_id, min(status_at) as short_at
    from intermediate.int_wms_events
    where status = 'shortage' and order_id is not null
    group by order_id
),

events as (
    select
        l.tracking_no,
        e.occurred_at,
        e.status,
        e.reason,
        e.event_key,
        l.promised_on,
        cast(at_timezone(e.occurred_at, l.destination_zone) as date) as occurred_on,
        cast(at_timezone(min(case when e.status <> 'customs' then e.occurred_at end) over (
            partition by l.tracking_no
            order by e.occurred_at desc, e.status_rank desc, e.event_key
            rows between unbounded preceding and 1 preceding
        ), l.destination_zone) as date) as moved_on
    from late as l
    inner join intermediate.int_parcel_events as e on e.shipment_id = l.shipment_id
    where e.is_physical and e.occurred_at is not null and not e.is_of_earlier_parcel
),

-- Customs holds a parcel that does not move on until another day.
proofs as (
    select
        tracking_no,
        occurred_at,
        event_key,
        case
            when status = 'customs' and (moved_on is null or moved_on > occurred_on) then 'customs'
            when reason = 'weather' then 'weather'
            when status = 'exception_address' or reason like 'consignee%' then 'customer'
            when status in ('exception_delay', 'exception_damaged', 'lost', 'destroyed') or reason like 'carrier%' then 'carrier'
        end as proved
    from events
    where occurred_on <= promised_on
),

first_proofs as (
    select
        tracking_no,
        proved,
        row_number() over (partition by tracking_no order by occurred_at, event_key) as place
    from proofs
    where proved is not null
),

int_late_causes as (
    select
        l.tracking_no,
        case
            when f.step_no = 1 then 'promise'
            when f.step_no = 2 then 'integration'
            when f.step_no = 3 and s.short_at <= l.despatched_at then 'stock'
            when f.step_no = 3 then 'warehouse'
            when f.step_no = 4 or l.handed_over_on is null then 'collection'
            when l.first_attempt_on <= l.promised_on then 'customer'
            else coalesce(p.proved, 'carrier')
        end as late_cause
    from late as l
    left join failed as f on f.tracking_no = l.tracking_no
    left join shortages as s on s.order_id = l.order_id
    left join first_proofs as p on p.tracking_no = l.tracking_no and p.place = 1
)

select * from int_late_causes
