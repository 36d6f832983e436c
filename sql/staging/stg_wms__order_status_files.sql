/*
description: How many status rows each file brought, before events that were sent twice become one.
grain: one row per file
key: [_file_id]
owner: data
*/
with rows_as_sent as (
    select * from raw.wms_order_status
),

stg_wms__order_status_files as (
    select
        _source,
        _file_id,
        count(*) as rows_count,
    from rows_as_sent
    group by _source, _file_id
)

select * from stg_wms__order_status_files
