/*
description: Breaks between refunds, returns and the payment provider (R10, R11, R12, R13).
grain: one row per break
key: [check_id, kind, document]
owner: data
columns:
  first_seen_at: the instant at which the condition's grace ended
*/
with int_breaks_of_refunds as (
    select
        'R10' as check_id,
        'refund_without_return' as kind,
        u.refund_id as document,
        r.order_id,
        r.brand,
        r.web_amount as amount,
        r.currency,
        date_add('hour', 72, r.refunded_at) as first_seen_at,
        cast(u.units_unreturned as varchar) || ' units refunded as returned and not received' as detail,
        r._file_id,
        r._line
    from intermediate.int_refunds_unreturned as u
    inner join intermediate.int_shop_refunds as r on r.refund_id = u.refund_id
    union all
    select
        'R11', d.kind, d.order_id, d.order_id, o.brand, d.amount, d.currency, d.first_seen_at,
        case d.kind
            when 'over_refunded' then 'refunded more than was captured'
            when 'same_refund_twice' then 'two equal refunds within 48 hours'
            else 'refunded, and charged back by the bank as well'
        end,
        d._file_id, d._line
    from intermediate.int_refunds_doubled as d
    inner join intermediate.int_orders as o on o.order_id = d.order_id
    union all
    select
        'R12', 'return_not_refunded', return_id, order_id, brand, waiting_amount, currency,
        with_timezone(cast(date_add('day', 1, refund_due_on) as timestamp), 'Europe/London'),
        coalesce(regexp_replace(cast(waiting_amount as varchar), '0{1,2}$', '') || ' owed', cast(units_received as varchar) || ' units received')
            || ' and not given by ' || cast(refund_due_on as varchar) || ', limit ' || limit_basis,
        _file_id, _line
    from marts.fct_returns
    where stage <> 'resolved' and refund_due_on is not null and coalesce(waiting_amount > 0, true)
    union all
    select
        'R13', f.state, f.refund_id, f.order_id, f.brand,
        case f.state
            when 'amount_differs' then f.difference_amount
            when 'missing_in_psp' then f.psp_due_amount
            else f.psp_amount
        end,
        f.psp_currency,
        case
            when f.state = 'missing_in_psp' then date_add('hour', 96, f.refunded_at)
            when f.state = 'amount_differs' then coalesce(f.failed_at, f.settled_at)
            else f.settled_at
        end,
        case f.state
            when 'amount_differs' then 'the shop says ' || regexp_replace(cast(f.psp_due_amount as varchar), '0{1,2}$', '') || ', the payment provider '
                || regexp_replace(cast(f.psp_amount as varchar), '0{1,2}$', '')
            when 'missing_in_psp' then 'refunded in the shop and not by the payment provider'
            else 'refunded by the payment provider and not in the shop'
        end,
        f._file_id, f._line
    from marts.fct_refunds as f
    where f.state in ('missing_in_psp', 'amount_differs', 'missing_in_web')
)

select * from int_breaks_of_refunds
