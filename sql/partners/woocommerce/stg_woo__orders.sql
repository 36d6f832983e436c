/*
description: Orders of WooCommerce shops, in the newest answer about each. Drafts that nobody has ordered yet are left out.
grain: one row per order
key: [order_id]
owner: data
conforms_to: orders
columns:
  cancelled_at: >-
    WooCommerce keeps no such time: the earliest change at which the order was seen cancelled
  is_test: WooPayments says so; other plugins leave no mark
*/
with cancelled as (
    select _source, order_id, min(modified_at) as cancelled_at
    from raw.woo_orders
    where status = 'cancelled'
    group by _source, order_id
),

stg_woo__orders as (
    select
        canonical_id(o._source, cast(o.order_id as varchar)) as order_id,
        cast(o.order_id as varchar) as order_no,
        ltrim(trim(coalesce(o.number, cast(o.order_id as varchar))), '#') as order_name,
        coalesce(o.wcpay_mode = 'test', false) as is_test,
        o.created_at as placed_at,
        o.modified_at as updated_at,
        case when o.status = 'cancelled' then c.cancelled_at end as cancelled_at,
        o.completed_at as closed_at,
        o.status as financial_status,
        upper(nullif(trim(o.ship_country), '')) as ship_country,
        upper(nullif(trim(o.ship_postcode_area), '')) as ship_postcode_area,
        coalesce(nullif(trim(o.shipping_title), ''), nullif(trim(o.shipping_method_id), '')) as service_raw,
        coalesce(s.meaning, m.meaning) as service,
        o.email as email_hash,
        cast(o.total_amount as decimal(18, 2)) as total_amount,
        -- WooCommerce keeps both without their tax; the total has it.
        cast(o.discount_amount + coalesce(o.discount_tax_amount, 0) as decimal(18, 2)) as discount_amount,
        cast(o.tax_amount as decimal(18, 2)) as tax_amount,
        cast(o.shipping_amount + coalesce(o.shipping_tax_amount, 0) as decimal(18, 2)) as shipping_amount,
        upper(o.currency) as currency,
        o._source,
        o._file_id,
        o._line,
        o._received_at
    from staging.stg_woo__latest_orders as o
    left join cancelled as c on c._source = o._source and c.order_id = o.order_id
    left join seeds.codes as s on s.partner = 'woocommerce' and s.list = 'services' and s.code = lower(trim(o.shipping_title))
    left join seeds.codes as m on m.partner = 'woocommerce' and m.list = 'services' and m.code = lower(trim(o.shipping_method_id))
    where o.created_at is not null and o.status not in ('checkout-draft', 'auto-draft')
)

select * from stg_woo__orders
