/*
description: Goods that a shop sent, or is to send, in exchange for what came back, as far as the shop tells of exchanges.
grain: one row per line added by an exchange
key: [line_id]
unit: order_id
owner: returns
columns:
  line_id: the order line that was added
  order_id: the order
  brand: the order's brand
  return_id: the return that it is for; null where no return was asked for before
  sku: what is sent
  units: {description: units of it, not_null: true}
  state: {description: "sent, waiting or cancelled", not_null: true, accepted: [sent, waiting, cancelled]}
  agreed_at: when the line was added
  received_at: when the warehouse received what came back
  sent_at: when the last of it left
  received_to_sent_hours: from the receipt of what came back until it left, negative for goods sent before
  replacement_amount: its price before discounts
  returned_amount: what the customer paid for the units received of the return, or announced while nothing is received
  difference_amount: replacement_amount and what was refunded of the return besides, less returned_amount; what the customer was to pay more
  currency: of the amounts
  _file_id: file of the line
  _line: line in that file
  _built_at: the instant that the run asked about
checks:
  - relationship: {column: return_id, to: marts.fct_returns, field: return_id}
  - relationship: {column: line_id, to: marts.fct_order_lines, field: line_id}
  - rows: "(state = 'sent') = (sent_at is not null)"
*/
with judged as (
    select
        x.*,
        case
            when l.units_despatched > 0 and l.units_open = 0 then 'sent'
            when l.units_open = 0 then 'cancelled'
            else 'waiting'
        end as state,
        l.brand,
        l.last_despatched_at
    from intermediate.int_exchanges as x
    inner join marts.fct_order_lines as l on l.line_id = x.line_id
),

-- Several lines may be for one return: together they are paid for with it.
priced as (
    select
        *,
        sum(amount) over (partition by return_id) as all_amount
    from judged
),

fct_exchanges as (
    select
        x.line_id,
        x.order_id,
        x.brand,
        x.return_id,
        x.sku,
        cast(x.units as integer) as units,
        x.state,
        x.agreed_at,
        r.received_at,
        case when x.state = 'sent' then x.last_despatched_at end as sent_at,
        case
            when x.state = 'sent' then cast(date_diff('minute', r.received_at, x.last_despatched_at) * 0.0166666667 as decimal(18, 2))
        end as received_to_sent_hours,
        cast(x.amount as decimal(18, 4)) as replacement_amount,
        cast(case when r.received_at is not null then r.received_amount else r.requested_amount end as decimal(18, 4)) as returned_amount,
        cast(x.all_amount + coalesce(r.refunded_amount, 0) + coalesce(r.credited_amount, 0)
            - case when r.received_at is not null then r.received_amount else r.requested_amount end as decimal(18, 4)) as difference_amount,
        x.currency,
        x._file_id,
        x._line,
        k.as_of as _built_at
    from priced as x
    left join marts.fct_returns as r on r.return_id = x.return_id
    cross join ops.clock as k
)

select * from fct_exchanges
