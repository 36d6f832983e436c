/*
description: >-
  Lines of web orders with what happened to their units. ordered = left + cancelled + open, unless more was
  cancelled than ordered; what was despatched beyond that is extra. Why units were cancelled: fct_cancellations.
grain: one row per order line that has to be shipped
key: [line_id]
unit: order_id
owner: operations
partition_by: [brand]
columns:
  line_id: the shop's source and its own number of the line
  order_id: {description: the order, not_null: true}
  brand: the order's brand
  sku: "the stock keeping unit, in upper case and without blanks around it"
  title: the product as the shop names it
  is_added: {description: "added to the order later by an edit or an exchange: a demand of its own, with a promise of its own", not_null: true}
  added_at: when it was added
  added_by: {description: "edit or exchange; null for a line ordered at first", accepted: [edit, exchange]}
  ship_by_on: site day by which it has to leave; null while the order cannot go
  deliver_by_on: destination day by which it has to arrive; null where the brand promises nothing
  units_ordered: {description: quantity ordered, not_null: true}
  units_cancelled: {description: "of an order cancelled or deleted what had not left by then, else units cancelled, edited away or refunded unsent", not_null: true}
  units_short: {description: units that the warehouse reported short, not_null: true}
  units_despatched: {description: units that left the warehouse, not_null: true}
  units_delivered: {description: units in parcels that are delivered, not_null: true}
  units_left: {description: "units despatched that are wanted; never more than ordered less cancelled", not_null: true}
  units_arrived: {description: those of them in parcels that are delivered, not_null: true}
  units_extra: {description: "units despatched that nobody wanted: more than ordered, or after the order had ended", not_null: true}
  units_open: {description: "wanted and not left", not_null: true}
  left_whole_at: when the last of the units that are wanted left; null while one has not
  arrived_whole_at: likewise when it was delivered
  first_despatched_at: earliest despatch with units
  last_despatched_at: latest despatch with units
  unit_price_amount: price of a unit before discounts
  discounted_total_amount: price of the line after discounts
  currency: of the prices
  unit_cost_amount: what a unit costs the shop
  unit_cost_currency: of the cost
  _file_id: file of the newest answer about the line
  _line: line in that file
  _built_at: the instant that the run asked about
checks:
  - relationship: {column: order_id, to: marts.fct_orders, field: order_id}
  - sum_equal:
      by: order_id
      left: sum(case when not is_added then units_ordered else 0 end)
      right: select order_id, units_ordered from marts.fct_orders
  - sum_equal:
      by: order_id
      left: sum(case when not is_added then units_cancelled else 0 end)
      right: select order_id, units_cancelled from marts.fct_orders
  - rows: "units_cancelled > units_ordered or units_ordered = units_left + units_cancelled + units_open"
  - rows: "units_arrived <= units_left and units_left + units_extra = units_despatched"
  - rows: "units_delivered <= units_despatched"
*/
with fct_order_lines as (
    select
        l.line_id,
        l.order_id,
        l.brand,
        l.sku,
        l.title,
        l.is_added,
        l.added_at,
        l.added_by,
        d.ship_by_on,
        d.deliver_by_on,
        u.units_ordered,
        u.units_cancelled,
        u.units_short,
        u.units_despatched,
        u.units_delivered,
        u.units_left,
        u.units_arrived,
        u.units_extra,
        u.units_live - u.units_left as units_open,
        u.left_whole_at,
        u.arrived_whole_at,
        u.first_despatched_at,
        u.last_despatched_at,
        l.unit_price_amount,
        l.discounted_total_amount,
        l.currency,
        l.unit_cost_amount,
        l.unit_cost_currency,
        l._file_id,
        l._line,
        k.as_of as _built_at
    from intermediate.int_order_lines as l
    inner join intermediate.int_order_line_units as u on u.line_id = l.line_id
    inner join intermediate.int_order_terms as t on t.order_id = l.order_id
    left join intermediate.int_promised_days as d
        on d.order_id = l.order_id and d.counted_from = greatest(t.releasable_at, coalesce(l.added_at, t.releasable_at))
    cross join ops.clock as k
)

select * from fct_order_lines
