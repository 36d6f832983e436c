/*
description: What of each SKU was announced and what came back, why, and in what condition.
grain: one row per return and SKU
key: [return_id, sku]
unit: [order_id, return_id]
owner: returns
partition_by: [brand]
columns:
  return_id: the return
  sku: "the stock keeping unit; the order line's id where the shop has none"
  order_id: the order; null when nothing tells it
  brand: the order's brand; null with order_id
  line_id: the order line; null for a SKU that the order does not have
  units_requested: {description: units announced, not_null: true}
  units_received: {description: "units that came back, those not ours or missing not counted", not_null: true}
  units_resaleable: {description: units that can be sold as new, not_null: true}
  units_refused: {description: "of units_received, those for which nothing is given: they go back to the customer", not_null: true}
  units_not_ours: {description: units that the group does not sell, not_null: true}
  units_missing: {description: units that the warehouse wrote down as missing from the parcel, not_null: true}
  mismatch_kind: {description: "once the return is received: missing, short, over, unexpected (not announced); null where both agree", accepted: [missing, short, over, unexpected]}
  reason_raw: the customer's reason as the shop words it, several separated by commas
  reason_code: our reason, the first by name where the customer gave several
  reason_parent: the group of that reason, that somebody can act on
  wms_reason_raw: the warehouse's words
  grades: grades of what came back, separated by commas
  dispositions: what the warehouse does with it, separated by commas
  _file_id: file of the announced line, or of the receipt
  _line: line in that file
  _built_at: the instant that the run asked about
checks:
  - relationship: {column: return_id, to: marts.fct_returns, field: return_id}
  - sum_equal:
      by: return_id
      left: sum(units_received)
      right: select return_id, units_received from marts.fct_returns
  - sum_equal:
      by: return_id
      left: sum(units_requested)
      right: select return_id, units_requested from marts.fct_returns
*/
with requested as (
    select
        r.return_id,
        coalesce(l.sku, r.line_id, 'unknown') as sku,
        min(r.line_id) as line_id,
        sum(r.units) as units,
        nullif(array_join(array_agg(distinct r.reason_raw order by r.reason_raw), ','), '') as reason_raw,
        min(r.reason_code) as reason_code,
        min_by(r._file_id, r._file_id || ' ' || cast(r._line as varchar)) as _file_id,
        min_by(r._line, r._file_id || ' ' || cast(r._line as varchar)) as _line
    from canonical.shop_return_lines as r
    inner join intermediate.int_announced_returns as a on a.return_id = r.return_id
    left join intermediate.int_order_lines as l on l.line_id = r.line_id
    group by r.return_id, coalesce(l.sku, r.line_id, 'unknown')
),

received as (
    select
        return_id,
        coalesce(sku, 'unknown') as sku,
        min(line_id) as line_id,
        sum(units_received) as units,
        sum(units_resaleable) as units_resaleable,
        sum(units_refused) as units_refused,
        sum(units_not_ours) as units_not_ours,
        sum(units_missing) as units_missing,
        nullif(array_join(array_agg(distinct reason_raw order by reason_raw), ','), '') as reason_raw,
        nullif(array_join(array_agg(distinct coalesce(grade, grade_raw) order by coalesce(grade, grade_raw)), ','), '') as grades,
        nullif(array_join(array_agg(distinct disposition order by disposition), ','), '') as dispositions,
        max(case when place_of_sku = 1 then _file_id end) as _file_id,
        max(case when place_of_sku = 1 then _line end) as _line
    from intermediate.int_return_receipts
    group by return_id, coalesce(sku, 'unknown')
),

fct_return_lines as (
    select
        coalesce(q.return_id, r.return_id) as return_id,
        coalesce(q.sku, r.sku) as sku,
        f.order_id,
        f.brand,
        coalesce(q.line_id, r.line_id) as line_id,
        cast(coalesce(q.units, 0) as integer) as units_requested,
        cast(coalesce(r.units, 0) as integer) as units_received,
        cast(coalesce(r.units_resaleable, 0) as integer) as units_resaleable,
        cast(coalesce(r.units_refused, 0) as integer) as units_refused,
        cast(coalesce(r.units_not_ours, 0) as integer) as units_not_ours,
        cast(coalesce(r.units_missing, 0) as integer) as units_missing,
        case
            when f.received_at is null then null
            when coalesce(q.units, 0) = 0 and f.is_announced then 'unexpected'
            when coalesce(q.units, 0) = 0 then null
            when coalesce(r.units, 0) = 0 then 'missing'
            when r.units < q.units then 'short'
            when r.units > q.units then 'over'
        end as mismatch_kind,
        q.reason_raw,
        q.reason_code,
        m.reason_parent,
        r.reason_raw as wms_reason_raw,
        r.grades,
        r.dispositions,
        coalesce(q._file_id, r._file_id) as _file_id,
        coalesce(q._line, r._line) as _line,
        k.as_of as _built_at
    from requested as q
    full outer join received as r on r.return_id = q.return_id and r.sku = q.sku
    left join seeds.return_reasons as m on m.reason_code = q.reason_code
    left join marts.fct_returns as f on f.return_id = coalesce(q.return_id, r.return_id)
    cross join ops.clock as k
)

select * from fct_return_lines
