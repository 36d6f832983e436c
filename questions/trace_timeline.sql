-- $1: an order_id. One row per step: occurred_at, system, what, detail, _file_id, _line; file and line are of the row that tells the step.
with steps as (
    select placed_at as occurred_at, 'shop' as system, 'placed' as what, regexp_replace(cast(total_amount as varchar), '(\.\d\d(?:\d?[1-9])?)0*$', '\1') || ' ' || currency as detail, _file_id, _line from marts.fct_orders where order_id = $1
    union all
    select paid_at, 'shop', 'paid', '', paid_file_id, paid_line from marts.fct_orders where order_id = $1
    union all
    select releasable_at, 'shop', 'can go', replace(money_status, '_', ' '), releasable_file_id, releasable_line from marts.fct_orders
    where order_id = $1 and releasable_at is distinct from paid_at
    union all
    select cancelled_at, 'shop', 'cancelled', '', _file_id, _line from marts.fct_orders where order_id = $1
    union all
    select deleted_at, 'shop', 'found deleted', '', _file_id, _line from marts.fct_orders where order_id = $1
    union all
    select added_at, 'shop', 'line added', coalesce(sku, '') || ' by ' || coalesce(added_by, ''), _file_id, _line from marts.fct_order_lines where order_id = $1
    union all
    select occurred_at, 'warehouse', coalesce(status, status_raw), source || ' ' || coalesce(site, '') || coalesce(' ' || reason_text, ''), _file_id, _line
    from marts.fct_warehouse_events where order_id = $1
    union all
    select despatched_at, 'warehouse', 'despatched', tracking_no || coalesce(' ' || service, '') || coalesce(' ' || despatch_ref, ''), _file_id, _line from marts.fct_shipments where order_id = $1
    union all
    select occurred_at, 'carrier', status, tracking_no || coalesce(' ' || raw_code, '') || coalesce(' ' || nullif(raw_text, ''), '') || coalesce(', ' || locality, ''), _file_id, _line
    from marts.fct_tracking_events where order_id = $1
    union all
    select requested_at, 'returns', 'requested', return_id || ': ' || units_requested || ' units', _file_id, _line from marts.fct_returns where order_id = $1
    union all
    select received_at, 'returns', 'received', return_id || ': ' || units_received || ' units', received_file_id, received_line from marts.fct_returns where order_id = $1
    union all
    select graded_at, 'returns', 'graded', return_id, graded_file_id, graded_line from marts.fct_returns where order_id = $1
    union all
    select refunded_at, 'refund', state, coalesce(regexp_replace(cast(coalesce(web_amount, psp_amount) as varchar), '(\.\d\d(?:\d?[1-9])?)0*$', '\1'), '') || ' ' || coalesce(currency, '') || ' ' || coalesce(kind, ''), _file_id, _line
    from marts.fct_refunds where order_id = $1
    union all
    select occurred_at, 'psp', entry_type, regexp_replace(cast(net_amount as varchar), '(\.\d\d(?:\d?[1-9])?)0*$', '\1') || ' ' || settlement_currency || ' in settlement ' || settlement_ref || ' ' || coalesce(psp_modification_ref, ''), _file_id, _line
    from marts.fct_ledger_entries where order_id = $1
    union all
    select opened_at, 'psp', 'dispute ' || state, regexp_replace(cast(amount as varchar), '(\.\d\d(?:\d?[1-9])?)0*$', '\1') || ' ' || currency || coalesce(' ' || reason_raw, ''), _file_id, _line
    from marts.fct_disputes where order_id = $1
    union all
    select first_seen_at, 'break', check_id || ' ' || kind, document, coalesce(_file_id, ''), coalesce(_line, 0) from marts.fct_breaks where order_id = $1
    union all
    select since_at, 'break', 'no stock', units_missing || ' of ' || units_open || ' ' || coalesce(sku, '') || ' missing at ' || site
            || coalesce(', ' || next_units || ' expected on ' || next_expected_on || ' with ' || next_po_number, ', none expected'), _file_id, _line
    from marts.open_line_stock where order_id = $1 and units_missing > 0
)
select occurred_at, system, what, coalesce(detail, ''), coalesce(_file_id, ''), coalesce(_line, 0)
from steps
where occurred_at is not null
order by occurred_at, system <> 'shop', system, what, detail
