/*
description: Words of payment providers that nobody has mapped. Such a movement blocks the close of its batch. Add a row to the provider's codes.csv.
grain: one row per word and currency
key: [raw_type, settlement_currency]
owner: finance
severity: warn
*/
with psp_types_all_mapped as (
    select
        raw_type,
        settlement_currency,
        count(*) as rows_count,
        sum(net_amount) as net_amount
    from marts.fct_ledger_entries
    where entry_type = 'unknown'
    group by raw_type, settlement_currency
)

select * from psp_types_all_mapped
