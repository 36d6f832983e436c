/*
description: >-
  References of partners that two orders claim, so that they mean nobody. Say whose they are in seeds/manual_order_keys.csv.
grain: one row per partner and key
key: [source, order_ref]
owner: operations
severity: warn
*/
with order_keys_all_resolved as (
    select source, order_ref, key_kind, claimants_count
    from intermediate.int_order_keys
    where order_id is null
)

select * from order_keys_all_resolved
