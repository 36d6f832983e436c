-- $1: order ids, a JSON list. What partners call these orders, their parcels, payments and returns: source, kind, name.
with wanted as (
    select distinct unnest(from_json($1, '["VARCHAR"]')) as order_id
),

orders as (
    select o.source, o.order_id, o.order_no, o.order_name
    from canonical.orders as o
    inner join wanted as w on w.order_id = o.order_id
),

keys as (
    select k.source, k.order_ref
    from intermediate.int_order_keys as k
    inner join wanted as w on w.order_id = k.order_id
),

names as (
    select source, 'order' as kind, order_no as name from orders
    union all
    select source, 'order', order_name from orders
    union all
    select source, 'order', order_ref from keys
    union all
    select source, 'payment', order_ref from keys
    union all
    select p.source, 'payment', unnest([split_part(p.payment_id, ':', -1), p.payment_ref, p.movement_ref])
    from canonical.payments as p
    inner join orders as o on o.order_id = p.order_id
    union all
    select e.source, 'payment', unnest([e.psp_payment_ref, e.psp_modification_ref, e.merchant_ref])
    from intermediate.int_ledger_entries as e
    inner join wanted as w on w.order_id = e.order_id
    union all
    select d.source, 'payment', unnest([d.dispute_id, d.payment_ref, d.merchant_ref])
    from canonical.disputes as d
    inner join keys as k on k.source = d.source and k.order_ref in (upper(d.merchant_ref), upper(d.payment_ref))
    union all
    select '', 'parcel', f.tracking_no
    from canonical.fulfilments as f
    inner join orders as o on o.order_id = f.order_id
    union all
    select '', 'parcel', d.tracking_no -- none that stands for more orders than a parcel holds
    from intermediate.int_despatches as d
    inner join wanted as w on w.order_id = d.order_id
    union all
    select d.source, 'order', d.despatch_ref
    from canonical.despatches as d
    inner join keys as k on k.source = d.source and k.order_ref = d.order_ref
    union all
    select '', 'parcel', l.tracking_no
    from canonical.return_labels as l
    inner join orders as o on o.order_id = l.order_id
    union all
    select r.source, 'return', unnest([split_part(r.return_id, ':', -1), r.return_name])
    from canonical.shop_returns as r
    inner join orders as o on o.order_id = r.order_id
    union all
    select r.source, 'return', split_part(r.refund_id, ':', -1)
    from canonical.refunds as r
    inner join orders as o on o.order_id = r.order_id
    union all
    select r.source, 'return', unnest([r.return_ref, r.rma])
    from intermediate.int_return_receipts as i
    inner join wanted as w on w.order_id = i.order_id
    inner join canonical.return_receipts as r on r.source = i.source and r._file_id = i._file_id and r._line = i._line
    union all
    select '', 'parcel', r.tracking_no
    from intermediate.int_return_receipts as i
    inner join wanted as w on w.order_id = i.order_id
    inner join canonical.return_receipts as r on r.source = i.source and r._file_id = i._file_id and r._line = i._line
)

select distinct source, kind, name from names where name is not null and name <> '' order by all
