/*
description: >-
  Returns from the customer's request until nothing is owed any more, those that came without announcement among them: when each stage was
  reached, what was sent and what arrived, what the customer was given for it, and whether in time. docs/meanings.md says what each number means.
grain: one row per return
key: [return_id]
unit: [order_id, return_id]
at_stake: {amount: requested_amount, currency: currency}
owner: returns
partition_by: [brand]
columns:
  return_id: "the shop's source and its own number, or for one that no shop announced wms:<source>: and the returns provider's RMA, where the warehouse wrote one of one order, else the warehouse's number"
  order_id: the order; null when nothing tells it
  brand: the order's brand; null with order_id
  return_name: "the shop's name of the return, which warehouses call the RMA: AV1001-R1"
  return_ref: the warehouse's own number of the earliest receipt
  provider: who brings it back, as the shop names the carrier of the label
  tracking_no: number on the shop's label
  site: the warehouse that received its earliest row, or else the one it goes to
  is_announced: {description: a shop announced it, not_null: true}
  stage:
    description: >-
      how far it is; the first that fits. resolved: nothing is owed and nothing is to come; part_refunded: received, and a part of what is owed given
    not_null: true
    accepted: [resolved, part_refunded, received, lost, hub_delivered, in_transit, requested]
  outcomes: "what became of it: credit, exchange, keep (the shop closed it and nobody sent it), refund, reject, several separated by commas; null while nothing"
  shop_status: the shop's own word
  requested_at: when the customer announced it
  approved_at: when the shop agreed
  first_scan_at: earliest event with the carrier in possession
  hub_delivered_at: when the carrier delivered it to the warehouse
  received_at: earliest receipt in the warehouse
  graded_at: earliest processing in the warehouse
  refunded_at: the earliest refund for it that stands, in money or credit
  settled_at: "when the payment provider had booked all refunds for it that went through it: with its reports' own instant, else when the report was received"
  refund_failed_at: when a refund for it first came back from the customer's bank
  value_resolved_at: when what was given reached what is owed; null while it has not
  resolved_at: "when nothing was owed and nothing to come any more: value resolved, and received and graded, or lost, or of a brand without a warehouse; or closed by the shop unsent"
  closed_at: when the shop closed it
  units_requested: units announced; null for unannounced returns
  units_received: {description: "units that came back, those not ours or missing not counted", not_null: true}
  units_resaleable: {description: units that can be sold as new, not_null: true}
  is_short: {description: received in fewer units than announced, not_null: true}
  is_lost: {description: "on its way, neither delivered nor received, and not heard of for five working days", not_null: true}
  lost_on: the day from which it counts as lost
  brand_due_on: the trader's own limit, in working days of the site from its door, or from the receipt where nothing tells when it was at the door
  booked_due_on: the same from the receipt
  law_due_on: the earliest limit of the law
  law_basis:
    description: what started that clock; none while no clock of the law runs
    not_null: true
    accepted: [sent, received, collection, faulty, undelivered, none]
  refund_due_on: the earlier of brand_due_on and law_due_on
  limit_basis: {description: "whose limit that is: brand, the law's basis, or none", not_null: true, accepted: [brand, sent, received, collection, faulty, undelivered, none]}
  limit_rule_id: the rule that says so, in return_rules
  is_refunded_on_time: value resolved by refund_due_on; null while that is still possible. What was given before a clock started is in time
  is_booked_on_time: the same against booked_due_on; null while nothing is received
  is_law_kept: the same against law_due_on
  request_to_scan_hours: from the request to the carrier's first scan
  scan_to_hub_hours: from the carrier's first scan to the warehouse's door
  hub_to_received_hours: from the door to the receipt
  received_to_graded_hours: from the receipt to the grading
  received_to_refunded_hours: from the receipt to the first refund, negative for one that came before
  age_hours: since the request, or the receipt of an unannounced one, of returns that are not resolved
  requested_amount: what the customer paid for the units announced
  received_amount: what the customer paid for the units received
  refunded_amount: refunds for it that stand, in money
  credited_amount: the same that became a gift card or credit in the shop
  exchanged_amount: what was sold in exchange for it, at its price before discounts
  rejected_amount: what the customer paid for the units that go back to him
  resolved_amount: {description: the four together, not_null: true}
  waiting_amount: what is owed and not resolved, of the units received, or of those announced while nothing is received; 0 of those kept
  currency: of the amounts
  rma: what the warehouse wrote as the return's name; null where it wrote none
  received_file_id: file of the earliest receipt row, which received_at is of
  received_line: its line
  graded_file_id: file of the receipt row that graded_at is of
  graded_line: its line
  _file_id: file of the newest answer about the return, or of the receipt
  _line: line in that file
  _built_at: the instant that the run asked about
checks:
  - relationship: {column: order_id, to: marts.fct_orders, field: order_id}
  - relationship: {column: brand, to: marts.dim_brands, field: brand}
  - rows: "is_announced or received_at is not null"
  - rows: "(stage = 'resolved') = (resolved_at is not null)"
  - rows: "value_resolved_at is null or waiting_amount = 0"
  - rows: "stage <> 'part_refunded' or waiting_amount > 0"
  - rows: "stage <> 'resolved' or waiting_amount = 0"
  - rows: "received_at is null or booked_due_on is not null"
  - sum_equal:
      by: return_id
      left: sum(units_received)
      right: select return_id, sum(units_received) from intermediate.int_return_receipts group by return_id
*/
with limits as (
    select
        return_id,
        max(case when clock = 'brand' then due_on end) as brand_due_on,
        max(case when clock = 'brand' then rule_id end) as brand_rule_id,
        max(case when clock = 'booked' then due_on end) as booked_due_on
    from intermediate.int_return_limits
    group by return_id
),

