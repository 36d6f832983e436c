/*
description: >-
  Receipt rows of the warehouses with the return they are about: the announced one that the RMA names, or without an RMA
  the one whose label has the tracking number, or a return of its own. Those of test orders are left out.
grain: one row per receipt row
key: [source, _file_id, _line]
owner: data
columns:
  return_id: "the shop's return; for one that no shop announced wms:<source>: and the RMA that the warehouse wrote, where that is of one order, else its own return_ref"
  order_id: null where neither the return nor the warehouse's order number tells it
  units_received: the quantity, 0 for grades that do not count as received
  units_refused: of these, those for which nothing is given
  is_refused: the row is of goods that go back to the customer, ours or not
  place: 1 for the return's earliest receipt row
  place_of_grading: 1 for the return's row that was processed first
  place_of_sku: 1 for the earliest receipt row of the return's SKU
*/
with announced as (
    select
        r.return_id,
        r.order_id,
        w.source,
        upper(r.return_name) as rma,
        o.is_test,
        row_number() over (partition by w.source, upper(r.return_name) order by r.requested_at desc, r.return_id) as choice
    from canonical.shop_returns as r
    inner join intermediate.int_branded_orders as o on o.order_id = r.order_id
    inner join ops.links as w on w.brand = o.brand and w.role = 'warehouse'
    where r.status not in ('declined', 'cancelled')
),

labelled as (
    select
        a.return_id,
        a.order_id,
        a.source,
        l.tracking_no,
        a.is_test,
        row_number() over (partition by a.source, l.tracking_no order by a.return_id) as choice
    from canonical.return_labels as l
    inner join announced as a on a.return_id = l.return_id
),

met as (
    select
        r.*,
        coalesce(n.return_id, t.return_id) as announced_id,
        coalesce(n.order_id, t.order_id, k.order_id) as order_id,
        coalesce(n.is_test, t.is_test, k.is_test, false) as is_test
    from canonical.return_receipts as r
    left join announced as n on n.source = r.source and n.rma = r.rma and n.choice = 1
    left join labelled as t
        on r.rma is null and t.source = r.source and t.tracking_no = r.tracking_no and t.choice = 1
    left join intermediate.int_order_keys as k on k.source = r.source and k.order_ref = r.order_ref
),

-- A name that no shop gave is a returns provider's, which may use it for another order too.
named as (
    select
        *,
        case
            when rma is not null
                and min(order_id) over (partition by source, rma, announced_id) = max(order_id) over (partition by source, rma, announced_id)
                then min(order_id) over (partition by source, rma, announced_id)
        end as order_of_rma
    from met
),

counted as (
    select
        m.source,
        coalesce(m.announced_id, 'wms:' || m.source || ':' || case when m.order_of_rma is not null then m.rma else m.return_ref end) as return_id,
        m.announced_id is not null as is_announced,
        m.return_ref,
        m.rma,
        coalesce(m.order_id, m.order_of_rma) as order_id,
        l.line_id,
        m.sku,
        m.site,
        m.tracking_no,
        m.received_at,
        m.processed_at,
        m.qty,
        m.grade,
        m.grade_raw,
        case when coalesce(g.counts_as_received, true) then m.qty else 0 end as units_received,
        case when g.is_resaleable then m.qty else 0 end as units_resaleable,
        case when g.is_refused and g.counts_as_received then m.qty else 0 end as units_refused,
        coalesce(g.is_refused, false) as is_refused,
        case when m.grade = 'X' then m.qty else 0 end as units_not_ours,
        case when m.grade = 'M' then m.qty else 0 end as units_missing,
        m.reason_raw,
        m.is_reusable,
        coalesce(m.disposition, g.disposition) as disposition,
        m._file_id,
        m._line
    from named as m
    left join seeds.grades as g on g.grade = m.grade
    left join intermediate.int_order_lines as l
        on l.order_id = coalesce(m.order_id, m.order_of_rma) and l.sku = m.sku and l.sku_choice = 1
    where not m.is_test
),

int_return_receipts as (
    select
        *,
        row_number() over (partition by return_id order by received_at, _file_id, _line) as place,
        row_number() over (partition by return_id order by processed_at nulls last, _file_id, _line) as place_of_grading,
        row_number() over (partition by return_id, sku order by received_at, _file_id, _line) as place_of_sku
    from counted
)

select * from int_return_receipts
