/*
description: >-
  Parcels that the carrier owes money for, lost or damaged, with the days between which it can be claimed. A row goes
  away by itself when the parcel turns up. One that was damaged and then lost is claimed once, as lost.
grain: one row per parcel
key: [shipment_id]
unit: [order_id, shipment_id]
owner: claims
list:
  where: state = 'open'
  amount: claimable_amount
  currency: currency
  clock: [days_left]
  show: [claim_type, tracking_no, deadline_on]
columns:
  shipment_id: the parcel
  claim_type: {description: lost or damaged, accepted: [lost, damaged]}
  order_id: the order in it
  brand: the order's brand
  carrier: who carried it
  tracking_no: the carrier's number
  service: standard, express or unknown
  state: {description: "too_early before eligible_on, open until the deadline has passed, then expired", not_null: true, accepted: [too_early, open, expired]}
  detected_how: {description: "rule, manifest for one that was signed for and never scanned, or carrier when its own event says so", accepted: [rule, manifest, carrier]}
  window_from: {description: "what the deadline counts from, the earliest that is known: collected (the carrier signed for it), manifested (its manifest was closed), despatched (by the warehouse) or accepted (the first scan)", not_null: true, accepted: [collected, manifested, despatched, accepted]}
  window_from_at: {description: when that was, not_null: true}
  accepted_at: the first scan
  eligible_on: {description: "first day on which it can be claimed: when it counts as lost or damaged, and not before the carrier's terms allow", not_null: true}
  deadline_on: last day on which it can be claimed (Europe/London)
  days_left: calendar days until deadline_on, negative when it is past
  documents_by: last day on which the carrier takes the evidence (Europe/London); null where its terms name none of its own
  evidence: what the carrier wants to see, separated by semicolons
  has_cost_evidence: the shop knows what every unit in it cost
  rule_confidence: how sure the source of the rule is
  claimable_amount: what its units cost the shop
  cap_amount: most that the carrier pays by the rule; null for no cap known
  cap_currency: currency of the cap
  currency: the shop's currency, of claimable_amount
  _file_id: file of the latest despatch row of the parcel
  _line: line in that file
  _built_at: the instant that the run asked about
checks:
  - relationship: {column: shipment_id, to: marts.fct_shipments, field: shipment_id}
  - sum_equal:
      by: shipment_id
      left: sum(claimable_amount)
      right: select shipment_id, cost_amount from marts.fct_shipments where is_lost or is_damaged
  - rows: "days_left is null or (state = 'expired') = (days_left < 0)"
*/
with detected as (
    select
        case when s.is_lost then 'lost' else 'damaged' end as claim_type,
        case when s.is_lost then s.lost_how else 'carrier' end as detected_how,
        case when s.is_lost then s.lost_on else s.damaged_on end as detected_on,
        least(
            s.despatched_at,
            coalesce(s.collected_at, s.despatched_at),
            coalesce(s.manifested_at, s.despatched_at),
            coalesce(s.accepted_at, s.despatched_at)
        ) as window_from_at,
        s.*
    from marts.fct_shipments as s
    where s.is_lost or s.is_damaged
),

costed as (
    select
        d.carrier || ':' || d.tracking_no as shipment_id,
        count(case when d.qty_despatched > 0 and d.unit_cost_amount is null then 1 end) as uncosted_count
    from intermediate.int_despatches as d
    group by d.carrier, d.tracking_no
),

dated as (
    select
        d.*,
        case
            when d.collected_at = d.window_from_at then 'collected'
            when d.manifested_at = d.window_from_at then 'manifested'
            when d.despatched_at = d.window_from_at then 'despatched'
            else 'accepted'
        end as window_from,
        cast(d.window_from_at at time zone 'Europe/London' as date) as window_from_on,
        cast(d.delivered_at at time zone 'Europe/London' as date) as delivered_on,
        k.as_of,
        cast(k.as_of at time zone 'Europe/London' as date) as business_on
    from detected as d
    cross join ops.clock as k
),

ruled as (
    select
        d.*,
        r.evidence,
        r.confidence,
        r.cap_amount,
        r.cap_currency,
        r.eligible_after,
        r.eligible_unit,
        r.eligible_from_event in ('due_date', 'commitment_date', 'expected_delivery') as is_eligible_from_due,
        -- What the terms call posted, collected, accepted or shipped is one thing to us: the earliest that shows it.
        cast(date_add('day', r.claim_deadline, case
            when r.deadline_from_event = 'delivered' then coalesce(d.delivered_on, d.damaged_on)
            when r.deadline_from_event = 'scheduled_delivery' then d.commitment_on
            when r.deadline_from_event = 'label_created'
                then coalesce(cast(d.labelled_at at time zone 'Europe/London' as date), d.window_from_on)
            else d.window_from_on
        end) as date) as deadline_on,
        cast(date_add('day', r.documents_within, coalesce(d.delivered_on, d.commitment_on)) as date) as documents_by,
        c.uncosted_count = 0 as has_cost_evidence,
        b.currency as shop_currency
    from dated as d
    left join ops.carriers as v on v.carrier = d.carrier
    left join marts.claim_rules as r
        on r.carrier = v.claims_terms and r.service = v.claims_service and r.claim_type = d.claim_type
        and r.deadline_unit = 'calendar_days'
    left join costed as c on c.shipment_id = d.shipment_id
    left join ops.brands as b on b.brand = d.brand
),

-- A carrier that says itself that it lost a parcel cannot want us to wait.
allowed as (
    select
        r.*,
        case
            when r.claim_type = 'damaged' or r.detected_how = 'carrier' then r.detected_on
            else greatest(r.detected_on, coalesce(case
                when r.eligible_unit = 'calendar_days' then cast(date_add('day', r.eligible_after, coalesce(
                    case when r.is_eligible_from_due then r.commitment_on end, r.window_from_on
                )) as date)
                when r.eligible_unit = 'working_days' then e.day_on
            end, r.detected_on))
        end as eligible_on
    from ruled as r
    left join intermediate.int_calendar_days as f
        on f.calendar = r.destination_calendar
        and f.day_on = case when r.is_eligible_from_due then r.commitment_on else r.window_from_on end
    left join intermediate.int_calendar_days as e
        on e.calendar = r.destination_calendar and e.is_working_day and e.working_day_no = f.working_day_no + r.eligible_after
),

fct_claimable_parcels as (
    select
        shipment_id,
        claim_type,
        order_id,
        brand,
        carrier,
        tracking_no,
        service,
        case
            when business_on > deadline_on then 'expired'
            when business_on < eligible_on then 'too_early'
            else 'open'
        end as state,
        detected_how,
        window_from,
        window_from_at,
        accepted_at,
        eligible_on,
        deadline_on,
        cast(date_diff('day', business_on, deadline_on) as integer) as days_left,
        documents_by,
        evidence,
        has_cost_evidence,
        confidence as rule_confidence,
        cost_amount as claimable_amount,
        cap_amount,
        cap_currency,
        coalesce(cost_currency, shop_currency) as currency,
        _file_id,
        _line,
        as_of as _built_at
    from allowed
)

select * from fct_claimable_parcels
