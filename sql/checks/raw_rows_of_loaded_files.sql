/*
description: Files whose rows are in the warehouse although the file is not loaded, so that they would be counted beside those of another.
grain: one row per file and table
key: [raw_table, _file_id]
owner: operations
severity: error
unit: none
*/
with raw_rows_of_loaded_files as (
    select
        r.raw_table,
        r._file_id,
        f.source,
        f.feed,
        f.name,
        f.status,
        r.rows_count
    from ops.raw_rows as r
    left join ops.files as f on f.file = r._file_id
    where f.status is null or f.status not in ('loaded', 'received') -- one that is received is being loaded
)

select * from raw_rows_of_loaded_files
