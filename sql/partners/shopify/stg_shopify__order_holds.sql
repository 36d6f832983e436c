/*
description: >-
  Times in which a shop held an order back, as its answers showed it: from the change with which it was first on hold to the change with which it
  was so no more. Shopify itself tells of a hold while it lasts and never when it began.
grain: one row per order and hold
key: [order_id, held_at]
owner: data
conforms_to: order_holds
*/
with answers as (
    select
        _source,
        order_gid,
        updated_at,
        coalesce(upper(fulfilment_status) = 'ON_HOLD', false) as is_held,
        _file_id,
        _line,
        _received_at
    from raw.shop_orders
),

-- Answers between two that are not on hold are one hold.
counted as (
    select
        *,
        count(case when not is_held then 1 end) over (
            partition by _source, order_gid
            order by updated_at, _received_at, _file_id, _line
            rows between unbounded preceding and current row
        ) as hold_no
    from answers
),

stg_shopify__order_holds as (
    select
        canonical_id(h._source, string_split(h.order_gid, '/')[-1]) as order_id,
        h.updated_at as held_at,
        r.updated_at as released_at,
        h._source,
        h._file_id,
        h._line,
        h._received_at
    from counted as h
    left join counted as r on r._source = h._source and r.order_gid = h.order_gid and r.hold_no = h.hold_no + 1 and not r.is_held
    where h.is_held
    qualify row_number() over (
        partition by h._source, h.order_gid, h.hold_no
        order by h.updated_at, h._received_at, h._file_id, h._line
    ) = 1
)

select * from stg_shopify__order_holds
