/*
description: >-
  Partners' words and codes that nobody has mapped, with how often they come and what money hangs on them. A row goes
  away when the contract or the seed named in map_in knows the code.
grain: one row per source, column, code and currency of the money
key: [code_key]
owner: operations
columns:
  code_key: source, column, code and currency in one
  source: {description: the partner, not_null: true}
  column_name: {description: table and column that the code stands in, not_null: true}
  raw_code: the code as sent; none for an empty one
  example_text: the partner's words beside it, where there are any
  map_in: where it has to be added
  rows_count: {description: how many rows have it, not_null: true}
  first_seen_at: earliest time of such a row
  last_seen_at: latest time of such a row
  amount_at_stake: value of the orders, or of the movements, with it; null where it cannot be told
  currency: of the amount
  _built_at: the instant that the run asked about
*/
with coded as (
    select
        w.source, 'wms_order_status.status' as column_name, w.status_raw as raw_code, w.reason_text as example_text,
        'pipelines' as map_in, w.status_at as seen_at, w.order_id as document, o.total_amount as amount, o.currency
    from intermediate.int_wms_events as w
    left join marts.fct_orders as o on o.order_id = w.order_id
    where w.status is null
    union all
    select
        d._source, 'wms_despatch.service_code', d.service_code_raw, d.item_name,
        'pipelines', d.despatched_at, d.tracking_no, null, null
    from staging.stg_wms__despatches as d
    where d.service is null and d.service_code_raw is not null
    union all
    select
        r.source, 'wms_return_receipt.grade', r.grade_raw, r.reason_raw,
        'pipelines', r.received_at, r.return_id, f.received_amount, f.currency
    from intermediate.int_return_receipts as r
    left join marts.fct_returns as f on f.return_id = r.return_id
    where r.grade is null
    union all
    select
        'dhl', 'dhl_events.status_number', coalesce(e.raw_code, e.raw_type), e.raw_text,
        'seeds/map_carrier_events.csv', e.occurred_at, e.shipment_id, s.cost_amount, s.cost_currency
    from intermediate.int_parcel_events as e
    left join marts.fct_shipments as s on s.shipment_id = e.shipment_id
    where e.is_unmapped
    union all
    select
        e._source, 'adyen_settlement_details.type', e.raw_type, e.psp_modification_ref,
        'seeds/map_psp_types.csv', e.created_at, cast(e._line as varchar) || ' ' || e._file_id, abs(e.net_amount), e.net_currency
    from intermediate.int_ledger_entries as e
    where e.entry_type = 'unknown'
    union all
    select
        r.shop, 'shop_return_lines.return_reason', r.reason_raw, null,
        'seeds/map_return_reasons.csv', f.requested_at, r.return_id, f.requested_amount, f.currency
    from staging.stg_shopify__return_lines as r
    inner join marts.fct_returns as f on f.return_id = r.return_id
    left join seeds.map_return_reasons as m on m.source = 'shopify' and m.reason_raw = r.reason_raw
    where r.reason_raw is not null and m.reason_code is null
),

-- A document with several such rows stakes its money once.
documents as (
    select
        source, column_name, raw_code, currency, document,
        min(map_in) as map_in,
        min(example_text) as example_text,
        count(*) as rows_count,
        min(seen_at) as first_seen_at,
        max(seen_at) as last_seen_at,
        max(amount) as amount
    from coded
    group by source, column_name, raw_code, currency, document
),

unmapped_codes as (
    select
        concat_ws('|', d.source, d.column_name, coalesce(d.raw_code, 'none'), coalesce(d.currency, 'none')) as code_key,
        d.source,
        d.column_name,
        coalesce(d.raw_code, 'none') as raw_code,
        min(d.example_text) as example_text,
        min(d.map_in) as map_in,
        cast(sum(d.rows_count) as bigint) as rows_count,
        min(d.first_seen_at) as first_seen_at,
        max(d.last_seen_at) as last_seen_at,
        cast(sum(d.amount) as decimal(18, 2)) as amount_at_stake,
        d.currency,
        min(k.as_of) as _built_at
    from documents as d
    cross join ops.clock as k
    group by d.source, d.column_name, d.raw_code, d.currency
)

select * from unmapped_codes
