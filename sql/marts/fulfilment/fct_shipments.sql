/*
description: >-
  Outbound parcels from the warehouse to the door: scans, attempts, the customer's promise and the carrier's
  commitment, lost and damaged ones. A lost parcel that turns up is lost no more.
grain: one row per outbound tracking number in the warehouses' despatches
key: [shipment_id]
unit: [order_id, shipment_id]
at_stake: {amount: cost_amount, currency: cost_currency}
owner: operations
partition_by: [brand]
columns:
  shipment_id: "carrier and tracking number, the two with a colon between"
  order_id: the order in it; null when no shop knows the order
  brand: the order's brand; without an order that of a warehouse which ships one brand alone, whose shop nobody pulls
  carrier: "who carries it, by the name beside the number or its form; unknown where neither tells"
  tracking_no: the carrier's number
  site: the warehouse that despatched it; null for a site that is not configured
  service: {description: "standard or express; unknown for a word that nobody mapped", accepted: [standard, express, unknown]}
  destination_country: ISO code
  destination_calendar: calendar of the destination
  status:
    description: canonical status of the latest event, lost by the rule, or no_scan when no event is known
    not_null: true
    accepted: [no_scan, unknown, label_created, cancelled, accepted, in_transit, customs, exception_hold, exception_address, exception_delay, out_for_delivery, attempted, available_for_pickup, delivered, delivered_damaged, exception_damaged, return_to_sender, returned, lost, destroyed]
  status_how: {description: "how the status is known: a scan, the carrier's status of the parcel as a whole, or the rule for lost ones; null for no_scan", accepted: [scan, status, rule]}
  status_reason: why, where the carrier's code says it
  latest_raw_code: the carrier's own code of the latest event
  latest_event_at: when the latest event happened
  labelled_at: earliest event of a label without a parcel
  despatched_at: {description: earliest despatch in the warehouse's files, not_null: true}
  accepted_at: earliest physical event
  first_attempt_at: earliest attempt, delivery or readiness for pickup
  delivered_at: earliest delivery; null if it went back afterwards
  attempts_count: {description: "distinct failed attempts, plus 1 if delivered", not_null: true}
  is_first_attempt_delivered: the first attempt was the delivery; null before any attempt
  is_lost: {description: "lost by the rule or because the carrier says so", not_null: true}
  lost_how: {description: rule or carrier, accepted: [rule, carrier]}
  lost_on: destination day from which it counts as lost
  is_damaged: {description: the carrier noted damage, not_null: true}
  damaged_on: destination day on which damage was first noted
  destination_region: region of the country as destination_areas names it; null where the postcode does not tell
  lane_rule_id: the row of lane_rules that commits the carrier; null before acceptance, and where none fits
  commitment_on: destination day by which the carrier's service delivers; null before acceptance, and without a rule
  promised_on: the order's deliver_by_on
  promise_gap_days: calendar days of delivery after promised_on, negative when early; null until delivered
  commitment_gap_days: the same against commitment_on
  late_cause: {description: "handover if the carrier got it after ship_by_on, else carrier; only for parcels delivered late", accepted: [handover, carrier]}
  transit_hours: from acceptance to delivery
  units_despatched: {description: units in it, not_null: true}
  events_count: events known
  unmapped_codes: {description: events whose code nobody has mapped, not_null: true}
  cost_amount: what its units cost the shop
  cost_currency: currency of the cost
  despatch_ref: the warehouse's despatch note, of several the earliest
  _file_id: file of the earliest despatch row, which despatched_at is of
  _line: line in that file
  _built_at: the instant that the run asked about
checks:
  - relationship: {column: order_id, to: marts.fct_orders, field: order_id}
  - relationship: {column: site, to: marts.dim_sites, field: site}
  - rows: "is_lost = (lost_on is not null)"
  - rows: "delivered_at is null or accepted_at <= delivered_at"
  - sum_equal:
      by: tracking_no
      left: sum(units_despatched)
      right: select tracking_no, sum(qty_despatched) from intermediate.int_despatches where tracking_no is not null group by tracking_no
*/
with judged as (
    select
        p.*,
        k.as_of,
        case
            when p.lost_how = 'rule' then 'lost'
            else coalesce(p.latest_status, 'no_scan')
        end as status,
        date_diff('day', p.promised_on, p.delivered_on) as promise_gap_days,
        date_diff('day', p.commitment_on, p.delivered_on) as commitment_gap_days
    from intermediate.int_parcels as p
    cross join ops.clock as k
),

fct_shipments as (
    select
        shipment_id,
        order_id,
        brand,
        carrier,
        tracking_no,
        site,
        service,
        destination_country,
        destination_calendar,
        destination_region,
        status,
        case when lost_how = 'rule' then 'rule' else latest_told_by end as status_how,
        latest_reason as status_reason,
        latest_raw_code,
        latest_event_at,
        labelled_at,
        despatched_at,
        accepted_at,
        first_attempt_at,
        delivered_at,
        attempts_count,
        case
            when first_attempt_at is null then null
            else coalesce(delivered_at = first_attempt_at, false)
        end as is_first_attempt_delivered,
        lost_how is not null as is_lost,
        lost_how,
        lost_on,
        first_damaged_at is not null as is_damaged,
        damaged_on,
        lane_rule_id,
        commitment_on,
        promised_on,
        cast(promise_gap_days as integer) as promise_gap_days,
        cast(commitment_gap_days as integer) as commitment_gap_days,
        case
            when promise_gap_days > 0 and cast(at_timezone(accepted_at, site_zone) as date) > ship_by_on
                then 'handover'
            when promise_gap_days > 0 then 'carrier'
        end as late_cause,
        cast(date_diff('minute', accepted_at, delivered_at) * 0.0166666667 as decimal(18, 2)) as transit_hours,
        units_despatched,
        events_count,
        unmapped_codes,
        cast(cost_amount as decimal(18, 4)) as cost_amount,
        cost_currency,
        despatch_ref,
        _file_id,
        _line,
        as_of as _built_at
    from judged
)

select * from fct_shipments
