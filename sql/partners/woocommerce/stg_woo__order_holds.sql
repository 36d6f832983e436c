/*
description: >-
  Times in which a shop held an order back, as its answers showed it: from the change with which it was first on-hold to the change with which it
  was so no more. An order that is on-hold because its money is authorised and not captured is not held back.
grain: one row per order and hold
key: [order_id, held_at]
owner: data
conforms_to: order_holds
*/
with answers as (
    select
        _source,
        order_id,
        coalesce(modified_at, created_at, _received_at) as changed_at,
        status = 'on-hold' and coalesce(stripe_captured, 'yes') <> 'no' and coalesce(wcpay_status, '') <> 'requires_capture' as is_held,
        _file_id,
        _line,
        _received_at
    from raw.woo_orders
),

-- Answers between two that are not on hold are one hold.
counted as (
    select
        *,
        count(case when not is_held then 1 end) over (
            partition by _source, order_id
            order by changed_at, _received_at, _file_id, _line
            rows between unbounded preceding and current row
        ) as hold_no
    from answers
),

stg_woo__order_holds as (
    select
        canonical_id(h._source, cast(h.order_id as varchar)) as order_id,
        h.changed_at as held_at,
        r.changed_at as released_at,
        h._source,
        h._file_id,
        h._line,
        h._received_at
    from counted as h
    left join counted as r on r._source = h._source and r.order_id = h.order_id and r.hold_no = h.hold_no + 1 and not r.is_held
    where h.is_held
    qualify row_number() over (
        partition by h._source, h.order_id, h.hold_no
        order by h.changed_at, h._received_at, h._file_id, h._line
    ) = 1
)

select * from stg_woo__order_holds
