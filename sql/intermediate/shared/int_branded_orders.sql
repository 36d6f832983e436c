/*
description: >-
  Web orders, test orders among them, with the brand that they were sold under. A shop of several brands tells them by the prefix of
  its order names, the longest that fits; an order that none fits has no brand.
grain: one row per order
key: [order_id]
owner: data
*/
with shops as (
    select
        source,
        brand,
        coalesce(order_prefix, '') as order_prefix,
        place,
        count(*) over (partition by source) as brands_count
    from ops.links
    where role = 'shop'
),

fitting as (
    select
        o.order_id,
        s.brand,
        s.order_prefix,
        row_number() over (partition by o.order_id order by length(s.order_prefix) desc, s.place, s.brand) as choice
    from canonical.orders as o
    inner join shops as s
        on s.source = o.source and (
            s.brands_count = 1
            or (s.order_prefix <> '' and starts_with(upper(o.order_name), upper(s.order_prefix)))
        )
),

int_branded_orders as (
    select
        o.*,
        f.brand,
        f.order_prefix
    from canonical.orders as o
    left join fitting as f on f.order_id = o.order_id and f.choice = 1
)

select * from int_branded_orders
