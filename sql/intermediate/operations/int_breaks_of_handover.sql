/*
description: Breaks between shop, warehouse and carrier (R01, R03, R04, R05), without regard to how often a document comes.
grain: one row per break
key: [check_id, kind, document]
owner: data
columns:
  first_seen_at: the instant at which the condition's grace ended
*/
with told as (
    select source, order_ref, status_at as told_at, _file_id, _line
    from intermediate.int_wms_events
    where order_id is null
    union all
    select source, order_ref, despatched_at as told_at, _file_id, _line
    from intermediate.int_despatches
    where order_id is null
),

unknown as (
    select
        *,
        row_number() over (partition by source, order_ref order by told_at, _file_id, _line) as place
    from told
),

-- Fulfilments of nothing that a warehouse sends: gift cards, downloads.
unshipped as (
    select f.fulfilment_id
    from canonical.fulfilment_lines as f
    inner join canonical.order_lines as l on l.line_id = f.line_id
    group by f.fulfilment_id
    having not bool_or(l.requires_shipping)
),

fulfilments as (
    select
        f.*,
        row_number() over (partition by f.order_id order by f.created_at, f.fulfilment_id, f.tracking_no) as place
    from canonical.fulfilments as f
    left join unshipped as u on u.fulfilment_id = f.fulfilment_id
    where f.is_valid and u.fulfilment_id is null
),

-- Warehouses that ship nothing but brands whose shops are pulled: of others an unknown order may be one of a shop that nobody asks.
sold as (
    select w.source
    from ops.links as w
    left join ops.links as s on s.role = 'shop' and s.brand = w.brand
    where w.role = 'warehouse'
    group by w.source
    having count(*) = count(s.brand)
),

-- Carriers that are asked: of others no scan can be known.
asked as (
    select distinct carrier from ops.carriers where source <> ''
),

unparcelled as (
    select
        *,
        row_number() over (partition by order_id order by despatched_at, _file_id, _line) as place
    from intermediate.int_despatches
    where tracking_no is null and qty_despatched > 0
),

int_breaks_of_handover as (
    select
        'R01' as check_id,
        'not_in_wms' as kind,
        o.order_id as document,
        o.order_id,
        o.total_amount as amount,
        o.currency,
        date_add('minute', 30, o.releasable_at) as first_seen_at,
        o.order_name || ' can go and the warehouse does not have it' as detail,
        o._file_id,
        o._line
    from marts.fct_orders as o
    inner join intermediate.int_orders as i on i.order_id = o.order_id
    inner join intermediate.int_order_stages as s on s.order_id = o.order_id
    inner join intermediate.int_brand_watermarks as w on w.brand = i.brand
    where i.ended_at is null and (s.units_live > 0 or o.is_incomplete)
        and o.wms_status_at is null and not s.has_despatch
        and date_add('minute', 30, o.releasable_at) <= w.watermark_at
    union all
    select
        'R03', 'no_web_order', 'wms:' || u.source || ':' || u.order_ref, null, null, null,
        date_add('hour', 24, u.told_at),
        'the warehouse has order ' || u.order_ref || ' and no shop does',
        u._file_id, u._line
    from unknown as u
    inner join sold as b on b.source = u.source
    where u.place = 1
    union all
    select
        'R04', 'not_fulfilled_in_web', s.shipment_id, s.order_id, s.cost_amount, s.cost_currency,
        date_add('hour', 1, s.despatched_at),
        'despatched, and the shop has no fulfilment with its number: the customer was not told',
        s._file_id, s._line
    from marts.fct_shipments as s
    left join fulfilments as f on f.order_id = s.order_id and f.tracking_no = s.tracking_no
    where s.order_id is not null and f.fulfilment_id is null
    union all
    select
        'R05', 'fulfilled_not_despatched', f.order_id, f.order_id, o.total_amount, o.currency,
        date_add('hour', 24, f.created_at),
        'the customer was told of a despatch and the warehouse has none',
        f._file_id, f._line
    from fulfilments as f
    inner join marts.fct_orders as o on o.order_id = f.order_id
    inner join intermediate.int_order_stages as s on s.order_id = f.order_id
    inner join intermediate.int_brand_watermarks as w on w.brand = o.brand
    where f.place = 1 and not s.has_despatch and (s.units_ordered > 0 or s.units_added > 0 or o.is_incomplete) and date_add('hour', 24, f.created_at) <= w.watermark_at
    union all
    select
        'R05', 'never_scanned', s.shipment_id, s.order_id, s.cost_amount, s.cost_currency,
        date_add('hour', 48, s.despatched_at),
        'despatched, and the carrier has never had it in hand',
        s._file_id, s._line
    from marts.fct_shipments as s
    inner join asked as a on a.carrier = s.carrier
    where s.accepted_at is null and s.order_id is not null
    union all
    select
        'R05', 'no_parcel', u.order_id, u.order_id, o.total_amount, o.currency,
        date_add('hour', 24, u.despatched_at),
        'despatched without a tracking number',
        u._file_id, u._line
    from unparcelled as u
    inner join marts.fct_orders as o on o.order_id = u.order_id
    where u.place = 1
)

select * from int_breaks_of_handover
