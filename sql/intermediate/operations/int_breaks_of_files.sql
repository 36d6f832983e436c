/*
description: >-
  Files whose rows are not all where they should be, files that wait for somebody, and documents that came again with other content under the same
  identity (R22). A file is named by its source, feed and name.
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

-- What of each file has to be in the raw tables, all of them together, and what is.
row_counts as (
    select _file_id, sum(rows_count) as rows_count
    from ops.raw_rows
    group by _file_id
),

loaded_rows as (
    select file, sum(rows) as rows_loaded
    from ops.loads
    where counts
    group by file
),

counted as (
    select
        f.*,
        s.feed is not null as is_counted,
        l.rows_loaded,
        coalesce(r.rows_count, 0) as rows_count
    from versions as f
    left join single_tables as s on s.source = f.source and s.feed = f.feed
    left join row_counts as r on r._file_id = f.file
    left join loaded_rows as l on l.file = f.file
    where f.status = 'loaded'
),

-- Documents that columns name, as their files tell them. A correction of a file under its own name is none of a document under its identity.
told as (
    select
        l.scope,
        l.document,
        l.content,
        l.arrival,
        l.file,
        f.received_at,
        f.source || '/' || f.feed || '/' || f.name as name
    from ops.loads as l
    inner join versions as f on f.file = l.file
    -- A pipeline and a table are the scope of such a document (a feed's has no colon); a file that told nothing has no list of values.
    where strpos(l.scope, ':') > 0 and starts_with(l.document, '[') and not l.is_held
),

followed as (
    select *, lag(content) over (partition by scope, document order by arrival) as content_before
    from told
),

restated as (
    select
        *,
        row_number() over (partition by scope, document order by arrival) as place
    from followed
    where content <> content_before
),

int_breaks_of_files as (
    select
        'R22' as check_id,
        'rows_lost' as kind,
        source || '/' || feed || '/' || name as document,
        received_at as first_seen_at,
        cast(records as varchar) || ' records, ' || cast(loaded as varchar) || ' loaded, '
            || cast(rejected as varchar) || ' rejected'
            || case when elsewhere > 0 then ', ' || cast(elsewhere as varchar) || ' of documents that count from another file' else '' end
            || case
                when rows_loaded is not null
                    then ', ' || cast(rows_count as varchar) || ' of ' || cast(rows_loaded as varchar) || ' rows in the warehouse'
                when is_counted then ', ' || cast(rows_count as varchar) || ' in the warehouse'
                else ''
            end as detail,
        file as _file_id
    from counted
    where records <> loaded + rejected + elsewhere or (is_counted and rows_count <> loaded) or rows_count <> rows_loaded
    union all
    select
        'R22',
        'held',
        source || '/' || feed || '/' || name,
        received_at,
        coalesce(detail, rule), -- which begins with the rule
        file
    from versions
    where status = 'held' and recency = 1
    union all
    select
        'R22',
        'restated',
        split_part(scope, ':', 1) || ' ' || document,
        received_at,
        'came again with other content, in ' || name,
        file
    from restated
    where place = 1
)

select * from int_breaks_of_files
