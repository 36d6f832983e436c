/*
description: >-
  Lines that were added to an order in exchange for what comes back, with the return that they are for: the one asked for last before the line was added.
grain: one row per line added by an exchange
key: [line_id]
owner: data
columns:
  amount: its price before discounts, which is what the goods that come back pay for
  agreed_at: when the line was added
*/
with candidates as (
    select
        l.line_id,
        l.order_id,
        l.sku,
        l.units_ordered as units,
        cast(l.unit_price_amount * l.units_ordered as decimal(18, 4)) as amount,
        l.currency,
        l.added_at as agreed_at,
        a.return_id,
        l._file_id,
        l._line,
        row_number() over (partition by l.line_id order by a.requested_at desc, a.return_id) as place
    from intermediate.int_order_lines as l
    left join intermediate.int_announced_returns as a on a.order_id = l.order_id and a.requested_at <= l.added_at
    where l.added_by = 'exchange'
),

int_exchanges as (
    select line_id, order_id, return_id, sku, units, amount, currency, agreed_at, _file_id, _line
    from candidates
    where place = 1
)

select * from int_exchanges
