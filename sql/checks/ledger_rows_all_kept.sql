/*
description: >-
  Reports of the payment provider whose lines are not all in the ledger, or whose money is another there. What moved is compared without its sign: the
  lines of a settlement add up to nought, whatever they are.
grain: one row per report and settlement in it
key: [_file_id, source, account, settlement_ref]
owner: finance
severity: error
unit: [[source, account, settlement_ref]]
*/
with sent as (
    select _file_id, source, account, settlement_ref, count(*) as rows_count, sum(abs(net_amount)) as moved_amount
    from canonical.ledger_entries
    group by _file_id, source, account, settlement_ref
),

kept as (
    select _file_id, source, account, settlement_ref, count(*) as rows_count, sum(abs(net_amount)) as moved_amount
    from marts.fct_ledger_entries
    group by _file_id, source, account, settlement_ref
),

ledger_rows_all_kept as (
    select
        coalesce(s._file_id, k._file_id) as _file_id,
        coalesce(s.source, k.source) as source,
        coalesce(s.account, k.account) as account,
        coalesce(s.settlement_ref, k.settlement_ref) as settlement_ref,
        s.rows_count as rows_sent,
        k.rows_count as rows_kept,
        s.moved_amount as moved_sent,
        k.moved_amount as moved_kept
    from sent as s
    full outer join kept as k
        on k._file_id = s._file_id and k.source = s.source and k.account = s.account
        and k.settlement_ref = s.settlement_ref
    where s.rows_count is distinct from k.rows_count or s.moved_amount is distinct from k.moved_amount
)

select * from ledger_rows_all_kept
