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
      part_of_a_unit: quantity <> round(quantity)
      in_an_older_answer: >-
        not exists (select 1 from staging.stg_woo__latest_orders as o
        where o._source = r._source and o.order_id = r.order_id and o._file_id = r._file_id and o._line = r._line)
columns:
  units_ordered: >-
    WooCommerce keeps a line's quantity as ordered, or as last edited; refunds stand apart. A line of part of a unit, as plugins that sell by weight
    write it, is no row: nothing that is counted in units can be said of it, and its order is incomplete
  units_current: 0 for a line that was removed from the order; else WooCommerce does not tell it
  added_at: when the order changed to have it, if an earlier answer had the order without it
  requires_shipping: not of an order that has neither a shipping method nor an address to ship to
*/
with told as (
    select l.*, a.modified_at, a._received_at as answered_at
    from raw.woo_order_lines as l
    inner join raw.woo_orders as a on a._source = l._source and a.order_id = l.order_id and a._file_id = l._file_id and a._line = l._line
),

-- What a line was when it was last told of. One that the newest answer about its order has no longer was removed.
once as (
    select *
    from told
    qualify row_number() over (
        partition by _source, line_id
        order by modified_at desc, answered_at desc, _file_id desc, _line desc
    ) = 1
),

firsts as (
    select
        _source,
        line_id,
        min(modified_at) as told_at,
        min(min(modified_at)) over (partition by _source, order_id) as order_told_at
    from told
    group by _source, order_id, line_id
),

stg_woo__order_lines as (
    select
        canonical_id(l._source, cast(l.line_id as varchar)) as line_id,
        canonical_id(l._source, cast(l.order_id as varchar)) as order_id,
        case when f.told_at > f.order_told_at then f.told_at end as added_at,
        case when f.told_at > f.order_told_at then 'edit' end as added_by,
        sku_key(l.sku) as sku,
        l.name as title,
        cast(l.quantity as integer) as units_ordered,
        case when n._file_id = l._file_id and n._line = l._line then null else 0 end as units_current,
        not n.needs_no_shipping as requires_shipping,
        case
            when l.quantity > 0
                then minor_rounded((coalesce(l.subtotal_amount, 0) + coalesce(l.subtotal_tax_amount, 0)) / l.quantity, c.minor_per_unit, c.minor_amount)
        end as unit_price_amount,
        minor_rounded(
            coalesce(l.subtotal_amount, 0) + coalesce(l.subtotal_tax_amount, 0) - coalesce(l.total_amount, 0) - coalesce(l.tax_amount, 0),
            c.minor_per_unit, c.minor_amount
        ) as discount_amount,
        minor_rounded(coalesce(l.total_amount, 0) + coalesce(l.tax_amount, 0), c.minor_per_unit, c.minor_amount) as discounted_total_amount,
        upper(n.currency) as currency,
        l._source,
        l._file_id,
        l._line,
        l._received_at
    from once as l
    inner join staging.stg_woo__latest_orders as n on n._source = l._source and n.order_id = l.order_id
    left join seeds.currencies as c on c.currency = upper(n.currency)
    inner join firsts as f on f._source = l._source and f.line_id = l.line_id
    where l.quantity = round(l.quantity)
)

select * from stg_woo__order_lines
