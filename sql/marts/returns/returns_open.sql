/*
description: Returns that are not refunded yet, over which limit they are and what money waits.
grain: one row per open return
key: [return_id]
unit: [order_id, return_id]
owner: returns
list:
  worse: {over_limit: [not_sent, not_received, not_graded, lost, statutory, refund_overdue]}
  amount: amount_waiting
  currency: currency
  clock: [days_left, age_hours]
  show: [return_name, stage, over_limit, next_step]
columns:
  return_id: the return
  order_id: the order; null when nothing tells it
  brand: the order's brand; null with order_id
  return_name: "the shop's name of the return, which warehouses call the RMA"
  provider: who brings it back
  site: the warehouse
  stage: {description: how far it is, not_null: true, accepted: [received, lost, hub_delivered, in_transit, requested]}
  over_limit:
    description: >-
      the first that fits: refund_overdue (past refund_due_on), statutory (past statutory_due_on), lost, not_graded
      (received 48 hours ago), not_received (delivered to the warehouse 48 hours ago), not_sent (requested 14 days ago);
      null inside every limit
    accepted: [refund_overdue, statutory, lost, not_graded, not_received, not_sent]
  next_step: what to do about it
  refund_due_on: five working days of the site after its receipt
  days_left: calendar days until refund_due_on, negative when it is past
  statutory_due_on: the last day that the law allows
  requested_at: when the customer announced it
  received_at: when the warehouse received it
  age_hours: since the request, or the receipt of an unannounced one
  units_requested: units announced
  units_received: {description: units that came back, not_null: true}
  amount_waiting: what the customer paid for the units received, or announced while nothing is received
  currency: of the amount
checks:
  - relationship: {column: return_id, to: marts.fct_returns, field: return_id}
*/
with open_returns as (
    select
        r.*,
        k.as_of,
        cast(k.as_of at time zone 'Europe/London' as date) as business_on
    from marts.fct_returns as r
    cross join ops.clock as k
    where r.stage <> 'refunded' and r.outcome is null
),

judged as (
    select
        *,
        case
            when business_on > refund_due_on then 'refund_overdue'
            when received_at is not null and business_on > statutory_due_on then 'statutory'
            when is_lost then 'lost'
            when graded_at is null and received_at <= date_add('hour', -48, as_of) then 'not_graded'
            when received_at is null and hub_delivered_at <= date_add('hour', -48, as_of) then 'not_received'
            when received_at is null and first_scan_at is null and requested_at <= date_add('day', -14, as_of)
                then 'not_sent'
        end as over_limit
    from open_returns
),

returns_open as (
    select
        return_id,
        order_id,
        brand,
        return_name,
        provider,
        site,
        stage,
        over_limit,
        case
            when order_id is null then 'find the order that it belongs to'
            when not is_announced then 'refund it in the shop, nobody announced it'
            when stage = 'received' then 'refund it in the shop'
            when stage = 'lost' then 'claim it from the carrier and decide on the refund'
            when stage = 'hub_delivered' then 'have the warehouse receive and grade it'
            else 'wait for the parcel'
        end as next_step,
        refund_due_on,
        cast(date_diff('day', business_on, refund_due_on) as integer) as days_left,
        statutory_due_on,
        requested_at,
        received_at,
        age_hours,
        units_requested,
        units_received,
        coalesce(received_amount, requested_amount) as amount_waiting,
        currency
    from judged
)

select * from returns_open
