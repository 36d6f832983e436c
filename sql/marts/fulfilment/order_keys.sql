/*
description: >-
  What each partner may call an order, and whose the name is. A key that two orders claim is nobody's until somebody says whose
  (seeds.manual_order_keys).
grain: one row per partner and key
key: [source, order_ref]
unit: order_id
owner: operations
columns:
  source: the partner that uses the key
  order_ref: the key, upper case
  key_kind: order_name, order_no or payment_ref
  order_id: the order; null where several claim the key
  claimants_count: {description: orders that claim it, not_null: true}
  provenance: {description: how it is known, accepted: [exact, rule, manual]}
*/
with order_keys as (
    select
        source,
        order_ref,
        key_kind,
        order_id,
        claimants_count,
        provenance
    from intermediate.int_order_keys
)

select * from order_keys
