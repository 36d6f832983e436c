/*
description: >-
  Orders that can go, neither cancelled nor delivered, and still have units to come: where each one is stuck and
  whether its promise is broken or about to be. Once what was ordered at first is sent, lines added later count, by their
  own promise. An order that the shop cancelled or deleted is not here, even if it was despatched all the same: that is a
  break, not a promise.
grain: one row per open order
key: [order_id]
unit: order_id
owner: operations
list:
  worse: {risk_state: [ok, at_risk, breached]}
  amount: total_amount
  currency: currency
  clock: [days_left, age_hours]
  show: [order_name, risk_state, stuck_stage, next_step]
columns:
  order_id: the order
  brand: its brand
  order_name: what the customer sees
  site: its warehouse
  service: standard, express or unknown
  goods_status: how it stands with the goods
  money_status: how it stands with the money
  stuck_stage:
    description: where it waits; the first that fits
    not_null: true
    accepted: [incomplete, added_not_despatched, not_in_wms, held, short, not_picked, not_despatched, no_scan, in_transit]
  risk_state: {description: "ok, at_risk or breached, against ship_by_on before full despatch and deliver_by_on after it", not_null: true, accepted: [ok, at_risk, breached]}
  next_step: what to do about it
  due_on: the day that the state is judged against
  days_left: calendar days until due_on, negative when it is past
  releasable_at: when the warehouse could begin
  ship_by_on: site day by which it has to leave
  deliver_by_on: destination day by which it has to arrive
  age_hours: since releasable_at
  units_waiting: live units that are not delivered, of lines added later too
  total_amount: the order's value
  currency: of the value
checks:
  - relationship: {column: order_id, to: marts.fct_orders, field: order_id}
*/
with parcels as (
    select
        order_id,
        count(case when accepted_at is null then 1 end) as unscanned_count,
        count(case when is_lost then 1 end) as lost_count,
        max(case when delivered_at is null then commitment_on end) as last_commitment_on,
        min(case when delivered_at is null then commitment_on end) as first_commitment_on
    from marts.fct_shipments
    where order_id is not null
    group by order_id
),

open_orders as (
    select
        o.*,
        s.units_live,
        o.goods_status not in ('cancelled', 'delivered') and (s.units_live > 0 or o.is_incomplete) as is_first_awaited,
        o.units_left >= s.units_live and not o.is_incomplete as is_fully_despatched,
        o.units_left >= s.units_live and not o.is_incomplete and s.units_added_open > 0 as is_added_open,
        s.has_despatch,
        p.unscanned_count,
        p.lost_count,
        p.last_commitment_on,
        p.first_commitment_on,
        cast(at_timezone(k.as_of, i.site_zone) as timestamp) as site_now,
        cast(at_timezone(k.as_of, i.site_zone) as date) as site_today_on,
        cast(at_timezone(k.as_of, i.destination_zone) as date) as destination_today_on
    from marts.fct_orders as o
    inner join intermediate.int_orders as i on i.order_id = o.order_id
    inner join intermediate.int_order_stages as s on s.order_id = o.order_id
    left join parcels as p on p.order_id = o.order_id
    cross join ops.clock as k
    where o.releasable_at is not null and i.ended_at is null
),

-- Whose promise it is: of what was ordered at first, or of what was added later.
due as (
    select
        *,
        case when is_first_awaited and not is_added_open then ship_by_on else added_ship_by_on end as must_leave_on,
        case when is_first_awaited then deliver_by_on else added_deliver_by_on end as must_arrive_on
    from open_orders
    where is_first_awaited or units_added_delivered < units_added
),

judged as (
    select
        *,
        case
            when is_incomplete then 'incomplete'
            when is_added_open then 'added_not_despatched'
            when in_wms_at is null then 'not_in_wms'
            when wms_status = 'on_hold' then 'held'
            when wms_status = 'shortage' then 'short'
            when not is_fully_despatched and picked_at is null then 'not_picked'
            when not is_fully_despatched then 'not_despatched'
            when unscanned_count > 0 then 'no_scan'
            else 'in_transit'
        end as stuck_stage,
        case
            when not is_fully_despatched or is_added_open then
                case
                    when site_today_on > must_leave_on then 'breached'
                    when site_today_on = must_leave_on
                        and extract(hour from site_now) * 3600 + extract(minute from site_now) * 60
                            + extract(second from site_now) > 43200 then 'at_risk'
                    else 'ok'
                end
            when destination_today_on > must_arrive_on then 'breached'
            when last_commitment_on > must_arrive_on then 'at_risk'
            when first_commitment_on < destination_today_on then 'at_risk'
            when lost_count > 0 then 'at_risk'
            else 'ok'
        end as risk_state,
        case when is_fully_despatched and not is_added_open then must_arrive_on else must_leave_on end as due_on,
        case when is_fully_despatched and not is_added_open then destination_today_on else site_today_on end as today_on
    from due
),

orders_at_risk as (
    select
        order_id,
        brand,
        order_name,
        site,
        service,
        goods_status,
        money_status,
        stuck_stage,
        risk_state,
        case
            when stuck_stage = 'incomplete' then 'look for its lines among the rejects and mend the contract: how much of it waits is not known'
            when stuck_stage = 'added_not_despatched' then 'have the lines that were added later picked and despatched'
            when stuck_stage = 'not_in_wms' and (has_despatch or wms_status is not null)
                then 'ask the warehouse for its missing status file, it has the order'
            when stuck_stage = 'not_in_wms' then 'send the order to the warehouse again'
            when stuck_stage = 'held' then 'ask the warehouse why it is on hold and release it'
            when stuck_stage = 'short' then 'restock, or cancel the missing units and refund them'
            when stuck_stage = 'not_picked' then 'have it picked before the cut-off'
            when stuck_stage = 'not_despatched' then 'have it packed and despatched before the cut-off'
            when stuck_stage = 'no_scan' then 'look for the parcel at the warehouse, it may have missed the collection'
            else 'follow the parcel, claim it when it is lost'
        end as next_step,
        due_on,
        cast(date_diff('day', today_on, due_on) as integer) as days_left,
        releasable_at,
        ship_by_on,
        deliver_by_on,
        age_hours,
        units_live - units_arrived + greatest(0, units_added - units_added_delivered) as units_waiting,
        total_amount,
        currency
    from judged
)

select * from orders_at_risk
