/*
description: Breaks of settlement batches (R20).
grain: one row per break
key: [check_id, kind, document]
owner: data
columns:
  first_seen_at: when the report that shows it was received
*/
with spans as (
    select merchant_account, min(batch_no) as low, max(batch_no) as high
    from intermediate.int_known_batches
    group by merchant_account
),

numbers as (
    select s.merchant_account, t.n as batch_no
    from spans as s
    cross join unnest(sequence(s.low, s.high)) as t(n)
),

missing as (
    select n.merchant_account, n.batch_no
    from numbers as n
    left join intermediate.int_known_batches as b
        on b.merchant_account = n.merchant_account and b.batch_no = n.batch_no
    where b.batch_no is null
),

shown as (
    select
        m.merchant_account,
        m.batch_no,
        b.received_at,
        b._file_id,
        row_number() over (
            partition by m.merchant_account, m.batch_no order by b.received_at, b.batch_no
        ) as place
    from missing as m
    inner join intermediate.int_known_batches as b
        on b.merchant_account = m.merchant_account and b.batch_no > m.batch_no
),

-- A balance passed on that the next report does not take up in any row has no row in fct_settlements to stand in.
dropped as (
    select
        s.merchant_account,
        s.batch_no + 1 as batch_no,
        s.settlement_currency,
        s.brand,
        s.transfers_out_amount,
        b.received_at,
        b._file_id
    from marts.fct_settlements as s
    inner join intermediate.int_known_batches as b
        on b.merchant_account = s.merchant_account and b.batch_no = s.batch_no + 1
    left join marts.fct_settlements as n
        on n.merchant_account = s.merchant_account and n.batch_no = s.batch_no + 1
        and n.settlement_currency = s.settlement_currency
    where s.transfers_out_amount <> 0 and n.batch_no is null
),

int_breaks_of_settlement as (
    select
        'R20' as check_id,
        'unbalanced' as kind,
        merchant_account || ':' || cast(batch_no as varchar) || ':' || settlement_currency as document,
        brand,
        net_sum as amount,
        settlement_currency as currency,
        received_at as first_seen_at,
        'the rows of the batch add up to ' || cast(net_sum as varchar) as detail,
        _file_id,
        _line
    from marts.fct_settlements
    where not is_balanced
    union all
    select
        'R20', 'chain', merchant_account || ':' || cast(batch_no as varchar) || ':' || settlement_currency, brand,
        chain_difference_amount, settlement_currency, received_at,
        'opens with ' || cast(opening_amount as varchar) || ', '
            || cast(chain_difference_amount as varchar) || ' more than the batch before passed on',
        _file_id, _line
    from marts.fct_settlements
    where not is_chained
    union all
    select
        'R20', 'chain', merchant_account || ':' || cast(batch_no as varchar) || ':' || settlement_currency, brand,
        transfers_out_amount, settlement_currency, received_at,
        'the balance that the batch before passed on is not taken up',
        _file_id, null
    from dropped
    union all
    select
        'R20', 'batch_gap', g.merchant_account || ':' || cast(g.batch_no as varchar), a.brand, null, null,
        g.received_at,
        'no report of batch ' || cast(g.batch_no as varchar) || ', and one of a later batch',
        g._file_id, null
    from shown as g
    left join marts.dim_psp_accounts as a on a.merchant_account = g.merchant_account
    where g.place = 1
)

select * from int_breaks_of_settlement
