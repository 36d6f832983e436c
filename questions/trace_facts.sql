-- $1: a reference in upper case, without number sign. One row per row of a fact that bears it: what partners told that no mart has under this
-- reference, such as the second despatch note of a parcel, a declined return, a test order, an account of a brand that is not configured.
with params as (
    select $1 as ref, case when regexp_full_match($1, '[0-9]+') then $1 end as bare
),

bearers as (
    select 'order' as kind, 'order' as what, o.order_name as ref, o.source, o.order_id, null as order_ref, o.placed_at as occurred_at, 'shop' as system,
        case when o.is_test then 'placed, a test' else 'placed' end as step, o.total_amount || ' ' || o.currency as detail, o._file_id, o._line
    from canonical.orders as o, params as p
    where p.ref in (upper(o.order_name), upper(o.order_id), upper(o.order_no)) or regexp_replace(o.order_name, '^[^0-9]+', '') = p.bare
    union all
    select 'order', 'name at the warehouse', s.order_ref, s.source, null, s.order_ref, s.status_at, 'warehouse', coalesce(s.status, s.status_raw),
        s.source || coalesce(' ' || s.reason_text, ''), s._file_id, s._line
    from canonical.order_statuses as s, params as p
    where upper(s.order_ref) = p.ref
    union all
    select 'parcel', case
            when upper(d.despatch_ref) = p.ref then 'despatch note'
            when upper(d.tracking_no) = p.ref then 'tracking number'
            when upper(d.parcel_ref) = p.ref then 'parcel number'
            else 'name at the warehouse'
        end, coalesce(d.tracking_no, d.despatch_ref, d.order_ref), d.source, null, d.order_ref, d.despatched_at, 'warehouse', 'despatched',
        d.qty_despatched || ' of ' || d.sku || coalesce(' in ' || d.tracking_no, ''), d._file_id, d._line
    from canonical.despatches as d, params as p
    where p.ref in (upper(d.despatch_ref), upper(d.tracking_no), upper(d.parcel_ref), upper(d.order_ref))
    union all
    select 'return', case
            when upper(r.rma) = p.ref then 'RMA'
            when upper(r.return_ref) = p.ref then 'receipt'
            when upper(r.tracking_no) = p.ref then 'tracking number'
            else 'name at the warehouse'
        end, r.return_ref, r.source, null, r.order_ref, r.received_at, 'returns', 'received',
        r.qty || ' of ' || r.sku || coalesce(', grade ' || coalesce(r.grade, r.grade_raw), ''), r._file_id, r._line
    from canonical.return_receipts as r, params as p
    where p.ref in (upper(r.rma), upper(r.return_ref), upper(r.tracking_no), upper(r.order_ref))
    union all
    select 'return', case when upper(r.return_name) = p.ref then 'RMA' else 'return' end, r.return_id, r.source, r.order_id, null, r.requested_at,
        'returns', r.status, r.return_name, r._file_id, r._line
    from canonical.shop_returns as r, params as p
    where p.ref in (upper(r.return_id), upper(split_part(r.return_id, ':', 2)), upper(r.return_name))
    union all
    select 'return', case when upper(l.tracking_no) = p.ref then 'tracking number' else 'label' end, l.return_id, l.source,
        l.order_id, null, l._received_at, 'shop', 'label given', coalesce(l.tracking_no, '') || coalesce(' ' || l.carrier_word, ''), l._file_id, l._line
    from canonical.return_labels as l, params as p
    where p.ref in (upper(l.tracking_no), upper(l.label_no))
    union all
    select 'parcel', case when upper(f.tracking_no) = p.ref then 'tracking number' else 'fulfilment' end, coalesce(f.tracking_no, f.fulfilment_id),
        f.source, f.order_id, null, f.created_at, 'shop', 'told of the despatch', f.fulfilment_id, f._file_id, f._line
    from canonical.fulfilments as f, params as p
    where p.ref in (upper(f.tracking_no), upper(f.fulfilment_id), upper(split_part(f.fulfilment_id, ':', 2)))
    union all
    select 'refund', 'refund', r.refund_id, r.source, r.order_id, null, r.refunded_at, 'shop', 'refunded',
        coalesce(regexp_replace(cast(r.total_amount as varchar), '(\.\d\d(?:\d?[1-9])?)0*$', '\1') || ' ' || r.currency, ''), r._file_id, r._line
    from canonical.refunds as r, params as p
    where p.ref in (upper(r.refund_id), upper(split_part(r.refund_id, ':', 2)))
    union all
    select 'payment', case
            when upper(m.movement_ref) = p.ref then 'PSP reference'
            when upper(m.payment_ref) = p.ref then 'merchant reference'
            else 'payment'
        end, m.payment_id, m.source, m.order_id, null, m.moved_at, 'shop', m.kind || ' ' || m.outcome, regexp_replace(cast(m.amount as varchar), '(\.\d\d(?:\d?[1-9])?)0*$', '\1') || ' ' || m.currency, m._file_id, m._line
    from canonical.payments as m, params as p
    where p.ref in (upper(m.payment_id), upper(split_part(m.payment_id, ':', 2)), upper(m.payment_ref), upper(m.movement_ref))
    union all
    select 'payment', case
            when upper(l.payment_ref) = p.ref then 'PSP reference'
            when upper(l.movement_ref) = p.ref then 'PSP reference'
            else 'merchant reference'
        end, coalesce(l.payment_ref, l.movement_ref, l.merchant_ref), l.source, null, upper(l.merchant_ref), l.occurred_at, 'psp', l.entry_type,
        regexp_replace(cast(l.net_amount as varchar), '(\.\d\d(?:\d?[1-9])?)0*$', '\1') || ' ' || l.net_currency || ' in settlement ' || l.settlement_ref, l._file_id, l._line
    from canonical.ledger_entries as l, params as p
    where p.ref in (upper(l.payment_ref), upper(l.movement_ref), upper(l.merchant_ref))
    union all
    select 'payment', case when upper(d.merchant_ref) = p.ref then 'merchant reference' else 'dispute' end, d.dispute_id, d.source, null, upper(d.merchant_ref),
        d.opened_at, 'psp', 'dispute ' || d.state, regexp_replace(cast(d.amount as varchar), '(\.\d\d(?:\d?[1-9])?)0*$', '\1') || ' ' || d.currency, d._file_id, d._line
    from canonical.disputes as d, params as p
    where p.ref in (upper(d.dispute_id), upper(d.payment_ref), upper(d.merchant_ref))
    union all
    select 'parcel', 'tracking number', s.tracking_no, s.source, null, null, s.occurred_at, 'carrier', s.status,
        trim(coalesce(s.raw_code || ' ', '') || coalesce(s.raw_text, '')) || coalesce(', ' || s.locality, ''), s._file_id, s._line
    from canonical.parcel_scans as s, params as p
    where upper(s.tracking_no) = p.ref
)

select b.kind, b.what, coalesce(b.ref, ''), coalesce(b.order_id, k.order_id, ''), b.occurred_at, b.system, b.step, coalesce(b.detail, ''), b._file_id, b._line
from bearers as b
left join intermediate.int_order_keys as k on k.source = b.source and k.order_ref = b.order_ref
order by 4, b.kind, b.ref, b.occurred_at, b._file_id, b._line
limit 1000
