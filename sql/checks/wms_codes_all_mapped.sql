/*
description: Statuses and services in the warehouses' words that their contracts do not map.
grain: one row per source, kind and word
key: [source, kind, word]
owner: operations
severity: warn
*/
with wms_codes_all_mapped as (
    select _source as source, 'status' as kind, status_raw as word, count(*) as rows_count
    from staging.stg_wms__order_statuses
    where status is null
    group by _source, status_raw
    union all
    select _source as source, 'service' as kind, service_code_raw as word, count(*) as rows_count
    from staging.stg_wms__despatches
    where service is null and service_code_raw is not null
    group by _source, service_code_raw
)

select * from wms_codes_all_mapped
