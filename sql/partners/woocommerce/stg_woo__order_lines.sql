/*
description: Lines of web orders, as the newest answer about the order has them.
grain: one row per line
key: [line_id]
owner: data
conforms_to: order_lines
rows:
  raw.woo_order_lines:
    told_by: {line_id: "canonical_id(_source, cast(line_id as varchar))"}
    left_out:
      in_an_older_answer: >-
        not exists (select 1 from staging.stg_woo__latest_orders as o
        where o._source = r._source and o.order_id = r.order_id and o._file_id = r._file_id and o._line = r._line)
columns:
  units_ordered: WooCommerce keeps a line's quantity as ordered; refunds stand apart
*/
with latest as (
    select l.*
    from raw.woo_order_lines as l
    inner join staging.stg_woo__latest_orders as o
        on o._source = l._source and o.order_id = l.order_id and o._file_id = l._file_id and o._line = l._line
),

once as (
    select *
    from latest
    qualify row_number() over (partition by _source, line_id order by _file_id desc, _line desc) = 1
),

stg_woo__order_lines as (
    select
        canonical_id(_source, cast(line_id as varchar)) as line_id,
        canonical_id(_source, cast(order_id as varchar)) as order_id,
        nullif(trim(sku), '') as sku,
        name as title,
        cast(quantity as integer) as units_ordered,
        true as requires_shipping,
        case
            when quantity > 0
                then cast(round((coalesce(subtotal_amount, 0) + coalesce(subtotal_tax_amount, 0)) / quantity, 2) as decimal(18, 2))
        end as unit_price_amount,
        cast(coalesce(subtotal_amount, 0) + coalesce(subtotal_tax_amount, 0) - coalesce(total_amount, 0) - coalesce(tax_amount, 0)
            as decimal(18, 2)) as discount_amount,
        cast(coalesce(total_amount, 0) + coalesce(tax_amount, 0) as decimal(18, 2)) as discounted_total_amount,
        upper(currency) as currency,
        _source,
        _file_id,
        _line,
        _received_at
    from once
)

select * from stg_woo__order_lines
