/*
description: >-
  Every unit that a warehouse says it received back is in a return or belongs to a test order; none is counted twice.
grain: one row if the sums differ
key: [units_sent]
owner: returns
severity: error
*/
with sent as (
    select coalesce(sum(qty), 0) as units from canonical.return_receipts
),

counted as (
    select coalesce(sum(units_received + units_not_ours + units_missing), 0) as units from marts.fct_return_lines
),

known as (
    select coalesce(sum(qty), 0) as units from intermediate.int_return_receipts
),

receipts_all_counted as (
    select
        s.units as units_sent,
        k.units as units_not_of_tests,
        c.units as units_in_returns
    from sent as s
    cross join counted as c
    cross join known as k
    where k.units <> c.units or k.units > s.units
)

select * from receipts_all_counted
