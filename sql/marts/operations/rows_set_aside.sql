/*
description: >-
  Rows that partners sent and that no other mart has, and values that a row is without, since they cannot be placed: a date outside the
  calendar or in the future, a currency that nobody knows. A row goes away by itself when the partner sends it right.
grain: one row per fault of a row
key: [aside_key]
owner: operations
unit: none
list:
  amount: amount_at_stake
  currency: currency
  show: [fact, column_name, why, value]
columns:
  aside_key: fact, file, line, column and fault, numbered where a line tells several alike
  source: {description: the partner, not_null: true}
  fact: {description: "what the row tells: orders, despatches, ledger_entries and so on", not_null: true}
  column_name: {description: the column that cannot be placed, not_null: true}
  why: {description: what is wrong with it, not_null: true, accepted: [date outside the calendar, date in the future, unknown currency]}
  value: the value as it was read; null for none
  is_row: {description: "the row is in no other mart; false where only the value is left out", not_null: true}
  document_kind: column of the fact that tells what the row is about
  document: what the row is about
  order_id: the order, where the row names one that is known
  amount_at_stake: what the row is worth by itself, else its order's total; null where neither tells
  currency: of the amount, as sent where it is the row's own
  received_at: when the file was received
  _file_id: the file
  _line: line in it
  _built_at: the instant that the run asked about
*/
with aside as (
    select
        s.*,
        coalesce(k.order_id, o.order_id) as known_order_id
    from canonical.set_aside as s
    left join intermediate.int_order_keys as k
        on s.document_kind = 'order_ref' and k.source = s.source and k.order_ref = s.document
    left join intermediate.int_branded_orders as o on s.document_kind = 'order_id' and o.order_id = s.document
),

numbered as (
    select
        a.*,
        row_number() over (
            partition by a.fact, a._file_id, a._line, a.column_name, a.why
            order by a.document, a.value, a.amount
        ) as place
    from aside as a
),

rows_set_aside as (
    select
        concat_ws('|', n.fact, n._file_id, cast(n._line as varchar), n.column_name, n.why, cast(n.place as varchar)) as aside_key,
        n.source,
        n.fact,
        n.column_name,
        n.why,
        n.value,
        n.is_row,
        n.document_kind,
        n.document,
        o.order_id,
        cast(coalesce(n.amount, o.total_amount) as decimal(18, 4)) as amount_at_stake,
        case when n.amount is not null then n.currency else o.currency end as currency,
        case when n._received_at <= k.as_of then n._received_at end as received_at,
        n._file_id,
        n._line,
        k.as_of as _built_at
    from numbered as n
    left join intermediate.int_branded_orders as o on o.order_id = n.known_order_id
    cross join ops.clock as k
)

select * from rows_set_aside
