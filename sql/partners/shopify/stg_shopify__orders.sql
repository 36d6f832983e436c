/*
description: Orders of Shopify shops, in the newest answer about each.
grain: one row per order
key: [order_id]
owner: data
conforms_to: orders
rows:
  raw.shop_orders:
    told_by: {order_id: "canonical_id(_source, string_split(order_gid, '/')[-1])"}
columns:
  order_id: "the shop's name, a colon and Shopify's number: aster-vale:5000000001"
  order_name: "Shopify's name without the number sign: AV1001"
  is_test: test orders are kept here and dropped in intermediate
  is_complete: >-
    the lines that came have as many units left as the order counts; null where lines do not say what is left of them
  terms_raw: the kind of the payment terms; without them the way of paying of a sale that is pending, where it lets the goods go first
  deleted_at: when the shop was asked about the order in detail and had none
  email_hash: keyed hash, made at load
*/
-- Units by the order's own count, beside those of the lines that came with it. A contract without the count gives none.
with counted as (
    select
        o._source,
        o.order_gid,
        sum(l.current_quantity) as units,
        count(l.line_gid) - count(l.current_quantity) as uncounted
    from staging.stg_shopify__latest_orders as o
    left join (select distinct _source, order_gid, line_gid, current_quantity, _file_id from raw.shop_order_lines) as l
        on l._source = o._source and l.order_gid = o.order_gid and l._file_id = o._file_id
    group by o._source, o.order_gid
),

gone as (
    select canonical_id(_source, string_split(order_gid, '/')[-1]) as order_id, max(asked_at) as gone_at
    from raw.shop_detail_answers
    -- An answer with a cost and no error is Shopify's own, so that a missing order is gone and not refused.
    where status_code = 200 and order_updated_at is null and query_cost is not null and errors_raw is null and problem is null
    group by 1
),

-- A manual way of paying has a sale that stays pending until somebody marks it as paid.
at_the_door as (
    select t._source, t.order_gid, max(upper(trim(t.gateway))) as gateway
    from raw.shop_transactions as t
    inner join seeds.codes as c on c.partner = 'shopify' and c.list = 'terms' and c.code = upper(trim(t.gateway))
    where upper(t.kind) = 'SALE'
    group by t._source, t.order_gid
),

stg_shopify__orders as (
    select
        o.order_id,
        string_split(o.order_gid, '/')[-1] as order_no,
        ltrim(trim(o.name), '#') as order_name,
        coalesce(o.is_test, false) as is_test,
        o.created_at as placed_at,
        o.updated_at,
        o.cancelled_at,
        o.cancel_reason,
        x.meaning as cancel_cause,
        coalesce(upper(o.payment_terms_type), d.gateway) as terms_raw,
        t.meaning as terms,
        case when t.meaning = 'goods_first' then o.created_at end as terms_at,
        o.closed_at,
        case when g.gone_at > o._received_at then g.gone_at end as deleted_at,
        case when u.uncounted = 0 then coalesce(u.units, 0) >= o.current_units end as is_complete,
        o.financial_status,
        o.fulfilment_status,
        upper(nullif(trim(o.ship_country), '')) as ship_country,
        upper(nullif(trim(o.ship_postcode_area), '')) as ship_postcode_area,
        upper(nullif(trim(o.ship_postcode_district), '')) as ship_postcode_district,
        coalesce(nullif(trim(o.shipping_code), ''), nullif(trim(o.shipping_title), '')) as service_raw,
        c.meaning as service,
        o.email as email_hash,
        cast(o.total_amount as decimal(18, 4)) as total_amount,
        cast(o.current_total_amount as decimal(18, 4)) as current_total_amount,
        cast(o.subtotal_amount as decimal(18, 4)) as subtotal_amount,
        cast(o.discount_amount as decimal(18, 4)) as discount_amount,
        cast(o.tax_amount as decimal(18, 4)) as tax_amount,
        cast(o.shipping_amount as decimal(18, 4)) as shipping_amount,
        o.currency,
        o.presentment_currency,
        o._source,
        o._file_id,
        o._line,
        o._received_at
    from staging.stg_shopify__latest_orders as o
    left join counted as u on u._source = o._source and u.order_gid = o.order_gid
    left join gone as g on g.order_id = o.order_id
    left join at_the_door as d on d._source = o._source and d.order_gid = o.order_gid
    left join seeds.codes as t
        on t.partner = 'shopify' and t.list = 'terms' and t.code = coalesce(upper(o.payment_terms_type), d.gateway)
    left join seeds.codes as x on x.partner = 'shopify' and x.list = 'cancel_causes' and x.code = upper(o.cancel_reason)
    left join seeds.codes as c
        on c.partner = 'shopify' and c.list = 'services'
        and c.code = lower(coalesce(nullif(trim(o.shipping_code), ''), nullif(trim(o.shipping_title), '')))
)

select * from stg_shopify__orders
