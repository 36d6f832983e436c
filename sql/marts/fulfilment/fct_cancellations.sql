/*
description: >-
  Units of order lines that are not sent, by cause: cancelled with their order, edited away, or refunded before they were sent. What is excused
  leaves what had to be delivered in full.
grain: one row per order line and cause
key: [line_id, cause]
unit: order_id
owner: operations
partition_by: [brand]
columns:
  line_id: {description: the order line, not_null: true}
  cause:
    description: "customer, fraud, payment, address, edited, stock, error, other, unsent or unknown (seeds.cancel_causes)"
    not_null: true
  order_id: {description: the order, not_null: true}
  brand: the order's brand
  sku: "the stock keeping unit, in upper case and without blanks around it"
  is_added: {description: "the line was added to the order later", not_null: true}
  is_excused: {description: "not held against us: the units leave what had to be delivered in full", not_null: true}
  units: {description: units that are not sent for the cause, not_null: true}
  price_amount: what they came to after discounts
  currency: of the price
  _file_id: file of the newest answer about the line
  _line: line in that file
  _built_at: the instant that the run asked about
checks:
  - relationship: {column: line_id, to: marts.fct_order_lines, field: line_id}
  - relationship: {column: cause, to: seeds.cancel_causes, field: cause}
  - sum_equal:
      by: line_id
      left: sum(units)
      right: select line_id, units_cancelled from marts.fct_order_lines where units_cancelled > 0
*/
with fct_cancellations as (
    select
        c.line_id,
        c.cause,
        l.order_id,
        l.brand,
        l.sku,
        l.is_added,
        c.is_excused,
        c.units,
        c.price_amount,
        l.currency,
        l._file_id,
        l._line,
        l._built_at
    from intermediate.int_line_cancellations as c
    inner join marts.fct_order_lines as l on l.line_id = c.line_id
)

select * from fct_cancellations
