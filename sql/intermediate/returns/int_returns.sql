/*
description: Announced and unannounced returns with what the warehouses received of them, what is owed for that, and whether they are lost.
grain: one row per return
key: [return_id]
owner: data
columns:
  door_on: the site's day on which the goods were at its door
  business_on: the day in Europe/London on which the run asks
  inspected_at: "when the warehouse had judged it: its earliest processing, or the receipt where every row has a grade and none an instant"
  owed_amount: what the customer paid for the units received, or for those announced while nothing is received; what is refused is in it
  refused_amount: what the customer paid for the units received that go back to the customer
  tolerance_amount: five of the currency's smallest unit, which shares of a line are rounded by
  ended_at: when its order was cancelled or deleted
  lost_on: the day from which a return that is on its way and not heard of counts as lost; null if it does not
*/
with receipts as (
    select
        r.return_id,
        min(r.order_id) as order_id,
        max(case when r.place = 1 then r.site end) as site,
        max(case when r.place = 1 then r.return_ref end) as return_ref,
        min(r.received_at) as received_at,
        min(r.processed_at) as graded_at,
        count(case when r.grade is null then 1 end) = 0 as is_graded,
        bool_or(r.is_refused) as is_refused,
        cast(sum(r.units_received) as integer) as units_received,
        cast(sum(r.units_resaleable) as integer) as units_resaleable,
        sum(cast(cast(round(
            cast(l.discounted_total_amount * c.minor_per_unit as double) * r.units_received / nullif(l.units_ordered, 0)
        ) as decimal(18, 0)) * c.minor_amount as decimal(18, 4))) as received_amount,
        sum(cast(cast(round(
            cast(l.discounted_total_amount * c.minor_per_unit as double) * r.units_refused / nullif(l.units_ordered, 0)
        ) as decimal(18, 0)) * c.minor_amount as decimal(18, 4))) as refused_amount,
        min(r.rma) as rma,
        max(case when r.place = 1 then r._file_id end) as _file_id,
        max(case when r.place = 1 then r._line end) as _line,
        max(case when r.place_of_grading = 1 and r.processed_at is not null then r._file_id end) as graded_file_id,
        max(case when r.place_of_grading = 1 and r.processed_at is not null then r._line end) as graded_line
    from intermediate.int_return_receipts as r
    left join intermediate.int_order_lines as l on l.line_id = r.line_id
    left join seeds.currencies as c on c.currency = l.currency
    group by r.return_id
),

together as (
    select
        coalesce(a.return_id, r.return_id) as return_id,
        coalesce(a.order_id, r.order_id) as order_id,
        coalesce(a.brand, o.brand) as brand,
        coalesce(a.currency, o.currency) as currency,
        coalesce(r.site, a.site) as site,
        a.return_id is not null as is_announced,
        a.return_name,
        r.return_ref,
        a.shop_status,
        a.provider,
        a.tracking_no,
        a.requested_at,
        a.approved_at,
        a.closed_at,
        a.first_scan_at,
        a.hub_delivered_at,
        a.last_physical_at,
        r.received_at,
        r.graded_at,
        case when r.graded_at is not null then r.graded_at when r.is_graded then r.received_at end as inspected_at,
        coalesce(r.is_refused, false) as is_refused,
        coalesce(a.is_faulty, false) as is_faulty,
        coalesce(a.is_collected, false) as is_collected,
        o.ended_at,
        a.units_requested,
        a.requested_amount,
        coalesce(r.units_received, 0) as units_received,
        coalesce(r.units_resaleable, 0) as units_resaleable,
        r.received_amount,
        r.refused_amount,
        case when r.received_at is not null then r.received_amount else a.requested_amount end as owed_amount,
        r.rma,
        r._file_id as received_file_id,
        r._line as received_line,
        r.graded_file_id,
        r.graded_line,
        coalesce(a._file_id, r._file_id) as _file_id,
        coalesce(a._line, r._line) as _line
    from intermediate.int_announced_returns as a
    full outer join receipts as r on r.return_id = a.return_id
    left join intermediate.int_orders as o on o.order_id = coalesce(a.order_id, r.order_id)
),

-- A site's code tells it where no two warehouses use the same.
sites as (
    select site, min(time_zone) as time_zone, min(calendar) as calendar
    from ops.sites
    group by site
),

dated as (
    select
        t.*,
        k.as_of,
        s.calendar as site_calendar,
        cast(k.as_of at time zone 'Europe/London' as date) as business_on,
        u.minor_amount * 5 as tolerance_amount,
        -- The door where it is known, else the receipt; a receipt before the door was no parcel's.
        cast(at_timezone(
            least(coalesce(t.hub_delivered_at, t.received_at), coalesce(t.received_at, t.hub_delivered_at)), s.time_zone
        ) as date) as door_on,
        cast(at_timezone(t.received_at, s.time_zone) as date) as received_on,
        cast(at_timezone(t.last_physical_at, s.time_zone) as date) as last_physical_on
    from together as t
    left join sites as s on s.site = t.site
    left join seeds.currencies as u on u.currency = t.currency
    cross join ops.clock as k
),

int_returns as (
    select
        d.*,
        case
            when d.hub_delivered_at is null and d.received_at is null and d.business_on >= g.day_on then g.day_on
        end as lost_on
    from dated as d
    left join intermediate.int_calendar_days as e
        on e.calendar = 'GB-EAW' and e.day_on = d.last_physical_on
    left join intermediate.int_calendar_days as g
        on g.calendar = 'GB-EAW' and g.is_working_day and g.working_day_no = e.working_day_no + 5
)

select * from int_returns
