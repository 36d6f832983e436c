/*
description: >-
  Which order a partner's reference means. A reference that two orders claim means nobody, unless somebody has said by hand whose it is.
grain: one row per source and key
key: [source, order_ref]
owner: data
columns:
  source: the partner that uses the key (a warehouse or a payment provider)
  order_id: null where several orders claim the key
  claimants_count: orders that claim it
  provenance: exact, rule or manual
*/
with summed as (
    select
        source,
        order_ref,
        count(distinct order_id) as claimants_count,
        count(distinct case when provenance = 'manual' then order_id end) as manual_count,
        min(order_id) as any_order_id,
        min(case when provenance = 'manual' then order_id end) as manual_order_id,
        min(provenance) as any_provenance,
        bool_or(is_test) as any_is_test,
        bool_or(is_test and provenance = 'manual') as manual_is_test,
        min(key_kind) as key_kind
    from intermediate.int_order_key_claims
    group by source, order_ref
),

int_order_keys as (
    select
        source,
        order_ref,
        key_kind,
        case
            when manual_count = 1 then manual_order_id
            when claimants_count = 1 then any_order_id
        end as order_id,
        case
            when manual_count = 1 then manual_is_test
            else claimants_count = 1 and any_is_test
        end as is_test,
        claimants_count,
        case when manual_count > 0 then 'manual' else any_provenance end as provenance
    from summed
)

select * from int_order_keys
