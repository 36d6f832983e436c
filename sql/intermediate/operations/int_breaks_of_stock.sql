/*
description: Breaks of what came back between shop and warehouse (R17), of stock against its movements (R18), and of deliveries against purchase orders (R21).
grain: one row per break
key: [check_id, kind, document]
owner: data
columns:
  first_seen_at: the instant at which the condition's grace ended
*/
-- How far each site has told its movements: a count that is newer may still be explained.
with told as (
    select source, coalesce(site, 'none') as site, max(moved_at) as told_to_at
    from canonical.stock_movements
    group by source, coalesce(site, 'none')
),

planned as (
    select distinct source from canonical.expected_receipts
),

-- One row for each line of a purchase order, or delivery without one, that has something to say.
lines as (
    select
        g.*,
        coalesce(s.time_zone, 'Europe/London') as time_zone,
        max(coalesce(g.received_at, g.arrived_at)) over (partition by g.source, coalesce(g.po_number, g.goods_in_id), g.sku) as last_received_at,
        row_number() over (
            partition by g.source, coalesce(g.po_number, g.goods_in_id), g.sku order by g.arrived_at desc nulls last, g.goods_in_id
        ) as recency
    from marts.fct_goods_in as g
    left join ops.sites as s on s.source = g.source and s.site = g.site
),

of_counts as (
    select
        'R18' as check_id,
        'unexplained' as kind,
        d.site || ':' || d.sku || ':' || cast(d.stock_on as varchar) as document,
        date_add('hour', 24, d.snapshot_at) as first_seen_at,
        cast(d.units_on_hand as varchar) || ' there, ' || cast(d.units_expected as varchar) || ' by the count before and the movements since' as detail,
        d._file_id,
        d._line
    from marts.stock_daily as d
    inner join told as t on t.source = d.source and t.site = d.site and t.told_to_at > d.snapshot_at
    where d.units_residual <> 0
    union all
    select
        'R18',
        'snapshot_truncated',
        s.source || ':' || s.site || ':' || cast(s.stock_on as varchar),
        s.snapshot_at,
        cast(s.skus_count as varchar) || ' SKUs told, ' || cast(s.skus_count_before as varchar) || ' before',
        s._file_id,
        null
    from intermediate.int_stock_snapshots as s
    where not s.is_whole
),

of_deliveries as (
    select
        'R21' as check_id,
        case l.state when 'over' then 'received_over' else 'received_short' end as kind,
        l.source || ':' || l.po_number || ':' || l.sku as document,
        date_add('hour', 48, coalesce(l.line_closed_at, l.last_received_at)) as first_seen_at,
        cast(l.line_units_received as varchar) || ' received of ' || cast(l.units_expected as varchar) || ' expected' as detail,
        l._file_id,
        l._line
    from lines as l
    where l.recency = 1 and l.state in ('over', 'short')
    union all
    select
        'R21',
        'not_received',
        l.source || ':' || l.po_number || ':' || l.sku,
        date_add('hour', 48, with_timezone(cast(date_add('day', 1, l.expected_on) as timestamp), l.time_zone)),
        cast(l.units_expected as varchar) || ' expected by ' || cast(l.expected_on as varchar) || ', none came',
        l._file_id,
        l._line
    from lines as l
    where l.state = 'overdue'
    union all
    select
        'R21',
        'not_ordered',
        l.goods_in_id,
        date_add('hour', 48, l.arrived_at),
        cast(l.units_received as varchar) || ' received, and no purchase order tells of them',
        l._file_id,
        l._line
    from lines as l
    inner join planned as p on p.source = l.source
    where l.state = 'unexpected'
    union all
    select
        'R21',
        'not_booked',
        l.goods_in_id,
        date_add('hour', 48, l.arrived_at),
        cast(l.units_received - coalesce(l.units_booked, 0) as varchar) || ' of ' || cast(l.units_received as varchar) || ' received and not put into stock',
        l._file_id,
        l._line
    from lines as l
    where l.units_received > coalesce(l.units_booked, 0)
),

int_breaks_of_stock as (
    select
        'R17' as check_id,
        case when u.units_in_shop > u.units_in_warehouse then 'restocked_in_shop_only' else 'restocked_in_warehouse_only' end as kind,
        u.order_id || ':' || u.sku as document,
        u.order_id,
        cast(abs(u.units_in_shop - u.units_in_warehouse) * u.unit_cost_amount as decimal(18, 4)) as amount,
        u.unit_cost_currency as currency,
        date_add('hour', 24, u.told_at) as first_seen_at,
        cast(u.units_in_shop as varchar) || ' put back in the shop, ' || cast(u.units_in_warehouse as varchar) || ' in the warehouse' as detail,
        u._file_id,
        u._line
    from intermediate.int_units_restocked as u
    where u.units_in_shop <> u.units_in_warehouse
    union all
    select check_id, kind, document, null, null, null, first_seen_at, detail, _file_id, _line
    from of_counts
    union all
    select check_id, kind, document, null, null, null, first_seen_at, detail, _file_id, _line
    from of_deliveries
)

select * from int_breaks_of_stock
