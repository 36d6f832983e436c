/*
description: >-
  Partners' words and codes that nobody has mapped, with how often they come and what money hangs on them. A row goes
  away when the contract or the seed named in map_in knows the code.
grain: one row per source, column, code and currency of the money
key: [code_key]
unit: none
owner: operations
list:
  worse: {rows_count: more}
  amount: amount_at_stake
  currency: currency
  clock: [last_seen_at]
  show: [column_name, raw_code, map_in]
columns:
  code_key: source, column, code and currency in one
  source: {description: the partner, not_null: true}
  column_name: {description: fact and column that the code should have told, not_null: true}
  raw_code: the code as sent; none for an empty one
  example_text: the partner's words beside it, where there are any
  map_in: list of the partner's codes.csv, or place of the contract, that it has to be added to
  rows_count: {description: how many rows have it, not_null: true}
  first_seen_at: earliest time of such a row; null where no such row has a time that can be read
  last_seen_at: latest time of such a row
  amount_at_stake: value of the orders, or of the movements, with it; null where it cannot be told
  currency: of the amount
  _built_at: the instant that the run asked about
*/
with missed as (
    select
        u.source,
        u.fact || '.' || u.column_name as column_name,
        u.raw_code,
        u.raw_text as example_text,
        u.map_in,
        u.seen_at,
        u.document_kind,
        u.document,
        u._file_id,
        u._line
    from canonical.unmapped as u
    union all
    select
        p.source, 'payments.gateway', p.gateway, null, 'accounts[].gateways in waybill.yaml', p.moved_at, 'order_id', p.order_id, p._file_id, p._line
    from intermediate.int_payments as p
    where p.is_unknown
),

-- What hangs on each kind of document.
movements as (
    select source, _file_id, _line, net_currency as currency, sum(abs(net_amount)) as amount
    from intermediate.int_ledger_entries
    where entry_type = 'unknown' or occurred_at is null
    group by source, _file_id, _line, net_currency
),

receipts as (
    select source, return_ref, min(return_id) as return_id
    from intermediate.int_return_receipts
    group by source, return_ref
),

coded as (
    select m.*, o.total_amount as amount, o.currency
    from missed as m
    left join intermediate.int_order_keys as k on k.source = m.source and k.order_ref = m.document
    left join intermediate.int_orders as o on o.order_id = k.order_id
    where m.document_kind = 'order_ref' and (k.is_test is null or not k.is_test)
    union all
    select m.*, o.total_amount, o.currency
    from missed as m
    inner join intermediate.int_orders as o on o.order_id = m.document
    where m.document_kind = 'order_id'
    union all
    select m.*, p.cost_amount, p.cost_currency
    from missed as m
    left join marts.fct_shipments as p on p.tracking_no = m.document
    where m.document_kind = 'tracking_no'
    union all
    select m.*, coalesce(r.received_amount, r.requested_amount), r.currency
    from missed as m
    inner join marts.fct_returns as r on r.return_id = m.document
    where m.document_kind = 'return_id'
    union all
    select m.*, coalesce(f.received_amount, f.requested_amount), f.currency
    from missed as m
    inner join receipts as r on r.source = m.source and r.return_ref = m.document
    left join marts.fct_returns as f on f.return_id = r.return_id
    where m.document_kind = 'return_ref'
    union all
    select
        m.source, m.column_name, m.raw_code, m.example_text, m.map_in, m.seen_at, m.document_kind,
        m._file_id || ':' || cast(m._line as varchar) as document, m._file_id, m._line, e.amount, e.currency
    from missed as m
    left join movements as e on e.source = m.source and e._file_id = m._file_id and e._line = m._line
    where m.document_kind = 'account'
    union all
    -- Of all else nobody knows what it is worth.
    select m.*, cast(null as decimal(18, 4)), cast(null as varchar)
    from missed as m
    where m.document_kind not in ('order_ref', 'order_id', 'tracking_no', 'return_id', 'return_ref', 'account')
),

-- A document with several such rows stakes its money once.
documents as (
    select
        source, column_name, map_in, raw_code, currency, document,
        min(example_text) as example_text,
        count(*) as rows_count,
        min(seen_at) as first_seen_at,
        max(seen_at) as last_seen_at,
        max(amount) as amount
    from coded
    group by source, column_name, map_in, raw_code, currency, document
),

unmapped_codes as (
    select
        concat_ws('|', d.source, d.column_name, coalesce(d.raw_code, 'none'), coalesce(d.currency, 'none')) as code_key,
        d.source,
        d.column_name,
        coalesce(d.raw_code, 'none') as raw_code,
        min(d.example_text) as example_text,
        d.map_in,
        cast(sum(d.rows_count) as bigint) as rows_count,
        min(d.first_seen_at) as first_seen_at,
        max(d.last_seen_at) as last_seen_at,
        cast(sum(d.amount) as decimal(18, 4)) as amount_at_stake,
        d.currency,
        k.as_of as _built_at
    from documents as d
    cross join ops.clock as k
    group by d.source, d.column_name, d.map_in, d.raw_code, d.currency, k.as_of
)

select * from unmapped_codes
