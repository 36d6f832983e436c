/*
description: >-
  Orders that can go, of brands that have no promise for the service or no warehouse, and accepted parcels of carriers that have no
  transit time for the service: nothing can be late there.
grain: one row per brand or carrier, and service
key: [kind, name, service]
owner: operations
severity: warn
*/
with promises_all_configured as (
    select 'brand' as kind, coalesce(brand, 'none') as name, service, count(*) as documents_count
    from intermediate.int_orders
    where releasable_at is not null and (promise_days is null or site is null)
    group by coalesce(brand, 'none'), service
    union all
    select 'carrier', carrier, service, count(*)
    from intermediate.int_parcels
    where accepted_at is not null and commitment_no is null
    group by carrier, service
)

select * from promises_all_configured
