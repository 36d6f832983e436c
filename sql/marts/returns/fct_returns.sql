/*
description: >-
  Returns from the customer's request to the refund, those that came without announcement among them: when each stage was
  reached, what was sent and what arrived, and whether the money went back in time. docs/meanings.md says what each
  number means.
grain: one row per return
key: [return_id]
unit: [order_id, return_id]
at_stake: {amount: requested_amount, currency: currency}
owner: returns
partition_by: [brand]
columns:
  return_id: "the shop's source and its own number, or wms:<source>:<the warehouse's number> for one that no shop announced"
  order_id: the order; null when nothing tells it
  brand: the order's brand; null with order_id
  return_name: "the shop's name of the return, which warehouses call the RMA: AV1001-R1"
  return_ref: the warehouse's own number of the earliest receipt
  provider: who brings it back, as the shop names the carrier of the label
  tracking_no: number on the shop's label
  site: the warehouse that received its earliest row, or else the one it goes to
  is_announced: {description: a shop announced it, not_null: true}
  stage:
    description: how far it is; the first that fits
    not_null: true
    accepted: [refunded, received, lost, hub_delivered, in_transit, requested]
  outcome: {description: "what became of it: refund, or keep for one that the shop closed and nobody sent; null while open", accepted: [refund, keep]}
  shop_status: the shop's own word
  requested_at: when the customer announced it
  approved_at: when the shop agreed
  first_scan_at: earliest event with the carrier in possession
  hub_delivered_at: when the carrier delivered it to the warehouse
  received_at: earliest receipt in the warehouse
  graded_at: earliest processing in the warehouse
  refunded_at: earliest refund that names this return; always null for unannounced ones
  closed_at: when the shop closed it
  units_requested: units announced; null for unannounced returns
  units_received: {description: "units that came back, those not ours or missing not counted", not_null: true}
  units_resaleable: {description: units that can be sold as new, not_null: true}
  is_short: {description: received in fewer units than announced, not_null: true}
  is_lost: {description: "on its way, neither delivered nor received, and not heard of for five working days", not_null: true}
  lost_on: the day from which it counts as lost
  refund_due_on: five working days of the site after its receipt
  is_refunded_on_time: refunded by refund_due_on; null if not received, or still possible
  statutory_due_on: fourteen calendar days after proof of sending or receipt, whichever came first (Consumer Contracts Regulations 2013, r. 34)
  request_to_scan_hours: from the request to the carrier's first scan
  scan_to_hub_hours: from the carrier's first scan to the warehouse's door
  hub_to_received_hours: from the door to the receipt
  received_to_graded_hours: from the receipt to the grading
  received_to_refunded_hours: from the receipt to the refund
  age_hours: since the request, or the receipt of an unannounced one, of returns that are not refunded
  requested_amount: what the customer paid for the units announced
  received_amount: what the customer paid for the units received
  refunded_amount: refunds that name this return
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
  - rows: "(stage = 'refunded') = (refunded_at is not null)"
  - rows: "received_at is null or refund_due_on is not null"
  - sum_equal:
      by: return_id
      left: sum(units_received)
      right: select return_id, sum(units_received) from intermediate.int_return_receipts group by return_id
*/
with fct_returns as (
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
            when refunded_at is not null then 'refunded'
            when received_at is not null then 'received'
            when lost_on is not null then 'lost'
            when hub_delivered_at is not null then 'hub_delivered'
            when first_scan_at is not null then 'in_transit'
            when is_announced then 'requested'
            else 'received'
        end as stage,
        case
            when refunded_at is not null then 'refund'
            when closed_at is not null and received_at is null and first_scan_at is null then 'keep'
        end as outcome,
        shop_status,
        requested_at,
        approved_at,
        first_scan_at,
        hub_delivered_at,
        received_at,
        graded_at,
        refunded_at,
        closed_at,
        units_requested,
        units_received,
        units_resaleable,
        received_at is not null and coalesce(units_received < units_requested, false) as is_short,
        lost_on is not null as is_lost,
        lost_on,
        refund_due_on,
        case
            when refunded_on <= refund_due_on then true
            when business_on > refund_due_on then false
        end as is_refunded_on_time,
        cast(date_add('day', 14, cast(
            least(coalesce(first_scan_at, received_at), coalesce(received_at, first_scan_at)) at time zone 'Europe/London'
            as date
        )) as date) as statutory_due_on,
        cast(date_diff('minute', requested_at, first_scan_at) * 0.0166666667 as decimal(18, 2)) as request_to_scan_hours,
        cast(date_diff('minute', first_scan_at, hub_delivered_at) * 0.0166666667 as decimal(18, 2)) as scan_to_hub_hours,
        cast(date_diff('minute', hub_delivered_at, received_at) * 0.0166666667 as decimal(18, 2)) as hub_to_received_hours,
        cast(date_diff('minute', received_at, graded_at) * 0.0166666667 as decimal(18, 2)) as received_to_graded_hours,
        cast(date_diff('minute', received_at, refunded_at) * 0.0166666667 as decimal(18, 2)) as received_to_refunded_hours,
        case
            when refunded_at is null
                then cast(date_diff('minute', coalesce(requested_at, received_at), as_of) * 0.0166666667 as decimal(18, 2))
        end as age_hours,
        cast(requested_amount as decimal(18, 4)) as requested_amount,
        cast(received_amount as decimal(18, 4)) as received_amount,
        cast(refunded_amount as decimal(18, 4)) as refunded_amount,
        currency,
        rma,
        received_file_id,
        received_line,
        graded_file_id,
        graded_line,
        _file_id,
        _line,
        as_of as _built_at
    from intermediate.int_returns
)

select * from fct_returns
