/*
description: >-
  Parcels that the carrier owes money for, lost or damaged, with the last day on which it can be claimed. A row goes
  away by itself when the parcel turns up.
grain: one row per parcel and claim type
key: [shipment_id, claim_type]
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
  state: {description: open until the deadline has passed, not_null: true, accepted: [open, expired]}
  detected_how: rule, or carrier when the carrier's own event says so
  accepted_at: when the carrier got it, from which the deadline counts
  eligible_on: {description: first day on which it can be claimed, not_null: true}
  deadline_on: last day on which it can be claimed (Europe/London)
  days_left: calendar days until deadline_on, negative when it is past
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
      left: sum(case when claim_type = 'lost' then claimable_amount end)
      right: select shipment_id, cost_amount from marts.fct_shipments where is_lost
  - rows: "days_left is null or (state = 'open') = (days_left >= 0)"
*/
with detected as (
    select
        'lost' as claim_type,
        lost_how as detected_how,
        lost_on as eligible_on,
        s.*
    from marts.fct_shipments as s
    where is_lost
    union all
    select
        'damaged' as claim_type,
        'carrier' as detected_how,
        damaged_on as eligible_on,
        s.*
    from marts.fct_shipments as s
    where is_damaged
),

costed as (
    select
        d.carrier || ':' || d.tracking_no as shipment_id,
        count(case when d.qty_despatched > 0 and d.unit_cost_amount is null then 1 end) as uncosted_count
    from intermediate.int_despatches as d
    group by d.carrier, d.tracking_no
),

ruled as (
    select
        d.*,
        k.as_of,
        r.evidence,
        r.confidence,
        r.cap_amount,
        r.cap_currency,
        c.uncosted_count = 0 as has_cost_evidence,
        b.currency as shop_currency,
        cast(k.as_of at time zone 'Europe/London' as date) as business_on,
        -- Both rules of this carrier count calendar days from posting, for which the first scan stands.
        cast(date_add('day', r.claim_deadline, cast(d.accepted_at at time zone 'Europe/London' as date)) as date)
            as deadline_on
    from detected as d
    left join ops.carriers as v on v.carrier = d.carrier
    left join marts.claim_rules as r
        on r.carrier = v.claims_terms and r.service = v.claims_service and r.claim_type = d.claim_type
        and r.deadline_unit = 'calendar_days'
    left join costed as c on c.shipment_id = d.shipment_id
    left join ops.brands as b on b.brand = d.brand
    cross join ops.clock as k
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
        case when business_on > deadline_on then 'expired' else 'open' end as state,
        detected_how,
        accepted_at,
        eligible_on,
        deadline_on,
        cast(date_diff('day', business_on, deadline_on) as integer) as days_left,
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
    from ruled
)

select * from fct_claimable_parcels
