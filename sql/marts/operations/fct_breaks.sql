/*
description: >-
  What does not agree between two systems and should by now, document by document. A row goes away by itself when the
  missing data arrives. docs/meanings.md says when each kind holds.
grain: one row per check, kind and document
key: [check_id, kind, document]
unit: order_id
owner: operations
list:
  by: [check_id, kind]
  worse: {severity: [medium, high, critical]}
  amount: amount
  currency: currency
  clock: [age_hours, first_seen_at]
  show: [detail]
columns:
  check_id: {description: "the check, R01 to R22", accepted: [R01, R03, R04, R05, R06, R09, R10, R11, R12, R13, R17, R18, R20, R21, R22]}
  kind: what is wrong
  document: the order, line, parcel, return, refund, batch, file, count of stock or delivery that it is wrong with
  order_id: the order; null where a document has none
  brand: the brand; null where it cannot be told
  severity: {description: "critical, high or medium", not_null: true, accepted: [critical, high, medium]}
  first_seen_at: {description: when the time that the check allows was over, not_null: true}
  age_hours: hours since then
  detail: in words
  amount: money at stake or the difference; null where it cannot be told
  currency: of the amount
  _file_id: file of the row that shows it, or the file itself
  _line: line in that file
  _built_at: the instant that the run asked about
checks:
  - relationship: {column: order_id, to: marts.fct_orders, field: order_id}
  - relationship: {column: brand, to: marts.dim_brands, field: brand}
  - rows: "age_hours >= 0"
  - sum_equal:
      left: count(case when check_id = 'R13' then 1 end)
      right: select count(*) from marts.fct_refunds where state in ('missing_in_psp', 'amount_differs', 'missing_in_web')
*/
with of_orders as (
    select check_id, kind, document, order_id, amount, currency, first_seen_at, detail, _file_id, _line
    from intermediate.int_breaks_of_handover
    union all
    select check_id, kind, document, order_id, amount, currency, first_seen_at, detail, _file_id, _line
    from intermediate.int_breaks_of_quantity
    union all
    select check_id, kind, document, order_id, amount, currency, first_seen_at, detail, _file_id, _line
    from intermediate.int_breaks_of_stock
),

together as (
    select
        b.check_id, b.kind, b.document, b.order_id, o.brand, b.amount, b.currency, b.first_seen_at, b.detail,
        b._file_id, b._line
    from of_orders as b
    left join marts.fct_orders as o on o.order_id = b.order_id
    union all
    select
        check_id, kind, document, order_id, brand, amount, currency, first_seen_at, detail,
        _file_id, _line
    from intermediate.int_breaks_of_refunds
    union all
    select
        check_id, kind, document, null, brand, amount, currency, first_seen_at, detail,
        _file_id, _line
    from intermediate.int_breaks_of_settlement
    union all
    select
        check_id, kind, document, null, null, null, null, first_seen_at, detail,
        _file_id, null
    from intermediate.int_breaks_of_files
),

dated as (
    select
        t.*,
        k.as_of,
        row_number() over (
            partition by t.check_id, t.kind, t.document order by t.first_seen_at, t._file_id, t._line
        ) as place
    from together as t
    cross join ops.clock as k
    where t.first_seen_at is null or t.first_seen_at <= k.as_of
),

fct_breaks as (
    select
        check_id,
        kind,
        document,
        order_id,
        brand,
        case
            when check_id in ('R09', 'R11', 'R22') then 'critical'
            when check_id in ('R03', 'R17', 'R18', 'R21') then 'medium'
            else 'high'
        end as severity,
        coalesce(first_seen_at, as_of) as first_seen_at,
        cast(date_diff('minute', coalesce(first_seen_at, as_of), as_of) * 0.0166666667 as decimal(18, 2)) as age_hours,
        detail,
        cast(amount as decimal(18, 4)) as amount,
        currency,
        _file_id,
        _line,
        as_of as _built_at
    from dated
    where place = 1
)

select * from fct_breaks
