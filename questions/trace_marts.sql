-- $1: a reference in upper case, without number sign. One row per row of a mart that bears it; a row without order is a step by itself.
with params as (
    select $1 as ref, case when regexp_full_match($1, '[0-9]+') then $1 end as bare
),

bearers as (
    select 'order' as kind, 'order' as what, o.order_name as ref, o.order_id, o.placed_at as occurred_at, 'shop' as system, 'placed' as step,
        regexp_replace(cast(o.total_amount as varchar), '(\.\d\d(?:\d?[1-9])?)0*$', '\1') || ' ' || o.currency as detail, o._file_id, o._line
    from marts.fct_orders as o, params as p
    where p.ref in (upper(o.order_name), upper(o.order_id), upper(split_part(o.order_id, ':', 2)))
        or regexp_replace(o.order_name, '^[^0-9]+', '') = p.bare
    union all
    select 'order', case when k.key_kind = 'payment_ref' then 'merchant reference' else 'name at a partner' end, k.order_ref, k.order_id,
        null, null, null, null, null, null
    from marts.order_keys as k, params as p
    where k.order_ref = p.ref and k.order_id is not null
    union all
    select 'order', 'name at the warehouse', e.order_ref, e.order_id, e.occurred_at, 'warehouse', coalesce(e.status, e.status_raw),
        e.source || ' ' || coalesce(e.site, '') || coalesce(' ' || e.reason_text, ''), e._file_id, e._line
    from marts.fct_warehouse_events as e, params as p
    where upper(e.order_ref) = p.ref
    union all
    select 'parcel', case when upper(s.despatch_ref) = p.ref then 'despatch note' else 'tracking number' end,
        case when upper(s.despatch_ref) = p.ref then s.despatch_ref else s.tracking_no end, s.order_id, s.despatched_at, 'warehouse', 'despatched',
        s.tracking_no || coalesce(' ' || s.service, ''), s._file_id, s._line
    from marts.fct_shipments as s, params as p
    where p.ref in (upper(s.tracking_no), upper(s.shipment_id), upper(s.despatch_ref))
    union all
    select 'parcel', case when e.direction = 'return' then 'tracking number' else 'tracking number' end, e.tracking_no, e.order_id,
        e.occurred_at, 'carrier', e.status, e.tracking_no || coalesce(' ' || e.raw_code, '') || coalesce(' ' || nullif(e.raw_text, ''), '') || coalesce(', ' || e.locality, ''),
        e._file_id, e._line
    from marts.fct_tracking_events as e, params as p
    where p.ref in (upper(e.tracking_no), upper(e.shipment_id))
    union all
    select 'return', case
            when upper(r.tracking_no) = p.ref then 'tracking number'
            when p.ref in (upper(r.return_name), upper(r.rma)) then 'RMA'
            when upper(r.return_ref) = p.ref then 'receipt'
            else 'return'
        end, r.return_id, r.order_id, coalesce(r.received_at, r.requested_at), 'returns',
        case when r.received_at is null then 'requested' else 'received' end,
        r.return_id || ': ' || coalesce(r.units_received, r.units_requested) || ' units',
        coalesce(r.received_file_id, r._file_id), case when r.received_file_id is null then r._line else r.received_line end
    from marts.fct_returns as r, params as p
    where p.ref in (upper(r.return_id), upper(split_part(r.return_id, ':', 2)), upper(r.return_name), upper(r.rma), upper(r.return_ref), upper(r.tracking_no))
    union all
    select 'refund', case when upper(f.psp_ref) = p.ref then 'PSP reference' else 'refund' end, f.refund_id, f.order_id,
        f.refunded_at, 'refund', f.state, regexp_replace(cast(coalesce(f.web_amount, f.psp_amount) as varchar), '(\.\d\d(?:\d?[1-9])?)0*$', '\1') || ' ' || coalesce(f.currency, '') || coalesce(' ' || f.kind, ''),
        f._file_id, f._line
    from marts.fct_refunds as f, params as p
    where p.ref in (upper(f.refund_id), upper(split_part(f.refund_id, ':', 2)), upper(f.psp_ref))
    union all
    select 'payment', case
            when upper(l.psp_payment_ref) = p.ref then 'PSP reference'
            when upper(l.psp_modification_ref) = p.ref then 'PSP reference'
            else 'merchant reference'
        end, coalesce(l.psp_payment_ref, l.psp_modification_ref, l.merchant_ref), l.order_id, l.occurred_at, 'psp', l.entry_type,
        regexp_replace(cast(l.net_amount as varchar), '(\.\d\d(?:\d?[1-9])?)0*$', '\1') || ' ' || l.settlement_currency || ' in settlement ' || l.settlement_ref || coalesce(' ' || l.psp_modification_ref, ''), l._file_id, l._line
    from marts.fct_ledger_entries as l, params as p
    where p.ref in (upper(l.psp_payment_ref), upper(l.psp_modification_ref), upper(l.merchant_ref))
    union all
    select 'payment', 'dispute', d.dispute_id, d.order_id, d.opened_at, 'psp', 'dispute ' || d.state, regexp_replace(cast(d.amount as varchar), '(\.\d\d(?:\d?[1-9])?)0*$', '\1') || ' ' || d.currency || coalesce(' ' || d.reason_raw, ''),
        d._file_id, d._line
    from marts.fct_disputes as d, params as p
    where p.ref in (upper(d.dispute_id), upper(d.psp_payment_ref))
)

select kind, what, coalesce(ref, ''), coalesce(order_id, ''), occurred_at, coalesce(system, ''), coalesce(step, ''), coalesce(detail, ''),
    coalesce(_file_id, ''), coalesce(_line, 0)
from bearers
order by order_id, kind, ref, occurred_at, _file_id, _line
limit 1000
