/*
description: Reports of the payment provider whose lines are not all in the ledger, or whose money is another there.
grain: one row per report
key: [_file]
owner: finance
severity: error
*/
with sent as (
    select _file, count(*) as rows_count, sum(net_amount) as net_amount
    from staging.stg_adyen__settlement_details
    group by _file
),

kept as (
    select _file, count(*) as rows_count, sum(net_amount) as net_amount
    from marts.fct_ledger_entries
    group by _file
),

ledger_rows_all_kept as (
    select
        coalesce(s._file, k._file) as _file,
        s.rows_count as rows_sent,
        k.rows_count as rows_kept,
        s.net_amount as net_sent,
        k.net_amount as net_kept
    from sent as s
    full outer join kept as k on k._file = s._file
    where s.rows_count is distinct from k.rows_count or s.net_amount is distinct from k.net_amount
)

select * from ledger_rows_all_kept
