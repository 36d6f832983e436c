/*
description: >-
  What every partner may call an order, and which order says so. Test orders are here too, marked, so that a partner's reference to one
  is not taken for an order that nobody sold.
grain: one row per source, key and order that claims it
key: [source, order_ref, order_id, key_kind]
owner: data
columns:
  source: the partner that uses the key (a warehouse or a payment provider)
  key_kind: order_name, order_no, payment_ref or movement_ref
  order_ref: upper case, without number sign
  provenance: "exact, rule (the shop's prefix put before the name), or manual (seeds.manual_order_keys)"
*/
with warehouses as (
    select source, brand, order_key
    from ops.links
    where role = 'warehouse'
),

accounts as (
    select source, brand
    from ops.links
    where role = 'account'
),

claims as (
    select w.source, 'order_name' as key_kind, upper(o.order_name) as order_ref, o.order_id, o.is_test, 'exact' as provenance
    from intermediate.int_branded_orders as o
    inner join warehouses as w on w.brand = o.brand and w.order_key in ('name', 'any')
    union all
    select w.source, 'order_name', upper(o.order_prefix) || upper(o.order_name), o.order_id, o.is_test, 'rule'
    from intermediate.int_branded_orders as o
    inner join warehouses as w on w.brand = o.brand and w.order_key in ('name', 'any')
    where not starts_with(upper(o.order_name), upper(o.order_prefix))
    union all
    select w.source, 'order_no', upper(o.order_no), o.order_id, o.is_test, 'exact'
    from intermediate.int_branded_orders as o
    inner join warehouses as w on w.brand = o.brand and w.order_key in ('number', 'any')
    union all
    select a.source, 'payment_ref', upper(p.payment_ref), o.order_id, o.is_test, 'exact'
    from canonical.payments as p
    inner join intermediate.int_branded_orders as o on o.order_id = p.order_id
    inner join accounts as a on a.brand = o.brand
    where p.payment_ref is not null
    union all
    select a.source, 'movement_ref', upper(p.movement_ref), o.order_id, o.is_test, 'exact'
    from canonical.payments as p
    inner join intermediate.int_branded_orders as o on o.order_id = p.order_id
    inner join accounts as a on a.brand = o.brand
    where p.movement_ref is not null and p.kind in ('authorisation', 'sale', 'capture')
    union all
    select m.source, m.key_kind, upper(m.order_ref), m.order_id, coalesce(o.is_test, false), 'manual'
    from seeds.manual_order_keys as m
    left join intermediate.int_branded_orders as o on o.order_id = m.order_id
),

int_order_key_claims as (
    select
        source,
        key_kind,
        order_ref,
        order_id,
        is_test,
        -- Who says by hand whose a key is says it of an order that claims it anyway.
        case when bool_or(provenance = 'manual') then 'manual' else min(provenance) end as provenance
    from claims
    group by source, key_kind, order_ref, order_id, is_test
)

select * from int_order_key_claims