-- Of two clocks of the law that end on one day the one first by name.
laws as (
    select
        *,
        row_number() over (partition by return_id order by due_on, clock) as place
    from intermediate.int_return_limits
    where clock not in ('brand', 'booked')
),

gathered as (
    select
        r.*,
        s.refunded_at,
        s.settled_at,
        s.refund_failed_at,
        s.refunded_amount,
        s.credited_amount,
        s.exchanged_amount,
        s.rejected_amount,
        s.resolved_amount,
        s.waiting_amount,
        s.value_resolved_at,
        r.closed_at is not null and r.received_at is null and r.first_scan_at is null as is_kept,
        b.brand_due_on,
        b.booked_due_on,
        l.due_on as law_due_on,
        coalesce(l.clock, 'none') as law_basis,
        case when b.brand_due_on <= l.due_on or l.due_on is null then b.brand_due_on else l.due_on end as refund_due_on,
        case
            when b.brand_due_on <= l.due_on or (l.due_on is null and b.brand_due_on is not null) then 'brand'
            else coalesce(l.clock, 'none')
        end as limit_basis,
        case when b.brand_due_on <= l.due_on or l.due_on is null then b.brand_rule_id else l.rule_id end as limit_rule_id,
        cast(s.value_resolved_at at time zone 'Europe/London' as date) as done_on
    from intermediate.int_returns as r
    inner join intermediate.int_return_resolutions as s on s.return_id = r.return_id
    left join limits as b on b.return_id = r.return_id
    left join laws as l on l.return_id = r.return_id and l.place = 1
),

resolved as (
    select
        *,
        case
            when is_kept then closed_at
            when value_resolved_at is null then null
            when received_at is not null and inspected_at is not null then greatest(value_resolved_at, received_at, inspected_at)
            when lost_on is not null then greatest(value_resolved_at, with_timezone(cast(lost_on as timestamp), 'Europe/London'))
            -- Of a brand that no warehouse serves nobody tells what comes back.
            when site is null then value_resolved_at
        end as resolved_at
    from gathered
),

fct_returns as (
    select
        return_id,
        order_id,
        brand,
        return_name,
        return_ref,
        provider,
        tracking_no,
        site,
        is_announced,
        case
            when resolved_at is not null then 'resolved'
            when received_at is not null and resolved_amount > 0 and waiting_amount > 0 then 'part_refunded'
            when received_at is not null then 'received'
            when lost_on is not null then 'lost'
            when hub_delivered_at is not null then 'hub_delivered'
            when first_scan_at is not null then 'in_transit'
            else 'requested'
        end as stage,
        nullif(concat_ws(
            ',',
            case when credited_amount > 0 then 'credit' end,
            case when exchanged_amount > 0 then 'exchange' end,
            case when is_kept then 'keep' end,
            case when refunded_amount > 0 then 'refund' end,
            case when is_refused then 'reject' end
        ), '') as outcomes,
        shop_status,
        requested_at,
        approved_at,
        first_scan_at,
        hub_delivered_at,
        received_at,
        graded_at,
        refunded_at,
        settled_at,
        refund_failed_at,
        value_resolved_at,
        resolved_at,
        closed_at,
        units_requested,
        units_received,
        units_resaleable,
        received_at is not null and coalesce(units_received < units_requested, false) as is_short,
        lost_on is not null as is_lost,
        lost_on,
        brand_due_on,
        booked_due_on,
        law_due_on,
        law_basis,
        refund_due_on,
        limit_basis,
        limit_rule_id,
        case
            when done_on is not null then coalesce(done_on <= refund_due_on, true)
            when business_on > refund_due_on and not is_kept then false
        end as is_refunded_on_time,
        case
            when done_on is not null then done_on <= booked_due_on
            when business_on > booked_due_on then false
        end as is_booked_on_time,
        case
            when done_on is not null then coalesce(done_on <= law_due_on, true)
            when business_on > law_due_on and not is_kept then false
        end as is_law_kept,
        cast(date_diff('minute', requested_at, first_scan_at) * 0.0166666667 as decimal(18, 2)) as request_to_scan_hours,
        cast(date_diff('minute', first_scan_at, hub_delivered_at) * 0.0166666667 as decimal(18, 2)) as scan_to_hub_hours,
        cast(date_diff('minute', hub_delivered_at, received_at) * 0.0166666667 as decimal(18, 2)) as hub_to_received_hours,
        cast(date_diff('minute', received_at, graded_at) * 0.0166666667 as decimal(18, 2)) as received_to_graded_hours,
        cast(date_diff('minute', received_at, refunded_at) * 0.0166666667 as decimal(18, 2)) as received_to_refunded_hours,
        case
            when resolved_at is null
                then cast(date_diff('minute', coalesce(requested_at, received_at), as_of) * 0.0166666667 as decimal(18, 2))
        end as age_hours,
        cast(requested_amount as decimal(18, 4)) as requested_amount,
        cast(received_amount as decimal(18, 4)) as received_amount,
        cast(refunded_amount as decimal(18, 4)) as refunded_amount,
        cast(credited_amount as decimal(18, 4)) as credited_amount,
        cast(exchanged_amount as decimal(18, 4)) as exchanged_amount,
        cast(rejected_amount as decimal(18, 4)) as rejected_amount,
        cast(resolved_amount as decimal(18, 4)) as resolved_amount,
        cast(case when is_kept then 0 else waiting_amount end as decimal(18, 4)) as waiting_amount,
        currency,
        rma,
        received_file_id,
        received_line,
        graded_file_id,
        graded_line,
        _file_id,
        _line,
        as_of as _built_at
    from resolved
)

select * from fct_returns
