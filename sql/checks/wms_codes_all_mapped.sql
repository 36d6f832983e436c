/*
description: Statuses, services and kinds of movement in the warehouses' words that their contracts do not map.
grain: one row per source, kind and word
key: [source, kind, word]
owner: operations
severity: warn
*/
with wms_codes_all_mapped as (
    select source, 'status' as kind, status_raw as word, count(*) as rows_count
    from canonical.order_statuses
    where status is null
    group by source, status_raw
    union all
    select source, 'service' as kind, service_raw as word, count(*) as rows_count
    from canonical.despatches
    where service is null and service_raw is not null
    group by source, service_raw
    union all
    select source, 'movement' as kind, movement_raw as word, count(*) as rows_count
    from canonical.stock_movements
    where movement is null
    group by source, movement_raw
    union all
    select source, 'purchase order' as kind, status_raw as word, count(*) as rows_count
    from canonical.expected_receipts
    where status is null and status_raw is not null
    group by source, status_raw
)

select * from wms_codes_all_mapped
