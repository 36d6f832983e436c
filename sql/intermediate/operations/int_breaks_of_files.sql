/*
description: Files whose rows are not all where they should be, and files that wait for somebody (R22).
grain: one row per break
key: [check_id, kind, document]
owner: data
columns:
  first_seen_at: when the file was received
*/
with versions as (
    select
        f.*,
        row_number() over (partition by f.source, f.feed, f.name order by f.version desc) as recency
    from ops.files as f
    cross join ops.clock as k
    where f.received_at <= k.as_of
),

-- Feeds of which every record is a row of one table.
single_tables as (
    select source, feed
    from ops.feeds
    where is_row_per_record
),

row_counts as (
    select _file_id, sum(rows_count) as rows_count
    from ops.raw_rows
    group by _file_id
),

counted as (
    select
        f.*,
        s.feed is not null as is_counted,
        coalesce(r.rows_count, 0) as rows_count
    from versions as f
    left join single_tables as s on s.source = f.source and s.feed = f.feed
    left join row_counts as r on r._file_id = f.file
    where f.status = 'loaded'
),

int_breaks_of_files as (
    select
        'R22' as check_id,
        'rows_lost' as kind,
        name as document,
        received_at as first_seen_at,
        cast(records as varchar) || ' records, ' || cast(loaded as varchar) || ' loaded, '
            || cast(rejected as varchar) || ' rejected'
            || case when elsewhere > 0 then ', ' || cast(elsewhere as varchar) || ' of documents that count from another file' else '' end
            || case when is_counted then ', ' || cast(rows_count as varchar) || ' in the warehouse' else '' end as detail,
        file as _file_id
    from counted
    where records <> loaded + rejected + elsewhere or (is_counted and rows_count <> loaded)
    union all
    select
        'R22',
        'held',
        name,
        received_at,
        coalesce(detail, rule), -- which begins with the rule
        file
    from versions
    where status = 'held' and recency = 1
)

select * from int_breaks_of_files
