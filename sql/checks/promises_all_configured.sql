/*
description: >-
  Orders that nothing is promised for or whose warehouse has no cut-off, and accepted parcels for whose lane no carrier is committed: nothing
  can be late there. marts.rules_missing says what to write, and what is at stake.
grain: one row per kind of rule, whose it is, and service
key: [rule_kind, name, service]
owner: operations
severity: warn
*/
with promises_all_configured as (
    select rule_kind, name, service, cast(sum(documents_count) as integer) as documents_count
    from marts.rules_missing
    group by rule_kind, name, service
)

select * from promises_all_configured
