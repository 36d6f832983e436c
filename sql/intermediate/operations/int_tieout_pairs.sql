/*
description: Documents of two systems side by side, for the checks that compare one with the other.
grain: one row per check, pair and document
key: [check_id, pair, document]
owner: data
columns:
  has_left: the system that is taken as given has it
  has_right: the system that should agree has it
  is_different: both have it and their values differ
  is_uncompared: both have it and know no currency in common
*/
-- Amounts of several currencies have no sum: such a sum has no currency, and nothing is compared with it.
with captures as (
    select
        t.order_id,
        sum(t.amount) as amount,
        case when count(distinct t.currency) = 1 then min(t.currency) end as currency,
        sum(t.presentment_amount) as presentment_amount,
        case when count(distinct t.presentment_currency) = 1 then min(t.presentment_currency) end as presentment_currency
    from intermediate.int_payments as t
    where t.outcome = 'success' and t.kind in ('sale', 'capture') and t.is_provided
    group by t.order_id
),

booked as (
    select
        order_id,
        sum(gross_amount) as amount,
        case when count(distinct presentment_currency) = 1 then min(presentment_currency) end as currency
    from marts.fct_ledger_entries
    where entry_type = 'capture'
    group by order_id
),

told as (
    select distinct order_id, tracking_no
    from canonical.fulfilments
),

-- What can be compared: brands of which both sides are pulled.
shipped as (
    select distinct w.brand
    from ops.links as w
    inner join ops.links as s on s.role = 'shop' and s.brand = w.brand
    where w.role = 'warehouse'
),

banked as (
    select distinct a.brand
    from ops.links as a
    inner join ops.links as s on s.role = 'shop' and s.brand = a.brand
    where a.role = 'account'
),

asked as (
    select distinct carrier from ops.carriers where source <> ''
),

int_tieout_pairs as (
    select
        'R01' as check_id, 'orders of the shop that can go and of the warehouse' as pair, o.brand, o.order_id as document,
        true as has_left, o.wms_status_at is not null or o.units_despatched > 0 as has_right, false as is_different,
        false as is_uncompared
    from marts.fct_orders as o
    inner join shipped as b on b.brand = o.brand
    where o.releasable_at is not null and o.goods_status not in ('cancelled', 'nothing_to_ship')
    union all
    select
        'R04', 'parcels of the warehouse and fulfilments of the shop', s.brand, s.shipment_id,
        true, t.tracking_no is not null, false, false
    from marts.fct_shipments as s
    left join told as t on t.order_id = s.order_id and t.tracking_no = s.tracking_no
    where s.order_id is not null
    union all
    select
        'R05', 'parcels of the warehouse and of the carrier', s.brand, s.shipment_id,
        true, s.accepted_at is not null, false, false
    from marts.fct_shipments as s
    inner join asked as a on a.carrier = s.carrier
    where s.order_id is not null
    union all
    select
        'R12', 'returns received and refunded', r.brand, r.return_id,
        true, r.value_resolved_at is not null, false, false
    from marts.fct_returns as r
    where r.received_at is not null and r.brand is not null
    union all
    select
        'R13', 'refunds of the shop and of the payment provider', f.brand, f.refund_id,
        f.web_amount is not null, f.psp_amount is not null, f.state = 'amount_differs', f.state = 'other_currency'
    from marts.fct_refunds as f
    inner join banked as n on n.brand = f.brand
    where f.state <> 'not_in_scope'
    union all
    select
        'PSP R14', 'captures of the shop and of the payment provider', o.brand, o.order_id,
        c.order_id is not null, b.order_id is not null, coalesce(case
            when b.currency = c.currency then c.amount <> b.amount
            when b.currency = c.presentment_currency then c.presentment_amount <> b.amount
        end, false),
        c.order_id is not null and b.order_id is not null and not coalesce(
            (b.currency = c.currency and c.amount is not null) or (b.currency = c.presentment_currency and c.presentment_amount is not null), false
        )
    from marts.fct_orders as o
    inner join banked as n on n.brand = o.brand
    left join captures as c on c.order_id = o.order_id
    left join booked as b on b.order_id = o.order_id
    where c.order_id is not null or b.order_id is not null
)

select * from int_tieout_pairs
