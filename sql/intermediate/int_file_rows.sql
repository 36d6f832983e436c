/*
description: How many rows of each file are in the warehouse, for the feeds whose files fill one raw table each.
grain: one row per file
key: [_file_id]
owner: data
*/
with counted as (
    select _file_id, count(*) as rows_count from staging.stg_wms__despatches group by _file_id
    union all
    select _file_id, rows_count from staging.stg_wms__order_status_files
    union all
    select _file_id, count(*) as rows_count from staging.stg_wms__return_receipts group by _file_id
    union all
    select _file_id, count(*) as rows_count from staging.stg_wms__stock_snapshots group by _file_id
    union all
    select _file_id, count(*) as rows_count from staging.stg_adyen__settlement_details group by _file_id
),

int_file_rows as (
    select _file_id, cast(sum(rows_count) as bigint) as rows_count
    from counted
    group by _file_id
)

select * from int_file_rows
