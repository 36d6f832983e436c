/*
description: >-
  Returns of which something is still owed or still to come: why, since when, what is at stake and what to do. A row leaves by itself when its return is
  resolved.
grain: one row per open return
key: [return_id]
unit: [order_id, return_id]
owner: returns
list:
  worse: {why: [announced, on_its_way, to_book, to_grade, to_refund, refunded_early, not_sent, not_booked, not_graded, part_refunded, lost, past_promise, past_law, refund_failed, order_unknown]}
  amount: at_stake_amount
  currency: currency
  clock: [days_left, days_over, age_hours]
  show: [return_name, stage, why, next_step]
columns:
  return_id: the return
  order_id: the order; null when nothing tells it
  brand: the order's brand; null with order_id
  return_name: "the shop's name of the return, which warehouses call the RMA"
  provider: who brings it back
  site: the warehouse
  stage: {description: how far it is, not_null: true, accepted: [part_refunded, received, lost, hub_delivered, in_transit, requested]}
  why:
    description: >-
      the first that fits. order_unknown (nothing tells whose it is), refund_failed (a refund came back and money is owed), past_law, past_promise (the day is
      past and money is owed), part_refunded, lost, not_graded (received 48 hours ago), not_booked (at the warehouse's door 48 hours ago), not_sent (asked for 14
      days ago), refunded_early (nothing is owed, and the goods are not here); within every limit to_refund, to_grade, to_book, on_its_way, announced
    not_null: true
    accepted: [order_unknown, refund_failed, past_law, past_promise, part_refunded, lost, not_graded, not_booked, not_sent, refunded_early, to_refund, to_grade, to_book, on_its_way, announced]
  since_at: {description: from when on that holds, not_null: true}
  at_stake_amount: what is owed; of one refunded early what was given; null while no price is known
  currency: of the amount
  next_step: what to do about it
  refund_due_on: the earlier of the trader's own limit and the law's
  limit_basis: whose limit that is
  days_left: calendar days until refund_due_on, negative when it is past
  days_over: calendar days since the limit that why names, where it names one
  law_due_on: the last day that the law allows
  requested_at: when the customer announced it
  received_at: when the warehouse received it
  age_hours: since the request, or the receipt of an unannounced one
  units_requested: units announced
  units_received: {description: units that came back, not_null: true}
checks:
  - relationship: {column: return_id, to: marts.fct_returns, field: return_id}
*/
with open_returns as (
    select
        r.*,
        k.as_of,
        cast(k.as_of at time zone 'Europe/London' as date) as business_on,
        -- Without a price nobody can say that nothing is owed.
        coalesce(r.waiting_amount > 0, true) as is_owed
    from marts.fct_returns as r
    cross join ops.clock as k
    where r.stage <> 'resolved'
),

judged as (
    select
        *,
        case
            when order_id is null then 'order_unknown'
            when is_owed and refund_failed_at is not null then 'refund_failed'
            when is_owed and business_on > law_due_on then 'past_law'
            when is_owed and business_on > brand_due_on then 'past_promise'
            when stage = 'part_refunded' then 'part_refunded'
            when is_lost then 'lost'
            when received_at is not null and graded_at is null and received_at <= date_add('hour', -48, as_of) then 'not_graded'
            when received_at is null and hub_delivered_at <= date_add('hour', -48, as_of) then 'not_booked'
            when received_at is null and first_scan_at is null and hub_delivered_at is null and requested_at <= date_add('day', -14, as_of)
                then 'not_sent'
            when received_at is null and value_resolved_at is not null then 'refunded_early'
            when graded_at is not null then 'to_refund'
            when received_at is not null then 'to_grade'
            when hub_delivered_at is not null then 'to_book'
            when first_scan_at is not null then 'on_its_way'
            else 'announced'
        end as why
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
        why,
        case why
            when 'order_unknown' then received_at
            when 'refund_failed' then refund_failed_at
            when 'past_law' then with_timezone(cast(date_add('day', 1, law_due_on) as timestamp), 'Europe/London')
            when 'past_promise' then with_timezone(cast(date_add('day', 1, brand_due_on) as timestamp), 'Europe/London')
            when 'part_refunded' then greatest(coalesce(refunded_at, received_at), received_at)
            when 'lost' then with_timezone(cast(lost_on as timestamp), 'Europe/London')
            when 'not_graded' then date_add('hour', 48, received_at)
            when 'not_booked' then date_add('hour', 48, hub_delivered_at)
            when 'not_sent' then date_add('day', 14, requested_at)
            when 'refunded_early' then value_resolved_at
            when 'to_refund' then graded_at
            when 'to_grade' then received_at
            when 'to_book' then hub_delivered_at
            when 'on_its_way' then first_scan_at
            else requested_at
        end as since_at,
        case when why = 'refunded_early' then resolved_amount else waiting_amount end as at_stake_amount,
        currency,
        case
            when why = 'order_unknown' then 'find the order that it belongs to'
            when why = 'refund_failed' then 'ask the customer for another account and refund it again'
            when why = 'not_graded' then 'have the warehouse grade it'
            when why = 'not_booked' then 'have the warehouse book and grade it'
            when why = 'refunded_early' then 'see that the goods arrive'
            when why in ('past_law', 'past_promise') and stage = 'requested' then 'refund it in the shop and ask where the goods are'
            when why in ('past_law', 'past_promise') and stage = 'hub_delivered' then 'refund it in the shop and have the warehouse book it'
            when why in ('past_law', 'past_promise') and received_at is null then 'refund it in the shop and have the parcel found'
            when why = 'lost' then 'claim it from the carrier and decide on the refund'
            when stage = 'part_refunded' then 'refund the rest in the shop'
            when received_at is not null and waiting_amount = 0 then 'have the warehouse grade it'
            when received_at is not null and not is_announced then 'refund it in the shop, nobody announced it'
            when received_at is not null then 'refund it in the shop'
            when stage = 'hub_delivered' then 'have the warehouse book and grade it'
            when why = 'not_sent' then 'ask whether the goods are coming, or close it'
            else 'wait for the parcel'
        end as next_step,
        refund_due_on,
        limit_basis,
        cast(date_diff('day', business_on, refund_due_on) as integer) as days_left,
        cast(case why
            when 'past_law' then date_diff('day', law_due_on, business_on)
            when 'past_promise' then date_diff('day', brand_due_on, business_on)
        end as integer) as days_over,
        law_due_on,
        requested_at,
        received_at,
        age_hours,
        units_requested,
        units_received
    from judged
)

select * from returns_open
