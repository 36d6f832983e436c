/*
description: >-
  What suppliers were to deliver and what they did: every line of a purchase order (one SKU of it) with each delivery that told of it, also a line
  of which nothing came, and a delivery that no purchase order explains.
grain: one row per purchase order, SKU and delivery
key: [goods_in_id]
unit: none
owner: operations
columns:
  goods_in_id: "source, purchase order, SKU and delivery with colons between them; none for what is missing"
  source: {description: the warehouse, not_null: true}
  site: the site's code in its files
  supplier: who delivers, as the warehouse names it
  po_number: the purchase order; null where nobody at the gate knew it
  sku: {description: stock keeping unit, not_null: true}
  receipt_ref: the warehouse's number of the delivery; null where nothing came
  expected_on: site day on which the line is expected; of several the earliest
  units_expected: units of the line; null where no purchase order tells it
  units_received: units counted at the dock in this delivery; null where nothing came
  units_booked: "of these, put into stock"
  line_units_received: {description: units of the line in all its deliveries, not_null: true}
  line_units_booked: {description: "of these, put into stock", not_null: true}
  arrived_at: when the delivery came to the gate
  received_at: when it was counted
  booked_at: when it was put into stock
  closed_at: from when no more of the line is expected, as this delivery tells it
  line_closed_at: "from when no more of the line is expected: the first delivery that closes it"
  dock_to_stock_hours: from the gate into stock, elapsed; null while not booked
  state:
    description: >-
      of the line, the first that fits: unexpected (no purchase order), over, complete, cancelled (and nothing came), short (closed with less), part (less, and open),
      overdue (nothing, and the day is past), awaited
    not_null: true
    accepted: [unexpected, over, complete, cancelled, short, part, overdue, awaited]
  is_late: "the first delivery came after expected_on, or none has and the day is past; null where no day is told, or it is not over and nothing came"
  days_late: "calendar days from expected_on to the first delivery, or to today while nothing came; 0 when early; null as is_late"
  _file_id: "file of the delivery, else of the purchase order's line"
  _line: line in it
  _built_at: the instant that the run asked about
checks:
  - rows: "units_booked is null or units_received is null or units_booked <= units_received"
*/
with ordered as (
    select
        source,
        po_number,
        sku,
        min(site) as site,
        min(supplier) as supplier,
        cast(sum(case when status = 'cancelled' then 0 else units_expected end) as integer) as units_expected,
        min(expected_on) as expected_on,
        count(case when status is null or status <> 'cancelled' then 1 end) as lines_live,
        count(case when status is null or status = 'open' then 1 end) as lines_open,
        max(stated_at) as stated_at,
        min_by(_file_id, _file_id || lpad(cast(_line as varchar), 12, '0')) as _file_id,
        min_by(_line, _file_id || lpad(cast(_line as varchar), 12, '0')) as _line
    from canonical.expected_receipts
    group by source, po_number, sku
),

delivered as (
    select
        source,
        po_number,
        sku,
        cast(sum(units_received) as integer) as units_received,
        cast(sum(coalesce(units_booked, 0)) as integer) as units_booked,
        min(arrived_at) as first_arrived_at,
        min(closed_at) as closed_at
    from canonical.goods_in
    where po_number is not null
    group by source, po_number, sku
),

paired as (
    select
        coalesce(o.source, g.source) as source,
        coalesce(g.site, o.site) as site,
        coalesce(o.supplier, g.supplier) as supplier,
        coalesce(o.po_number, g.po_number) as po_number,
        coalesce(o.sku, g.sku) as sku,
        g.receipt_ref,
        o.expected_on,
        o.units_expected,
        o.lines_live,
        o.lines_open,
        o.stated_at,
        g.units_received,
        g.units_booked,
        g.arrived_at,
        g.received_at,
        g.booked_at,
        g.closed_at,
        coalesce(g._file_id, o._file_id) as _file_id,
        case when g._file_id is not null then g._line else o._line end as _line
    from ordered as o
    full outer join canonical.goods_in as g on g.source = o.source and g.po_number = o.po_number and g.sku = o.sku
),

summed as (
    select
        p.*,
        coalesce(d.units_received, p.units_received, 0) as line_units_received,
        coalesce(d.units_booked, p.units_booked, 0) as line_units_booked,
        coalesce(d.closed_at, p.closed_at, case when p.lines_live > 0 and p.lines_open = 0 then p.stated_at end) as line_closed_at,
        cast(at_timezone(coalesce(d.first_arrived_at, p.arrived_at), coalesce(s.time_zone, 'Europe/London')) as date) as first_arrived_on,
        cast(at_timezone(k.as_of, coalesce(s.time_zone, 'Europe/London')) as date) as today_on,
        k.as_of
    from paired as p
    left join delivered as d on d.source = p.source and d.po_number = p.po_number and d.sku = p.sku
    left join ops.sites as s on s.source = p.source and s.site = p.site
    cross join ops.clock as k
),

fct_goods_in as (
    select
        source || ':' || coalesce(po_number, 'none') || ':' || sku || ':' || coalesce(receipt_ref, 'none') as goods_in_id,
        source,
        site,
        supplier,
        po_number,
        sku,
        receipt_ref,
        expected_on,
        units_expected,
        units_received,
        units_booked,
        line_units_received,
        line_units_booked,
        arrived_at,
        received_at,
        booked_at,
        closed_at,
        line_closed_at,
        cast(date_diff('minute', arrived_at, booked_at) * 0.0166666667 as decimal(18, 2)) as dock_to_stock_hours,
        case
            when units_expected is null then 'unexpected'
            when line_units_received > units_expected then 'over'
            when line_units_received = units_expected and units_expected > 0 then 'complete'
            when lines_live = 0 then 'cancelled'
            when line_closed_at is not null then 'short'
            when first_arrived_on is not null then 'part'
            when today_on > expected_on then 'overdue'
            else 'awaited'
        end as state,
        case
            when lines_live = 0 then null
            when first_arrived_on is not null then first_arrived_on > expected_on
            when today_on > expected_on then true
        end as is_late,
        case
            when lines_live = 0 or expected_on is null then null
            when first_arrived_on is not null or today_on > expected_on
                then cast(greatest(0, date_diff('day', expected_on, coalesce(first_arrived_on, today_on))) as integer)
        end as days_late,
        _file_id,
        _line,
        as_of as _built_at
    from summed
)

select * from fct_goods_in
