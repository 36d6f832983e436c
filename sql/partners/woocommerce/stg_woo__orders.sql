/*
description: Orders of WooCommerce shops, in the newest answer about each. Drafts that nobody has ordered yet are left out.
grain: one row per order
key: [order_id]
owner: data
conforms_to: orders
rows:
  raw.woo_orders:
    told_by: {order_id: "canonical_id(_source, cast(order_id as varchar))"}
    left_out:
      draft: "status in ('checkout-draft', 'auto-draft') or (created_at is null and paid_at is null and status in ('draft', 'pending'))"
  raw.woo_order_fees:
    told_by: {order_id: "canonical_id(_source, cast(order_id as varchar))"}
    left_out:
      of_a_draft: >-
        exists (select 1 from raw.woo_orders as o where o._source = r._source and o.order_id = r.order_id and o._file_id = r._file_id and o._line = r._line
        and (o.status in ('checkout-draft', 'auto-draft') or (o.created_at is null and o.paid_at is null and o.status in ('draft', 'pending'))))
columns:
  cancelled_at: >-
    WooCommerce keeps no such time: the earliest change at which the order was seen cancelled
  placed_at: >-
    of an order that some plugin made without a time of its own (a draft has none and is no order yet), when it was paid, else when it was first changed
  is_test: WooPayments says so; other plugins leave no mark
  is_complete: >-
    lines, carriage and fees come to the order's total, but for five of the currency's smallest unit, of rounding; and no line is of part of a unit
*/
with cancelled as (
    select _source, order_id, min(modified_at) as cancelled_at
    from raw.woo_orders
    where status = 'cancelled'
    group by _source, order_id
),

-- When an order was first told of.
begun as (
    select _source, order_id, min(modified_at) as modified_at
    from raw.woo_orders
    group by _source, order_id
),

-- What the lines, carriage and fees that came with the newest answer sum to.
parts as (
    select _source, order_id, _file_id, _line, line_id as part_id, 'line' as kind, quantity, total_amount, tax_amount from raw.woo_order_lines
    union
    select _source, order_id, _file_id, _line, fee_id, 'fee', null, total_amount, tax_amount from raw.woo_order_fees
),

summed as (
    select
        o._source,
        o.order_id,
        sum(coalesce(p.total_amount, 0) + coalesce(p.tax_amount, 0)) as amount,
        coalesce(bool_or(p.quantity <> round(p.quantity)), false) as has_part_of_unit
    from staging.stg_woo__latest_orders as o
    inner join parts as p on p._source = o._source and p.order_id = o.order_id and p._file_id = o._file_id and p._line = o._line
    group by o._source, o.order_id
),

-- When the shop first did not find an order, asked for its refunds after the newest answer about it.
gone as (
    select o._source, o.order_id, min(a.asked_at) as gone_at
    from staging.stg_woo__latest_orders as o
    inner join raw.woo_refund_answers as a
        on a._source = o._source and a.order_id = o.order_id and a.status_code = 404 and a.asked_at > o._received_at
    group by o._source, o.order_id
),

stg_woo__orders as (
    select
        canonical_id(o._source, cast(o.order_id as varchar)) as order_id,
        cast(o.order_id as varchar) as order_no,
        ltrim(trim(coalesce(o.number, cast(o.order_id as varchar))), '#') as order_name,
        coalesce(o.wcpay_mode = 'test', false) as is_test,
        coalesce(o.created_at, o.paid_at, b.modified_at, o._received_at) as placed_at,
        o.modified_at as updated_at,
        case when o.status = 'cancelled' then c.cancelled_at end as cancelled_at,
        w.meaning as terms,
        case when w.meaning is not null then o.payment_method end as terms_raw,
        case
            when w.meaning = 'goods_first' and o.status not in ('pending', 'failed')
                then coalesce(o.created_at, o.paid_at, b.modified_at, o._received_at)
        end as terms_at,
        o.completed_at as closed_at,
        case
            when o.status = 'trash' then o.modified_at
            else g.gone_at
        end as deleted_at,
        coalesce(s.amount, 0) + coalesce(o.shipping_amount, 0) + coalesce(o.shipping_tax_amount, 0) >= o.total_amount - 5 * u.minor_amount
            and not coalesce(s.has_part_of_unit, false) as is_complete,
        o.status as financial_status,
        upper(nullif(trim(o.ship_country), '')) as ship_country,
        upper(nullif(trim(o.ship_postcode_area), '')) as ship_postcode_area,
        upper(nullif(trim(o.ship_postcode_district), '')) as ship_postcode_district,
        coalesce(nullif(trim(o.shipping_title), ''), nullif(trim(o.shipping_method_id), '')) as service_raw,
        -- flat_rate and free_shipping say what delivery costs; a title that nobody mapped is a miss, whatever the method.
        case when nullif(trim(o.shipping_title), '') is null then m.meaning else t.meaning end as service,
        o.email as email_hash,
        o.total_amount,
        -- WooCommerce keeps both without their tax; the total has it.
        minor_rounded(o.discount_amount + coalesce(o.discount_tax_amount, 0), u.minor_per_unit, u.minor_amount) as discount_amount,
        minor_rounded(o.tax_amount, u.minor_per_unit, u.minor_amount) as tax_amount,
        minor_rounded(o.shipping_amount + coalesce(o.shipping_tax_amount, 0), u.minor_per_unit, u.minor_amount) as shipping_amount,
        upper(o.currency) as currency,
        o._source,
        o._file_id,
        o._line,
        o._received_at
    from staging.stg_woo__latest_orders as o
    left join cancelled as c on c._source = o._source and c.order_id = o.order_id
    left join begun as b on b._source = o._source and b.order_id = o.order_id
    left join summed as s on s._source = o._source and s.order_id = o.order_id
    left join gone as g on g._source = o._source and g.order_id = o.order_id
    left join seeds.currencies as u on u.currency = upper(o.currency)
    left join seeds.codes as w on w.partner = 'woocommerce' and w.list = 'terms' and w.code = lower(trim(o.payment_method))
    left join seeds.codes as t on t.partner = 'woocommerce' and t.list = 'services' and t.code = lower(trim(o.shipping_title))
    left join seeds.codes as m on m.partner = 'woocommerce' and m.list = 'services' and m.code = lower(trim(o.shipping_method_id))
    where not (o.status in ('checkout-draft', 'auto-draft') or (o.created_at is null and o.paid_at is null and o.status in ('draft', 'pending')))
)

select * from stg_woo__orders
